#include "record/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
by_label(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_name(*x), json_name(*y));
}

int
series_key(const struct json *metric, struct buf *b)
{
	size_t n = json_len(metric), i = 0;
	const struct json **l = malloc((n + 1) * sizeof(*l));
	const struct json *j;

	if (l == NULL)
		return -1;
	for (j = json_first(metric); j != NULL; j = json_next(j))
		l[i++] = j;
	qsort(l, n, sizeof(*l), by_label);
	buf_char(b, '{');
	for (i = 0; i < n; i++)
		record_put_str(b, json_name(l[i]), json_str(l[i]));
	buf_char(b, '}');
	free(l);
	return b->failed ? -1 : 0;
}

static char *
label(const struct json *metric, const char *name, const char *otherwise)
{
	const char *s = json_get_str(metric, name);

	return strdup(s != NULL ? s : otherwise);
}

static void
series_clear(struct series *s)
{
	free(s->metric);
	free(s->key);
	free(s->name);
	free(s->target);
	free(s->unit);
	free(s->error);
	free(s->t);
	free(s->v);
	*s = (struct series){ 0 };
}

void
series_set_free(struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		series_clear(&set->s[i]);
	free(set->s);
	*set = (struct series_set){ 0 };
}

/* A new, empty series of these labels at the set's end, or NULL */
static struct series *
new_series(struct series_set *set, const struct json *metric, const char *key)
{
	struct buf text = { 0 };
	struct series *s;

	if (set->n == set->cap) {
		size_t cap = set->cap ? set->cap * 2 : 8;

		s = realloc(set->s, cap * sizeof(*s));
		if (s == NULL)
			return NULL;
		set->s = s;
		set->cap = cap;
	}
	json_write(metric, &text);
	s = &set->s[set->n];
	*s = (struct series){ .metric = text.s,
		.key = strdup(key),
		.name = label(metric, "__name__", "load"),
		.target = label(metric, "target", "default"),
		.unit = label(metric, "unit", "") };
	if (text.failed || s->key == NULL || s->name == NULL ||
	    s->target == NULL || s->unit == NULL) {
		series_clear(s);
		return NULL;
	}
	set->n++;
	return s;
}

static struct series *
find_series(struct series_set *set, const struct json *metric)
{
	struct series *s = NULL;
	struct buf key = { 0 };

	if (series_key(metric, &key) == 0) {
		for (size_t i = 0; i < set->n && s == NULL; i++)
			if (strcmp(set->s[i].key, key.s) == 0)
				s = &set->s[i];
		if (s == NULL)
			s = new_series(set, metric, key.s);
	}
	buf_free(&key);
	return s;
}

static int
grow(struct series *s, size_t more)
{
	size_t cap = s->cap ? s->cap : 64;
	int64_t *t;
	double *v;

	if (s->n + more <= s->cap)
		return 0;
	while (cap < s->n + more)
		cap *= 2;
	t = realloc(s->t, cap * sizeof(*t));
	if (t == NULL)
		return -1;
	s->t = t;
	v = realloc(s->v, cap * sizeof(*v));
	if (v == NULL)
		return -1;
	s->v = v;
	s->cap = cap;
	return 0;
}

/* NaN, Inf and Infinity, with or without a sign */
static int
is_unknown(const struct json *e)
{
	static const char *const words[] = { "nan", "inf", "infinity" };
	const char *s = json_str(e);

	if (s == NULL)
		return json_type(e) == JSON_NULL;
	s += *s == '+' || *s == '-';
	for (int i = 0; i < 3; i++)
		if (strcasecmp(s, words[i]) == 0)
			return 1;
	return 0;
}

