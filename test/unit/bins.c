/*
 * Edges are sample quantiles of definition 7; those of evenly spaced values
 * follow from it (numpy.quantile(x, k / 64) gives the same).
 */
#include "math/bins.h"

#include <math.h>

#include "check.h"

int
main(void)
{
	float x[101];
	uint8_t code[101];
	struct bins b;

	/* -12.5 to 12.5 by quarters, shuffled; signs and zero among them */
	for (int i = 0; i < 101; i++)
		x[i] = (float)(i * 37 % 101 - 50) / 4;
	check_row = "edges";
	check(bins_fit(&b, x, 101, 1, 1) == 0);
	for (int k = 0; k < BINS_EDGES; k++)
		check(fabs((double)b.edge[k] -
			  (-12.5 + 0.25 * 100 * (k + 1) / 64)) < 1e-6);
	check_row = "codes";
	bins_apply(&b, x, 101, 1, code, 1);
	for (int i = 0; i < 101; i++) {
		int below = 0;

		for (int k = 0; k < BINS_EDGES; k++)
			below += b.edge[k] < x[i];
		check(code[i] == below);
		check(bins_code(b.edge, x[i]) == (unsigned)below);
	}
	bins_free(&b);
	return check_status();
}
