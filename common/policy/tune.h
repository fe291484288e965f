/*
 * tune.h - the one number that suits a history
 *
 * The quantile q of past errors that is prepared for is slo where nobody tunes
 * it, which uses a quarter of what may be overloaded. Here the history is
 * replayed with each q from a grid, and the cheapest is taken that kept what
 * may be overloaded; the same on an earlier part of the history alone proves on
 * the later part, not used for it, what that is worth.
 */
#ifndef POLICY_TUNE_H
#define POLICY_TUNE_H

#include <stdint.h>

#include "base/buf.h"
#include "policy/contest.h"

enum tune_rule {
	TUNE_DEFAULT, /* q stays slo */
	TUNE_QUANTILE,
	TUNE_TARGET /* no forecast: a target and a hold */
};

enum { TUNE_ROWS = 6, TUNE_PERIOD_DAYS = 28 };

struct tune_options {
	double holdout; /* share of the history that proves, 0 < it < 1 */
	double allow; /* overload that the chosen setting may have had, share */
	int gate; /* the rule without a forecast may be taken, too */
	const struct replay *also; /* other forecasts to choose from, or NULL */
};

struct tuned {
	enum tune_rule rule;
	double quantile; /* that was chosen, or slo */
	const char *method; /* of the chosen forecasts */
	double target, stabilisation; /* TUNE_TARGET */
	double allow;
	struct simulate_result whole; /* the chosen one on all of the history
				       * but what warms up */
	/* on the part held out: untuned, tuned, the target rule, threshold, the
	 * best constant in hindsight, the oracle */
	struct contest_result row[TUNE_ROWS];
	size_t rows;
	double dynamics; /* mean change of load over boot + interval, in
			  * instances */
	double saving; /* 1 - tuned / target rule, in instances, held out; NAN:
			* not known, or not both kept the slo */
	char why[240]; /* of the rule, for people */
};

/*
 * tune_budget(slo, period_s, left_s, spent_s): the share of the time to come
 * that may be overloaded: what is left of 0.8 (1 - slo) of the period over what
 * is left of its time, a quarter to twice 1 - slo.
 */
double tune_budget(double slo, double period_s, double left_s, double spent_s);

/*
 * tune_spent(dir, target, now, spent_s, left_s, why): overloaded seconds of
 * the 28 days that now is in, counted from the journal's beginning, by its
 * decisions' current_load, and what is left of them. 1; 0 where there is no
 * journal; -1 with *why.
 */
int tune_spent(const char *dir, const char *target, int64_t now,
    double *spent_s, double *left_s, struct buf *why);

/*
 * tune_boot(dir, target, now, boot, why): how long orders took until they
 * served, by the journal's results of the last 90 days: quantiles (type 7), NAN
 * with fewer than 5. What timed out took that long at least. 0, or -1 with
 * *why.
 */
struct tune_boot {
	double p95, p99; /* s */
	size_t n;
};
int tune_boot(const char *dir, const char *target, int64_t now,
    struct tune_boot *boot, struct buf *why);

/*
 * tune(u, r, t, o, why): r is prepared for t. 0, or -1 with *why: too little
 * history (fewer than 10 / (1 - slo) observed steps after what warms up), or
 * out of memory.
 */
int tune(struct tuned *u, const struct replay *r, const struct conf_target *t,
    const struct tune_options *o, struct buf *why);

/*
 * tune_patience(boot, set, most): how long an order may take before it is given
 * up, s: one and a half times the 99 % quantile, but never less than what is
 * set, and no more than `most` unless more is set.
 */
double tune_patience(const struct tune_boot *boot, double set, double most);

#endif
