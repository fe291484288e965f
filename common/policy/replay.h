/*
 * replay.h - our own rule on recorded load: the very code that as-decide runs
 *
 * Forecasts are those of a method's held-out rows (model/method.h), so that
 * every one is made from what came before it; the tables of past errors hold,
 * at each origin, those whose windows were over by then, of the last 14 days.
 */
#ifndef POLICY_REPLAY_H
#define POLICY_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "model/grid.h"
#include "model/method.h"
#include "policy/decide.h"
#include "policy/simulate.h"

/* What is known of one window at every origin */
struct replay_track {
	double *point, *scale; /* [n] */
	double *error; /* [n]: standardised; NAN: not known */
	size_t from, to; /* steps */
};

struct replay {
	const struct grid *g;
	struct rows rows; /* one an origin, all of 0..n-1 */
	struct replay_track ahead, keep, next;
	double *drop; /* [n]: 0.5 % quantile of next's errors so far; NAN */
	size_t stab; /* origins that have to agree before a removal */
	size_t late; /* steps by which observations lag */
	double dynamics; /* mean |load change| over boot + interval, in load */
};

/*
 * replay_prepare(r, g, t, late, why): forecasts at every origin of g by the
 * method online, for the windows of t's policy. g must outlive r. 0, or -1
 * with *why; release with replay_free.
 */
int replay_prepare(struct replay *r, const struct grid *g,
    const struct conf_target *t, size_t late, const char **why);
void replay_free(struct replay *);

/* One run of the rule; the context of replay_wanted */
struct replay_run;

/*
 * replay_begin(r, t): t has one signal; its policy is what is replayed (slo,
 * overload_price, limits). Several runs may share r. NULL: out of memory, or
 * the time zone of a schedule cannot be read.
 * replay_wanted is asked at rising i. on_decision, unless NULL, gets every
 * decision made.
 */
struct replay_run *replay_begin(const struct replay *r,
    const struct conf_target *t,
    void (*on_decision)(void *ctx, const struct decision *d), void *ctx);
long replay_wanted(void *run, const struct simulate_now *now);
void replay_end(struct replay_run *);

/* replay_mean_1h(r, mean): [n] forecasts of the coming hour's mean */
void replay_mean_1h(const struct replay *r, double *mean);

#endif
