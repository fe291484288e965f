#include "policy/again.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/basis.h"
#include "policy/inbox.h"

enum { DIFFERENCES = 24 }; /* so many are told */

/* --- what differs --- */

/* Members that come to a decision after it was made */
static int
is_later(const struct json *record, const char *name)
{
	static const char *const later[] = { "type", "basis", "logged",
		"result" };
	const char *approval = json_get_str(record, "approval");

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcmp(name, later[i]) == 0)
			return 1;
	if (approval == NULL || strcmp(approval, "granted") != 0)
		return 0;
	return strcmp(name, "approval") == 0 || strcmp(name, "expires") == 0;
}

struct difference {
	struct buf *out;
	int n;
};

static void
put(struct buf *b, const struct json *j)
{
	if (j == NULL)
		buf_str(b, "nothing");
	else
		json_write(j, b);
}

static void
differ(struct difference *d, const char *path, const struct json *was,
    const struct json *is)
{
	if (++d->n > DIFFERENCES)
		return;
	buf_printf(d->out, "%s: ", path);
	put(d->out, was);
	buf_str(d->out, " then, ");
	put(d->out, is);
	buf_str(d->out, " now\n");
}

static int
same_text(const struct json *a, const struct json *b)
{
	struct buf s = { 0 }, t = { 0 };
	int same;

	json_write(a, &s);
	json_write(b, &t);
	same = !s.failed && !t.failed && s.len == t.len &&
	    memcmp(s.s, t.s, s.len) == 0;
	buf_free(&s);
	buf_free(&t);
	return same;
}

static int
is_object(const struct json *j)
{
	return j != NULL && json_type(j) == JSON_OBJECT;
}

/* Members of one object are told one by one, to a depth of two */
static void
compare(struct difference *d, const char *path, const struct json *was,
    const struct json *is)
{
	const struct json *k;
	char name[512];

	if (was != NULL && is != NULL && same_text(was, is))
		return;
	if (!is_object(was) || !is_object(is)) {
		differ(d, path, was, is);
		return;
	}
	for (k = json_first(was); k != NULL; k = json_next(k)) {
		snprintf(name, sizeof(name), "%s.%s", path, json_name(k));
		compare(d, name, k, json_get(is, json_name(k)));
	}
	for (k = json_first(is); k != NULL; k = json_next(k)) {
		snprintf(name, sizeof(name), "%s.%s", path, json_name(k));
		if (json_get(was, json_name(k)) == NULL)
			differ(d, name, NULL, k);
	}
}

static int
compare_records(const struct json *was, const struct json *is, struct buf *out)
{
	struct difference d = { out, 0 };
	const struct json *k;

	for (k = json_first(was); k != NULL; k = json_next(k))
		if (!is_later(was, json_name(k)))
			compare(
			    &d, json_name(k), k, json_get(is, json_name(k)));
	for (k = json_first(is); k != NULL; k = json_next(k))
		if (!is_later(was, json_name(k)) &&
		    json_get(was, json_name(k)) == NULL)
			differ(&d, json_name(k), NULL, k);
	if (d.n > DIFFERENCES)
		buf_printf(out, "and %d more\n", d.n - DIFFERENCES);
	return d.n;
}

/* --- the target as it was set --- */

/* The number of the record's target, with the options of then; -1 with *why */
static long
find_target(const struct json *record, struct conf *c, struct buf *why)
{
	const struct json *basis = json_get(record, "basis"), *k;
	const char *name = record_target(record);
	int files = 0;
	size_t i = 0;

	json_bool(json_get(basis, "files"), &files);
	if (files && c->n == 0) {
		buf_str(why,
		    "it was made with files of settings: give them with -c");
		return -1;
	}
	if (!files) {
		conf_free(c);
		c->targets = calloc(1, sizeof(*c->targets));
		if (c->targets == NULL ||
		    conf_default(c->targets, name, why) != 0)
			return -1;
		c->n = 1;
	}
	while (i < c->n && strcmp(c->targets[i].name, name) != 0)
		i++;
	if (i == c->n) {
		buf_printf(why, "no file of -c has the target '%s'", name);
		return -1;
	}
	for (k = json_first(json_get(basis, "set")); k; k = json_next(k)) {
		const char *option = json_str(k), *value;

		k = json_next(k);
		value = json_str(k);
		if (k == NULL || option == NULL || value == NULL) {
			buf_str(why, "its options are not names and values");
			return -1;
		}
		if (conf_set(&c->targets[i], option, value, why) != 0)
			return -1;
	}
	return conf_check(&c->targets[i], why) == 0 ? (long)i : -1;
}

