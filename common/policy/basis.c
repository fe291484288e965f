#include "policy/basis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/digest.h"
#include "policy/thin.h"

/* --- settings --- */

/* Sections that no decision looks at */
static int
is_aside(const char *line)
{
	static const char *const names[] = { "source", "apply", "notify",
		"state", "tune" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(line, names[i], n) == 0 && line[n] == ' ')
			return 1;
	}
	return 0;
}

int
basis_settings(const struct conf_target *t, char hex[static 17])
{
	struct buf all = { 0 }, kept = { 0 };
	char digest[DIGEST_HEX], *rest, *line;
	int aside = 0, failed;

	conf_print(t, &all);
	for (rest = all.s;
	     rest != NULL && (line = strsep(&rest, "\n")) != NULL;) {
		char *comment = NULL, *at = line;

		if (*line != '\t' && *line != '}')
			aside = is_aside(line);
		if (aside)
			continue;
		/* where a setting came from is behind the last mark */
		while ((at = strstr(at, " # ")) != NULL)
			comment = at++;
		buf_add(&kept, line,
		    comment != NULL ? (size_t)(comment - line) : strlen(line));
		buf_char(&kept, '\n');
	}
	failed = all.failed || kept.failed;
	if (!failed) {
		digest_sha256(kept.s, kept.len, digest);
		memcpy(hex, digest, 16);
		hex[16] = '\0';
	}
	buf_free(&all);
	buf_free(&kept);
	return failed ? -1 : 0;
}

/* --- the journal --- */

static void
put_triple(struct buf *b, int64_t time, long from, long to)
{
	buf_printf(b, "%s[%lld,%ld,%ld]", b->s[b->len - 1] == '[' ? "" : ",",
	    (long long)time, from, to);
}

static void
put_history(struct buf *b, const struct history *h)
{
	record_put_key(b, "history");
	buf_char(b, '{');
	if (h->born >= 0)
		record_put_num(b, "created", (double)h->born);
	record_put_key(b, "changes");
	buf_char(b, '[');
	for (size_t i = 0; i < h->n_changes; i++)
		put_triple(b, h->changes[i].time, h->changes[i].from,
		    h->changes[i].to);
	buf_char(b, ']');
	if (h->panic_time != 0) {
		record_put_num(b, "panic_time", (double)h->panic_time);
		record_put_num(b, "panic", (double)h->panic);
	}
	record_put_key(b, "pending");
	buf_char(b, '{');
	for (size_t i = 0; i < h->n_pending; i++)
		record_put_num(
		    b, h->pending[i].plan, (double)h->pending[i].since);
	buf_char(b, '}');
	record_put_key(b, "missing");
	buf_char(b, '{');
	for (size_t i = 0; i < h->n_seen; i++)
		if (h->seen[i].missing != 0)
			record_put_num(
			    b, h->seen[i].signal, (double)h->seen[i].missing);
	buf_char(b, '}');
	if (h->expects) {
		record_put_num(b, "expected_lo", (double)h->expected_lo);
		record_put_num(b, "expected_hi", (double)h->expected_hi);
	}
	if (h->open)
		record_put_num(b, "open", 1);
	if (h->elsewhere.time != 0) {
		record_put_key(b, "elsewhere");
		buf_char(b, '[');
		put_triple(
		    b, h->elsewhere.time, h->elsewhere.from, h->elsewhere.to);
		buf_char(b, ']');
	}
	if (h->n_started > 0) {
		record_put_num(b, "started_time", (double)h->started_time);
		state_put_started(b, h->started, h->n_started);
	}
	if (!isnan(h->spent)) {
		record_put_num(b, "spent", h->spent);
		record_put_num(b, "spent_time", (double)h->spent_time);
		record_put_num(b, "spent_since", (double)h->spent_since);
		record_put_num(b, "spent_count", (double)h->spent_count);
		record_put_num(b, "spent_rate", h->spent_rate);
		record_put_num(b, "spent_today", h->spent_today);
	}
	buf_char(b, '}');
}

static int64_t
time_of(const struct json *j, const char *name, int64_t missing)
{
	double x;

	if (json_get_num(j, name, &x) != 0 || !(fabs(x) <= 9e15))
		return missing;
	return (int64_t)x;
}

static int
read_change(const struct json *j, struct history_change *c)
{
	const struct json *at = json_first(j);
	const struct json *from = at != NULL ? json_next(at) : NULL;
	const struct json *to = from != NULL ? json_next(from) : NULL;
	double x[3];

	if (json_num(at, &x[0]) != 0 || json_num(from, &x[1]) != 0 ||
	    json_num(to, &x[2]) != 0 || !(fabs(x[0]) <= 9e15) ||
	    !(x[1] >= 0 && x[1] <= 1e6 && x[2] >= 0 && x[2] <= 1e6))
		return -1;
	*c = (struct history_change){ (int64_t)x[0], (long)x[1], (long)x[2] };
	return 0;
}