/* The shape of a line, before anything is taken from it. 0 or -1. */
static int
check_line(const struct json *j, size_t *n, const char **why)
{
	const struct json *metric = json_get(j, "metric"), *k;
	const struct json *v = json_get(j, "values");
	const struct json *t = json_get(j, "timestamps");
	double x;

	*why = "'metric' is not an object of strings";
	if (metric == NULL || json_type(metric) != JSON_OBJECT)
		return -1;
	for (k = json_first(metric); k != NULL; k = json_next(k))
		if (json_str(k) == NULL)
			return -1;
	*why = "'values' or 'timestamps' is missing or not an array";
	if (v == NULL || t == NULL || json_type(v) != JSON_ARRAY ||
	    json_type(t) != JSON_ARRAY)
		return -1;
	*n = json_len(v);
	*why = "'values' and 'timestamps' differ in length";
	if (json_len(t) != *n)
		return -1;
	*why = "'timestamps' holds what is no time in milliseconds";
	for (k = json_first(t); k != NULL; k = json_next(k))
		if (json_num(k, &x) != 0 || fabs(x) > 9e15)
			return -1;
	*why = "'values' holds what is no number";
	for (k = json_first(v); k != NULL; k = json_next(k))
		if (json_num(k, &x) != 0 && !is_unknown(k))
			return -1;
	*why = "too many samples";
	return *n > RECORD_MAX_SAMPLES ? -1 : 0;
}

int
series_set_add(struct series_set *set, const struct json *j, const char **why)
{
	const char *error = json_get_str(j, "error");
	const struct json *v, *t;
	struct series *s;
	char *copy = NULL;
	size_t n;

	if (check_line(j, &n, why) != 0)
		return -1;
	*why = "out of memory";
	if (error != NULL && (copy = strdup(error)) == NULL)
		return -1;
	s = find_series(set, json_get(j, "metric"));
	if (s == NULL || grow(s, n) != 0) {
		free(copy);
		return -1;
	}
	free(s->error);
	s->error = copy;
	v = json_first(json_get(j, "values"));
	t = json_first(json_get(j, "timestamps"));
	for (; v != NULL; v = json_next(v), t = json_next(t)) {
		double x = NAN, ms = 0;

		json_num(t, &ms);
		if (json_num(v, &x) != 0) {
			s->unknown++;
			continue;
		}
		s->t[s->n] = (int64_t)llround(ms);
		s->v[s->n++] = x;
	}
	return 0;
}

struct sample {
	int64_t t;
	double v;
	size_t order;
};

static int
by_time(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* 0, or -1 where memory ran out */
static int
sort_series(struct series *s)
{
	struct sample *p;
	size_t i, k = 0;

	for (i = 1; i < s->n && s->t[i - 1] < s->t[i]; i++)
		;
	if (i >= s->n)
		return 0; /* in order already: the usual case */
	p = malloc(s->n * sizeof(*p));
	if (p == NULL)
		return -1;
	for (i = 0; i < s->n; i++)
		p[i] = (struct sample){ s->t[i], s->v[i], i };
	qsort(p, s->n, sizeof(*p), by_time);
	for (i = 0; i < s->n; i++) {
		if (i + 1 < s->n && p[i + 1].t == p[i].t) {
			s->duplicates++;
			continue;
		}
		s->t[k] = p[i].t;
		s->v[k++] = p[i].v;
	}
	s->n = k;
	free(p);
	return 0;
}

int
series_set_finish(struct series_set *set)
{
	int r = 0;

	for (size_t i = 0; i < set->n; i++)
		r |= sort_series(&set->s[i]);
	return r;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

double
series_step(const struct series *s)
{
	double *d, step;

	if (s->n < 2)
		return NAN;
	d = malloc((s->n - 1) * sizeof(*d));
	if (d == NULL)
		return NAN;
	for (size_t i = 1; i < s->n; i++)
		d[i - 1] = (double)(s->t[i] - s->t[i - 1]) / 1000;
	qsort(d, s->n - 1, sizeof(*d), by_size);
	step = d[(s->n - 1) / 2];
	free(d);
	return step;
}

void
series_write(struct buf *b, const char *metric, const int64_t *t,
    const double *v, size_t n, const char *error)
{
	buf_str(b, "{\"metric\":");
	buf_str(b, metric);
	record_put_numbers(b, "values", v, n);
	buf_str(b, ",\"timestamps\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%lld", i ? "," : "", (long long)t[i]);
	buf_char(b, ']');
	record_put_str(b, "error", error);
	buf_char(b, '}');
}
