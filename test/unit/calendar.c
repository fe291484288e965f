/*
 * What events do is found, taken away and put back: loads whose effects are
 * known, because they were put there. Eight weeks of half hours, each day a
 * sine in logarithms, weekends lower.
 */
#include "model/calendar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"
#include "math/random.h"

enum { N = 56 * 48, T0 = 1767571200 /* a Monday, 2026-01-05T00:00Z */ };

static double y[N];
static unsigned char ok[N];

static struct grid
grid_of(void)
{
	return (struct grid){ .step = 1800,
		.t0 = T0 + 1800, /* stamps are ends */
		.n = N,
		.y = y,
		.ok = ok };
}

static double
usual(size_t i)
{
	size_t day = i / 48;
	double part = (double)(i % 48) / 48;

	return 5 + sin(6.283185307179586 * part) - (day % 7 > 4 ? 0.5 : 0);
}

/* u is 5 to 6 or so: loads around 200, whose logarithm with the transform's
 * offset is not quite u; noise of sd */
static void
make(double sd)
{
	struct random r = random_start(7, 1);

	for (size_t i = 0; i < N; i++) {
		double noise = 0;

		for (int k = 0; k < 12; k++)
			noise += random_next(&r) / 4294967296.0 - 0.5;
		y[i] = exp(usual(i) + sd * noise);
		ok[i] = 1;
	}
}

/* day d, hours a to b, is f times as high */
static void
change(size_t d, size_t a, size_t b, double f)
{
	for (size_t i = d * 48 + 2 * a; i < d * 48 + 2 * b; i++)
		y[i] *= f;
}

static void
add(struct events *ev, const char *name, size_t d, size_t a, size_t b)
{
	int64_t t = T0 + (int64_t)d * 86400;

	check(events_add(ev, name, strlen(name), t + (int64_t)a * 3600,
		  t + (int64_t)b * 3600) == 0);
}

static double
time_of(size_t d, double hour)
{
	return T0 + (double)d * 86400 + hour * 3600;
}

/* A sale that doubles the load, twice; a third time is to come */
static void
sale(void)
{
	struct events ev = { 0 };
	struct grid g = grid_of();
	struct calendar c;
	double before[N], was[N], spread, d;

	make(0.02);
	memcpy(was, y, sizeof(y));
	change(8, 9, 21, 2);
	change(30, 9, 21, 2);
	memcpy(before, y, sizeof(y));
	add(&ev, "sale", 8, 9, 21);
	add(&ev, "sale", 30, 9, 21);
	add(&ev, "other", 40, 9, 21); /* which is like any day */
	add(&ev, "sale", 60, 9, 21);
	add(&ev, "new", 61, 0, 24);
	check(calendar_learn(&c, &g, N, &ev) == 0);
	check(calendar_used(&c) && c.effects == 2 && c.spans == 3);
	check(strcmp(c.effect[1].name, "sale") == 0);
	check(c.effect[1].seen == 2 && c.effect[1].to_come == 1);
	check(c.effect[0].share <= 0);
	check(c.unseen == 1 && strcmp(c.unseen_name[0], "new") == 0);
	/* to come: about twice, only while it lasts */
	d = calendar_effect(&c, time_of(60, 12), 1800, &spread);
	check(fabs(exp(d) - 2) < 0.25 && spread < 0.2);
	check(fabs(calendar_put(&c, 150, d) - 300) < 25);
	check(fabs(calendar_effect(&c, time_of(60, 9), 1800, &spread)) <= 0);
	check(fabs(calendar_effect(&c, time_of(60, 9.5), 1800, NULL)) > 0.5);
	check(fabs(calendar_effect(&c, time_of(60, 21), 1800, NULL)) > 0.5);
	check(fabs(calendar_effect(&c, time_of(60, 21.5), 1800, NULL)) <= 0);
	check(strcmp(calendar_name(&c, time_of(60, 12), 1800), "sale") == 0);
	check(calendar_name(&c, time_of(59, 12), 1800) == NULL);
	/* what was learnt from is without it, the first time not observed */
	for (size_t i = 0; i < N; i++) {
		size_t h = i % 48;
		int in = h >= 18 && h < 42;

		check(in || i / 48 == 40 ||
		    (y[i] >= before[i] && y[i] <= before[i]));
		if (in && (i / 48 == 8 || i / 48 == 30))
			check(fabs(y[i] / was[i] - 1) < 0.25);
		check(ok[i] == !(in && i / 48 == 8));
	}
	calendar_free(&c);
	events_free(&ev);
}

/* A holiday is like a Sunday whatever weekday it falls on; the next one falls
 * on a Sunday, which it leaves as it is */
