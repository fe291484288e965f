#include "model/forest_core.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/random.h"
#include "model/pool.h"

/* the greatest observed value after t within w steps; -1 where a share of them
 * or more is missing */
static int
greatest(
    const struct features *f, size_t t, size_t w, double missing, double *out)
{
	double high = -INFINITY;
	size_t seen = 0;

	for (size_t i = t + 1; i <= t + w; i++) {
		if (!f->ok[i])
			continue;
		seen++;
		high = f->u[i] > high ? f->u[i] : high;
	}
	*out = high;
	return (double)(w - seen) < missing * (double)w ? 0 : -1;
}

/*
 * The greatest value that the linear models expect within 1..h steps, h = 1..H,
 * relative to the level.
 */
static void
expected(const struct core *c, const struct features *f, size_t t, float *out)
{
	float high = -INFINITY;
	float x[FEATURES];

	features_origin(f, t, x);
	for (size_t h = 1; h <= c->H; h++) {
		float v;

		features_lead(f, t, h, x);
		v = core_linear(c, h, x);
		high = v > high ? v : high;
		out[h - 1] = high;
	}
}

struct rows {
	size_t n;
	float *x, *y;
	uint8_t *code;
};

/* two rows an origin: the whole horizon, and one of the shorter windows */
static void
rows_fill(struct rows *r, const struct core *c, const struct features *f,
    size_t first, size_t n, double missing, const struct forest_options *o)
{
	float linear[FOREST_H_MAX];
	struct random random = random_start(o->seed, 2);
	size_t window[FOREST_WINDOWS];

	forest_windows(o->H, window);
	for (size_t t = first; t + o->H < n; t++) {
		size_t pick[2] = { o->H, 0 };

		expected(c, f, t, linear);

		pick[1] = window[random_below(&random, FOREST_WINDOWS - 1)];
		for (int k = 0; k < 2 && f->ok[t]; k++) {
			double high;

			if ((k > 0 && pick[k] == o->H) ||
			    greatest(f, t, pick[k], missing, &high) < 0)
				continue;
			features_peak(f, t, pick[k], linear[pick[k] - 1],
			    r->x + r->n * FEATURES_MAX);
			r->y[r->n++] = (float)(high - f->level[t]);
		}
	}
}

int
peak_fit(struct single *s, const struct core *c, const struct features *f,
    size_t first, size_t n, const struct forest_options *o, unsigned trees)
{
	uint8_t column[FEATURES_MAX];
	struct trees_options to = { .trees = trees,
		.depth = 14,
		.minleaf = 5,
		.mtry = FEATURES_MAX / 3,
		.keep = 8,
		.threads = o->threads,
		.share = 0.5,
		.clip = 0.98,
		.seed = o->seed + 3,
		.column = column,
		.columns = FEATURES_MAX };
	size_t most = n > first ? 2 * (n - first) + 1 : 1;
	struct rows r = { 0, malloc(most * FEATURES_MAX * sizeof *r.x),
		malloc(most * sizeof *r.y),
		aligned_alloc(WIDTH, most * WIDTH) };
	int bad = -1;

	for (size_t k = 0; k < FEATURES_MAX; k++)
		column[k] = (uint8_t)k;
	if (r.x != NULL && r.y != NULL && r.code != NULL) {
		rows_fill(&r, c, f, first, n, 0.3, o);
		/* every second sample may be missing all along */
		if (r.n == 0)
			rows_fill(&r, c, f, first, n, 1.0, o);
		if (r.n == 0)
			errno = ENODATA;
		else if (bins_fit(&s->bins, r.x, r.n, FEATURES_MAX,
			     FEATURES_MAX) == 0) {
			bins_apply(
			    &s->bins, r.x, r.n, FEATURES_MAX, r.code, WIDTH);
			s->trees = trees_fit(r.code, WIDTH, r.y, r.n, &to);
			bad = s->trees == NULL ? -1 : 0;
		}
	}
	free(r.code);
	free(r.y);
	free(r.x);
	return bad;
}

void
peak_predict(const struct forest *f, const struct features *x, size_t t,
    double out[FOREST_WINDOWS][FOREST_QUANTILES])
{
	float row[FOREST_WINDOWS * FEATURES_MAX];
	_Alignas(WIDTH) uint8_t code[FOREST_WINDOWS * WIDTH];
	uint16_t count[FOREST_WINDOWS * TREES_VALUES] = { 0 };
	size_t window[FOREST_WINDOWS];

	float linear[FOREST_H_MAX];
	expected(&f->core, x, t, linear);
	forest_windows(f->H, window);
	for (size_t w = 0; w < FOREST_WINDOWS; w++) {
		features_peak(x, t, window[w], linear[window[w] - 1],
		    row + w * FEATURES_MAX);
	}
	bins_apply(
	    &f->peak.bins, row, FOREST_WINDOWS, FEATURES_MAX, code, WIDTH);
	trees_count(f->peak.trees, code, WIDTH, FOREST_WINDOWS, count);
	for (size_t w = 0; w < FOREST_WINDOWS; w++) {
		struct pool p;

		pool_one(
		    &p, count + w * TREES_VALUES, f->peak.trees->value, 0.0F);
		pool_quantiles(
		    &p, INFINITY, forest_quantile, FOREST_QUANTILES, out[w]);
		for (size_t k = 0; k < FOREST_QUANTILES; k++)
			out[w][k] = fmax(x->transform.base,
			    transform_from(
				x->transform, x->level[t] + out[w][k]));
	}
}