/* --- its input --- */

static int
take(struct inbox *b, const struct json *j, struct buf *why)
{
	struct buf text = { 0 };
	struct record r;
	const char *message = "out of memory";
	int status = -1;

	json_write(j, &text);
	if (!text.failed && record_read(&r, text.s, text.len, &message) == 0) {
		message = "its basis holds what it should not";
		status = inbox_take(b, &r, why) == 1 ? 0 : -1;
		record_free(&r);
	}
	if (status != 0 && why->len == 0)
		buf_str(why, message);
	buf_free(&text);
	return status;
}

static int
fill(struct inbox *b, size_t target, const struct json *basis,
    struct history *h, struct buf *why)
{
	const struct json *past = json_get(basis, "history"), *k;
	const char *message;
	long long outage;

	for (k = json_first(json_get(basis, "forecasts")); k; k = json_next(k))
		if (take(b, k, why) != 0)
			return -1;
	k = json_get(basis, "state");
	if (k != NULL && take(b, k, why) != 0)
		return -1;
	if (json_get_time(basis, "outage", &outage) == 0)
		inbox_outage(b, target, outage);
	if (past != NULL && basis_history(past, h, &message) != 0) {
		buf_str(why, message);
		return -1;
	}
	inbox_recall(b, past != NULL ? h : NULL);
	return 0;
}

/* The decision as a record again; NULL with *why */
static struct json *
make(const struct json *record, struct conf *c, char settings[static 17],
    struct buf *why)
{
	const struct json *basis = json_get(record, "basis");
	struct history h;
	struct inbox *b = NULL;
	struct json *again = NULL;
	struct buf text = { 0 };
	const char *message;
	struct decision d;
	int files = 0;
	long long now;
	long i;

	if (json_get_time(record, "time", &now) != 0) {
		buf_str(why, "it does not say when it was made");
		return NULL;
	}
	json_bool(json_get(basis, "files"), &files);
	i = find_target(record, c, why);
	if (i < 0)
		return NULL;
	b = inbox_new(c, !files, 1);
	if (b == NULL || fill(b, (size_t)i, basis, &h, why) != 0 ||
	    inbox_decide(b, (size_t)i, now, &d, NULL, NULL, why) != 0)
		goto end;
	decision_write(&text, &d);
	/* the signal of options has the name of its records only now */
	if (!text.failed && basis_settings(&c->targets[i], settings) == 0)
		again = json_parse(text.s, text.len, &message);
end:
	buf_free(&text);
	inbox_free(b);
	return again;
}

static int
is(const struct json *basis, const char *name, const char *now)
{
	const char *then = json_get_str(basis, name);

	return then != NULL && strcmp(then, now) == 0;
}

enum again
again_decide(const struct json *record, struct conf *c, struct buf *out)
{
	const struct json *basis = json_get(record, "basis");
	enum again what = AGAIN_NOT;
	char settings[17] = "";
	struct json *again;

	if (!is_object(basis)) {
		buf_str(out,
		    "the record does not hold what it was made from (no "
		    "member 'basis')");
		return AGAIN_NOT;
	}
	again = make(record, c, settings, out);
	if (again == NULL) {
		if (out->len == 0)
			buf_str(out, "out of memory");
	} else if (compare_records(record, again, out) == 0) {
		what = AGAIN_SAME;
	} else if (!is(basis, "settings", settings)) {
		what = AGAIN_OTHER_SETTINGS;
	} else {
		what = is(basis, "version", AS_VERSION) ? AGAIN_OTHER
							: AGAIN_OTHER_VERSION;
	}
	json_free(again);
	return what;
}
