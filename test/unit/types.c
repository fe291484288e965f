/*
 * The cheapest machines that are enough: cases worked out by hand, and
 * thousands of random ones held against trying every number of every type.
 */
#include "policy/types.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "math/random.h"

enum { TRIED = 4 }; /* types of a random case */

struct row {
	const char *what;
	double month[3];
	long size[3], most[3], least[3];
	long need, top; /* parts */
	double money;
	int status;
	long count[3];
};

static const struct row rows[] = {
	{ "the large one is cheaper for four, small ones fill up", { 4, 14, 0 },
	    { 100, 400, 1 }, { -1, -1, 0 }, { 0 }, 600, -1, (double)NAN, 0,
	    { 2, 1, 0 } },
	{ "a large one that is not full costs less than three small",
	    { 5, 14, 0 }, { 100, 400, 1 }, { -1, -1, 0 }, { 0 }, 300, -1,
	    (double)NAN, 0, { 0, 1, 0 } },
	{ "the best price for an instance is not the cheapest mix",
	    { 3, 10, 0 }, { 100, 400, 1 }, { -1, -1, 0 }, { 0 }, 100, -1,
	    (double)NAN, 0, { 1, 0, 0 } },
	{ "two of three sizes and not the middle one", { 10, 19, 26 },
	    { 100, 200, 300 }, { -1, -1, -1 }, { 0 }, 400, -1, (double)NAN, 0,
	    { 1, 0, 1 } },
	{ "of equally dear ones the fewer", { 1, 2, 4 }, { 100, 200, 400 },
	    { -1, -1, -1 }, { 0 }, 700, -1, (double)NAN, 0, { 1, 1, 1 } },
	{ "what runs stays", { 5, 14, 0 }, { 100, 400, 1 }, { -1, -1, 0 },
	    { 3, 0, 0 }, 400, -1, (double)NAN, 0, { 4, 0, 0 } },
	{ "nothing lacks", { 5, 14, 0 }, { 100, 400, 1 }, { -1, -1, 0 },
	    { 3, 0, 0 }, 300, -1, (double)NAN, 0, { 3, 0, 0 } },
	{ "no more than there may be of a type", { 5, 14, 0 }, { 100, 400, 1 },
	    { -1, 1, 0 }, { 0 }, 900, -1, (double)NAN, 0, { 5, 1, 0 } },
	{ "too few to be had", { 5, 14, 0 }, { 100, 400, 1 }, { 2, 1, 0 },
	    { 0 }, 900, -1, (double)NAN, 1, { 2, 1, 0 } },
	{ "the top keeps the large one out", { 5, 14, 0 }, { 100, 400, 1 },
	    { -1, -1, 0 }, { 0 }, 300, 300, (double)NAN, 0, { 3, 0, 0 } },
	{ "below the top there is only less", { 14, 0, 0 }, { 400, 1, 1 },
	    { -1, 0, 0 }, { 0 }, 600, 700, (double)NAN, 1, { 1, 0, 0 } },
	{ "as much as the money is for", { 5, 14, 0 }, { 100, 400, 1 },
	    { -1, -1, 0 }, { 0 }, 900, -1, 20, 1, { 1, 1, 0 } },
	{ "what stays counts as money", { 5, 14, 0 }, { 100, 400, 1 },
	    { -1, -1, 0 }, { 2, 0, 0 }, 900, -1, 20, 1, { 4, 0, 0 } },
	{ "what stays may cost more than there is", { 5, 14, 0 },
	    { 100, 400, 1 }, { -1, -1, 0 }, { 2, 0, 0 }, 900, -1, 5, 1,
	    { 2, 0, 0 } },
	{ "parts of an instance", { 3, 5, 0 }, { 75, 150, 1 }, { -1, -1, 0 },
	    { 0 }, 400, -1, (double)NAN, 0, { 0, 3, 0 } },
	{ "for nothing", { 0, 5, 0 }, { 100, 400, 1 }, { -1, -1, 0 }, { 0 },
	    800, -1, (double)NAN, 0, { 8, 0, 0 } },
	{ "thousands", { 4, 14, 26 }, { 100, 400, 800 }, { -1, -1, -1 }, { 0 },
	    1000100, -1, (double)NAN, 0, { 1, 0, 1250 } },
};

