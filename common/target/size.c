#include "target/size.h"

#include <math.h>
#include <stdlib.h>

#include "record/record.h"

#define SAME                                                                   \
	0.01 /* share; less is the rounding of one who writes them down        \
	      */
#define MIB 1048576.0

const char *const size_names[SIZE_AMOUNTS] = { "cpus", "memory",
	"cpus_reserved", "memory_reserved" };

struct size_part *
size_add(struct size_parts *parts)
{
	struct size_part *more =
	    realloc(parts->all, (parts->n + 1) * sizeof(*more));

	if (more == NULL)
		return NULL;
	parts->all = more;
	more += parts->n++;
	*more = (struct size_part){ .used = NAN };
	return more;
}

void
size_free(struct size_parts *parts)
{
	free(parts->all);
	*parts = (struct size_parts){ .all = NULL };
}

static int
is_limit(int a)
{
	return a == SIZE_CPUS || a == SIZE_MEMORY;
}

static int
is_memory(int a)
{
	return a == SIZE_MEMORY || a == SIZE_MEMORY_KEPT;
}

static int
same(double a, double b)
{
	return fabs(a - b) < SAME * fmax(fabs(a), fabs(b)) || a == b;
}

int
size_same(const struct size *a, const struct size *b)
{
	for (int k = 0; k < SIZE_AMOUNTS; k++)
		if (!same(a->x[k], b->x[k]))
			return 0;
	return 1;
}

void
size_text(struct buf *out, enum size_amount a, double x)
{
	if (!is_memory(a))
		buf_printf(out, "%.3g cores", x);
	else if (x >= 1024 * MIB)
		buf_printf(out, "%.4g GiB", x / MIB / 1024);
	else
		buf_printf(out, "%.4g MiB", x / MIB);
}

void
size_write(struct buf *out, const struct size *s)
{
	buf_char(out, '{');
	for (int k = 0; k < SIZE_AMOUNTS; k++)
		if (s->x[k] > 0)
			record_put_num(out, size_names[k], s->x[k]);
	buf_char(out, '}');
}

/* Whether to is less than from, where no limit is the most there is */
static int
lower(int a, double from, double to)
{
	if (!is_limit(a))
		return to < from;
	return to > 0 && (from <= 0 || to < from);
}

static void
say(struct buf *held, const struct size_part *p, int a, const char *what)
{
	buf_printf(held, "%s%s of '%s' %s", held->len > 0 ? "; " : "",
	    size_names[a], p->name, what);
}

/* Within what the file allows; a limit's bounds hold for what is reserved */
static double
bound(const struct conf_resources *c, int a, double x)
{
	double least = is_memory(a) ? c->min_memory.fixed : c->min_cpus.fixed;
	double most = is_memory(a) ? c->max_memory.fixed : c->max_cpus.fixed;

	if (is_limit(a) && least > 0)
		x = fmax(x, least);
	return most > 0 ? fmin(x, most) : x;
}

/* Not too much at once; from none there is no share to go by */
static double
stride(const struct conf_resources *c, double from, double x)
{
	if (from <= 0)
		return x;
	x = fmin(x, from * (1 + c->max_raise));
	return fmax(x, from * (1 - c->max_lower));
}

/* A limit of memory that is to be lowered to x: what may be */
static double
spare(const struct conf_resources *c, const struct size_part *p, double x,
    struct buf *held)
{
	double has = p->has.x[SIZE_MEMORY], least;

	if (isnan(p->used)) {
		if (c->min_memory.fixed > 0)
			return x;
		say(held, p, SIZE_MEMORY,
		    "is not lowered: what it uses cannot be seen, and no "
		    "min_memory is set");
		return has;
	}
	least = ceil(p->used * (1 + c->headroom) / MIB) * MIB;
	if (x >= least)
		return x;
	say(held, p, SIZE_MEMORY, "stays above the ");
	size_text(held, SIZE_MEMORY, p->used);
	buf_str(held, " that it uses now");
	return has > 0 && least > has ? has : least;
}

static double
plan_one(const struct conf_resources *c, const struct size_part *p, int a,
    double wish, unsigned ways, struct buf *held)
{
	double has = p->has.x[a], x = stride(c, has, bound(c, a, wish));

	if (p->fixed[a] != NULL) {
		if (!same(has, x))
			say(held, p, a, p->fixed[a]);
		return has;
	}
	if (same(has, x) ||
	    (ways & (lower(a, has, x) ? SIZE_DOWN : SIZE_UP)) == 0)
		return has;
	if (a == SIZE_MEMORY && lower(a, has, x))
		x = spare(c, p, x, held);
	if (is_memory(a))
		x = floor(x);
	return same(has, x) ? has : x;
}

unsigned
size_plan(const struct conf_resources *c, const struct size *wish,
    const struct size_part *part, unsigned ways, struct size *out,
    struct buf *held)
{
	unsigned gone = 0;

	*out = part->has;
	for (int a = 0; a < SIZE_AMOUNTS; a++)
		if (wish->x[a] > 0)
			out->x[a] =
			    plan_one(c, part, a, wish->x[a], ways, held);
	/* the limits stand before what is reserved below them */
	for (int a = SIZE_CPUS_KEPT; a < SIZE_AMOUNTS; a++) {
		double limit = out->x[a - SIZE_CPUS_KEPT];

		if (limit > 0 && out->x[a] > limit && part->fixed[a] == NULL &&
		    (wish->x[a] > 0 || (part->loose >> a & 1) == 0))
			out->x[a] = limit;
	}
	for (int a = 0; a < SIZE_AMOUNTS; a++)
		if (!same(part->has.x[a], out->x[a]))
			gone |= lower(a, part->has.x[a], out->x[a]) ? SIZE_DOWN
								    : SIZE_UP;
	return gone;
}

int
size_needs_used(const struct size *wish, const struct size_part *part)
{
	double x = wish->x[SIZE_MEMORY], has = part->has.x[SIZE_MEMORY];

	return x > 0 && !same(has, x) && lower(SIZE_MEMORY, has, x) &&
	    part->fixed[SIZE_MEMORY] == NULL;
}
