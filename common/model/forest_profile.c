#include "model/forest_core.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/random.h"
#include "model/pool.h"

enum {
	LEADS = 2 /* rows an origin */
};

/* one day after an origin as each expert sees it, in the unit of the load */
struct day {
	size_t steps;
	double *expert[PROFILE_EXPERTS];
};

static int
day_new(struct day *d, size_t steps)
{
	double *room = malloc(steps * PROFILE_EXPERTS * sizeof *room);

	if (room == NULL)
		return -1;
	d->steps = steps;
	for (size_t k = 0; k < PROFILE_EXPERTS; k++)
		d->expert[k] = room + k * steps;
	return 0;
}

static void
day_free(struct day *d)
{
	free(d->expert[0]);
}

static double
unit_of(const struct features *x, double u)
{
	return fmax(transform_from(x->transform, u), x->transform.base);
}

/* the forest's medians at up to PROFILE_POINTS + 1 leads */
static void
ask(const struct single *s, const struct features *x, size_t t,
    const size_t *lead, size_t n, double *out)
{
	static const double half[1] = { 0.5 };

	for (size_t i = 0; i < n; i++) {
		float row[FEATURES];
		uint8_t code[WIDTH];
		uint16_t count[TREES_VALUES] = { 0 };
		struct pool p;

		features_row(x, t, lead[i], row);
		bins_apply(&s->bins, row, 1, FEATURES, code, WIDTH);
		trees_count(s->trees, code, WIDTH, 1, count);
		pool_one(&p, count, s->trees->value, 0.0F);
		pool_quantiles(&p, INFINITY, half, 1, &out[i]);
		out[i] = unit_of(x, x->level[t] + out[i]);
	}
}

/* linear between the leads that were asked for */
static void
spread_out(const size_t *lead, const double *v, size_t n, double *out)
{
	for (size_t i = 0; i + 1 < n; i++) {
		double span = (double)(lead[i + 1] - lead[i]);

		for (size_t h = lead[i]; h <= lead[i + 1]; h++) {
			double part = (double)(h - lead[i]) / span;

			out[h - 1] = v[i] + part * (v[i + 1] - v[i]);
		}
	}
	out[lead[0] - 1] = v[0];
}

static void
day_fill(
    struct day *d, const struct single *s, const struct features *x, size_t t)
{
	size_t every = x->day > PROFILE_POINTS ? x->day / PROFILE_POINTS : 1;
	size_t lead[2 * PROFILE_POINTS + 2];
	double v[2 * PROFILE_POINTS + 2];
	size_t n = 0;

	for (size_t h = 1; h < d->steps; h += every)
		lead[n++] = h;
	lead[n++] = d->steps;
	ask(s, x, t, lead, n, v);
	spread_out(lead, v, n, d->expert[0]);
	for (size_t h = 1; h <= d->steps; h++) {
		double day = d->expert[0][h - 1];

		if (t + h >= x->day)
			day = unit_of(x, x->u[t + h - x->day]);
		d->expert[1][h - 1] = day;
		if (t + h >= 7 * x->day)
			day = unit_of(x, x->u[t + h - 7 * x->day]);
		d->expert[2][h - 1] = day;
		d->expert[3][h - 1] = unit_of(x, x->median_day[t]);
	}
}

/* the experts' mean |error| over the day after t; -1 where none is known */
static int
day_errors(const struct day *d, const struct features *x, size_t t,
    const double *y, double *e)
{
	size_t count = 0;

	memset(e, 0, PROFILE_EXPERTS * sizeof *e);
	for (size_t h = 1; h <= d->steps; h++) {
		if (!x->ok[t + h])
			continue;
		count++;
		for (int k = 0; k < PROFILE_EXPERTS; k++)
			e[k] += fabs(y[t + h] - d->expert[k][h - 1]);
	}
	for (int k = 0; k < PROFILE_EXPERTS; k++)
		e[k] /= count > 0 ? (double)count : 1.0;
	return count > 0 ? 0 : -1;
}

struct rows {
	size_t n;
	float *x, *y;
	uint8_t *code;
};

static void
rows_fill(struct rows *r, const struct features *x, size_t first, size_t n,
    uint64_t seed)
{
	struct random random = random_start(seed, 4);

	for (size_t t = first; t + 1 < n; t++)
		for (int k = 0; k < LEADS; k++) {
			size_t h = 1 + random_below(&random, (uint32_t)x->day);

			if (t + h >= n || !x->ok[t] || !x->ok[t + h])
				continue;
			features_row(x, t, h, r->x + r->n * FEATURES);
			r->y[r->n++] = (float)(x->u[t + h] - x->level[t]);
		}
}

