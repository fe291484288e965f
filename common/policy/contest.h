/*
 * contest.h - strategies on the same load, with what each may learn from its
 * training part
 *
 * The grid is cut in three: what only warms forecasters up (a fifth of it, 2.2
 * days at least), the rest of the training share, on which whatever a strategy
 * tunes is tuned, and the test part, on which all are run and counted. Tuned
 * means: of all settings that overloaded at most `allow` (1 - slo) of the
 * training time the cheapest one, else the one that overloaded least.
 */
#ifndef POLICY_CONTEST_H
#define POLICY_CONTEST_H

#include "policy/replay.h"
#include "policy/rivals.h"
#include "policy/simulate.h"

enum strategy {
	STRATEGY_PREDICTIVE, /* ours, its quantile tuned */
	STRATEGY_UNTUNED, /* ours with q = slo */
	STRATEGY_TARGET, /* ours without a forecast, target and hold tuned */
	STRATEGY_REACTIVE, /* load / target now, held for `stabilisation` */
	STRATEGY_HPA_60,
	STRATEGY_HPA_70,
	STRATEGY_HPA_TUNED, /* target, window and tolerance tuned */
	STRATEGY_HPA_SCHEDULE, /* the same with an hour-of-week schedule */
	STRATEGY_AWS, /* yesterday and last week, scale-out only, tuned */
	STRATEGY_THRESHOLD, /* +-1 at 80 % and 30 %, 5 min apart */
	STRATEGY_SWARM, /* +-1 at 85 % and 25 % */
	STRATEGY_SCHEDULED, /* an hour-of-week schedule alone, tuned */
	STRATEGY_STATIC_MAX, /* what the training part's peak needed */
	STRATEGY_STATIC_BEST, /* the least constant that keeps the slo, in
			       * hindsight */
	STRATEGY_ARTICLE, /* int(load / 60) + 1 */
	STRATEGY_ORACLE, /* knows the load, not the boot time away */
	STRATEGIES
};
extern const char *const strategy_names[]; /* NULL-ended */

struct contest {
	const struct replay *r; /* forecasts of the grid */
	/* others of the same grid that the tuned strategy may choose, too; or
	 * NULL */
	const struct replay *also;
	const struct conf_target *t; /* one signal, its capacity set */
	struct simulate_options sim; /* first and last are the test part */
	size_t tune_from; /* where the part to tune on begins */
	double slo; /* share of time that demand is to be carried */
	double allow; /* overload that a tuned setting may have had, share */
};

/* contest_begin(g, train): where the part to tune on begins */
size_t contest_begin(const struct grid *g, double train);

/*
 * contest_shape(c, r, t, train): fills c for a training share, 0 < train < 1.
 * 0, or -1 with *why: too little history.
 */
int contest_shape(struct contest *c, const struct replay *r,
    const struct conf_target *t, double train, const char **why);

struct contest_result {
	enum strategy strategy;
	struct simulate_result sim;
	char setting[96]; /* what was tuned, or "" */
};

/*
 * contest_run(c, s, out, on_decision, ctx): one strategy. on_decision, unless
 * NULL, gets the decisions of ours on the test part. 0, or -1: out of memory.
 */
int contest_run(const struct contest *c, enum strategy s,
    struct contest_result *out, replay_fn *on_decision, void *ctx);

/*
 * One point of a strategy's frontier: what a setting costs and overloads on
 * the part it is tuned on, and on the test part.
 */
struct contest_point {
	char setting[96];
	double train_cost, train_over, test_cost, test_over;
};

/* contest_frontier(c, s, points, n): the whole tuning grid of a strategy that
 * has one (*n 0 else); *points is allocated. 0 or -1. */
int contest_frontier(const struct contest *c, enum strategy s,
    struct contest_point **points, size_t *n);

#endif
