#include "source/answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "json/json.h"

static int
by_name(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_name(*x), json_name(*y));
}

/* The labels as PromQL writes them, sorted: order is not fixed everywhere. 0;
 * -1: no memory; 1: no object of strings. */
static int
write_labels(const struct json *metric, struct buf *b)
{
	size_t n = json_len(metric), i = 0;
	const struct json **l;

	if (metric == NULL || json_type(metric) != JSON_OBJECT)
		return 1;
	l = malloc((n + 1) * sizeof(*l));
	if (l == NULL)
		return -1;
	for (const struct json *j = json_first(metric); j != NULL;
	     j = json_next(j))
		l[i++] = j;
	qsort(l, n, sizeof(*l), by_name);
	buf_char(b, '{');
	for (i = 0; i < n && json_str(l[i]) != NULL; i++) {
		buf_str(b, i > 0 ? ", " : "");
		buf_str(b, json_name(l[i]));
		buf_char(b, '=');
		buf_json_str(b, json_str(l[i]));
	}
	buf_char(b, '}');
	free(l);
	if (i < n)
		return 1;
	return b->failed ? -1 : 0;
}

/* The series of these labels, made if it is new; NULL: no memory. hint: where
 * it stood in the piece before. */
static struct samples *
series_of(struct answer_set *set, char *labels, size_t hint)
{
	size_t i = hint;

	if (i >= set->n || strcmp(set->labels[i], labels) != 0)
		for (i = 0; i < set->n; i++)
			if (strcmp(set->labels[i], labels) == 0)
				break;
	if (i < set->n)
		return &set->s[i];
	if (set->n == set->cap) {
		size_t cap = set->cap > 0 ? 2 * set->cap : 8;
		void *p = realloc(set->s, cap * sizeof(*set->s));

		if (p == NULL)
			return NULL;
		set->s = p;
		p = realloc(set->labels, cap * sizeof(*set->labels));
		if (p == NULL)
			return NULL;
		set->labels = p;
		set->cap = cap;
	}
	set->labels[i] = strdup(labels);
	if (set->labels[i] == NULL)
		return NULL;
	set->s[i] = (struct samples){ 0 };
	set->n++;
	return &set->s[i];
}

/* A value as it stands in JSON: 0, or -1: it is none */
static int
read_value(const struct json *j, double *v)
{
	const char *s = json_str(j);
	char *end;

	*v = NAN;
	if (s == NULL)
		return json_num(j, v) == 0 || json_type(j) == JSON_NULL ? 0
									: -1;
	if (number_parse(s, v) == 0)
		return 0;
	/* NaN, +Inf, and what is too large for a double */
	*v = strtod(s, &end);
	return end != s && *end == '\0' && !isfinite(*v) ? 0 : -1;
}

/* [time, value]. 0, or -1 with a message. */
static int
read_sample(const struct json *pair, struct samples *s, struct buf *error)
{
	double sec, x;

	if (json_type(pair) != JSON_ARRAY || json_len(pair) != 2 ||
	    json_num(json_first(pair), &sec) != 0 || !(fabs(sec) < 9e12) ||
	    read_value(json_next(json_first(pair)), &x) != 0) {
		buf_str(error, "a sample is not a time and a value");
		return -1;
	}
	if (samples_add(s, llround(sec * 1000), x) == 0)
		return 0;
	buf_str(error, "out of memory");
	return -1;
}

static int
read_series(
    struct answer_set *set, const struct json *one, size_t i, struct buf *error)
{
	const struct json *values = json_get(one, "values");
	struct buf labels = { 0 };
	struct samples *s = NULL;
	int r = write_labels(json_get(one, "metric"), &labels);

	if (r == 0 && set->n < ANSWER_MAX_SERIES)
		s = series_of(set, labels.s, i);
	buf_free(&labels);
	if (r > 0 || values == NULL || json_type(values) != JSON_ARRAY) {
		buf_str(error, "a series without 'metric' or 'values'");
		return -1;
	}
	if (s == NULL) {
		buf_str(error,
		    set->n < ANSWER_MAX_SERIES ? "out of memory"
					       : "more than 10000 series");
		return -1;
	}
	for (const struct json *j = json_first(values); j != NULL;
	     j = json_next(j))
		if (read_sample(j, s, error) != 0)
			return -1;
	return 0;
}

static void
read_warnings(const struct json *list, struct buf *warnings)
{
	for (const struct json *j = json_first(list); j != NULL;
	     j = json_next(j)) {
		const char *s = json_str(j);

		if (s == NULL ||
		    (warnings->len > 0 && strstr(warnings->s, s) != NULL))
			continue;
		buf_str(warnings, warnings->len > 0 ? "; " : "");
		buf_str(warnings, s);
	}
}

/* From the top to the list of series; NULL with a message */
static const struct json *
find_result(const struct json *top, struct buf *error)
{
	const char *status = json_get_str(top, "status");
	const char *text = json_get_str(top, "error"), *type;
	const struct json *data = json_get(top, "data"), *result;

	if (status == NULL || strcmp(status, "success") != 0) {
		buf_printf(error, "not an answer of the query API: status '%s'",
		    status != NULL ? status : "");
		if (text != NULL)
			buf_printf(error, ": %s", text);
		return NULL;
	}
	type = json_get_str(data, "resultType");
	result = json_get(data, "result");
	if (type == NULL || strcmp(type, "matrix") != 0 || result == NULL ||
	    json_type(result) != JSON_ARRAY) {
		buf_printf(error,
		    "a result of type '%s' where a matrix "
		    "belongs",
		    type != NULL ? type : "");
		return NULL;
	}
	return result;
}

int
answer_read(struct answer_set *set, const char *body, size_t n,
    struct buf *warnings, struct buf *error)
{
	const char *why;
	struct json *top = json_parse(n > 0 ? body : "", n, &why);
	const struct json *result;
	size_t i = 0;
	int r = -1;

	if (top == NULL) {
		buf_printf(error, "the answer is %s", why);
		return -1;
	}
	result = find_result(top, error);
	if (result == NULL)
		goto done;
	for (const struct json *j = json_first(result); j != NULL;
	     j = json_next(j))
		if (read_series(set, j, i++, error) != 0)
			goto done;
	read_warnings(json_get(top, "warnings"), warnings);
	r = 0;
done:
	json_free(top);
	return r;
}

void
answer_free(struct answer_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		samples_free(&set->s[i]);
		free(set->labels[i]);
	}
	free(set->s);
	free(set->labels);
	*set = (struct answer_set){ 0 };
}
