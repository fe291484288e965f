/*
 * Quantiles of pooled samples against those of the samples themselves, sorted
 * one by one (definition 7).
 */
#include "model/pool.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "math/quantile.h"
#include "math/random.h"

enum { CASES = 3000, MOST = 4096, LEVELS = 5 };

static const double level[LEVELS] = { 0.5, 0.8, 0.9, 0.95, 0.99 };

/* up to so many samples, of few or many values; at times none */
static void
draw(struct random *r, uint16_t *count, uint32_t most)
{
	uint32_t first = random_below(r, TREES_VALUES);
	uint32_t spread = 1 + random_below(r, TREES_VALUES - first);
	uint32_t n = random_below(r, most);

	memset(count, 0, TREES_VALUES * sizeof *count);
	for (uint32_t i = 0; i < n; i++)
		count[first + random_below(r, spread)]++;
}

/* every sample by itself; how many */
static size_t
spread_out(const uint16_t *count, const float *value, float shift, int times,
    double *out)
{
	size_t n = 0;

	for (int k = 0; k < TREES_VALUES; k++)
		for (int i = 0; i < times * count[k]; i++)
			out[n++] = (double)(value[k] + shift);
	return n;
}

static void
check_levels(const struct pool *p, double *x, size_t n, double cap)
{
	double got[LEVELS];

	for (size_t i = 0; i < n; i++)
		x[i] = x[i] < cap ? x[i] : cap;
	pool_quantiles(p, cap, level, LEVELS, got);
	math_sort(x, n);
	for (int k = 0; k < LEVELS; k++)
		check(n == 0
			? isnan(got[k])
			: fabs(got[k] - math_quantile(x, n, level[k])) <= 1e-9);
}

int
main(void)
{
	struct random r = random_start(4, 4);
	uint16_t a[TREES_VALUES], b[TREES_VALUES];
	float value[TREES_VALUES];
	static double x[2 * MOST];
	struct pool one, two, both;

	for (int k = 0; k < TREES_VALUES; k++)
		value[k] = (float)k / 8.0F - 10.0F;
	for (int c = 0; c < CASES; c++) {
		/* at times the values of both are the same */
		float shift = (float)random_below(&r, 65) / 16.0F - 2.0F;
		double cap = random_below(&r, 3) == 0 ? 5.0 : HUGE_VAL, sum;
		uint32_t seen = 0;
		size_t n, m;

		draw(&r, a, c % 7 == 0 ? 2 : 400);
		draw(&r, b, c % 5 == 0 ? 2 : 400);
		pool_one(&one, a, value, 0.0F);
		pool_one(&two, b, value, shift);
		pool_upper(&both, &one, 1, &two, 2);
		check_row = "one";
		n = spread_out(a, value, 0.0F, 1, x);
		check_levels(&one, x, n, cap);
		check_row = "sum";
		sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += fmin(2 * x[i], cap);
		check(fabs(pool_sum(a, value, 2.0, cap, &seen) - sum) <
		    1e-6 * (1 + fabs(sum)));
		check(seen == n);
		check_row = "both";
		n = spread_out(a, value, 0.0F, 1, x);
		m = spread_out(b, value, shift, 2, x + n);
		check_levels(&both, x, n + m, cap);
	}
	return check_status();
}
