#include "channel/wording.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/number.h"
#include "base/utf8.h"
#include "channel/facts.h"
#include "channel/fit.h"
#include "conf/field.h"
#include "io/file.h"

enum { FILE_MAX = 65536, VALUE_MAX = 2000 };

#define DIGITS_MAX 1e12 /* beyond that a number has an exponent */

struct wording {
	struct buf text;
	char *channel; /* the name of the section */
	enum wording_escape escape;
};

/* What the fields of one text are taken from */
struct source {
	const struct wording *w;
	const struct notice *n;
	struct json *j; /* its record; NULL: none */
	struct facts facts; /* all unknown where it is no decision */
	struct buf *out;
};

void
wording_free(struct wording *w)
{
	if (w == NULL)
		return;
	buf_free(&w->text);
	free(w->channel);
	free(w);
}

int
wording_marked(const struct wording *w)
{
	return w->escape != WORDING_PLAIN;
}

/* The text that goes between the quotes of a JSON string */
static void
put_json(struct buf *out, const char *s)
{
	struct buf quoted = { 0 };

	buf_json_str(&quoted, s);
	if (quoted.len >= 2)
		buf_add(out, quoted.s + 1, quoted.len - 2);
	out->failed |= quoted.failed;
	buf_free(&quoted);
}

/* A text of several lines, or one that was cut to size before */
static void
put_whole(const struct source *f, const char *s)
{
	switch (f->w->escape) {
	case WORDING_PLAIN:
		buf_str(f->out, s);
		break;
	case WORDING_ENTITIES:
		fit_escape(f->out, s);
		break;
	case WORDING_MARKDOWN:
		fit_markdown(f->out, s);
		break;
	case WORDING_JSON:
		put_json(f->out, s);
		break;
	}
}

/* s: NULL: nothing */
static void
put_text(const struct source *f, const char *s)
{
	struct buf b = { 0 };

	if (s == NULL)
		return;
	buf_excerpt(&b, s, strlen(s), VALUE_MAX);
	if (b.len > 0)
		put_whole(f, b.s);
	f->out->failed |= b.failed;
	buf_free(&b);
}

/* x: NAN: not known. digits: behind the point at most; -1: all. sign: a plus
 * for people; JSON knows none. */
static void
put_number(const struct source *f, double x, int digits, int sign)
{
	char s[NUMBER_SIZE];

	if (!isfinite(x)) {
		if (f->w->escape == WORDING_JSON)
			buf_str(f->out, "null");
		return;
	}
	if (digits < 0 || fabs(x) >= DIGITS_MAX) {
		number_format(s, x);
	} else {
		x = round(x * pow(10, digits)) / pow(10, digits) + 0.0;
		snprintf(s, sizeof(s),
		    sign && f->w->escape != WORDING_JSON ? "%+.*f" : "%.*f",
		    digits, x);
	}
	put_whole(f, s);
}

static void
put_member(const struct source *f, const char *name, int digits)
{
	double x = NAN;

	json_get_num(f->j, name, &x);
	put_number(f, x, digits, 0);
}

static void
put_states(const struct source *f)
{
	struct buf b = { 0 };
	const struct json *e;

	for (e = json_first(f->facts.states); e != NULL; e = json_next(e))
		if (json_str(e) != NULL)
			buf_printf(
			    &b, "%s%s", b.len > 0 ? ", " : "", json_str(e));
	f->out->failed |= b.failed;
	put_text(f, b.s);
	buf_free(&b);
}

static void
put_time(const struct source *f)
{
	char s[CLOCK_SIZE];
	long long ms;

	if (json_get_time(f->j, "time", &ms) != 0)
		ms = clock_now();
	put_text(f, clock_format(s, ms));
}

static void
put_title(const struct source *f)
{
	struct buf b = { 0 };

	fit_first(&b, f->n->text.s);
	if (b.s != NULL)
		put_whole(f, b.s);
	f->out->failed |= b.failed;
	buf_free(&b);
}

