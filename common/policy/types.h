/*
 * types.h - the cheapest machines that are enough: within policy only
 *
 * Where machines are of several types, all counts of the policy are of
 * instances, and a machine is worth as many as its type's capacity says.
 * Machines that run are never exchanged for others: an addition is the
 * cheapest that makes up what lacks, a removal leaves the cheapest that is
 * enough. Of equally dear ones the fewest machines, then what carries most.
 */
#ifndef POLICY_TYPES_H
#define POLICY_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "record/mix.h"

enum {
	TYPES_MOST = CONF_TYPES + MIX_TYPES, /* those that run unlisted, too */
	TYPES_ONE = 100 /* parts that an instance is counted in */
};

struct types_part {
	const char *name; /* lent; "": not known */
	double month; /* money for one, a month */
	long size; /* what one is worth, in parts of an instance, >= 1 */
	long most; /* of this type; -1: any number */
	long now, ready, want; /* machines */
};

struct types {
	struct types_part part[TYPES_MOST];
	size_t n; /* 0: all machines are alike */
	int unknown; /* some are of a type that has no section */
};

struct types_wish {
	int64_t need; /* parts of an instance */
	int64_t top; /* no more parts than this; -1: any number */
	double money; /* nor dearer, a month; NAN: at any price */
	const long *least; /* [n]: machines of each that stay; NULL: none */
	const long *most; /* [n]: machines of each, at most; -1: any */
};

/*
 * types_choose(parts, n, wish, count): how many of each. Exact, in parts and
 * hundredths of a cent, by dynamic programming over what the machines beyond
 * `least` are worth. n <= TYPES_MOST. 0; 1: so many cannot be had within the
 * bounds, and count is the most that can, not less than least; -1: out of
 * memory, or more than a million steps.
 */
int types_choose(const struct types_part *parts, size_t n,
    const struct types_wish *wish, long *count);

/*
 * types_begin(ts, t, mix, instances, ready): the types of t and the machines
 * that run, of which there are so many. One whose type has no section is worth
 * as little as the smallest, and as dear as the dearest. ready -1: not known.
 * t and mix have to live as long as ts.
 */
void types_begin(struct types *ts, const struct conf_target *t,
    const struct mix *mix, long instances, long ready);

/* Whole instances that the present, ready and wanted machines are worth */
long types_now(const struct types *);
long types_ready(const struct types *);
long types_wanted(const struct types *);

/* types_limit: what all that may be had are worth; -1: no limit */
long types_limit(const struct types *);

/* Money a month for those of now, and what those wanted cost more */
double types_cost(const struct types *);
double types_impact(const struct types *);

/*
 * types_settle(ts, from, to, max, money): want becomes what is nearest to `to`
 * instances, from being types_now. Additions lead to at most max instances and
 * so much money a month (NAN: any). As types_choose; -1 leaves all as it is.
 */
int types_settle(struct types *ts, long from, long to, long max, double money);

/* types_mix(ts, m): those wanted */
void types_mix(const struct types *ts, struct mix *m);

#endif
