#include "model/forest_core.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	WINDOW = 8064,
	TREES = 30,
	HELD_LEAST = 500, /* steps held out at most where a week has fewer */
	HELD_ROWS = 32768 /* more origins times leads than these are thinned */
};

/* the end of a long series: what is fitted to, and a week to look back */
static struct grid
newest(const struct grid *g, size_t n, size_t window)
{
	size_t day = (size_t)fmax(1.0, floor(86400.0 / g->step));
	size_t most = window + 7 * day;
	size_t skip = n > most ? n - most : 0;

	return (struct grid){ g->step,
		g->t0 + (int64_t)llround((double)skip * g->step), n - skip,
		g->y + skip, g->ok + skip };
}

static size_t
first_origin(const struct features *x, size_t n, size_t H, size_t window)
{
	size_t first = x->day + H < n / 4 ? x->day + H : n / 4;

	return n > window && n - window > first ? n - window : first;
}

/* the held-out part and what happened there */
struct trial {
	size_t from, count, every; /* origins from, from + every, ... */
	size_t n, H;
	int64_t since; /* steps from 1970 to sample 0 */
	size_t day;
	float *error; /* count rows of EXPERTS; below 0 where unknown */
	struct outlook *outlook;
};

static void
trial_free(struct trial *t)
{
	free(t->error);
	outlook_free(t->outlook);
}

static int
trial_run(struct trial *t, const struct features *x, const double *y,
    const struct forest_options *o)
{
	size_t most = 7 * x->day > HELD_LEAST ? 7 * x->day : HELD_LEAST;
	size_t length = t->n / 4 < most ? t->n / 4 : most;
	size_t start = t->n - length;
	struct core c;
	size_t *origin;

	t->every = (length * o->H + HELD_ROWS - 1) / HELD_ROWS;
	t->from = start - 1;
	t->count = (length + t->every - 1) / t->every;
	t->H = o->H;
	origin = malloc(t->count * sizeof *origin);
	t->error = malloc(t->count * EXPERTS * sizeof *t->error);
	for (size_t i = 0; origin != NULL && i < t->count; i++)
		origin[i] = t->from + i * t->every;
	if (core_fit(&c, x, first_origin(x, start, o->H, o->window), start, o,
		(o->trees + 1) / 2) == 0 &&
	    origin != NULL && t->error != NULL)
		t->outlook = core_outlook(&c, x, origin, t->count, 1);
	core_free(&c);
	free(origin);
	if (t->outlook == NULL)
		return -1;
	for (size_t i = 0; i < t->count; i++)
		errors_at(t->outlook, i, x, t->from + i * t->every, t->n, y,
		    t->error + i * EXPERTS);
	return 0;
}

/*
 * Keep the mean errors, and those of single origins as far back as forecasts
 * ask for them; thinned where they would be too many.
 */
static int
remember(struct forest *f, const struct trial *t)
{
	size_t span = (SPREAD + 4) * t->H;
	size_t complete = t->n > t->H + t->from ? t->n - t->H - t->from : 0;
	size_t every = t->every;
	size_t known = 0;
	size_t i = 0;

	for (; i < t->count; i++) {
		const float *e = t->error + i * EXPERTS;

		for (int k = 0; e[0] >= 0.0F && k < EXPERTS; k++)
			f->held[k] += (double)e[k];
		known += e[0] >= 0.0F ? 1 : 0;
	}
	for (int k = 0; k < EXPERTS; k++)
		f->held[k] /= known > 0 ? (double)known : 1.0;
	span = span > (SAME + 1) * t->day ? span : (SAME + 1) * t->day;
	while (span / every > RECENT_MAX - 2)
		every += t->every;
	i = t->n > t->from + span ? (t->n - t->from - span) / t->every : 0;
	f->recent_every = every;
	f->recent_back = t->n - 1 - (t->from + i * t->every);
	f->recent = malloc(RECENT_MAX * EXPERTS * sizeof *f->recent);
	if (f->recent == NULL)
		return -1;
	for (;
	     i * t->every < complete && i < t->count && f->recents < RECENT_MAX;
	     i += every / t->every)
		memcpy(f->recent + EXPERTS * f->recents++,
		    t->error + i * EXPERTS, EXPERTS * sizeof *f->recent);
	return 0;
}

void
forest_holdout_free(struct forest_holdout *h)
{
	free(h->median);
	memset(h, 0, sizeof *h);
}

static int
holdout_new(struct forest_holdout *h, const struct trial *t)
{
	size_t each = t->count * t->H;
	double *room =
	    malloc((each + 1) * (2 + FOREST_QUANTILES) * sizeof *room);

	if (room == NULL)
		return -1;
	h->from = t->from;
	h->every = t->every;
	h->count = t->count;
	h->H = t->H;
	h->median = room;
	h->mean = room + each;
	h->quantile[0] = h->median;
	for (int k = 1; k < FOREST_QUANTILES; k++)
		h->quantile[k] = room + (size_t)(k + 1) * each;
	return 0;
}

/* the mean errors of origins whose targets are known at origin */
static void
record_at(const struct trial *t, size_t origin, size_t *next, size_t *known,
    double *sum, double *record)
{
	for (; t->from + *next * t->every + t->H <= origin; ++*next) {
		const float *e = t->error + *next * EXPERTS;

		for (int k = 0; e[0] >= 0.0F && k < EXPERTS; k++)
			sum[k] += (double)e[k];
		*known += e[0] >= 0.0F ? 1 : 0;
	}
	for (int k = 0; k < EXPERTS; k++)
		record[k] = *known > 0 ? sum[k] / (double)*known : 1.0;
}