static void
put_record(const struct source *f)
{
	int there = f->n->record.len > 0;

	if (f->w->escape == WORDING_JSON)
		buf_str(f->out, there ? f->n->record.s : "null");
	else if (there)
		put_whole(f, f->n->record.s);
}

/* What only a decision or result has. 1: it was that */
static int
put_fact(const struct source *f, int field)
{
	const struct facts *facts = &f->facts;

	switch (field) {
	case FIELD_STATUS:
		put_text(f, facts->status);
		return 1;
	case FIELD_FROM:
		put_number(f, facts->from, 0, 0);
		return 1;
	case FIELD_TO:
		put_number(f, facts->to, 0, 0);
		return 1;
	case FIELD_CHANGE:
		put_number(f, facts->to - facts->from, 0, 1);
		return 1;
	case FIELD_ERROR:
		put_text(f, facts->error);
		return 1;
	case FIELD_COST_IMPACT:
		put_number(f, facts->cost, 2, 1);
		return 1;
	case FIELD_STATES:
		put_states(f);
		return 1;
	case FIELD_DRIVER:
		put_text(f, json_get_str(json_get(f->j, "result"), "driver"));
		return 1;
	case FIELD_REQUEST:
		put_text(f, json_get_str(json_get(f->j, "result"), "request"));
		return 1;
	default:
		return 0;
	}
}

/* What stands in the record under the field's own name */
static void
put_own(const struct source *f, int field)
{
	static const struct {
		int field, digits; /* digits: -2: a text */
		const char *name;
	} table[] = { { FIELD_REASON, -2, "reason" },
		{ FIELD_MODE, -2, "mode" },
		{ FIELD_CURRENT_LOAD, 1, "current_load" },
		{ FIELD_PREDICTED_LOAD, 1, "predicted_load" },
		{ FIELD_CONFIDENCE, 2, "confidence" },
		{ FIELD_CURRENCY, -2, "currency" }, { FIELD_ID, -2, "id" },
		{ FIELD_PLAN, -2, "plan" }, { FIELD_APPROVAL, -2, "approval" },
		{ FIELD_EXPIRES, -2, "expires" }, { FIELD_KIND, -2, "kind" },
		{ FIELD_VALUE, -1, "value" },
		{ FIELD_EXPECTED, -1, "expected" }, { FIELD_LO, -1, "lo" },
		{ FIELD_HI, -1, "hi" }, { FIELD_SEVERITY, -2, "severity" } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].field != field)
			continue;
		if (table[i].digits == -2)
			put_text(f, json_get_str(f->j, table[i].name));
		else
			put_member(f, table[i].name, table[i].digits);
	}
}

static void
put_field(const struct source *f, int field)
{
	if (put_fact(f, field))
		return;
	switch (field) {
	case FIELD_TITLE:
		put_title(f);
		break;
	case FIELD_TEXT:
		put_whole(f, f->n->text.s);
		break;
	case FIELD_TARGET:
		put_text(f, f->n->target);
		break;
	case FIELD_CHANNEL:
		put_text(f, f->w->channel);
		break;
	case FIELD_ACTION:
		put_text(f, f->n->action);
		break;
	case FIELD_GRANT:
		if (f->n->grant != NULL)
			put_whole(f, f->n->grant);
		break;
	case FIELD_TIME:
		put_time(f);
		break;
	case FIELD_METRIC:
		put_text(f, json_get_str(json_get(f->j, "metric"), "__name__"));
		break;
	case FIELD_RECORD:
		put_record(f);
		break;
	default:
		put_own(f, field);
		break;
	}
}

/* A message without a word is one that many servers refuse */
static int
is_blank(const struct buf *b, size_t from)
{
	for (; from < b->len; from++)
		if (strchr(" \t\r\n", b->s[from]) == NULL)
			return 0;
	return 1;
}

