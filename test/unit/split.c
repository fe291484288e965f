/*
 * Splits of regression trees against all that were possible: every node of a
 * grown tree is the split that lowers the sum of squares most, as found here
 * by trying each one.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "math/forest.h"
#include "math/random.h"

#define LANES 4
#include "math/forest_cut.h"

enum { ROWS = 300, WIDE = 8, USED = 12, CASES = 400 };

static uint8_t x[ROWS * WIDE];
static float y[ROWS];

/* What the sum of squares loses by a split of the rows in use; below 0 where a
 * side would have fewer than least rows */
static double
gain(const uint8_t *in, size_t rows, size_t feature, unsigned cut,
    unsigned least)
{
	double sum[2] = { 0, 0 }, n[2] = { 0, 0 }, all;

	for (size_t i = 0; i < rows; i++) {
		int right = x[i * WIDE + feature] > cut;

		if (!in[i])
			continue;
		sum[right] += (double)y[i];
		n[right]++;
	}
	if (n[0] < least || n[1] < least)
		return -1;
	all = sum[0] + sum[1];
	return sum[0] * sum[0] / n[0] + sum[1] * sum[1] / n[1] -
	    all * all / (n[0] + n[1]);
}

static double
best_gain(const uint8_t *in, size_t rows, const struct trees_options *o)
{
	double best = -1;

	for (size_t k = 0; k < o->columns; k++)
		for (unsigned cut = 0; cut + 1 < USED; cut++)
			best = fmax(best,
			    gain(in, rows, o->column[k], cut, o->minleaf));
	return best;
}

/* Checks the node and those below it; returns how many splits it saw */
static size_t
check_node(const struct trees *t, size_t at, const uint8_t *in, size_t rows,
    unsigned depth, const struct trees_options *o)
{
	const struct trees_node *node = &t->node[at];
	uint8_t side[2][ROWS];
	double best = best_gain(in, rows, o), got;

	if (node->next == at - t->root[0]) {
		/* a leaf: too deep, or nothing to be won */
		check(depth == o->depth || best < 1e-3);
		return 0;
	}
	check(depth < o->depth);
	got = gain(in, rows, node->feature, node->cut, o->minleaf);
	if (!check(got > 0 && got >= best * (1 - 1e-4) - 1e-6))
		printf("split of %u at %u wins %.9g of %.9g\n", node->feature,
		    node->cut, got, best);
	for (size_t i = 0; i < rows; i++) {
		int right = x[i * WIDE + node->feature] > node->cut;

		side[0][i] = in[i] && !right;
		side[1][i] = in[i] && right;
	}
	at = t->root[0] + node->next;
	return 1 + check_node(t, at, side[0], rows, depth + 1, o) +
	    check_node(t, at + 1, side[1], rows, depth + 1, o);
}

static void
brute_force(void)
{
	static const uint8_t column[WIDE] = { 6, 0, 3, 1, 7, 2, 5, 4 };
	struct random r = random_start(11, 5);
	size_t splits = 0;

	for (int c = 0; c < CASES; c++) {
		size_t rows = 10 + random_below(&r, ROWS - 10);
		struct trees_options o = { .trees = 1,
			.depth = 1 + random_below(&r, 4),
			.minleaf = 1 + random_below(&r, 8),
			.keep = 1,
			.share = 1,
			.clip = 1,
			.seed = (uint64_t)c,
			.column = column,
			.columns = 1 + random_below(&r, WIDE) };
		uint8_t in[ROWS];
		struct trees *t;

		o.mtry = (unsigned)o.columns;
		memset(in, 1, sizeof in);
		for (size_t i = 0; i < rows * WIDE; i++)
			x[i] = (uint8_t)random_below(&r, USED);
		for (size_t i = 0; i < rows; i++)
			y[i] = (float)random_below(&r, 2000) / 8.0F +
			    (float)(20 * x[i * WIDE + column[0]]);
		t = trees_fit(x, WIDE, y, rows, &o);
		if (!check(t != NULL))
			return;
		splits += check_node(t, t->root[0], in, rows, 0, &o);
		trees_free(t);
	}
	check(splits > CASES);
}

/* What is cut eight at a time is cut as what is cut four at a time */
static void
wide_as_narrow(void)
{
#if defined(__x86_64__)
	struct random r = random_start(5, 3);
	size_t found = 0;

	for (int c = 0; c < 2000 && __builtin_cpu_supports("avx2"); c++) {
		_Alignas(16) uint32_t h[CODES] = { 0 };
		uint32_t rows = 1 + random_below(&r, 300);
		uint32_t spread = 1 + random_below(&r, CODES);
		struct split a = { 1e-9F, 0, 0 }, b = a;
		struct node_facts node = { (float)rows, 0,
			(float)(1 + random_below(&r, 40)) };
		uint64_t sum = 0;

		for (uint32_t i = 0; i < rows; i++) {
			uint32_t target = random_below(&r, 2 * LEVELS + 1);

			h[random_below(&r, spread)] += PACK(target);
			sum += target;
		}
		node.mean = (float)sum / node.rows;
		cut_best(h, &node, 7, &a);
		cut_best_avx2(h, &node, 7, &b);
		check(memcmp(&a, &b, sizeof a) == 0);
		found += a.feature == 7;
	}
	check(found > 500 || !__builtin_cpu_supports("avx2"));
#endif
}

int
main(void)
{
	brute_force();
	wide_as_narrow();
	return check_status();
}
