/*
 * The simulator against vectors worked out by hand, and the elasticity metrics
 * of a ten-minute example.
 */
#include "policy/simulate.h"

#include <math.h>
#include <stdio.h>

static int failed;

static void
is(const char *what, double got, double want)
{
	if (fabs(got - want) <= 1e-6 * fmax(1, fabs(want)))
		return;
	printf("simulate: %s is %.9g, should be %.9g\n", what, got, want);
	failed = 1;
}

/* Votes by the index of the sample observed last: raise to at least lower,
 * remove down to hold. */
struct votes {
	const long *lower, *hold;
};

static long
by_votes(void *ctx, const struct simulate_now *now)
{
	const struct votes *v = ctx;
	size_t i = now->i;
	long n = now->n;
	long hold = v->hold[i] > v->lower[i] ? v->hold[i] : v->lower[i];

	return v->lower[i] > n ? v->lower[i] : hold < n ? hold : n;
}

/* ceil(n x load / (n x capacity)): target 1, no tolerance, no window */
static long
proportional(void *ctx, const struct simulate_now *now)
{
	const double *y = ctx;
	size_t i = now->i;
	long n = now->n;
	double r = y[i] / ((double)n * 10);

	return r == 1 ? n : (long)ceil((double)n * r - 1e-9);
}

static void
boot_of_a_step(void)
{
	static double y[] = { 8, 8, 25, 25, 25, 8, 8, 8 };
	static const long expected[] = { 1, 1, 3, 3, 3, 1, 1 };
	struct simulate_options o = { .step = 60,
		.boot = 60,
		.capacity = 10,
		.limit = 1,
		.min = 1,
		.max = 99,
		.start = 1,
		.first = 1,
		.last = 8,
		.every = 1 };
	struct simulate_policy p = { proportional, y };
	struct simulate_result r;
	long paid[7];

	if (simulate(y, NULL, 8, &o, &p, &r, paid) != 0)
		failed = 1;
	for (int i = 0; i < 7; i++)
		is("V1 paid", (double)paid[i], (double)expected[i]);
	is("V1 overload", r.overload, 120.0 / 420);
	is("V1 cost", r.instances, 13.0 / 7);
	is("V1 unserved", r.unserved, 30.0 / 107);
	is("V1 utilisation", r.utilisation, 77.0 / 130);
	is("V1 theta_u", r.theta_u, 100 * (4.0 / 3) / 7);
	is("V1 theta_o", r.theta_o, 200.0 / 7);
	is("V1 tau_u", r.tau_u, 200.0 / 7);
	is("V1 tau_o", r.tau_o, 100.0 / 7);
	is("V1 changes", (double)r.changes, 2);
	is("V1 worst overload", r.worst_overload_s, 120);
}

static void
boot_inside_a_step(void)
{
	static const double y[] = { 15, 15, 35, 35, 12, 12, 12 };
	static const long lower[] = { 2, 2, 4, 4, 2, 2, 2 };
	static const long hold[] = { 2, 2, 4, 4, 4, 2, 2 };
	static const long expected[] = { 2, 2, 4, 4, 4, 2 };
	struct votes v = { lower, hold };
	struct simulate_options o = { .step = 300,
		.boot = 120,
		.capacity = 10,
		.limit = 1,
		.min = 1,
		.max = 99,
		.start = 2,
		.first = 1,
		.last = 7,
		.every = 1 };
	struct simulate_policy p = { by_votes, &v };
	struct simulate_result r;
	long paid[6];

	if (simulate(y, NULL, 7, &o, &p, &r, paid) != 0)
		failed = 1;
	for (int i = 0; i < 6; i++)
		is("V2 paid", (double)paid[i], (double)expected[i]);
	is("V2 overload", r.overload, 420.0 / 1800);
	is("V2 cost", r.instances, 3);
	is("V2 unserved", r.unserved, (15.0 * 300 + 15 * 120) / (121 * 300));
}