void
wording_fill(const struct wording *w, const struct notice *n, struct buf *out)
{
	const char *s = w->text.s, *text;
	size_t start = out->len;
	struct source f = { .w = w,
		.n = n,
		.facts = { .from = NAN, .to = NAN, .cost = NAN },
		.out = out };
	struct field_part p;

	if (n->record.len > 0)
		f.j = json_parse(n->record.s, n->record.len, &text);
	if (f.j == NULL || facts_take(&f.facts, f.j, &text) != 0)
		f.facts = (struct facts){ .from = NAN, .to = NAN, .cost = NAN };
	while (field_next(&s, &p, NULL) > 0)
		if (p.field < 0)
			buf_add(out, p.text, p.len);
		else
			put_field(&f, p.field);
	json_free(f.j);
	if (is_blank(out, start) && !out->failed) {
		out->len = start;
		put_whole(&f, n->text.s);
	}
	while (out->len > start && out->s[out->len - 1] == '\n')
		out->s[--out->len] = '\0';
}

/* With a record and without one, for both will come */
static int
check_json(const struct wording *w, struct buf *why)
{
	static char word[] = "stopped", name[] = "web";
	static char record[] = "{\"type\":\"decision\",\"action\":\"hold\"}";
	struct notice n = { .target = name, .action = word };
	int status = 0;

	buf_str(&n.text, "web: stopped");
	for (int i = 0; i < 2 && status == 0 && !n.text.failed; i++) {
		struct buf b = { 0 };
		const char *text = NULL;

		wording_fill(w, &n, &b);
		status = b.failed ? -1 : json_check(b.s, b.len, &text);
		if (status != 0)
			buf_printf(why, "it makes no JSON: %s",
			    text != NULL ? text : "out of memory");
		n.record =
		    (struct buf){ .s = record, .len = sizeof(record) - 1 };
		buf_free(&b);
	}
	buf_free(&n.text);
	return status;
}

static int
is_utf8(const struct buf *b)
{
	for (size_t i = 0, k; i < b->len; i += k)
		if ((k = utf8_len(b->s + i, b->len - i)) == 0 ||
		    b->s[i] == '\0')
			return 0;
	return 1;
}

/* The file, without the LF at its end */
static int
read_template(struct buf *text, const char *path, struct buf *why)
{
	struct buf wrong = { 0 };
	size_t line;

	if (file_read(path, FILE_MAX, text) != 0) {
		buf_printf(why, "cannot read '%s': %s", path, strerror(errno));
		return -1;
	}
	if (!is_utf8(text)) {
		buf_printf(why, "'%s' is no text in UTF-8", path);
		return -1;
	}
	if (text->len > 0 && text->s[text->len - 1] == '\n')
		text->s[--text->len] = '\0';
	if (text->len == 0) {
		buf_printf(why, "'%s' is empty", path);
		return -1;
	}
	if (field_check(text->s, &line, &wrong) == 0)
		return 0;
	buf_printf(why, "%s:%zu: %s", path, line,
	    wrong.s != NULL ? wrong.s : "out of memory");
	buf_free(&wrong);
	return -1;
}

int
wording_open(const struct conf_notify *conf, enum wording_escape escape,
    struct wording **out, struct buf *why)
{
	struct wording *w;
	struct buf wrong = { 0 };
	int status = 0;

	*out = NULL;
	if (conf->text == NULL && conf->template == NULL)
		return 0;
	w = calloc(1, sizeof(*w));
	if (w != NULL) {
		w->escape = escape;
		w->channel = strdup(conf->name);
	}
	if (w != NULL && conf->template != NULL)
		status = read_template(&w->text, conf->template, why);
	else if (w != NULL)
		buf_str(&w->text, conf->text);
	if (status == 0 && w != NULL && w->channel != NULL && !w->text.failed &&
	    escape == WORDING_JSON && (status = check_json(w, &wrong)) != 0)
		buf_printf(why, "%s%s%s%s",
		    conf->template != NULL ? "'" : "'text'",
		    conf->template != NULL ? conf->template : "",
		    conf->template != NULL ? "': " : ": ", wrong.s);
	if (status == 0 &&
	    (w == NULL || w->channel == NULL || w->text.failed)) {
		buf_str(why, "out of memory");
		status = -1;
	}
	buf_free(&wrong);
	if (status != 0)
		wording_free(w);
	else
		*out = w;
	return status;
}
