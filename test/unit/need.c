/*
 * Needs from tables of errors: steps worked out by hand, and thousands of
 * random tables against a search over every count.
 */
#include "policy/need.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "math/random.h"

/* Errors -1 0 1 2 of four origins, point 10, scale 2; an instance carries 3.
 * P(2) = 1, P(3) = 4/5, P(4) = 2/5 (only 2 is above 1, and one more for the
 * one nobody has seen), P(5) = 0: 2.5 is above all of them. */
static double errors[] = { -1, 0, 1, 2 };
static double levels[] = { 0.2, 0.4, 0.6, 1 };
static struct forecast_at at[] = { { 0, 10, 2 } };
static const struct forecast_window by_hand = { "ahead", 60, 120, errors,
	levels, 4, 4, at, 1 };

static void
counts(void)
{
	static const struct {
		double load, unit;
		long n;
	} rows[] = {
		{ 0, 3, 0 },
		{ -1, 3, 0 },
		{ 3, 3, 1 },
		{ 3.0001, 3, 2 },
		{ 4.8, 1.2, 4 }, /* 4.8 / 1.2 is a little more than 4 */
		{ 0.6 * 7, 0.6, 7 },
		{ 1e300, 1, NEED_MOST },
		{ INFINITY, 1, NEED_MOST },
		{ NAN, 1, NEED_MOST },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(need_count(rows[i].load, rows[i].unit) == rows[i].n);
}

static void
risks(void)
{
	static const double p[] = { 1, 1, 1, 0.8, 0.4, 0, 0 };

	for (long n = 0; n < 7; n++)
		check(fabs(need_risk(&by_hand, 0, 3, n) - p[n]) < 1e-12);
}

static void
doors(void)
{
	static const struct {
		double q, price;
		long n;
	} rows[] = {
		{ 0.6, 0, 4 }, /* 10 + 2 x 1 = 12 */
		{ 0.4, 0, 4 }, /* 10 */
		{ 0.2, 0, 4 }, /* an error below 0 counts as 0 */
		{ 0.61, 0, 5 }, /* 10 + 2 x 2 = 14 */
		{ 0.99, 0, 5 }, /* beyond the last level: the largest */
		{ 0.2, 1, 3 }, /* 3.8, 4.4, 5 */
		{ 0.2, 2.4, 3 }, /* 4.92, 4.96, 5 */
		{ 0.2, 2.5, 3 }, /* 5, 5, 5: the smallest */
		{ 0.2, 2.6, 5 }, /* 5.08, 5.04, 5 */
		{ 0.6, 2.5, 4 }, /* 5, 5, but 3 is below q */
		{ 0.7, 0.1, 5 },
		{ 0.2, 1e9, 5 }, /* nothing is left to gain beyond the last */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct need_door door = { rows[i].q, rows[i].price };

		if (!check(need_propose(&by_hand, 0, 3, &door) == rows[i].n))
			fprintf(stderr, "row %zu: %ld\n", i,
			    need_propose(&by_hand, 0, 3, &door));
	}
}

static void
usable(void)
{
	struct forecast_window w = by_hand;

	check(!need_usable(NULL));
	check(!need_usable(&w));
	w.n = NEED_POOL;
	check(need_usable(&w));
	w.n_at = 0;
	check(!need_usable(&w));
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum { MOST = 60 };

struct table {
	double errors[MOST], levels[MOST];
	struct forecast_at at;
	struct forecast_window w;
};

static double
uniform(struct random *r)
{
	return (double)random_next(r) / 4294967296.0;
}

static void
draw(struct table *t, struct random *r)
{
	size_t n = 1 + random_below(r, MOST);

	for (size_t i = 0; i < n; i++) {
		t->errors[i] = 6 * uniform(r) - 3;
		if (random_below(r, 4) == 0)
			t->errors[i] = round(t->errors[i]);
	}
	qsort(t->errors, n, sizeof(t->errors[0]), ascending);
	for (size_t i = 0; i < n; i++)
		t->levels[i] =
		    i + 1 == n ? 1 : (double)(i + 1) / (double)(n + 1);
	t->at =
	    (struct forecast_at){ 0, 50 * uniform(r), 0.1 + 5 * uniform(r) };
	t->w = (struct forecast_window){ .errors = t->errors,
		.levels = t->levels,
		.n_errors = n,
		.n = (double)n,
		.at = &t->at,
		.n_at = 1 };
}

/* P(n) by its words: how many errors are above, and one more if any is */
static double
plain_risk(const struct table *t, double unit, long n)
{
	double z = ((double)n * unit - t->at.point) / t->at.scale;
	size_t above = 0;

	z += 1e-9 * (fabs(z) + 1);
	for (size_t i = 0; i < t->w.n_errors; i++)
		above += t->errors[i] > z;
	return above == 0 ? 0
			  : (double)(above + 1) / (double)(t->w.n_errors + 1);
}

static void
random_tables(void)
{
	struct random r = random_start(7, 1);

	for (int i = 0; i < 5000; i++) {
		double unit = 0.5 + 3 * uniform(&r), price;
		struct need_door door = { 0.05 + 0.949 * uniform(&r), 0 };
		struct table t;
		long slo, best, n;
		double cost;

		draw(&t, &r);
		for (n = 0; n < 100; n++)
			check(fabs(need_risk(&t.w, 0, unit, n) -
				  plain_risk(&t, unit, n)) < 1e-12);
		/* the least n that is enough, once the point itself is */
		slo = need_propose(&t.w, 0, unit, &door);
		n = need_count(t.at.point, unit);
		while (plain_risk(&t, unit, n) > 1 - door.q + 1e-9 &&
		    plain_risk(&t, unit, n) > 0)
			n++;
		check(slo == n);
		/* the cheapest */
		price = door.price = 0.01 + 100 * uniform(&r) * uniform(&r);
		door.q = 0; /* the first entry: every error at or above it */
		best = n =
		    need_count(t.at.point + t.at.scale * t.errors[0], unit);
		cost = (double)best + price * plain_risk(&t, unit, best);
		for (; n < 400; n++) {
			double c = (double)n + price * plain_risk(&t, unit, n);

			if (c < cost - 1e-9) {
				cost = c;
				best = n;
			}
		}
		n = need_propose(&t.w, 0, unit, &door);
		if (n != best) /* only where rounding makes two of a price */
			check(fabs((double)n + price * plain_risk(&t, unit, n) -
				  cost) < 1e-6);
	}
}

/* Wider errors, or a higher point, never ask for less in the SLO door. */
static void
wider_is_never_less(void)
{
	struct random r = random_start(7, 2);

	for (int i = 0; i < 20000; i++) {
		struct need_door door = { 0.5 + 0.499 * uniform(&r), 0 };
		double unit = 0.5 + 3 * uniform(&r);
		struct table t;
		long before;

		draw(&t, &r);
		before = need_propose(&t.w, 0, unit, &door);
		switch (random_below(&r, 4)) {
		case 0:
			t.at.scale *= 1 + 3 * uniform(&r);
			break;
		case 1:
			t.at.point += 10 * uniform(&r);
			break;
		case 2:
			for (size_t k = 0; k < t.w.n_errors; k++)
				t.errors[k] *= 2;
			qsort(
			    t.errors, t.w.n_errors, sizeof(double), ascending);
			break;
		default:
			door.q += (1 - door.q) * uniform(&r);
			break;
		}
		check(need_propose(&t.w, 0, unit, &door) >= before);
	}
}

int
main(void)
{
	counts();
	risks();
	doors();
	usable();
	random_tables();
	wider_is_never_less();
	return check_status();
}
