#include "model/pool.h"

#include <math.h>

void
pool_one(struct pool *p, const struct pool_part *a)
{
	uint32_t sum = 0;
	size_t n = 0;

	for (size_t k = 0; k < TREES_VALUES; k++) {
		sum += a->count[k];
		p->value[n] = a->value[k] + a->shift;
		p->upto[n] = sum;
		n += a->count[k] > 0;
	}
	p->n = n;
}

void
pool_two(struct pool *p, const struct pool_part *a, const struct pool_part *b)
{
	struct pool one;
	struct pool two;
	size_t i = 0;
	size_t j = 0;
	size_t n = 0;

	pool_one(&one, a);
	pool_one(&two, b);
	while (i < one.n || j < two.n) {
		int first =
		    j == two.n || (i < one.n && one.value[i] <= two.value[j]);

		p->value[n] = first ? one.value[i] : two.value[j];
		i += (size_t)first;
		j += (size_t)!first;
		p->upto[n] = (i > 0 ? one.upto[i - 1] : 0) +
		    (j > 0 ? two.upto[j - 1] : 0);
		n++;
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
		low = fmin(low, cap);
		out[k] = low + h * (fmin(high, cap) - low);
	}
}
