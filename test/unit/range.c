/* range.c - the grid of a range and its pieces; order and sums of samples */
#include <math.h>
#include <stdio.h>

#include "source/range.h"
#include "source/samples.h"

static int failed;

static void
check(int good, const char *what, long long k)
{
	if (good)
		return;
	printf("range: %s (%lld)\n", what, k);
	failed = 1;
}

/* end, length, step in s; expected from and to, points; by hand */
static const struct {
	int64_t end, length, step, from, to, points;
} grids[] = {
	{ 1795455600, 3600, 60, 1795452000, 1795455600, 61 },
	{ 1795455659, 3600, 60, 1795452000, 1795455600, 61 },
	{ 1795455600, 0, 60, 1795455600, 1795455600, 1 },
	{ 1795455659, 0, 60, 1795455600, 1795455600, 1 },
	{ 1795455659, 1, 60, 1795455600, 1795455600, 1 },
	{ 1795455600, 1, 60, 1795455540, 1795455600, 2 },
	{ 1795455600, 28 * 86400, 60, 1793036400, 1795455600, 40321 },
	{ 100, 100, 30, 0, 90, 4 },
};

static void
test_grids(void)
{
	for (size_t i = 0; i < sizeof(grids) / sizeof(grids[0]); i++) {
		struct range r;

		check(range_make(&r, grids[i].end * 1000,
			  grids[i].length * 1000, grids[i].step * 1000) == 0,
		    "refused", (long long)i);
		check(r.from == grids[i].from * 1000, "from", (long long)i);
		check(r.to == grids[i].to * 1000, "to", (long long)i);
		check(range_points(&r) == grids[i].points, "points",
		    (long long)i);
	}
}

static void
test_refused(void)
{
	struct range r;

	check(range_make(&r, 1000, 500, 0) != 0, "step 0 passed", 0);
	check(range_make(&r, 1000, 500, -1) != 0, "step -1 passed", 0);
	check(range_make(&r, 1000, -1, 1) != 0, "length -1 passed", 0);
	check(range_make(&r, 1000, 1001, 1) != 0, "before 1970 passed", 0);
	check(range_make(&r, 1795455600000, RANGE_MAX_POINTS, 1) != 0,
	    "too many passed", 0);
	check(range_make(&r, 1795455600000, RANGE_MAX_POINTS - 1, 1) == 0,
	    "just enough refused", 0);
}

/* Pieces of every size cover every point once, in order */
static void
test_pieces(void)
{
	for (int64_t max = 1; max <= 12; max++) {
		struct range r = { 1000, 1000 + 9 * 7, 7 }, p;
		int64_t next = r.from, at = 0, n, pieces = 0;

		while ((n = range_piece(&r, at, max, &p)) > 0) {
			check(n <= max, "piece too long", max);
			check(p.from == next, "gap or overlap", max);
			check(range_points(&p) == n, "points of piece", max);
			next = p.to + p.step;
			at += n;
			pieces++;
		}
		check(at == 10 && next == r.to + r.step, "not all", max);
		check(pieces == (10 + max - 1) / max, "pieces", max);
		check(range_piece(&r, 10, max, &p) == 0, "past the end", max);
	}
}

static void
test_samples(void)
{
	struct samples all[2] = { { 0 }, { 0 } }, sum = { 0 };

	samples_add(&all[0], 3, 30);
	samples_add(&all[0], 1, 11);
	samples_add(&all[0], 2, NAN);
	samples_add(&all[0], 1, 10);
	samples_add(&all[1], 1, 5);
	samples_add(&all[1], 2, 5);
	samples_add(&all[1], 4, INFINITY);
	samples_sort(&all[0]);
	samples_sort(&all[1]);
	check(all[0].n == 3 && all[0].s[0].t == 1 && all[0].s[0].v == 10,
	    "the later of two of one time", (long long)all[0].n);
	check(isnan(all[1].s[2].v), "infinity kept", 0);
	check(samples_combine(all, 2, AGGREGATE_SUM, &sum) == 0, "combine", 0);
	check(sum.n == 4 && sum.s[0].v == 15 && isnan(sum.s[1].v) &&
		sum.s[2].v == 30 && isnan(sum.s[3].v),
	    "sums", (long long)sum.n);
	check(samples_known(&sum) == 2 && sum.n == 2 && sum.s[1].t == 3,
	    "known", (long long)sum.n);
	samples_free(&all[0]);
	samples_free(&all[1]);
	samples_free(&sum);
}

int
main(void)
{
	test_grids();
	test_refused();
	test_pieces();
	test_samples();
	return failed;
}
