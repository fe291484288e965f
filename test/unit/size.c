/*
 * What instances are to be given: bounds, steps, memory in use, which way it
 * goes. The numbers are worked out by hand.
 */
#include "target/size.h"

#include <math.h>
#include <string.h>

#include "check.h"

#define MI 1048576.0

static struct conf_resources
plain(void)
{
	return (struct conf_resources){ .min_cpus = { NAN, 0 },
		.max_cpus = { NAN, 0 },
		.min_memory = { NAN, 0 },
		.max_memory = { NAN, 0 },
		.headroom = 0.25,
		.max_raise = 1,
		.max_lower = 0.25,
		.max_changes_per_day = -1 };
}

/* cores, MiB, cores and MiB reserved */
static const struct {
	const char *what;
	double has[SIZE_AMOUNTS], wish[SIZE_AMOUNTS];
	double used; /* MiB */
	unsigned ways;
	double to[SIZE_AMOUNTS];
	unsigned gone;
	const char *held; /* part of it, or NULL */
} plans[] = {
	{ "no wish", { 1, 64, 0, 0 }, { 0 }, 10, SIZE_BOTH, { 1, 64, 0, 0 }, 0,
	    NULL },
	{ "as it is", { 1, 64, 0, 0 }, { 1, 64, 0, 0 }, 10, SIZE_BOTH,
	    { 1, 64, 0, 0 }, 0, NULL },
	{ "a rounding is no change", { 1, 64, 0, 0 }, { 1.005, 64.1, 0, 0 }, 10,
	    SIZE_BOTH, { 1, 64, 0, 0 }, 0, NULL },
	{ "up", { 1, 64, 0, 0 }, { 1.5, 96, 0.5, 32 }, 10, SIZE_BOTH,
	    { 1.5, 96, 0.5, 32 }, SIZE_UP, NULL },
	{ "up by no more than twice", { 1, 64, 0, 0 }, { 5, 512, 0, 0 }, 10,
	    SIZE_BOTH, { 2, 128, 0, 0 }, SIZE_UP, NULL },
	{ "down by no more than a quarter", { 1, 64, 0.8, 0 },
	    { 0.1, 8, 0.1, 0 }, 10, SIZE_BOTH, { 0.75, 48, 0.6, 0 }, SIZE_DOWN,
	    NULL },
	{ "one up, one down", { 1, 64, 0, 0 }, { 1.5, 56, 0, 0 }, 10, SIZE_BOTH,
	    { 1.5, 56, 0, 0 }, SIZE_BOTH, NULL },
	{ "of these the one up alone", { 1, 64, 0, 0 }, { 1.5, 56, 0, 0 }, 10,
	    SIZE_UP, { 1.5, 64, 0, 0 }, SIZE_UP, NULL },
	{ "and the one down", { 1, 64, 0, 0 }, { 1.5, 56, 0, 0 }, 10, SIZE_DOWN,
	    { 1, 56, 0, 0 }, SIZE_DOWN, NULL },
	{ "neither", { 1, 64, 0, 0 }, { 1.5, 56, 0, 0 }, 10, 0, { 1, 64, 0, 0 },
	    0, NULL },
	{ "a first limit lowers", { 0, 0, 0, 0 }, { 1, 64, 0, 0 }, 10, SIZE_UP,
	    { 0, 0, 0, 0 }, 0, NULL },
	{ "and is set where it may", { 0, 0, 0, 0 }, { 1, 64, 0, 0 }, 10,
	    SIZE_DOWN, { 1, 64, 0, 0 }, SIZE_DOWN, NULL },
	{ "a first reservation raises", { 0, 0, 0, 0 }, { 0, 0, 0.5, 32 }, 10,
	    SIZE_UP, { 0, 0, 0.5, 32 }, SIZE_UP, NULL },
	{ "what is in use and a quarter", { 0, 64, 0, 0 }, { 0, 48, 0, 0 }, 40,
	    SIZE_BOTH, { 0, 50, 0, 0 }, SIZE_DOWN, "stays above the 40 MiB" },
	{ "which may be more than there is", { 0, 64, 0, 0 }, { 0, 48, 0, 0 },
	    60, SIZE_BOTH, { 0, 64, 0, 0 }, 0, "stays above the 60 MiB" },
	{ "a first limit, too", { 0, 0, 0, 0 }, { 0, 48, 0, 0 }, 60, SIZE_BOTH,
	    { 0, 75, 0, 0 }, SIZE_DOWN, "stays above the 60 MiB" },
	{ "not known", { 0, 64, 0, 0 }, { 0, 48, 0, 0 }, NAN, SIZE_BOTH,
	    { 0, 64, 0, 0 }, 0, "cannot be seen" },
	{ "not known matters not to what is raised", { 0, 64, 0, 0 },
	    { 0, 96, 0, 0 }, NAN, SIZE_BOTH, { 0, 96, 0, 0 }, SIZE_UP, NULL },
	{ "what is reserved goes down with its limit", { 1, 64, 1, 64 },
	    { 0.8, 56, 0, 0 }, 10, SIZE_BOTH, { 0.8, 56, 0.8, 56 }, SIZE_DOWN,
	    NULL },
	{ "and up no further than that", { 1, 64, 0, 0 }, { 5, 512, 5, 512 },
	    10, SIZE_BOTH, { 2, 128, 2, 128 }, SIZE_UP, NULL },
};