static void
one_row(const struct row *r)
{
	struct types_part parts[3];
	struct types_wish w = { r->need, r->top, r->money, r->least, r->most };
	long count[3];

	for (size_t i = 0; i < 3; i++)
		parts[i] = (struct types_part){
			.name = "", .month = r->month[i], .size = r->size[i]
		};
	check_row = r->what;
	check(types_choose(parts, 3, &w, count) == r->status);
	for (size_t i = 0; i < 3; i++)
		check(count[i] == r->count[i]);
}

/* --- against trying all --- */

struct best {
	int found;
	double money;
	long machines, parts;
};

static void
sum_up(const struct types_part *p, size_t n, const long *count, struct best *b)
{
	*b = (struct best){ .found = 1 };
	for (size_t i = 0; i < n; i++) {
		b->money += (double)count[i] * p[i].month;
		b->machines += count[i];
		b->parts += count[i] * p[i].size;
	}
}

/* Is a to be preferred to b? By what is promised, and no more than that */
static int
better(const struct best *a, const struct best *b, long need)
{
	int enough = a->parts >= need;

	if (!b->found || enough != (b->parts >= need))
		return !b->found || enough;
	if (!enough && a->parts != b->parts)
		return a->parts > b->parts;
	if (fabs(a->money - b->money) > 1e-6)
		return a->money < b->money;
	return a->machines < b->machines;
}

static void
try_all(const struct types_part *p, size_t n, const struct types_wish *w,
    size_t at, long *count, struct best *best)
{
	/* more of one type than all that lacks is never needed */
	long most = (long)w->need / p[at < n ? at : 0].size + 1;
	struct best b;

	if (at == n) {
		sum_up(p, n, count, &b);
		if ((w->top < 0 || b.parts <= w->top) &&
		    (isnan(w->money) || b.money <= w->money + 1e-6) &&
		    better(&b, best, (long)w->need))
			*best = b;
		return;
	}
	if (w->most[at] >= 0 && w->most[at] - w->least[at] < most)
		most = w->most[at] - w->least[at];
	for (long k = 0; k <= most; k++) {
		count[at] = w->least[at] + k;
		try_all(p, n, w, at + 1, count, best);
	}
}

static void
draw(struct random *r, struct types_part *p, size_t n, struct types_wish *w,
    long *least, long *most)
{
	static const long sizes[] = { 50, 75, 100, 100, 150, 200, 300, 400 };

	for (size_t i = 0; i < n; i++) {
		p[i] = (struct types_part){ .name = "",
			.size = sizes[random_below(r, 8)],
			.month = 0.01 * (double)random_below(r, 2000) };
		least[i] = (long)random_below(r, 3);
		most[i] = random_below(r, 2)
		    ? -1
		    : least[i] + (long)random_below(r, 4);
	}
	*w = (struct types_wish){ .need = (int64_t)random_below(r, 900),
		.top =
		    random_below(r, 3) ? -1 : 500 + (long)random_below(r, 900),
		.money = random_below(r, 3) ? (double)NAN
					    : 10 + (double)random_below(r, 60),
		.least = least,
		.most = most };
}

/* The exact search finds what trying all finds. */
static void
equals_brute_force(struct random *r)
{
	struct types_part p[TRIED];
	size_t n = 1 + random_below(r, TRIED);
	long least[TRIED], most[TRIED], count[TRIED], tried[TRIED];
	struct best best = { 0 }, got, floor;
	struct types_wish w;
	int status;

	draw(r, p, n, &w, least, most);
	sum_up(p, n, least, &floor);
	/* bounds below what stays say no more than that nothing comes */
	if (w.top >= 0 && w.top < floor.parts)
		w.top = floor.parts;
	if (!isnan(w.money) && w.money < floor.money)
		w.money = floor.money;
	status = types_choose(p, n, &w, count);
	sum_up(p, n, count, &got);
	for (size_t i = 0; i < n; i++) {
		check(count[i] >= least[i]);
		check(most[i] < 0 || count[i] <= most[i]);
	}
	if (status == 0)
		check(got.parts >= w.need);
	else
		check(got.parts < w.need);
	if (floor.parts >= w.need) {
		check(memcmp(count, least, n * sizeof(*count)) == 0);
		return;
	}
	try_all(p, n, &w, 0, tried, &best);
	check(fabs(got.money - best.money) < 1e-6);
	check(got.machines == best.machines || status == 1);
	check((status == 0) == (best.parts >= w.need));
	check(status == 0 || got.parts == best.parts);
}

