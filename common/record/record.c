#include "record/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const char *const names[] = {
	[RECORD_SERIES] = NULL,
	[RECORD_STATE] = "state",
	[RECORD_MODEL] = "model",
	[RECORD_FORECAST] = "forecast",
	[RECORD_ANOMALY] = "anomaly",
	[RECORD_PATTERN] = "pattern",
	[RECORD_DECISION] = "decision",
	[RECORD_RESULT] = "result",
	[RECORD_BACKTEST] = "backtest",
	[RECORD_TUNE] = "tune",
	[RECORD_OTHER] = NULL,
};

const char *
record_type_name(enum record_type t)
{
	return names[t];
}

static int
find_type(const struct json *j, enum record_type *type, const char **why)
{
	const struct json *t = json_get(j, "type");

	if (t != NULL && json_str(t) == NULL) {
		*why = "'type' is not a string";
		return -1;
	}
	*type = RECORD_OTHER;
	if (t == NULL) {
		if (json_get(j, "metric") != NULL)
			*type = RECORD_SERIES;
		return 0;
	}
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (names[k] != NULL && strcmp(names[k], json_str(t)) == 0)
			*type = (enum record_type)k;
	return 0;
}

int
record_read(struct record *r, const char *line, size_t len, const char **why)
{
	*r = (struct record){ .line = line, .len = len };
	r->json = json_parse(line, len, why);
	if (r->json == NULL)
		return -1;
	if (json_type(r->json) != JSON_OBJECT) {
		*why = "not a JSON object";
		goto fail;
	}
	if (find_type(r->json, &r->type, why) != 0)
		goto fail;
	return 0;
fail:
	record_free(r);
	return -1;
}

void
record_free(struct record *r)
{
	json_free(r->json);
	r->json = NULL;
}

const char *
record_target(const struct json *j)
{
	const char *s = json_get_str(json_get(j, "metric"), "target");

	if (s == NULL)
		s = json_get_str(j, "target");
	return s != NULL ? s : "default";
}

int
record_numbers(const struct json *j, const char *name, int nulls, double **x,
    size_t *n, const char **why)
{
	const struct json *a = json_get(j, name), *e;
	size_t len, i = 0;
	double *v;

	*x = NULL;
	*n = 0;
	*why = "an array is missing";
	if (a == NULL || json_type(a) != JSON_ARRAY)
		return -1;
	len = json_len(a);
	*why = "an array has too many elements";
	if (len > RECORD_MAX_SAMPLES)
		return -1;
	*why = "out of memory";
	v = malloc((len > 0 ? len : 1) * sizeof(*v));
	if (v == NULL)
		return -1;
	*why = "an array holds what is no number";
	for (e = json_first(a); e != NULL; e = json_next(e), i++) {
		if (json_num(e, &v[i]) == 0)
			continue;
		if (!nulls || json_type(e) != JSON_NULL) {
			free(v);
			return -1;
		}
		v[i] = NAN;
	}
	*x = v;
	*n = len;
	return 0;
}

void
record_put_key(struct buf *b, const char *name)
{
	if (b->len > 0 && b->s[b->len - 1] != '{' && b->s[b->len - 1] != '[')
		buf_char(b, ',');
	buf_json_str(b, name);
	buf_char(b, ':');
}

void
record_put_numbers(struct buf *b, const char *name, const double *x, size_t n)
{
	record_put_key(b, name);
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		buf_num(b, x[i]);
	}
	buf_char(b, ']');
}

void
record_put_num(struct buf *b, const char *name, double x)
{
	if (!isfinite(x))
		return;
	record_put_key(b, name);
	buf_num(b, x);
}

void
record_put_str(struct buf *b, const char *name, const char *s)
{
	if (s == NULL)
		return;
	record_put_key(b, name);
	buf_json_str(b, s);
}

void
record_put_time(struct buf *b, const char *name, long long ms)
{
	char s[CLOCK_SIZE];

	record_put_key(b, name);
	buf_json_str(b, clock_format(s, ms));
}
