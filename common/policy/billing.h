/*
 * billing.h - for how long an instance is paid: within policy only
 *
 * A provider takes money for whole periods from an instance's start, for some
 * time at the least, and in a month no more than a cap. A month has 730 hours
 * here and is counted from the start, too.
 */
#ifndef POLICY_BILLING_H
#define POLICY_BILLING_H

#include "conf/conf.h"

struct billing {
	double period; /* s; what is begun is paid; 0: by the second */
	double minimum; /* s, at the least; 0: none */
	double cap; /* s that are paid in a month, at most; 0: all */
};

struct billing billing_of(const struct conf_cost *);

/* billing_hour(c): the price of an hour that is paid; NAN: there is none */
double billing_hour(const struct conf_cost *c);

/* billing_paid(b, s): seconds that are paid for one that ran for s >= 0 */
double billing_paid(const struct billing *b, double s);

/* billing_edge(b, age): the age up to which one of that age (s, 0: it is new)
 * is paid for already, without regard to the cap: >= age */
double billing_edge(const struct billing *b, double age);

/* billing_waits(b, interval): can it be worth it to wait with a removal, where
 * a decision is made every so many seconds? */
int billing_waits(const struct billing *b, double interval);

#endif
