/* Values come from NumPy: quantile(x, p), whose default is definition 7. */
#include "math/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "math/random.h"

static const double sample[8] = { 3.5, -1, 7, 7, 0.25, 12, 5.125, 2 };

static const struct {
	double p, q;
} table[] = {
	{ 0, -1 },
	{ .1, -0.12499999999999989 },
	{ .25, 1.5625 },
	{ .5, 4.3125 },
	{ .8, 7 },
	{ .95, 10.249999999999996 },
	{ .99, 11.649999999999999 },
	{ 1, 12 },
};

static void
known(void)
{
	double x[8];
	float y[8];

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		double q = table[i].q;

		memcpy(x, sample, sizeof x);
		for (size_t k = 0; k < 8; k++)
			y[k] = (float)sample[k];
		check(fabs(math_quantile_of(x, 8, table[i].p) - q) < 1e-14);
		check(fabs(math_quantile_off(y, 8, table[i].p) - q) < 1e-14);
		math_sort(x, 8);
		math_sortf(y, 8);
		check(fabs(math_quantile(x, 8, table[i].p) - q) < 1e-14);
		check(fabs(math_quantilef(y, 8, table[i].p) - q) < 1e-14);
	}
	memcpy(x, sample, sizeof x);
	check(math_median(x, 8) == 4.3125);
	check(math_quantile(x, 1, 0.7) == x[0]);
	check(isnan(math_quantile(x, 0, 0.5)));
	check(isnan(math_quantile(x, 8, 1.5)));
	check(isnan(math_quantile(x, 8, NAN)));
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* against qsort: few values, many, sorted, reversed, and organ pipes */
static void
orders(void)
{
	struct random r = random_start(1, 1);
	double x[600];
	double y[600];
	double z[600];

	for (int round = 0; round < 3000; round++) {
		size_t n = 1 + random_below(&r, 600);
		uint32_t most = 1 + random_below(&r, 1000);
		size_t k = random_below(&r, (uint32_t)n);

		for (size_t i = 0; i < n; i++) {
			uint32_t v = random_below(&r, most);

			x[i] = round % 5 == 1 ? (double)i
			    : round % 5 == 2  ? (double)(n - i)
			    : round % 5 == 3  ? fmin((double)i, (double)(n - i))
					      : (double)v;
		}
		memcpy(y, x, sizeof x);
		memcpy(z, x, sizeof x);
		qsort(y, n, sizeof *y, compare);
		math_sort(x, n);
		check(memcmp(x, y, n * sizeof *x) == 0);
		check(math_select(z, n, k) == y[k]);
		for (size_t i = 0; i < n; i++)
			check(i < k ? z[i] <= z[k] : z[i] >= z[k]);
	}
}

int
main(void)
{
	known();
	orders();
	return check_status();
}
