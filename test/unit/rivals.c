/*
 * The rules we compare with, one decision at a time: the published examples
 * of the horizontal pod autoscaler, and arithmetic by hand for the rest.
 */
#include "policy/rivals.h"

#include <math.h>
#include <stdio.h>

static int failed;

static void
is(const char *what, long got, long want)
{
	if (got == want)
		return;
	printf("rivals: %s is %ld, should be %ld\n", what, got, want);
	failed = 1;
}

static long
ask(struct rival *r, size_t i, long n, double T)
{
	struct simulate_now now = { i, n, n, T };

	return rival_wanted(r, &now);
}

static void
autoscaler(void)
{
	/* load, count, target, tolerance, wanted; an instance carries 100 */
	static const struct {
		const char *what;
		double load;
		long n;
		double target, tolerance;
		long want;
	} rows[] = {
		{ "4 at 80 %, target 50", 320, 4, 0.5, 0.1, 7 },
		{ "4 at 52 %, target 50: within 10 %", 208, 4, 0.5, 0.1, 4 },
		{ "4 at 52 %, target 50, no tolerance", 208, 4, 0.5, 0, 5 },
		{ "4 at 20 %, target 50", 80, 4, 0.5, 0.1, 2 },
		{ "1 at 300 %, target 60", 300, 1, 0.6, 0.1, 5 },
		{ "no load at all", 0, 3, 0.6, 0.1, 0 },
	};

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		double y[] = { rows[k].load };
		struct rival r = { .kind = RIVAL_HPA,
			.y = y,
			.capacity = 100,
			.limit = 1,
			.target = rows[k].target,
			.tolerance = rows[k].tolerance,
			.window = 1 };

		rival_reset(&r);
		is(rows[k].what, ask(&r, 0, rows[k].n, 0), rows[k].want);
		rival_free(&r);
	}
}

/* Goes down only to the largest proposal of the last three decisions */
static void
stabilised(void)
{
	static const double y[] = { 400, 100, 100, 100, 100 };
	static const long want[] = { 8, 8, 8, 2, 2 };
	struct rival r = { .kind = RIVAL_HPA,
		.y = y,
		.capacity = 100,
		.limit = 1,
		.target = 0.5,
		.window = 3 };
	long n = 4;

	rival_reset(&r);
	for (size_t i = 0; i < 5; i++) {
		n = ask(&r, i, n, (double)i * 60);
		is("stabilised", n, want[i]);
	}
	rival_free(&r);
}

static void
thresholds(void)
{
	static const double y[] = { 90, 90, 10, 10, 100 };
	struct rival r = { .kind = RIVAL_THRESHOLD,
		.y = y,
		.capacity = 100,
		.limit = 1,
		.up = 0.8,
		.down = 0.3,
		.step = 1,
		.cooldown = 120 };

	rival_reset(&r);
	is("90 % adds one", ask(&r, 0, 1, 0), 2);
	is("cooling down", ask(&r, 1, 2, 60), 2);
	is("10 % removes one", ask(&r, 2, 2, 120), 1);
	is("refused by a bound: no cooldown", ask(&r, 3, 2, 180), 1);
	is("between: stays", ask(&r, 4, 2, 600), 2);
	rival_free(&r);
}

/* In percent of the pool, and blind to the count */
static void
article(void)
{
	static const double y[] = { 475, 400, 100, 250 };
	static const double ahead[] = { 475, 480, 100, 250 };
	struct rival r = { .kind = RIVAL_ARTICLE,
		.y = y,
		.mean_1h = ahead,
		.capacity = 100,
		.limit = 1 };

	rival_reset(&r);
	is("95 % of five: an emergency down to two", ask(&r, 0, 5, 0), 2);
	is("81.6 % ahead", ask(&r, 1, 5, 0), 2);
	is("20 %", ask(&r, 2, 5, 0), 1);
	is("50 %: maintained", ask(&r, 3, 5, 0), 5);
	rival_free(&r);
}

/* Peaks of 10 at hour 1 and 30 at hour 2 of every day; ordered 20 min early */
static void
schedule(void)
{
	enum { N = 72 * 3 };
	double y[N];
	long floor[N];

	for (int i = 0; i < N; i++) {
		int hour = i / 3 % 24;

		y[i] = hour == 1 ? 10 : hour == 2 ? 30 : 0;
	}
	if (rival_schedule(y, N, N, 1200, 0, 1200, 10, 1, 1, floor) != 0)
		failed = 1;
	is("before hour 0 ends, 20 min ahead", floor[1], 1);
	is("long before", floor[23 * 3], 0);
	is("inside hour 1, far from 2", floor[3], 1);
	is("20 min before hour 2", floor[4], 3);
	is("inside hour 2", floor[6], 3);
	is("hour 2 is over", floor[8], 0);
}

/* Yesterday's mean of the hour at half of the capacity */
static void
foretelling(void)
{
	enum { N = 48 };
	double y[N];
	long floor[N];

	for (int i = 0; i < N; i++)
		y[i] = i % 24 == 12 ? 40 : 10;
	if (rival_aws(y, N, 3600, 0, 0, 10, 0.5, 1, floor) != 0)
		failed = 1;
	is("the first day knows nothing", floor[5], 0);
	is("before yesterday's peak", floor[24 + 11], 8);
	is("otherwise", floor[24 + 5], 2);
}

int
main(void)
{
	autoscaler();
	stabilised();
	thresholds();
	article();
	schedule();
	foretelling();
	return failed;
}
