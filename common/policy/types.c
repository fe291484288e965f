#include "policy/types.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELLS = 1 << 20, /* most steps that are gone through */
	ITEMS = TYPES_MOST * 21 /* bundles: powers of two up to CELLS */
};

struct cost {
	int64_t money; /* hundredths of a cent; -1: cannot be had */
	int64_t machines;
};

struct bundle { /* so many machines of one type, taken or not */
	size_t type;
	int64_t number, size, money;
};

struct search {
	int64_t step; /* parts of an instance */
	int64_t rest, end; /* steps that lack; no more than this are needed */
	struct bundle item[ITEMS];
	size_t n_items;
	struct cost *best; /* [end + 1]: of exactly so many steps */
	unsigned char *taken; /* [n_items][end + 1], a bit each */
};

static int64_t
divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static int64_t
up(int64_t a, int64_t b)
{
	return a > 0 ? (a + b - 1) / b : 0;
}

static int
cheaper(struct cost a, struct cost b)
{
	if (b.money < 0)
		return a.money >= 0;
	return a.money != b.money ? a.money < b.money : a.machines < b.machines;
}

/* m machines as bundles of 1, 2, 4, ... and what is left: any number up to m
 * is a sum of some of them */
static void
add_bundles(
    struct search *s, size_t type, int64_t m, int64_t size, int64_t money)
{
	for (int64_t k = 1; m > 0 && s->n_items < ITEMS; k *= 2) {
		int64_t take = k < m ? k : m;

		s->item[s->n_items++] =
		    (struct bundle){ type, take, take * size, take * money };
		m -= take;
	}
}

static size_t
bit(const struct search *s, size_t item, int64_t at)
{
	return item * (size_t)(s->end + 1) + (size_t)at;
}

static void
fill(struct search *s)
{
	for (int64_t at = 1; at <= s->end; at++)
		s->best[at].money = -1;
	for (size_t i = 0; i < s->n_items; i++) {
		const struct bundle *b = &s->item[i];

		for (int64_t at = s->end; at >= b->size; at--) {
			struct cost c = s->best[at - b->size];
			size_t where = bit(s, i, at);

			if (c.money < 0)
				continue;
			c.money += b->money;
			c.machines += b->number;
			if (!cheaper(c, s->best[at]))
				continue;
			s->best[at] = c;
			s->taken[where / 8] |=
			    (unsigned char)(1U << (where % 8));
		}
	}
}

/* The steps to have: the cheapest that are enough, or else the most */
static int64_t
choose(const struct search *s, int64_t money)
{
	int64_t found = -1;

	for (int64_t at = s->end; at >= s->rest; at--) {
		struct cost c = s->best[at];

		if (c.money >= 0 && (money < 0 || c.money <= money) &&
		    (found < 0 || cheaper(c, s->best[found])))
			found = at;
	}
	for (int64_t at = s->rest < s->end ? s->rest : s->end;
	     found < 0 && at >= 0; at--)
		if (s->best[at].money >= 0 &&
		    (money < 0 || s->best[at].money <= money || at == 0))
			found = at;
	return found;
}

static void
take(const struct search *s, int64_t at, long *count)
{
	for (size_t i = s->n_items; i > 0; i--) {
		size_t where = bit(s, i - 1, at);

		if (!(s->taken[where / 8] >> (where % 8) & 1))
			continue;
		count[s->item[i - 1].type] += (long)s->item[i - 1].number;
		at -= s->item[i - 1].size;
	}
}

static int
run(struct search *s, int64_t money, long *count)
{
	size_t cells = (size_t)s->end + 1;
	int status = -1;
	int64_t at;

	s->best = calloc(cells, sizeof(*s->best));
	s->taken = calloc(s->n_items * cells / 8 + 1, 1);
	if (s->best == NULL || s->taken == NULL)
		goto end;
	fill(s);
	at = choose(s, money);
	take(s, at, count);
	status = at < s->rest;
end:
	free(s->taken);
	free(s->best);
	return status;
}

static int64_t
cents(double money)
{
	return llround(money * 1e4);
}

int
types_choose(const struct types_part *parts, size_t n,
    const struct types_wish *w, long *count)
{
	struct search s = { .n_items = 0 };
	int64_t have = 0, spent = 0, largest = 0, money = -1;

	for (size_t i = 0; i < n; i++) {
		count[i] = w->least != NULL ? w->least[i] : 0;
		have += (int64_t)count[i] * parts[i].size;
		spent += (int64_t)count[i] * cents(parts[i].month);
		if (w->most[i] < 0 || w->most[i] > count[i]) {
			s.step = divisor(parts[i].size, s.step);
			if (parts[i].size > largest)
				largest = parts[i].size;
		}
	}
	if (have >= w->need)
		return 0;
	if (s.step == 0)
		return 1; /* there is none to be had */
	s.rest = up(w->need - have, s.step);
	/* with more than this, one machine less would be enough */
	s.end = s.rest + largest / s.step - 1;
	if (w->top >= 0 && (w->top - have) / s.step < s.end)
		s.end = w->top > have ? (w->top - have) / s.step : 0;
	if (s.end > CELLS)
		return -1;
	if (!isnan(w->money))
		money = cents(w->money) > spent ? cents(w->money) - spent : 0;
	for (size_t i = 0; i < n; i++) {
		int64_t size = parts[i].size / s.step, most;

		if (w->most[i] >= 0 && w->most[i] <= count[i])
			continue;
		most = s.end / size;
		if (w->most[i] >= 0 && w->most[i] - count[i] < most)
			most = w->most[i] - count[i];
		add_bundles(&s, i, most, size, cents(parts[i].month));
	}
	return run(&s, money, count);
}