/* A greater need is never cheaper, and never gets less. */
static void
monotone(struct random *r)
{
	struct types_part p[TRIED];
	long least[TRIED], most[TRIED], count[TRIED];
	double money = 0;
	struct types_wish w;
	struct best got;

	draw(r, p, TRIED, &w, least, most);
	w.money = (double)NAN;
	w.top = -1;
	for (w.need = 0; w.need < 1500; w.need += 130) {
		int status = types_choose(p, TRIED, &w, count);

		sum_up(p, TRIED, count, &got);
		check(status == 1 || got.parts >= w.need);
		check(got.money >= money - 1e-6);
		money = got.money;
	}
}

/* --- those of a target --- */

static char cx22[] = "cx22", cx32[] = "cx32";

static struct conf_type two[] = {
	{ .name = cx22, .capacity = 1, .month = 4, .max = -1 },
	{ .name = cx32, .capacity = 2.5, .month = 9, .max = 3 },
};

static void
machines(void)
{
	struct conf_target t = { .types = two, .n_types = 2 };
	struct mix mix = { .n = 0 };
	struct types ts;

	check_row = "those that run by type";
	mix_add(&mix, "cx22", 2, 1);
	mix_add(&mix, "cx32", 1, 1);
	types_begin(&ts, &t, &mix, 3, 2);
	check(ts.n == 2 && !ts.unknown);
	check(types_now(&ts) == 4 && types_ready(&ts) == 3);
	check(types_limit(&ts) == -1);
	check(fabs(types_cost(&ts) - 17) < 1e-9);

	check_row = "adding leaves what runs";
	check(types_settle(&ts, 4, 7, 100, (double)NAN) == 0);
	check(ts.part[0].want == 2 && ts.part[1].want == 2);
	check(types_wanted(&ts) == 7 && fabs(types_impact(&ts) - 9) < 1e-9);

	check_row = "removing leaves the cheapest that is enough";
	types_begin(&ts, &t, &mix, 3, 2);
	check(types_settle(&ts, 4, 2, 100, (double)NAN) == 0);
	check(ts.part[0].want == 2 && ts.part[1].want == 0);

	check_row = "a type without a section: the smallest, the dearest";
	mix_add(&mix, "old", 2, 2);
	types_begin(&ts, &t, &mix, 5, 4);
	check(ts.n == 3 && ts.unknown);
	check(types_now(&ts) == 6 && fabs(types_cost(&ts) - 35) < 1e-9);
	check(types_settle(&ts, 6, 4, 100, (double)NAN) == 0);
	check(ts.part[2].want == 0 && types_wanted(&ts) == 4);

	check_row = "nobody says which";
	mix.n = 0;
	types_begin(&ts, &t, &mix, 3, -1);
	check(ts.unknown && types_now(&ts) == 3 && types_ready(&ts) == 3);

	check_row = "more than there are";
	mix_add(&mix, "cx32", 9, 9);
	types_begin(&ts, &t, &mix, 3, 3);
	check(ts.unknown && types_now(&ts) == 3);

	check_row = "only one type: all are of it";
	t.types = two + 1;
	t.n_types = 1;
	mix.n = 0;
	types_begin(&ts, &t, &mix, 2, 1);
	check(!ts.unknown && types_now(&ts) == 5 && types_ready(&ts) == 2);
	check(types_limit(&ts) == 7);
}

int
main(void)
{
	struct random r = random_start(4711, 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		one_row(&rows[i]);
	machines();
	check_row = "random";
	for (int i = 0; i < 4000 && check_failures == 0; i++)
		equals_brute_force(&r);
	for (int i = 0; i < 1000 && check_failures == 0; i++)
		monotone(&r);
	return check_status();
}
