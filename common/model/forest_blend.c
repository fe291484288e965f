#include "model/forest_core.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double forest_quantile[FOREST_QUANTILES] = { 0.5, 0.8, 0.9, 0.95, 0.99 };

void
forest_windows(size_t H, size_t *window)
{
	static const size_t wanted[FOREST_WINDOWS] = { 1, 2, 3, 6, SIZE_MAX };

	for (int k = 0; k < FOREST_WINDOWS; k++)
		window[k] = wanted[k] < H ? wanted[k] : H;
}

void
errors_at(const struct outlook *o, size_t i, const struct features *f, size_t t,
    size_t n, const double *y, float *e)
{
	double sum[EXPERTS] = { 0 };
	size_t count = 0;

	for (size_t h = 1; h <= o->H && t + h < n; h++) {
		if (!f->ok[t + h] || !f->ok[t])
			continue;
		count++;
		for (int k = 0; k < EXPERTS; k++)
			sum[k] +=
			    fabs(y[t + h] - o->median[k][i * o->H + h - 1]);
	}
	for (int k = 0; k < EXPERTS; k++)
		e[k] = count == 0 ? -1.0F
				  : (float)fmin(1e30, sum[k] / (double)count);
}

/* the newest whole number of steps since 1970 at or before t */
static ptrdiff_t
align(ptrdiff_t t, int64_t since, ptrdiff_t steps)
{
	ptrdiff_t over = (ptrdiff_t)((since + t) % steps);

	return t - (over < 0 ? over + steps : over);
}

void
errors_origins(
    size_t origin, int64_t since, size_t H, size_t day, ptrdiff_t *out)
{
	ptrdiff_t newest = (ptrdiff_t)origin - (ptrdiff_t)H;
	ptrdiff_t wide = (ptrdiff_t)H;
	ptrdiff_t near = H < 4 ? 1 : wide / 4;
	ptrdiff_t t = align(newest, since, near);
	ptrdiff_t d = (ptrdiff_t)(day > H ? day : (H + day - 1) / day * day);

	for (int k = 0; k < NEWEST; k++, t -= near)
		*out++ = t;
	t = align(newest, since, wide);
	for (int k = 0; k < SPREAD; k++, t -= wide)
		*out++ = t;
	for (int k = 1; k <= SAME; k++)
		*out++ = (ptrdiff_t)origin - k * d;
}

static const float *
find(const struct errors *e, ptrdiff_t t)
{
	size_t low = 0;
	size_t high = e->count;
	size_t i;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((ptrdiff_t)e->origin[middle] < t)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < e->count && (ptrdiff_t)e->origin[low] == t &&
	    e->error[low * EXPERTS] >= 0.0F)
		return e->error + low * EXPERTS;
	if (t < e->held_from)
		return NULL;
	i = (size_t)(t - e->held_from) / e->held_every;
	if (i >= e->held_count || e->held[i * EXPERTS] < 0.0F)
		return NULL;
	return e->held + i * EXPERTS;
}

/* add -power ln(mean error / least mean error), the ratio at most most */
static void
judge(const double *error, double power, double most, double *log_weight)
{
	double least = INFINITY;

	for (int k = 0; k < EXPERTS; k++)
		least = fmin(least, error[k] + 1e-12);
	for (int k = 0; k < EXPERTS; k++)
		log_weight[k] -=
		    power * log(fmin((error[k] + 1e-12) / least, most));
}

/* the same for the mean over some origins, those that are known */
static void
judge_origins(const struct errors *e, const ptrdiff_t *t, int n, double power,
    double *log_weight)
{
	double sum[EXPERTS] = { 0 };
	int count = 0;

	for (int i = 0; i < n; i++) {
		const float *at = find(e, t[i]);

		for (int k = 0; at != NULL && k < EXPERTS; k++)
			sum[k] += (double)at[k];
		count += at != NULL;
	}
	if (count == 0)
		return;
	for (int k = 0; k < EXPERTS; k++)
		sum[k] /= count;
	judge(sum, power, INFINITY, log_weight);
}

void
errors_weigh(const struct errors *e, size_t origin, int64_t since, size_t H,
    size_t day, const double *held, double *w)
{
	ptrdiff_t t[ORIGINS];
	double sum = 0.0;
	double most = -INFINITY;

	memset(w, 0, EXPERTS * sizeof *w);
	errors_origins(origin, since, H, day, t);
	judge_origins(e, t, NEWEST, 3.0, w);
	judge_origins(e, t + NEWEST, SPREAD, 6.0, w);
	judge_origins(e, t + NEWEST + SPREAD, SAME, 4.0, w);
	/* what happened long ago must not rule an expert out for good */
	judge(held, 3.0, 3.0, w);
	for (int k = 0; k < EXPERTS; k++)
		most = fmax(most, w[k]);
	for (int k = 0; k < EXPERTS; k++) {
		w[k] = exp(w[k] - most);
		sum += w[k];
	}
	for (int k = 0; k < EXPERTS; k++)
		w[k] /= sum;
}

void
expert_weights(const double *e, size_t count, const double *held,
    size_t experts, double p, double q, double *w)
{
	double mean[EXPERTS];
	double least = INFINITY;
	double least_held = INFINITY;
	double sum = 0.0;

	for (size_t k = 0; k < experts; k++) {
		mean[k] = 0.0;
		for (size_t i = 0; i < count; i++)
			mean[k] += e[i * experts + k];
		mean[k] = count > 0 ? mean[k] / (double)count : held[k];
		mean[k] += 1e-12;
		least = fmin(least, mean[k]);
		least_held = fmin(least_held, held[k] + 1e-12);
	}
	for (size_t k = 0; k < experts; k++) {
		w[k] = pow(mean[k] / least, -p) *
		    pow((held[k] + 1e-12) / least_held, -q);
		sum += w[k];
	}
	for (size_t k = 0; k < experts; k++)
		w[k] /= sum;
}

void
outlook_blend(const struct outlook *o, size_t i, const double *w,
    double *median, double *mean, double *quantile)
{
	double forests = w[0] + w[1] + w[2] + w[3];

	for (size_t h = 0; h < o->H; h++) {
		size_t at = i * o->H + h;
		double q[FOREST_QUANTILES] = { 0 };
		double p = 0.0;
		double own;

		for (int k = 0; k < EXPERTS; k++)
			p += w[k] * o->median[k][at];
		median[h] = p;
		if (mean == NULL)
			continue;
		/*
		 * The mean of a few hundred samples in log space is ruled by
		 * the largest: a quarter of its distance errs least.
		 */
		mean[h] = p + 0.25 * (o->mean[at] - o->median[EXPERT_POOL][at]);
		for (int k = 0; k < POOLED; k++)
			for (int v = 0; v < FOREST_QUANTILES; v++)
				q[v] +=
				    (forests > 1e-9 ? w[k] / forests : 0.25) *
				    o->quantile[k][at * FOREST_QUANTILES +
					(size_t)v];
		own = q[0];
		q[0] = p;
		for (int v = 1; v < FOREST_QUANTILES; v++)
			q[v] = fmax(q[v - 1], q[v] + 0.5 * (p - own));
		memcpy(quantile + h * FOREST_QUANTILES, q, sizeof q);
	}
}