/* --- those of a target --- */

static struct types_part *
find(struct types *ts, const char *name)
{
	for (size_t i = 0; i < ts->n; i++)
		if (strcmp(ts->part[i].name, name) == 0)
			return &ts->part[i];
	return NULL;
}

/* Machines of a type that has no section: what is certain of them */
static struct types_part *
add_unlisted(
    struct types *ts, size_t listed, const struct mix *lent, const char *name)
{
	struct types_part *p = &ts->part[ts->n++];

	*p = (struct types_part){ .name = "", .size = LONG_MAX };
	for (size_t i = 0; i < lent->n; i++)
		if (strcmp(lent->part[i].type, name) == 0)
			p->name = lent->part[i].type;
	for (size_t i = 0; i < listed; i++) {
		if (ts->part[i].size < p->size)
			p->size = ts->part[i].size;
		p->month = fmax(p->month, ts->part[i].month);
	}
	ts->unknown = 1;
	return p;
}

static void
add_machines(struct types *ts, size_t listed, const struct mix *lent,
    const struct mix_part *m)
{
	struct types_part *p = find(ts, m->type);

	/* all that can run is of the one type that there is */
	if (p == NULL && m->type[0] == '\0' && listed == 1)
		p = &ts->part[0];
	if (p == NULL && ts->n < TYPES_MOST)
		p = add_unlisted(ts, listed, lent, m->type);
	if (p == NULL)
		return;
	p->now += m->count;
	p->ready += m->ready >= 0 ? m->ready : 0;
}

void
types_begin(struct types *ts, const struct conf_target *t,
    const struct mix *mix, long instances, long ready)
{
	long told = 0;
	struct mix all = *mix;

	*ts = (struct types){ .n = 0 };
	for (size_t i = 0; i < t->n_types; i++)
		ts->part[ts->n++] = (struct types_part){
			.name = t->types[i].name,
			.month = t->types[i].month,
			.size = lround(t->types[i].capacity * TYPES_ONE),
			.most = t->types[i].max,
		};
	if (mix_total(&all) > instances)
		all.n = 0; /* it says more than there are: believe nothing */
	if (mix_total(&all) < instances)
		mix_add(&all, "", instances - mix_total(&all), -1);
	for (size_t i = 0; i < all.n; i++)
		told += all.part[i].ready >= 0 ? all.part[i].ready : 0;
	for (size_t i = 0; i < all.n; i++) {
		struct mix_part *p = &all.part[i];

		/* where only a sum is known, its share */
		if (ready >= 0 && told != ready)
			p->ready = instances > 0
			    ? (long)((double)p->count * (double)ready /
				  (double)instances)
			    : 0;
		else if (ready < 0 && p->ready < 0)
			p->ready = p->count;
		add_machines(ts, t->n_types, mix, p);
	}
	for (size_t i = 0; i < ts->n; i++)
		ts->part[i].want = ts->part[i].now;
}

static int64_t
worth(const struct types *ts, size_t member)
{
	int64_t sum = 0;

	for (size_t i = 0; i < ts->n; i++) {
		const struct types_part *p = &ts->part[i];
		const long n[] = { p->now, p->ready, p->want };

		sum += (int64_t)n[member] * p->size;
	}
	return sum;
}

long
types_now(const struct types *ts)
{
	return (long)(worth(ts, 0) / TYPES_ONE);
}

long
types_ready(const struct types *ts)
{
	return (long)(worth(ts, 1) / TYPES_ONE);
}

long
types_wanted(const struct types *ts)
{
	return (long)(worth(ts, 2) / TYPES_ONE);
}

long
types_limit(const struct types *ts)
{
	int64_t sum = 0;

	for (size_t i = 0; i < ts->n; i++) {
		const struct types_part *p = &ts->part[i];

		if (p->most < 0)
			return -1;
		sum += (int64_t)(p->most > p->now ? p->most : p->now) * p->size;
	}
	return (long)(sum / TYPES_ONE);
}

double
types_cost(const struct types *ts)
{
	double sum = 0;

	for (size_t i = 0; i < ts->n; i++)
		sum += (double)ts->part[i].now * ts->part[i].month;
	return sum;
}

double
types_impact(const struct types *ts)
{
	double sum = 0;

	for (size_t i = 0; i < ts->n; i++)
		sum += (double)(ts->part[i].want - ts->part[i].now) *
		    ts->part[i].month;
	return sum;
}

int
types_settle(struct types *ts, long from, long to, long max, double money)
{
	long now[TYPES_MOST], most[TYPES_MOST], count[TYPES_MOST];
	struct types_wish w = { .need = (int64_t)to * TYPES_ONE,
		.top = -1,
		.money = (double)NAN,
		.most = now };
	int status;

	for (size_t i = 0; i < ts->n; i++) {
		const struct types_part *p = &ts->part[i];

		now[i] = p->now;
		most[i] = p->most < 0 || p->most > p->now ? p->most : p->now;
	}
	if (to == from)
		return 0;
	if (to > from) {
		w.least = now;
		w.most = most;
		w.top = (int64_t)max * TYPES_ONE;
		w.money = money;
	}
	status = types_choose(ts->part, ts->n, &w, count);
	for (size_t i = 0; i < ts->n && status >= 0; i++)
		ts->part[i].want = count[i];
	return status;
}

void
types_mix(const struct types *ts, struct mix *m)
{
	*m = (struct mix){ .n = 0 };
	for (size_t i = 0; i < ts->n; i++)
		if (ts->part[i].want > 0)
			mix_add(m, ts->part[i].name, ts->part[i].want, -1);
}
