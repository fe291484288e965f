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

size_t
forest_spacing(size_t H)
{
	size_t s = (size_t)KNOB(4, 7) * H / 12;

	return s > 0 ? s : 1;
}

int
errors_at(const struct outlook *o, size_t i, const struct features *f, size_t t,
    size_t n, const double *y, double *e)
{
	size_t count = 0;

	memset(e, 0, EXPERTS * sizeof *e);
	for (size_t h = 1; h <= o->H && t + h < n; h++) {
		if (!f->ok[t + h])
			continue;
		count++;
		for (int k = 0; k < EXPERTS; k++)
			e[k] += fabs(y[t + h] - o->median[k][i * o->H + h - 1]);
	}
	for (int k = 0; k < EXPERTS; k++)
		e[k] /= count > 0 ? (double)count : 1.0;
	return count > 0 ? 0 : -1;
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
		mean[h] = o->mean[at] + (p - o->median[EXPERT_POOL][at]);
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