/*
 * The blended forecast at each held-out origin, weighted by nothing but the
 * errors that were known then: the experts' record before it, too.
 */
static int
blend_held(struct forest_holdout *h, const struct trial *t)
{
	double *q = malloc(t->H * FOREST_QUANTILES * sizeof *q);
	struct errors e = { 0, NULL, NULL, (ptrdiff_t)t->from, t->count,
		t->every, t->error };
	double sum[EXPERTS] = { 0 };
	size_t known = 0;
	size_t next = 0;

	if (q == NULL || holdout_new(h, t) < 0) {
		free(q);
		return -1;
	}
	for (size_t i = 0; i < t->count; i++) {
		size_t origin = t->from + i * t->every;
		size_t at = i * t->H;
		double record[EXPERTS];
		double w[EXPERTS];

		record_at(t, origin, &next, &known, sum, record);
		errors_weigh(&e, origin, t->since, t->H, t->day, record, w);
		outlook_blend(
		    t->outlook, i, w, h->median + at, h->mean + at, q);
		for (size_t s = 0; s < t->H; s++)
			for (int k = 1; k < FOREST_QUANTILES; k++)
				h->quantile[k][at + s] =
				    q[s * FOREST_QUANTILES + (size_t)k];
	}
	free(q);
	return 0;
}

static int
grow(struct forest *f, const struct grid *v, const struct forest_options *o,
    struct forest_holdout *held)
{
	struct trial t = { .n = v->n };
	struct features *x;
	size_t first;
	int bad;

	f->transform = transform_fit(v->y, v->n);
	x = features_new(v, v->n, f->transform, o->zone, 0);
	if (x == NULL)
		return -1;
	t.day = x->day;
	t.since = (int64_t)floor((double)v->t0 / v->step);
	f->period = x->period = features_period(x, v->n);
	first = first_origin(x, v->n, o->H, o->window);
	bad = trial_run(&t, x, v->y, o);
	if (bad == 0) {
		bad = remember(f, &t);
		if (bad == 0 && held != NULL)
			bad = blend_held(held, &t);
	}
	if (bad == 0 &&
	    (core_fit(&f->core, x, first, v->n, o, o->trees) < 0 ||
		peak_fit(&f->peak, &f->core, x, first, v->n, o, o->trees) < 0))
		bad = -1;
	if (bad == 0 && o->profile)
		bad = profile_fit(f, x, v->y, first, v->n, t.from + 1, o);
	trial_free(&t);
	features_free(x);
	return bad;
}

/* a day at least, something to learn from, and something that varies */
static int
enough(const struct grid *v, size_t H)
{
	double day = 86400.0 / v->step;
	size_t observed = 0;
	size_t changes = 0;

	for (size_t i = 0; i < v->n; i++) {
		observed += v->ok[i];
		changes += i > 0 && v->y[i] != v->y[i - 1];
	}
	return (double)v->n >= day && v->n >= 8 * H && observed >= 64 &&
	    (double)observed >= 0.5 * day && changes > 0;
}

static struct forest *
start(const struct grid *g, size_t n, const struct forest_options *o)
{
	struct forest *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->H = o->H;
	f->step = g->step;
	f->end = g->t0 + (int64_t)llround((double)(n - 1) * g->step);
	f->zone = o->zone;
	f->mode = MODE_GROWN;
	return f;
}

/* where gaps leave nothing to learn from the simpler model is fitted */
struct forest *
forest_fit(const struct grid *g, size_t n, const struct forest_options *o,
    struct forest_holdout *held, const char **why)
{
	struct forest_options own = *o;
	struct forest *f;
	struct grid v;

	if (held != NULL)
		memset(held, 0, sizeof *held);
	*why = "the forest method's options are out of range";
	if (o->H < 1 || o->H > FOREST_H_MAX || n < 1 || !(g->step > 0.0))
		return NULL;
	own.trees = o->trees > 0 ? o->trees : TREES;
	own.window = o->window > 0 ? o->window : WINDOW;
	if (own.trees > 120 || own.window > 65536)
		return NULL;
	*why = "out of memory";
	v = newest(g, n, own.window);
	f = start(g, n, o);
	errno = 0;
	if (f != NULL && enough(&v, o->H) && grow(f, &v, &own, held) < 0) {
		int gaps = errno == ENODATA;

		if (held != NULL)
			forest_holdout_free(held);
		forest_free(f);
		f = gaps ? start(g, n, o) : NULL;
	}
	if (f != NULL && f->core.groups == 0 && flat_fit(f, &v, v.n) < 0) {
		forest_free(f);
		f = NULL;
	}
	if (f == NULL)
		return NULL;
	if (held != NULL)
		held->from += n - v.n; /* counted in g */
	return f;
}

void
single_free(struct single *s)
{
	bins_free(&s->bins);
	trees_free(s->trees);
	s->trees = NULL;
}

void
forest_free(struct forest *f)
{
	if (f == NULL)
		return;
	core_free(&f->core);
	single_free(&f->peak);
	single_free(&f->profile);
	free(f->recent);
	free(f);
}

size_t
forest_horizon(const struct forest *f)
{
	return f->H;
}

int
forest_fits(const struct forest *f, size_t H, double step)
{
	return f->H == H && f->step >= step && f->step <= step;
}

int
forest_grown(const struct forest *f)
{
	return f->mode == MODE_GROWN;
}
