#include "policy/oracle.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct oracle {
	const long *need;
	const unsigned char *ok;
	size_t n, levels; /* counts 0..levels-1 */
	size_t min;
	double up; /* price of one instance added, in instance-steps */
	double *cost, *best; /* [levels]: from here to the end */
	uint16_t *choice; /* [n][levels]: the count after count at t */
};

/* From count k before step t, the cheapest count to be at in it: a walk from
 * below for staying or going down, one from above for going up. */
static void
choose(struct oracle *o, size_t t)
{
	uint16_t *c = o->choice + t * o->levels;
	double least = INFINITY;
	size_t at = o->min;

	for (size_t k = o->min; k < o->levels; k++) {
		if (o->cost[k] < least - 1e-9) {
			least = o->cost[k];
			at = k;
		}
		o->best[k] = least;
		c[k] = (uint16_t)at;
	}
	least = INFINITY;
	at = o->levels - 1;
	for (size_t k = o->levels; k-- > o->min;) {
		double v = o->cost[k] + o->up * (double)k;

		if (v < least - 1e-9) {
			least = v;
			at = k;
		}
		v = least - o->up * (double)k;
		if (v < o->best[k] - 1e-9) {
			o->best[k] = v;
			c[k] = (uint16_t)at;
		}
	}
}

/* The cheapest path at a price of an overloaded step; the share of observed
 * steps that it overloads */
static double
solve(struct oracle *o, double price, long *path)
{
	double over = 0, seen = 0;
	size_t k;

	for (k = 0; k < o->levels; k++)
		o->cost[k] = 0;
	for (size_t t = o->n; t-- > 0;) {
		int counts = o->ok == NULL || o->ok[t];

		choose(o, t);
		for (k = o->min; k < o->levels; k++)
			o->cost[k] = o->best[k] + (double)k +
			    (counts && o->need[t] > (long)k ? price : 0);
	}
	k = o->min;
	for (size_t j = o->min; j < o->levels; j++)
		if (o->cost[j] < o->cost[k])
			k = j;
	for (size_t t = 0; t < o->n; t++) {
		path[t] = (long)k;
		if (o->ok == NULL || o->ok[t]) {
			seen++;
			over += o->need[t] > (long)k;
		}
		k = o->choice[t * o->levels + k];
	}
	return seen > 0 ? over / seen : 0;
}

static int
search(struct oracle *o, double slo, long *path)
{
	double lo = 0, hi = 1e5, price = hi;
	long *trial = malloc(o->n * sizeof(*trial));

	if (trial == NULL)
		return -1;
	for (int i = 0; i < 26; i++) {
		double share = solve(o, price, trial);

		if (share <= slo) {
			hi = price;
			for (size_t t = 0; t < o->n; t++)
				path[t] = trial[t];
		} else if (i == 0) {
			/* the price that allows nothing is still too low */
			for (size_t t = 0; t < o->n; t++)
				path[t] = o->need[t] > (long)o->min
				    ? o->need[t]
				    : (long)o->min;
			break;
		} else {
			lo = price;
		}
		if (hi / fmax(lo, 1e-2) < 1.02)
			break;
		price = sqrt(fmax(lo, 1e-2) * hi);
	}
	free(trial);
	return 0;
}

int
oracle_path(const long *need, const unsigned char *ok, size_t n, long min,
    double boot_steps, double slo, long *path)
{
	struct oracle o = { .need = need, .ok = ok, .n = n, .up = boot_steps };
	long top = min;
	int r = -1;

	for (size_t t = 0; t < n; t++)
		top = need[t] > top ? need[t] : top;
	if (n == 0 || min < 0 || top > 60000 ||
	    (size_t)(top + 1) > ((size_t)1 << 31) / n)
		return -1;
	o.levels = (size_t)top + 1;
	o.min = (size_t)min;
	o.cost = malloc(2 * o.levels * sizeof(*o.cost));
	o.choice = malloc(n * o.levels * sizeof(*o.choice));
	if (o.cost != NULL && o.choice != NULL) {
		o.best = o.cost + o.levels;
		r = search(&o, slo, path);
	}
	free(o.cost);
	free(o.choice);
	return r;
}
