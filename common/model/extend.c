#include "model/extend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/quantile.h"

enum {
	WAYS = 3, /* yesterday, seven days, last week */
	PAST_DAYS = 14,
	PROBES = 12 /* leads a day at which errors are measured */
};

struct profile {
	const struct grid *g;
	size_t day, week; /* steps */
	double weight[EXTEND_DAYS]
		     [WAYS]; /* by day of the lead; they sum to 1 */
	double spread[EXTEND_DAYS]
		     [FORECAST_LEVELS]; /* quantiles of the error */
	double shift[EXTEND_DAYS]; /* its mean */
};

/* What way says of o + k from samples up to o; NAN: it cannot */
static double
ask(const struct profile *p, int way, size_t o, size_t k)
{
	const double *y = p->g->y;
	double sum = 0;
	size_t back, n = 0;

	if (way == 2) {
		back = (k + p->week - 1) / p->week * p->week;
		return o + k >= back ? y[o + k - back] : (double)NAN;
	}
	back = (k + p->day - 1) / p->day * p->day;
	for (int d = 0; d < (way == 0 ? 1 : 7); d++, back += p->day) {
		if (o + k < back)
			break;
		sum += y[o + k - back];
		n++;
	}
	return n > 0 ? sum / (double)n : (double)NAN;
}

static double
blend(const struct profile *p, size_t o, size_t k, size_t d)
{
	double sum = 0, all = 0;

	for (int way = 0; way < WAYS; way++) {
		double x =
		    p->weight[d][way] > 0 ? ask(p, way, o, k) : (double)NAN;

		if (isnan(x))
			continue;
		sum += p->weight[d][way] * x;
		all += p->weight[d][way];
	}
	return all > 0 ? sum / all : p->g->y[o];
}

/* Whether sample o + k is a target that errors are measured at */
static int
known(const struct grid *g, size_t o, size_t k)
{
	return g->ok[o] && o + k < g->n && g->ok[o + k];
}

static size_t
first_origin(const struct profile *p)
{
	size_t past = PAST_DAYS * p->day, least = 2 * p->day;

	return p->g->n > past + least ? p->g->n - past : least;
}

/* The leads of a day of the lead at which it is measured */
static size_t
probe(const struct profile *p, size_t d, size_t i)
{
	size_t k = d * p->day + (i + 1) * p->day / PROBES;

	return k > 0 ? k : 1;
}

static void
weigh(struct profile *p, size_t d, size_t hour)
{
	double error[WAYS] = { 0 }, sum = 0;
	size_t n[WAYS] = { 0 };

	for (size_t o = first_origin(p); o < p->g->n; o += hour)
		for (size_t i = 0; i < PROBES; i++) {
			size_t k = probe(p, d, i);

			for (int w = 0; w < WAYS && known(p->g, o, k); w++) {
				double x = ask(p, w, o, k);

				if (isnan(x))
					continue;
				error[w] += fabs(p->g->y[o + k] - x);
				n[w]++;
			}
		}
	for (int w = 0; w < WAYS; w++) {
		double mae = n[w] > 0 ? error[w] / (double)n[w] : 0;

		/* what was seen half as often as the first is not trusted */
		p->weight[d][w] = n[w] > 0 && 2 * n[w] >= n[0]
		    ? pow(fmax(mae, 1e-300), -4)
		    : 0;
		if (isinf(p->weight[d][w]))
			p->weight[d][w] = 1e300;
		sum += p->weight[d][w];
	}
	for (int w = 0; w < WAYS; w++)
		p->weight[d][w] = sum > 0 ? p->weight[d][w] / sum : w == 0;
}

/* Quantiles of the blend's errors; where none are known those of the day
 * before, wider by a half. x has room for all. */
static void
measure(struct profile *p, size_t d, size_t hour, double *x)
{
	double sum = 0;
	size_t n = 0;

	for (size_t o = first_origin(p); o < p->g->n; o += hour)
		for (size_t i = 0; i < PROBES; i++) {
			size_t k = probe(p, d, i);

			if (!known(p->g, o, k))
				continue;
			x[n] = p->g->y[o + k] - blend(p, o, k, d);
			sum += x[n++];
		}
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		double q = 0;

		if (n >= 24)
			q = math_quantile_of(x, n, forecast_levels[k]);
		else if (d > 0)
			q = 1.5 * p->spread[d - 1][k];
		p->spread[d][k] = k > 0 ? fmax(q, 0) : 0;
	}
	p->shift[d] = n >= 24 ? sum / (double)n : 0;
}

static int
learn(struct profile *p, const struct grid *g, size_t H)
{
	size_t hour = g->step < 3600 ? (size_t)lround(3600 / g->step) : 1;
	double *x;

	*p = (struct profile){ .g = g };
	p->day = g->step < 86400 ? (size_t)lround(86400 / g->step) : 1;
	p->week = 7 * p->day;
	x = malloc((PAST_DAYS * p->day / hour + 2) * PROBES * sizeof(*x));
	if (x == NULL)
		return -1;
	for (size_t d = 0; d < EXTEND_DAYS && d * p->day < H; d++) {
		weigh(p, d, hour);
		measure(p, d, hour, x);
	}
	free(x);
	return 0;
}

static int
grow(double **x, size_t H)
{
	double *more = realloc(*x, H * sizeof(*more));

	if (more == NULL)
		return -1;
	*x = more;
	return 0;
}

int
extend(struct forecast *f, const struct grid *g, size_t H)
{
	size_t hour = g->step < 3600 ? (size_t)lround(3600 / g->step) : 1;
	size_t last = g->n - 1, from = f->H;
	double seam, width[FORECAST_LEVELS] = { 0 };
	struct profile p;

	if (learn(&p, g, H) != 0 || grow(&f->median, H) != 0 ||
	    grow(&f->mean, H) != 0)
		return -1;
	for (int q = 0; q < FORECAST_LEVELS; q++)
		if (grow(&f->q[q], H) != 0)
			return -1;
	for (int q = 1; q < FORECAST_LEVELS; q++)
		width[q] = fmax(f->q[q][from - 1] - f->median[from - 1], 0);
	seam = f->median[from - 1] - blend(&p, last, from, (from - 1) / p.day);
	for (size_t k = from + 1; k <= H; k++) {
		size_t d = (k - 1) / p.day < EXTEND_DAYS ? (k - 1) / p.day
							 : EXTEND_DAYS - 1;
		double left = 1 - (double)(k - from) / (double)(hour + 1);
		double x = blend(&p, last, k, d) + seam * fmax(left, 0);

		f->median[k - 1] = x;
		f->mean[k - 1] = x + p.shift[d];
		f->q[0][k - 1] = x;
		for (int q = 1; q < FORECAST_LEVELS; q++) {
			width[q] = fmax(width[q], p.spread[d][q]);
			width[q] = fmax(width[q], width[q - 1]);
			f->q[q][k - 1] = x + width[q];
		}
	}
	f->H = H;
	return 0;
}