static int
read_changes(const struct json *j, struct history *h)
{
	const struct json *k;
	struct history_change c;

	for (k = json_first(json_get(j, "changes")); k; k = json_next(k)) {
		if (read_change(k, &c) != 0)
			return -1;
		history_changed(h, c.time, c.from, c.to);
	}
	k = json_first(json_get(j, "elsewhere"));
	return k != NULL ? read_change(k, &h->elsewhere) : 0;
}

static int
read_named(const struct json *j, struct history *h)
{
	const struct json *k;

	for (k = json_first(json_get(j, "pending")); k; k = json_next(k)) {
		struct history_pending *p = &h->pending[h->n_pending];
		double x;

		if (h->n_pending == HISTORY_PENDING || json_num(k, &x) != 0 ||
		    !(fabs(x) <= 9e15) || strlen(json_name(k)) != 16)
			return -1;
		memcpy(p->plan, json_name(k), 17);
		p->since = (int64_t)x;
		h->n_pending++;
	}
	for (k = json_first(json_get(j, "missing")); k; k = json_next(k)) {
		struct history_seen *s = &h->seen[h->n_seen];
		size_t n = strlen(json_name(k));
		double x;

		if (h->n_seen == HISTORY_SIGNALS || json_num(k, &x) != 0 ||
		    !(fabs(x) <= 9e15) || n >= sizeof(s->signal))
			return -1;
		memcpy(s->signal, json_name(k), n + 1);
		s->missing = (int64_t)x;
		h->n_seen++;
	}
	return 0;
}

int
basis_history(const struct json *j, struct history *h, const char **why)
{
	double x;

	history_clear(h);
	*why = "'history' holds what it should not";
	if (json_type(j) != JSON_OBJECT)
		return -1;
	h->born = time_of(j, "created", -1);
	h->panic_time = time_of(j, "panic_time", 0);
	h->panic = (long)time_of(j, "panic", 0);
	if (json_get_num(j, "spent", &x) == 0)
		h->spent = x;
	if (json_get_num(j, "spent_today", &x) == 0)
		h->spent_today = x;
	if (json_get_num(j, "spent_rate", &x) == 0)
		h->spent_rate = x;
	h->spent_time = time_of(j, "spent_time", 0);
	h->spent_since = time_of(j, "spent_since", 0);
	h->spent_count = (long)time_of(j, "spent_count", 0);
	h->expected_lo = (long)time_of(j, "expected_lo", -1);
	h->expected_hi = (long)time_of(j, "expected_hi", -1);
	h->expects = h->expected_lo >= 0;
	h->open = time_of(j, "open", 0) != 0;
	h->started_time = time_of(j, "started_time", 0);
	h->n_started = state_started(h->started, json_get(j, "started"));
	return read_changes(j, h) == 0 && read_named(j, h) == 0 ? 0 : -1;
}

/* --- signals --- */

static void
put_signals(struct buf *b, const struct decide_input *in,
    const struct decide_trace *t, enum thin how)
{
	record_put_key(b, "forecasts");
	buf_char(b, '[');
	for (size_t i = 0; i < t->n_views; i++) {
		if (t->view[i].forecast == NULL)
			continue;
		if (b->s[b->len - 1] != '[')
			buf_char(b, ',');
		thin_write(in, t, i, how, b);
	}
	buf_char(b, ']');
}

static void
put_given(struct buf *b, const struct basis_given *g)
{
	record_put_str(b, "version", AS_VERSION);
	record_put_key(b, "files");
	buf_str(b, g->files ? "true" : "false");
	record_put_key(b, "set");
	buf_char(b, '[');
	for (size_t i = 0; i < g->n_set; i++) {
		buf_str(b, i > 0 ? "," : "");
		buf_json_str(b, g->set[i]);
	}
	buf_char(b, ']');
}

void
basis_write(const struct decide_input *in, const struct decision *d,
    const struct decide_trace *t, const struct basis_given *g, struct buf *out)
{
	char settings[17];
	enum thin how = THIN_MOST;

	record_put_key(out, "basis");
	buf_char(out, '{');
	put_given(out, g);
	if (basis_settings(in->target, settings) == 0)
		record_put_str(out, "settings", settings);
	while (how < THIN_NOT && !thin_holds(in, d, t, how))
		how++;
	put_signals(out, in, t, how);
	if (in->state != NULL) {
		record_put_key(out, "state");
		state_write(out, in->state);
	}
	if (in->outage > 0)
		record_put_time(out, "outage", in->outage);
	if (in->history != NULL)
		put_history(out, in->history);
	buf_char(out, '}');
}
