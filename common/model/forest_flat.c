#include "model/forest_core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

enum { HOUR_MAX = 64 };

/* the flat forecast at t: the median of the last hour, or the last value */
static double
flat_value(const struct grid *g, size_t t, int hour)
{
	size_t steps = (size_t)fmax(2.0, floor(3600.0 / g->step));
	double last[HOUR_MAX];
	size_t n = 0;

	if (!hour)
		return g->y[t];
	steps = steps < HOUR_MAX ? steps : HOUR_MAX;
	for (; n < steps && n <= t; n++)
		last[n] = g->y[t - n];
	return math_median(last, n);
}

/* the value to be explained: sample t+h, or the greatest of the next h */
static int
target(
    const struct grid *g, size_t n, size_t t, size_t h, int peak, double *out)
{
	double high = -INFINITY;

	if (t + h >= n || !g->ok[t])
		return -1;
	if (!peak) {
		*out = g->y[t + h];
		return g->ok[t + h] ? 0 : -1;
	}
	for (size_t i = t + 1; i <= t + h; i++)
		high = fmax(high, g->y[i]);
	*out = high;
	return 0;
}

/*
 * Quantiles of the errors at lead h. With few of them, of their size, which
 * can only make the upper ones wider; the median is then no error.
 */
static void
spread(const struct forest *f, const struct grid *g, size_t n, size_t h,
    int peak, double *error, double *out)
{
	size_t count = 0;

	for (size_t t = 0; t < n; t++) {
		double v;

		if (target(g, n, t, h, peak, &v) < 0)
			continue;
		v -= flat_value(g, t, f->flat_hour);
		error[count++] = f->mode == MODE_LAST ? fabs(v) : v;
	}
	math_sort(error, count);
	for (int k = 0; k < FOREST_QUANTILES; k++) {
		double q = math_quantile(error, count, forest_quantile[k]);

		out[k] = count > 0 ? q : 0.0;
	}
	if (f->mode == MODE_LAST)
		out[0] = 0.0;
}

/* which flat forecast erred less, over all leads */
static int
hour_is_better(const struct grid *g, size_t n, size_t H)
{
	double hour = 0.0;
	double last = 0.0;

	for (size_t t = 0; t < n; t++) {
		double flat = flat_value(g, t, 1);

		for (size_t h = 1; h <= H; h++) {
			double v;

			if (target(g, n, t, h, 0, &v) < 0)
				continue;
			hour += fabs(v - flat);
			last += fabs(v - g->y[t]);
		}
	}
	return hour < last;
}

int
flat_fit(struct forest *f, const struct grid *g, size_t n)
{
	size_t hour = (size_t)fmax(2.0, floor(3600.0 / g->step));
	size_t window[FOREST_WINDOWS];
	double *error;

	/* with longer ones the forests would not be too short of samples */
	if (n > 4096) {
		struct grid end = { g->step, g->t0, 4096, g->y + (n - 4096),
			g->ok + (n - 4096) };

		return flat_fit(f, &end, 4096);
	}
	error = malloc((n + 1) * sizeof *error);
	if (error == NULL)
		return -1;
	f->transform = transform_fit(g->y, n);
	f->mode = n < 2 * hour + f->H || n < 30 ? MODE_LAST : MODE_RESIDUAL;
	f->flat_hour = f->mode == MODE_RESIDUAL && hour_is_better(g, n, f->H);
	for (size_t h = 1; h <= f->H; h++) {
		spread(f, g, n, h, 0, error, f->flat[h - 1]);
		/* leads longer than history: as wide as the last known */
		for (int k = 0; h > 1 && k < FOREST_QUANTILES; k++)
			if (f->mode == MODE_LAST)
				f->flat[h - 1][k] =
				    fmax(f->flat[h - 1][k], f->flat[h - 2][k]);
	}
	forest_windows(f->H, window);
	for (int w = 0; w < FOREST_WINDOWS; w++)
		spread(f, g, n, window[w], 1, error, f->flat_peak[w]);
	free(error);
	return 0;
}

int
flat_predict(const struct forest *f, const struct grid *g, size_t origin,
    struct forest_path *out)
{
	double flat = flat_value(g, origin, f->flat_hour);
	double base = f->transform.base;

	memset(out->weight, 0, sizeof out->weight);
	out->weight[f->flat_hour ? EXPERT_HOUR : EXPERT_LAST] = 1.0;
	for (size_t h = 0; h < f->H; h++) {
		out->median[h] = fmax(base, flat + f->flat[h][0]);
		out->mean[h] = out->median[h];
		for (int k = 0; k < FOREST_QUANTILES; k++)
			out->quantile[k][h] = fmax(base, flat + f->flat[h][k]);
	}
	for (int w = 0; w < FOREST_WINDOWS; w++)
		for (int k = 0; k < FOREST_QUANTILES; k++) {
			double v = fmax(base, flat + f->flat_peak[w][k]);

			out->peak[w][k] =
			    w > 0 ? fmax(v, out->peak[w - 1][k]) : v;
		}
	return 0;
}