static int
single_fit(struct single *s, const struct features *x, size_t first, size_t n,
    const struct forest_options *o)
{
	uint8_t column[FEATURES];
	struct trees_options to = { .trees = (o->trees + 1) / 2,
		.depth = 14,
		.minleaf = 8,
		.mtry = FEATURES / 3,
		.keep = 8,
		.threads = o->threads,
		.share = 0.4,
		.clip = 0.98,
		.seed = o->seed + 4,
		.column = column,
		.columns = FEATURES };
	size_t most = n > first ? LEADS * (n - first) + 1 : 1;
	struct rows r = { 0, malloc(most * FEATURES * sizeof *r.x),
		malloc(most * sizeof *r.y),
		aligned_alloc(WIDTH, most * WIDTH) };
	int bad = -1;

	for (size_t k = 0; k < FEATURES; k++)
		column[k] = (uint8_t)k;
	if (r.x != NULL && r.y != NULL && r.code != NULL) {
		rows_fill(&r, x, first, n, o->seed);
		if (r.n == 0)
			errno = ENODATA;
		else if (bins_fit(&s->bins, r.x, r.n, FEATURES, FEATURES) ==
		    0) {
			bins_apply(&s->bins, r.x, r.n, FEATURES, r.code, WIDTH);
			s->trees = trees_fit(r.code, WIDTH, r.y, r.n, &to);
			bad = s->trees == NULL ? -1 : 0;
		}
	}
	free(r.code);
	free(r.y);
	free(r.x);
	return bad;
}

/* days wholly within the held-out part, judged by a forest that ends before */
static int
judge(struct forest *f, const struct features *x, const double *y, size_t first,
    size_t n, size_t from, const struct forest_options *o)
{
	size_t span = n - from;
	size_t every;
	struct single s = { 0 };
	struct day d;
	int bad;

	for (int k = 0; k < PROFILE_EXPERTS; k++)
		f->profile_held[k] = 1.0;
	if (span <= x->day)
		return 0;
	span -= x->day;
	every = span > REPLAY ? span / REPLAY : 1;
	if (single_fit(&s, x, first < from / 4 ? first : from / 4, from, o) <
		0 ||
	    day_new(&d, x->day) < 0) {
		single_free(&s);
		return -1;
	}
	memset(f->profile_held, 0, sizeof f->profile_held);
	for (size_t back = 0; back < span && f->profile_recents < REPLAY;
	     back += every) {
		size_t t = n - 1 - x->day - back;
		double *e = f->profile_recent[f->profile_recents];

		day_fill(&d, &s, x, t);
		if (day_errors(&d, x, t, y, e) < 0)
			continue;
		f->profile_recents++;
		for (int k = 0; k < PROFILE_EXPERTS; k++)
			f->profile_held[k] += e[k];
	}
	bad = f->profile_recents > 0 ? (int)f->profile_recents : 1;
	for (int k = 0; k < PROFILE_EXPERTS; k++)
		f->profile_held[k] /= (double)bad;
	day_free(&d);
	single_free(&s);
	return 0;
}

int
profile_fit(struct forest *f, const struct features *x, const double *y,
    size_t first, size_t n, size_t held_from, const struct forest_options *o)
{
	if (single_fit(&f->profile, x, first, n, o) < 0)
		return -1;
	return judge(f, x, y, first, n, held_from, o);
}

/* the newest days that are known and that the model has not seen */
static void
replay(const struct forest *f, const struct features *x, const double *y,
    ptrdiff_t end, size_t origin, struct day *d, double *w)
{
	ptrdiff_t every = (ptrdiff_t)(x->day / PROFILE_POINTS + 1);
	ptrdiff_t t = (ptrdiff_t)origin - (ptrdiff_t)x->day;
	double e[REPLAY * PROFILE_EXPERTS];
	size_t count = 0;

	for (; count < REPLAY && t >= 0 && t >= end; t -= every) {
		if (!x->ok[t])
			continue;
		day_fill(d, &f->profile, x, (size_t)t);
		if (day_errors(
			d, x, (size_t)t, y, e + count * PROFILE_EXPERTS) == 0)
			count++;
	}
	for (size_t k = 0; k < f->profile_recents && count < REPLAY; k++)
		memcpy(e + PROFILE_EXPERTS * count++, f->profile_recent[k],
		    PROFILE_EXPERTS * sizeof *e);
	expert_weights(e, count, f->profile_held, PROFILE_EXPERTS, 8.0, 2.0, w);
}

int
forest_profile(const struct forest *f, const struct grid *g, size_t origin,
    size_t m, double *median)
{
	double end = floor((double)(f->end - g->t0) / g->step + 0.5);
	size_t back = (size_t)fmax(1.0, floor(86400.0 / g->step)) * 2;
	double w[PROFILE_EXPERTS];
	struct features *x;
	struct day d;

	if (f->profile.trees == NULL || origin >= g->n || g->step != f->step ||
	    2 * m > back) {
		errno = EINVAL;
		return -1;
	}
	x = features_new(g, origin + 1, f->transform, f->zone,
	    origin > back ? origin - back : 0);
	if (x == NULL)
		return -1;
	x->period = f->period;
	if (day_new(&d, x->day) < 0) {
		features_free(x);
		return -1;
	}
	replay(f, x, g->y, (ptrdiff_t)end, origin, &d, w);
	day_fill(&d, &f->profile, x, origin);
	for (size_t h = 0; h < m; h++) {
		median[h] = 0.0;
		for (int k = 0; k < PROFILE_EXPERTS; k++)
			median[h] += w[k] * d.expert[k][h];
	}
	day_free(&d);
	features_free(x);
	return 0;
}