static void
own_kind(void)
{
	struct events ev = { 0 };
	struct grid g = grid_of();
	static const size_t days[] = { 10, 22, 27, 36 };
	struct calendar c;

	make(0.02);
	for (size_t i = 0; i < 4; i++) { /* the third is a Sunday */
		change(days[i], 0, 24, i == 2 ? 1 : exp(-0.5));
		add(&ev, "holiday", days[i], 0, 24);
	}
	add(&ev, "holiday", 62, 0, 24); /* a Sunday */
	add(&ev, "holiday", 63, 0, 24); /* a Monday */
	check(calendar_learn(&c, &g, N, &ev) == 0);
	check(c.effects == 1 && c.effect[0].own_kind);
	for (double h = 0.5; h < 24; h++) {
		double sunday = calendar_effect(&c, time_of(62, h), 1800, NULL);
		double monday = calendar_effect(&c, time_of(63, h), 1800, NULL);

		check(fabs(sunday) < 0.12);
		check(fabs(monday + 0.45) < 0.12);
	}
	calendar_free(&c);
	events_free(&ev);
}

/* Nothing that comes after a time of an event changes what was taken from it:
 * only the level and the profile of ordinary days go by all of history */
static void
by_earlier_ones(void)
{
	struct events ev = { 0 };
	struct grid g = grid_of();
	struct calendar c;
	double first[48];

	for (int round = 0; round < 2; round++) {
		make(0.02);
		change(10, 0, 24, 0.5);
		change(22, 0, 24, 0.5);
		/* the third time is another thing altogether */
		change(36, 0, 24, round == 0 ? 0.5 : 3);
		for (size_t d = 10; d < 40; d += d == 22 ? 14 : 12)
			add(&ev, "x", d, 0, 24);
		check(ev.n == 3);
		check(calendar_learn(&c, &g, N, &ev) == 0);
		for (size_t i = 0; i < 48; i++) {
			double v = y[(size_t)22 * 48 + i];

			if (round == 0)
				first[i] = v;
			else
				check(fabs(v / first[i] - 1) < 0.01);
		}
		calendar_free(&c);
		events_free(&ev);
	}
}

/* Saved and read back it does the same; damaged it is refused or harmless */
static void
stored(void)
{
	struct events ev = { 0 };
	struct grid g = grid_of();
	struct buf b = { 0 }, again = { 0 };
	struct calendar c, d;
	struct unpack u;

	make(0.02);
	change(10, 0, 24, 0.5);
	add(&ev, "x", 10, 0, 24);
	add(&ev, "x", 59, 0, 24);
	check(calendar_learn(&c, &g, N, &ev) == 0);
	calendar_save(&c, &b);
	u = (struct unpack){ (const unsigned char *)b.s, b.len, 0 };
	check(calendar_load(&d, &u) == 0);
	calendar_save(&d, &again);
	check(again.len == b.len && memcmp(again.s, b.s, b.len) == 0);
	for (double h = 0; h < 48; h += 0.25) {
		double p = calendar_effect(&c, time_of(58, h), 1800, NULL);
		double q = calendar_effect(&d, time_of(58, h), 1800, NULL);

		check(p >= q && p <= q);
	}
	calendar_free(&d);
	for (size_t n = 0; n < b.len; n++) {
		u = (struct unpack){ (const unsigned char *)b.s, n, 0 };
		check(calendar_load(&d, &u) == -1);
	}
	for (size_t n = 0; n < 8 * b.len; n++) {
		b.s[n / 8] = (char)(b.s[n / 8] ^ 1 << n % 8);
		u = (struct unpack){ (const unsigned char *)b.s, b.len, 0 };
		if (calendar_load(&d, &u) == 0) {
			check(isfinite(calendar_put(&d, 100,
			    calendar_effect(&d, time_of(59, 9), 1800, NULL))));
			calendar_free(&d);
		}
		b.s[n / 8] = (char)(b.s[n / 8] ^ 1 << n % 8);
	}
	calendar_free(&c);
	events_free(&ev);
	buf_free(&b);
	buf_free(&again);
}

/* Histories that leave nothing to compare with, and steps of all lengths */
static void
corners(void)
{
	static const double steps[] = { 60, 300, 420, 3600, 5400, 86400, 1e5 };
	struct calendar c;

	for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
		struct events ev = { 0 };
		struct grid g = grid_of();

		make(0.1);
		g.step = steps[k];
		add(&ev, "x", 0, 0, 24);
		add(&ev, "y", 1, 0, 24);
		add(&ev, "all", 0, 0, 24 * 400);
		check(calendar_learn(&c, &g, N, &ev) == 0);
		for (size_t i = 0; i < N; i++)
			check(isfinite(y[i]) && y[i] >= 0);
		calendar_free(&c);
		events_free(&ev);
	}
	memset(y, 0, sizeof(y));
	for (size_t n = 1; n < 4; n++) {
		struct events ev = { 0 };
		struct grid g = grid_of();

		add(&ev, "x", 0, 0, 24);
		check(calendar_learn(&c, &g, n, &ev) == 0);
		calendar_free(&c);
		events_free(&ev);
	}
}

int
main(void)
{
	sale();
	own_kind();
	by_earlier_ones();
	stored();
	corners();
	return check_status();
}
