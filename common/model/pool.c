#include "model/pool.h"

#include <math.h>

void
pool_one(struct pool *p, const uint16_t *count, const float *value, float shift)
{
	uint32_t sum = 0;
	size_t n = 0;

	for (size_t k = 0; k < TREES_VALUES; k++) {
		sum += count[k];
		p->value[n] = value[k] + shift;
		p->upto[n] = sum;
		n += count[k] > 0 ? 1 : 0;
	}
	p->n = n;
}

void
pool_two(struct pool *p, const struct pool *a, uint32_t times_a,
    const struct pool *b, uint32_t times_b)
{
	uint32_t below_a = 0;
	uint32_t below_b = 0;
	size_t i = 0;
	size_t j = 0;
	size_t n = 0;

	while (i < a->n || j < b->n) {
		int first =
		    j == b->n || (i < a->n && a->value[i] <= b->value[j]);

		if (first) {
			p->value[n] = a->value[i];
			below_a = times_a * a->upto[i++];
		} else {
			p->value[n] = b->value[j];
			below_b = times_b * b->upto[j++];
		}
		p->upto[n++] = below_a + below_b;
	}
	p->n = n;
}

void
pool_quantiles(
    const struct pool *p, double cap, const double *q, size_t n, double *out)
{
	size_t at = 0;

	for (size_t k = 0; k < n; k++) {
		double h;
		uint32_t j;
		double low;
		double high;

		if (p->n == 0) {
			out[k] = NAN;
			continue;
		}
		h = (double)(p->upto[p->n - 1] - 1) * q[k];
		j = (uint32_t)h;
		h -= (double)j;
		while (p->upto[at] <= j)
			at++;
		low = high = (double)p->value[at];
		if (h > 0.0 && p->upto[at] == j + 1 && at + 1 < p->n)
			high = (double)p->value[at + 1];
		low = low < cap ? low : cap;
		high = high < cap ? high : cap;
		out[k] = low + h * (high - low);
	}
}
