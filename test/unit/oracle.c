/*
 * The oracle against trying every path there is, on small random loads.
 */
#include "policy/oracle.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { N = 6, TOP = 3 };

static uint64_t seed = 1;

static long
draw(long below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (long)((seed >> 33) % (uint64_t)below);
}

static double
cost_of(const long *path, double up)
{
	double c = 0;

	for (int t = 0; t < N; t++) {
		c += (double)path[t];
		if (t > 0 && path[t] > path[t - 1])
			c += up * (double)(path[t] - path[t - 1]);
	}
	return c;
}

static int
overloaded(const long *path, const long *need)
{
	int k = 0;

	for (int t = 0; t < N; t++)
		k += need[t] > path[t];
	return k;
}

/* The least cost over all paths with at most `most` overloaded steps */
static double
brute(const long *need, double up, int most)
{
	double best = INFINITY;
	long path[N];

	for (int code = 0; code < 4096; code++) {
		int c = code;

		for (int t = 0; t < N; t++, c /= TOP + 1)
			path[t] = c % (TOP + 1);
		if (overloaded(path, need) <= most)
			best = fmin(best, cost_of(path, up));
	}
	return best;
}

int
main(void)
{
	int failed = 0;

	for (int k = 0; k < 300; k++) {
		double up = (double)draw(4);
		int most = (int)draw(3);
		long need[N], path[N];
		double got, best;

		for (int t = 0; t < N; t++)
			need[t] = draw(TOP + 1);
		if (oracle_path(need, NULL, N, 0, up, (double)most / N, path) !=
		    0) {
			printf("oracle: case %d failed\n", k);
			return 1;
		}
		if (overloaded(path, need) > most) {
			printf("oracle: case %d overloads %d steps of %d\n", k,
			    overloaded(path, need), most);
			failed = 1;
		}
		got = cost_of(path, up);
		best = brute(need, up, most);
		/* of the paths that overload as little as this one none may
		 * be cheaper: a price finds the corners of the frontier */
		if (got < best - 1e-9 ||
		    got > brute(need, up, overloaded(path, need)) + 1e-9) {
			printf("oracle: case %d costs %g, brute force %g\n", k,
			    got, best);
			failed = 1;
		}
	}
	return failed;
}
