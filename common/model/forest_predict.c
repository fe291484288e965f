#include "model/forest_core.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int
forest_path_init(struct forest_path *p, size_t H)
{
	double *room = malloc((H + 1) * (2 + FOREST_QUANTILES) * sizeof *room);

	memset(p, 0, sizeof *p);
	if (room == NULL)
		return -1;
	p->H = H;
	p->median = room;
	p->mean = room + H;
	for (size_t k = 0; k < FOREST_QUANTILES; k++)
		p->quantile[k] = room + (2 + k) * H;
	forest_windows(H, p->window);
	return 0;
}

void
forest_path_free(struct forest_path *p)
{
	free(p->median);
	memset(p, 0, sizeof *p);
}

/* origins whose errors weigh the experts, each looked at once */
struct replay {
	size_t count;
	size_t *origin; /* rising */
	float *error; /* count rows of EXPERTS */
};

static int
rising(const void *a, const void *b)
{
	size_t x = *(const size_t *)a;
	size_t y = *(const size_t *)b;

	return (x > y) - (x < y);
}

/* the index in g of the newest sample that the model was fitted to */
static ptrdiff_t
end_of(const struct forest *f, const struct grid *g)
{
	return (ptrdiff_t)floor((double)(f->end - g->t0) / g->step + 0.5);
}

static int64_t
steps_since(const struct grid *g)
{
	return (int64_t)floor((double)g->t0 / g->step);
}

static size_t
day_of(const struct grid *g)
{
	return (size_t)fmax(1.0, floor(86400.0 / g->step));
}

/* of the origins that weigh at one origin those that the model has not seen */
static size_t
collect(
    const struct forest *f, const struct grid *g, size_t origin, size_t *out)
{
	ptrdiff_t wanted[ORIGINS];
	ptrdiff_t end = end_of(f, g);
	size_t count = 0;

	errors_origins(origin, steps_since(g), f->H, day_of(g), wanted);
	for (int k = 0; k < ORIGINS; k++)
		if (wanted[k] >= 0 && wanted[k] >= end)
			out[count++] = (size_t)wanted[k];
	return count;
}

static void
replay_free(struct replay *r)
{
	free(r->origin);
	free(r->error);
}

static int
replay_run(struct replay *r, const struct forest *f, const struct grid *g,
    const struct features *x)
{
	struct outlook *o;
	size_t unique = 0;

	qsort(r->origin, r->count, sizeof *r->origin, rising);
	for (size_t i = 0; i < r->count; i++)
		if (unique == 0 || r->origin[i] != r->origin[unique - 1])
			r->origin[unique++] = r->origin[i];
	r->count = unique;
	r->error = malloc((unique + 1) * EXPERTS * sizeof *r->error);
	o = core_outlook(&f->core, x, r->origin, unique, 0);
	if (r->error == NULL || o == NULL) {
		outlook_free(o);
		return -1;
	}
	for (size_t i = 0; i < unique; i++)
		errors_at(
		    o, i, x, r->origin[i], x->n, g->y, r->error + i * EXPERTS);
	outlook_free(o);
	return 0;
}

/* weights from the errors known at an origin */
static void
weigh(const struct forest *f, const struct grid *g, const struct replay *r,
    size_t origin, double *w)
{
	struct errors e = { r->count, r->origin, r->error,
		end_of(f, g) - (ptrdiff_t)f->recent_back, f->recents,
		f->recent_every, f->recent };

	errors_weigh(&e, origin, steps_since(g), f->H, day_of(g), f->held, w);
}

static void
answer(const struct outlook *o, size_t i, struct forest_path *out)
{
	double q[FOREST_H_MAX * FOREST_QUANTILES];

	outlook_blend(o, i, out->weight, out->median, out->mean, q);
	for (size_t h = 0; h < o->H; h++)
		for (size_t k = 0; k < FOREST_QUANTILES; k++)
			out->quantile[k][h] = q[h * FOREST_QUANTILES + k];
}

/*
 * Bring the peaks in line with the path: a quarter of what blending did to the
 * greatest median is done to them too, and the greatest value of a window is
 * at no level below the quantile of one of its steps, nor of a shorter window.
 */
static void
reconcile(const struct outlook *o, size_t i, struct forest_path *out)
{
	for (int w = 0; w < FOREST_WINDOWS; w++) {
		double blended = -INFINITY;
		double pool = -INFINITY;

		for (size_t h = 0; h < out->window[w]; h++) {
			size_t at = i * o->H + h;

			blended = fmax(blended, out->median[h]);
			pool = fmax(pool, o->median[EXPERT_POOL][at]);
		}
		for (int k = 0; k < FOREST_QUANTILES; k++) {
			double v = out->peak[w][k] + 0.25 * (blended - pool);

			for (size_t h = 0; h < out->window[w]; h++)
				v = fmax(v, out->quantile[k][h]);
			if (w > 0)
				v = fmax(v, out->peak[w - 1][k]);
			if (k > 0)
				v = fmax(v, out->peak[w][k - 1]);
			out->peak[w][k] = v;
		}
	}
}

/* the oldest sample whose window statistics are needed */
static size_t
oldest(const struct replay *r, const size_t *origin, size_t count)
{
	size_t from = origin[0];

	for (size_t i = 0; i < count; i++)
		from = origin[i] < from ? origin[i] : from;
	for (size_t i = 0; i < r->count; i++)
		from = r->origin[i] < from ? r->origin[i] : from;
	return from;
}

static int
predict_grown(const struct forest *f, const struct grid *g,
    const size_t *origin, size_t count, struct forest_path *out)
{
	size_t last = origin[0];
	struct replay r = { 0 };
	struct features *x = NULL;
	struct outlook *o = NULL;
	int bad = -1;

	r.origin = malloc((count * ORIGINS + 1) * sizeof *r.origin);
	if (r.origin == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		last = origin[i] > last ? origin[i] : last;
		r.count += collect(f, g, origin[i], r.origin + r.count);
	}
	x = features_new(
	    g, last + 1, f->transform, f->zone, oldest(&r, origin, count));
	if (x == NULL)
		goto done;
	x->period = f->period;
	if (replay_run(&r, f, g, x) < 0)
		goto done;
	o = core_outlook(&f->core, x, origin, count, 1);
	if (o == NULL)
		goto done;
	for (size_t i = 0; i < count; i++) {
		weigh(f, g, &r, origin[i], out[i].weight);
		answer(o, i, &out[i]);
		peak_predict(f, x, origin[i], out[i].peak);
		reconcile(o, i, &out[i]);
	}
	bad = 0;
done:
	outlook_free(o);
	features_free(x);
	replay_free(&r);
	return bad;
}

int
forest_predict_all(const struct forest *f, const struct grid *g,
    const size_t *origin, size_t count, struct forest_path *out)
{
	for (size_t i = 0; i < count; i++)
		if (origin[i] >= g->n || out[i].H != f->H ||
		    g->step != f->step) {
			errno = EINVAL;
			return -1;
		}
	if (count > 0 && f->mode == MODE_GROWN)
		return predict_grown(f, g, origin, count, out);
	for (size_t i = 0; i < count; i++)
		if (flat_predict(f, g, origin[i], &out[i]) < 0)
			return -1;
	return 0;
}

int
forest_predict(const struct forest *f, const struct grid *g, size_t origin,
    struct forest_path *out)
{
	return forest_predict_all(f, g, &origin, 1, out);
}
