/* Series onto even steps: means, snapping, gaps, and what a step is */
#include "model/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };

static const struct {
	const char *what;
	double step; /* asked for */
	size_t n;
	int64_t t[MOST]; /* s */
	double v[MOST];
	double got_step;
	size_t points;
	double y[MOST];
	const char *ok; /* a digit a point */
} table[] = {
	{ "as it is", 60, 4, { 0, 60, 120, 180 }, { 1, 2, 3, 4 }, 60, 4,
	    { 1, 2, 3, 4 }, "1111" },
	{ "a gap", 60, 3, { 0, 60, 240 }, { 1, 2, 5 }, 60, 5, { 1, 2, 2, 2, 5 },
	    "11001" },
	{ "jitter", 60, 4, { 3, 55, 131, 180 }, { 1, 2, 3, 4 }, 60, 4,
	    { 1, 2, 3, 4 }, "1111" },
	{ "the later of two wins", 60, 4, { 0, 100, 130, 180 }, { 1, 2, 3, 4 },
	    60, 4, { 1, 1, 3, 4 }, "1011" },
	{ "means of what ends there", 120, 6, { 60, 120, 180, 240, 300, 360 },
	    { 1, 3, 5, 7, 9, 11 }, 120, 3, { 2, 6, 10 }, "111" },
	{ "the oldest step is not whole", 120, 5, { 120, 180, 240, 300, 360 },
	    { 3, 5, 7, 9, 11 }, 120, 3, { 3, 6, 10 }, "111" },
	{ "a gap among means", 120, 6, { 60, 120, 180, 240, 540, 600 },
	    { 1, 3, 5, 7, 9, 11 }, 120, 5, { 2, 6, 6, 6, 10 }, "11001" },
	{ "nothing is made up", 60, 3, { 0, 600, 1200 }, { 1, 2, 3 }, 600, 3,
	    { 1, 2, 3 }, "111" },
	{ "what is no load", 60, 4, { 0, 60, 120, 180 },
	    { 1, 1e101, -1e308, 4 }, 60, 4, { 1, 1, 1, 4 }, "1001" },
	{ "what is no load, among means", 120, 6,
	    { 60, 120, 180, 240, 300, 360 }, { 1, 3, 1e300, 7, 9, 11 }, 120, 3,
	    { 2, 7, 10 }, "111" },
	{ "one sample", 60, 1, { 7 }, { 5 }, 60, 1, { 5 }, "1" },
};

static int
wrong(const char *what, const char *detail)
{
	printf("grid: %s: %s\n", what, detail);
	return 1;
}

static int
check_row(size_t i)
{
	int64_t t[MOST];
	double v[MOST];
	struct series s = { .n = table[i].n, .t = t, .v = v };
	const char *why;
	struct grid g;
	int failed = 0;

	for (size_t k = 0; k < s.n; k++) {
		t[k] = table[i].t[k] * 1000;
		v[k] = table[i].v[k];
	}
	if (grid_make(&g, &s, table[i].step, &why) != 0)
		return wrong(table[i].what, why);
	if (g.n != table[i].points || fabs(g.step - table[i].got_step) > 0)
		failed = wrong(table[i].what, "another step or length");
	for (size_t k = 0; k < g.n && !failed; k++)
		if (fabs(g.y[k] - table[i].y[k]) > 1e-12 ||
		    g.ok[k] != table[i].ok[k] - '0')
			failed = wrong(table[i].what, "another value");
	if (grid_time(&g, g.n - 1) != t[s.n - 1])
		failed = wrong(table[i].what, "the newest has another time");
	grid_free(&g);
	return failed;
}

static int
steps(void)
{
	static const struct {
		int64_t apart_ms; /* of samples */
		double want;
	} rows[] = { { 300000, 300 }, { 301000, 300 }, { 15000, 60 },
		{ 60500, 60 }, { 3600000, 3600 }, { 3550000, 3600 },
		{ 420000, 420 } };
	int failed = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t t[5];
		double v[5] = { 0 };
		struct series s = { .n = 5, .t = t, .v = v };

		for (int k = 0; k < 5; k++)
			t[k] = k * rows[i].apart_ms;
		if (fabs(grid_step(&s) - rows[i].want) > 1e-9) {
			printf("grid: step of %g s: %g\n",
			    (double)rows[i].apart_ms / 1000, grid_step(&s));
			failed++;
		}
	}
	return failed;
}

/* What is kept, where it lies, how whole it is */
static int
parts(void)
{
	int64_t t[6] = { 0, 60000, 120000, 300000, 360000, 420000 };
	double v[6] = { 1, 2, 3, 6, 7, 8 };
	struct series s = { .n = 6, .t = t, .v = v };
	const char *why;
	struct grid g;
	int failed = 0;

	if (grid_make(&g, &s, 60, &why) != 0)
		return wrong("parts", why);
	if (g.n != 8 || grid_observed(&g) != 6 || grid_longest_gap(&g) != 2 ||
	    grid_find(&g, 149) != 2 || grid_find(&g, 151) != 3 ||
	    grid_find(&g, -300) != -5)
		failed = wrong("parts", "counts or places");
	grid_keep(&g, 3);
	if (g.n != 3 || fabs(g.y[0] - 6) > 0 || grid_time(&g, 0) != 300000)
		failed = wrong("parts", "what is kept");
	grid_free(&g);
	s.n = 0;
	if (grid_make(&g, &s, 60, &why) == 0 || strcmp(why, "no samples") != 0)
		failed = wrong("parts", "an empty series is taken");
	s.n = 6;
	if (grid_make(&g, &s, 0, &why) == 0)
		failed = wrong("parts", "a step of 0 is taken");
	return failed;
}

/* A sample from 1970 does not make a grid of a billion points */
static int
ceiling(void)
{
	int64_t t[3] = { 0, 1700000000000, 1700000060000 };
	double v[3] = { 1, 2, 3 };
	struct series s = { .n = 3, .t = t, .v = v };
	const char *why;
	struct grid g;
	int failed = 0;

	if (grid_make(&g, &s, 60, &why) != 0)
		return wrong("ceiling", why);
	if (g.n > GRID_MAX || fabs(g.y[g.n - 1] - 3) > 0)
		failed = wrong("ceiling", "too long, or not the newest");
	grid_free(&g);
	return failed;
}

/* How much of it is worth learning from */
static int
recent(void)
{
	static const struct {
		const char *ok;
		size_t n;
	} rows[] = { { "1", 1 }, { "1111", 4 }, { "0011", 2 }, { "1001", 4 },
		{ "10001", 5 }, { "1000001", 7 }, { "10000001", 8 },
		{ "100000001", 1 }, { "111100000000000001", 18 },
		{ "1111000000000000000000001", 1 }, { "100000000000010011", 5 },
		{ "0000", 0 } };
	unsigned char ok[32];
	double y[32] = { 0 };
	int failed = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct grid g = {
			.step = 60, .n = strlen(rows[i].ok), .y = y, .ok = ok
		};
		struct grid tail;

		for (size_t k = 0; k < g.n; k++)
			ok[k] = rows[i].ok[k] == '1';
		tail = grid_tail(&g, grid_recent(&g));
		if (tail.n != rows[i].n ||
		    tail.t0 != 60 * (int64_t)(g.n - tail.n) ||
		    tail.ok + tail.n != ok + g.n)
			failed = wrong("recent", rows[i].ok);
	}
	return failed;
}

int
main(void)
{
	int failed = steps() + parts() + ceiling() + recent();

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		failed += check_row(i);
	return failed != 0;
}
