/*
 * seen.c - the load as it was seen, and what had been foreseen of it
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/story.h"

struct sample {
	int64_t t;
	double v;
};

static int
by_time(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->t < y->t ? -1 : x->t > y->t;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

double
story_step(const int64_t *t, size_t n)
{
	double *d = n > 1 ? malloc((n - 1) * sizeof(*d)) : NULL;
	double step = (double)NAN;

	if (d != NULL) {
		for (size_t i = 0; i + 1 < n; i++)
			d[i] = (double)(t[i + 1] - t[i]) / 1000;
		qsort(d, n - 1, sizeof(*d), by_value);
		step = d[(n - 1) / 2];
	}
	free(d);
	return step;
}

/* Samples by the inputs of the decisions: one a time of observation */
static int
from_inputs(const struct view_target *t, struct story_load *l)
{
	struct sample *s = malloc((t->n_runs + 1) * sizeof(*s));
	int64_t *at = malloc((t->n_runs + 1) * (sizeof(*at) + sizeof(double)));
	double *v;
	size_t n = 0;

	if (s == NULL || at == NULL) {
		free(s);
		free(at);
		return -1;
	}
	v = (double *)(void *)(at + t->n_runs + 1);
	l->n = 0;
	for (size_t i = 0; i < t->n_runs; i++)
		for (size_t k = 0; k < t->runs[i].n_inputs; k++) {
			const struct view_input *in = &t->runs[i].inputs[k];

			if (strcmp(in->signal, l->name) != 0 ||
			    !isfinite(in->value))
				continue;
			s[n++] = (struct sample){ in->origin, in->value };
			break;
		}
	qsort(s, n, sizeof(*s), by_time);
	for (size_t i = 0; i < n; i++) {
		/* an age in whole seconds moves an observation by less */
		if (l->n > 0 && s[i].t - at[l->n - 1] < 1000)
			continue;
		at[l->n] = s[i].t;
		v[l->n++] = s[i].v;
	}
	free(s);
	l->own = at;
	l->t = at;
	l->v = v;
	l->step_s = story_step(at, l->n);
	return 0;
}

static struct story_load *
add_load(struct story_load **l, size_t *n, const char *name, const char *unit)
{
	struct story_load *p;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*l)[i].name, name) == 0)
			return &(*l)[i];
	p = realloc(*l, (*n + 1) * sizeof(*p));
	if (p == NULL)
		return NULL;
	*l = p;
	p += (*n)++;
	*p = (struct story_load){
		.name = name, .unit = unit, .step_s = (double)NAN
	};
	return p;
}

int
story_loads(const struct view *v, const struct view_target *t,
    struct story_load **l, size_t *n)
{
	const struct view_run *last = story_last(t);

	*l = NULL;
	*n = 0;
	for (size_t i = 0; i < v->series.n; i++) {
		const struct series *s = &v->series.s[i];
		struct story_load *p;

		if (strcmp(s->target, t->name) != 0)
			continue;
		p = add_load(l, n, s->name, s->unit);
		if (p == NULL)
			goto failed;
		if (p->series != NULL && p->n >= s->n)
			continue;
		p->series = s;
		p->t = s->t;
		p->v = s->v;
		p->n = s->n;
		p->step_s = series_step(s);
	}
	for (size_t k = 0; last != NULL && k < last->n_inputs; k++) {
		const struct view_input *in = &last->inputs[k];
		struct story_load *p = add_load(l, n, in->signal, in->unit);

		if (p == NULL ||
		    (p->n < 2 && p->own == NULL && from_inputs(t, p) != 0))
			goto failed;
	}
	return 0;
failed:
	story_loads_free(*l, *n);
	*l = NULL;
	*n = 0;
	return -1;
}

void
story_loads_free(struct story_load *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(l[i].own);
	free(l);
}

/* --- forecasts against what came --- */

/* The highest sample of which the interval (t - step, t] meets (from, to] */
static int
highest(const struct story_load *l, double from, double to, size_t *at)
{
	double step = l->step_s * 1000;
	size_t lo = 0, hi = l->n;
	int any = 0;

	if (l->n == 0 || !((double)l->t[l->n - 1] >= to))
		return 0;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if ((double)l->t[mid] > from + 1)
			hi = mid;
		else
			lo = mid + 1;
	}
	for (; lo < l->n && (double)l->t[lo] - step < to - 1; lo++) {
		if (!any || l->v[lo] > l->v[*at])
			*at = lo;
		any = 1;
	}
	return any;
}

int
story_seen(const struct view_target *t, const struct story_load *l,
    struct story_seen **s, size_t *n)
{
	int64_t before = INT64_MIN;

	*n = 0;
	*s = calloc(t->n_runs + 1, sizeof(**s));
	if (*s == NULL)
		return -1;
	if (!isfinite(l->step_s))
		return 0;
	for (size_t i = 0; i < t->n_runs; i++)
		for (size_t k = 0; k < t->runs[i].n_inputs; k++) {
			const struct view_input *in = &t->runs[i].inputs[k];
			double origin = (double)in->origin;
			size_t at;

			if (strcmp(in->signal, l->name) != 0 ||
			    !isfinite(in->expected) ||
			    in->origin < before + 1000 ||
			    !highest(l, origin + in->from_s * 1000,
				origin + in->to_s * 1000, &at))
				continue;
			before = in->origin;
			(*s)[(*n)++] = (struct story_seen){ .time = in->origin +
				    (int64_t)llround(in->to_s * 1000),
				.expected = in->expected,
				.at_most = in->at_most,
				.came = l->v[at] };
			break;
		}
	return 0;
}

struct story_held
story_held(const struct story_seen *s, size_t n)
{
	struct story_held h = { n, (double)NAN, (double)NAN };
	double off = 0, sum = 0;
	size_t kept = 0, asked = 0;

	for (size_t i = 0; i < n; i++) {
		off += fabs(s[i].came - s[i].expected);
		sum += fabs(s[i].came);
		asked += (size_t)(isfinite(s[i].at_most) != 0);
		kept += (size_t)(s[i].came <= s[i].at_most);
	}
	if (sum > 0)
		h.error = off / sum;
	if (asked > 0)
		h.within = (double)kept / (double)asked;
	return h;
}