static int
near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static void
from_table(const double x[SIZE_AMOUNTS], struct size *s)
{
	*s = (struct size){ { x[0], x[1] * MI, x[2], x[3] * MI } };
}

static void
planning(void)
{
	struct conf_resources c = plain();

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct size_part p = { .name = "web",
			.used = plans[i].used * MI };
		struct size wish, to, want;
		struct buf held = { 0 };

		check_row = plans[i].what;
		from_table(plans[i].has, &p.has);
		from_table(plans[i].wish, &wish);
		from_table(plans[i].to, &want);
		check(size_plan(&c, &wish, &p, plans[i].ways, &to, &held) ==
		    plans[i].gone);
		for (int a = 0; a < SIZE_AMOUNTS; a++)
			check(near(to.x[a], want.x[a]));
		if (plans[i].held == NULL)
			check(held.len == 0);
		else
			check(held.s != NULL &&
			    strstr(held.s, plans[i].held) != NULL);
		buf_free(&held);
	}
	check_row = "";
}

static void
bounds(void)
{
	struct conf_resources c = plain();
	struct size_part p = { .name = "web", .used = NAN };
	struct size wish = { { 0.1, 8 * MI, 0, 0 } }, to;
	struct buf held = { 0 };

	p.has = (struct size){ { 1, 64 * MI, 0, 0 } };
	c.min_cpus.fixed = 0.9;
	c.min_memory.fixed = 60 * MI;
	check(size_plan(&c, &wish, &p, SIZE_BOTH, &to, &held) == SIZE_DOWN);
	/* with a least, it does not matter that nobody sees what is in use */
	check(near(to.x[SIZE_CPUS], 0.9) && near(to.x[SIZE_MEMORY], 60 * MI));
	c.max_cpus.fixed = 1.25;
	c.max_memory.fixed = 100 * MI;
	wish = (struct size){ { 9, 900 * MI, 9, 900 * MI } };
	check(size_plan(&c, &wish, &p, SIZE_BOTH, &to, &held) == SIZE_UP);
	check(near(to.x[SIZE_CPUS], 1.25) && near(to.x[SIZE_MEMORY], 100 * MI));
	check(near(to.x[SIZE_CPUS_KEPT], 1.25) &&
	    near(to.x[SIZE_MEMORY_KEPT], 100 * MI));
	check(held.len == 0);
	p.fixed[SIZE_CPUS] = "is nailed down";
	check(size_plan(&c, &wish, &p, SIZE_BOTH, &to, &held) == SIZE_UP);
	check(near(to.x[SIZE_CPUS], 1));
	check(held.s != NULL &&
	    strcmp(held.s, "cpus of 'web' is nailed down") == 0);
	buf_free(&held);
}

static void
use(void)
{
	struct size_part p = { .name = "web", .used = NAN };
	struct size wish = { { 0.1, 8 * MI, 0, 0 } };

	check(size_needs_used(&wish, &p)); /* from no limit */
	p.has.x[SIZE_MEMORY] = 64 * MI;
	check(size_needs_used(&wish, &p));
	wish.x[SIZE_MEMORY] = 96 * MI;
	check(!size_needs_used(&wish, &p));
	wish.x[SIZE_MEMORY] = 0;
	check(!size_needs_used(&wish, &p));
}

static void
writing(void)
{
	struct size s = { { 0.75, 536870912, 0, 268435456 } };
	struct buf b = { 0 };

	size_write(&b, &s);
	check(b.s != NULL &&
	    strcmp(b.s,
		"{\"cpus\":0.75,\"memory\":536870912,"
		"\"memory_reserved\":268435456}") == 0);
	buf_free(&b);
	size_text(&b, SIZE_MEMORY, 1.5 * 1024 * MI);
	buf_char(&b, ' ');
	size_text(&b, SIZE_CPUS, 0.25);
	check(b.s != NULL && strcmp(b.s, "1.5 GiB 0.25 cores") == 0);
	buf_free(&b);
}

int
main(void)
{
	planning();
	bounds();
	use();
	writing();
	return check_status();
}