static void
hourly_billing(void)
{
	static const double y[] = { 5, 5, 25, 25, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
		5, 5 };
	static const long want[] = { 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1 };
	static const long aware[] = { 1, 1, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1,
		1 };
	struct votes v = { want, want };
	struct simulate_options o = { .step = 600,
		.boot = 0,
		.capacity = 10,
		.limit = 1,
		.min = 1,
		.max = 99,
		.start = 1,
		.first = 1,
		.last = 16,
		.every = 1,
		.billing = { .period = 3600 } };
	struct simulate_policy p = { by_votes, &v };
	struct simulate_result r;
	long paid[15];

	if (simulate(y, NULL, 16, &o, &p, &r, paid) != 0)
		failed = 1;
	is("V3 cost", r.instances, 19.0 / 15);
	is("V3 billed per hour", r.billed_hours / 2.5, 2);
	o.billing_aware = 1;
	if (simulate(y, NULL, 16, &o, &p, &r, paid) != 0)
		failed = 1;
	for (int i = 0; i < 15; i++)
		is("V3 paid, aware", (double)paid[i], (double)aware[i]);
	is("V3 cost, aware", r.instances, 23.0 / 15);
	is("V3 billed per hour, aware", r.billed_hours / 2.5, 2);
}

/* What is paid for one that ran so long, and until when that is */
static void
paid_time(void)
{
	static const double month = 730 * 3600.0;
	static const struct {
		const char *name;
		struct billing b;
		double age, paid, edge;
	} rows[] = {
		{ "second", { 0, 0, 0 }, 90.5, 90.5, 90.5 },
		{ "minute", { 60, 0, 0 }, 90.5, 120, 120 },
		{ "minute, whole", { 60, 0, 0 }, 120, 120, 120 },
		{ "minute, new", { 60, 0, 0 }, 0, 60, 60 },
		{ "second, a minute at least", { 0, 60, 0 }, 12, 60, 60 },
		{ "second, beyond the least", { 0, 60, 0 }, 61.5, 61.5, 61.5 },
		{ "minute, ten at least", { 60, 600, 0 }, 90, 600, 600 },
		{ "minute, beyond the least", { 60, 600, 0 }, 601, 660, 660 },
		{ "hour, the least is less", { 3600, 600, 0 }, 90, 3600, 3600 },
		{ "hour, an hour and a half at least: two are more",
		    { 3600, 5400, 0 }, 4000, 7200, 7200 },
		{ "hour, an hour and a half at least: paid in one",
		    { 3600, 5400, 0 }, 90, 5400, 3600 },
		{ "capped at 500 of 730 hours", { 3600, 0, 500 * 3600.0 },
		    600 * 3600.0, 500 * 3600.0, 600 * 3600.0 },
		{ "below the cap", { 3600, 0, 500 * 3600.0 }, 1800, 3600,
		    3600 },
		{ "a month and an hour", { 3600, 0, 500 * 3600.0 },
		    month + 1800, 501 * 3600.0, month + 3600 },
		{ "month", { month, 0, 0 }, 86400, month, month },
		{ "month and a day", { month, 0, 0 }, month + 86400, 2 * month,
		    2 * month },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is(rows[i].name, billing_paid(&rows[i].b, rows[i].age),
		    rows[i].paid);
		is(rows[i].name, billing_edge(&rows[i].b, rows[i].age),
		    rows[i].edge);
	}
}

/* V3 with a least of three hours: two of 1200 s and one of 9000 s */
static void
least_billing(void)
{
	static const double y[] = { 5, 5, 25, 25, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
		5, 5 };
	static const long want[] = { 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1 };
	struct votes v = { want, want };
	struct simulate_options o = { .step = 600,
		.capacity = 10,
		.limit = 1,
		.min = 1,
		.max = 99,
		.start = 1,
		.first = 1,
		.last = 16,
		.every = 1,
		.billing = { .minimum = 10800 } };
	struct simulate_policy p = { by_votes, &v };
	struct simulate_result r;

	if (simulate(y, NULL, 16, &o, &p, &r, NULL) != 0)
		failed = 1;
	is("three hours at least", r.billed_hours, 9);
	is("three hours at least, mean", r.billed, 3.6);
	o.billing = (struct billing){ .period = 60, .cap = 6000 };
	if (simulate(y, NULL, 16, &o, &p, &r, NULL) != 0)
		failed = 1;
	/* 1200 + 1200 + 6000 of 9000 s */
	is("by the minute, capped", r.billed_hours, 8400.0 / 3600);
	/* with the least in mind nobody goes before it is nearly over: the
	 * first one at 3600, as old as 3000, one of the others at 4800 */
	o.billing = (struct billing){ .minimum = 3600 };
	o.billing_aware = 1;
	if (simulate(y, NULL, 16, &o, &p, &r, NULL) != 0)
		failed = 1;
	is("aware of the least", r.billed_hours, 15000.0 / 3600);
}

/* d = 2 2 3 5 5 4 3 2 2 2 against four supplies; the figures were computed by
 * a separate program from the published definitions. */
static void
elasticity(void)
{
	static const double y[] = { 20, 20, 20, 30, 50, 50, 40, 30, 20, 20,
		20 };
	static const struct {
		const char *name;
		long supply[10];
		double theta_u, theta_o, tau_u, tau_o, upsilon, sigma;
	} rows[] = {
		{ "oracle", { 2, 2, 3, 5, 5, 4, 3, 2, 2, 2 }, 0, 0, 0, 0, 0,
		    0 },
		{ "one step late", { 2, 2, 2, 3, 5, 5, 4, 3, 2, 2 }, 7.333333,
		    10.833333, 20, 30, 44.444444, 45.780 },
		{ "static 5", { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 }, 0, 90.833333, 0,
		    80, 55.555556, 99.979 },
		{ "static 2", { 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 }, 23.666667, 0,
		    50, 0, 55.555556, 61.066 },
		{ "late, slow down", { 2, 2, 2, 3, 5, 5, 5, 5, 4, 4 }, 7.333333,
		    44.166667, 20, 50, 66.666667, 70.972 },
	};

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct votes v = { rows[k].supply, rows[k].supply };
		struct simulate_options o = { .step = 60,
			.capacity = 10,
			.limit = 1,
			.max = 99,
			.start = rows[k].supply[0],
			.first = 1,
			.last = 11,
			.every = 1 };
		struct simulate_policy p = { by_votes, &v };
		struct simulate_result r;

		if (simulate(y, NULL, 11, &o, &p, &r, NULL) != 0)
			failed = 1;
		is(rows[k].name, r.theta_u, rows[k].theta_u);
		is(rows[k].name, r.theta_o, rows[k].theta_o);
		is(rows[k].name, r.tau_u, rows[k].tau_u);
		is(rows[k].name, r.tau_o, rows[k].tau_o);
		is(rows[k].name, r.upsilon, rows[k].upsilon);
		is(rows[k].name, round(r.sigma * 1000) / 1000, rows[k].sigma);
	}
}

static void
refusals(void)
{
	static const double y[] = { 1, 1 };
	struct simulate_options o = { .step = 60,
		.capacity = 0,
		.limit = 1,
		.max = 1,
		.first = 1,
		.last = 2,
		.every = 1 };
	struct simulate_policy p = { proportional, NULL };
	struct simulate_result r;

	is("capacity 0 is refused", simulate(y, NULL, 2, &o, &p, &r, NULL), -1);
	o.capacity = 1;
	o.last = 3;
	is("beyond the end is refused", simulate(y, NULL, 2, &o, &p, &r, NULL),
	    -1);
}

int
main(void)
{
	boot_of_a_step();
	boot_inside_a_step();
	hourly_billing();
	paid_time();
	least_billing();
	elasticity();
	refusals();
	return failed;
}
