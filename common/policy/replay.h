/*
 * replay.h - our own rule on recorded load: the very code that as-decide runs
 *
 * Forecasts are those of the method online, which learns from one origin to the
 * next, or of another that is trained anew every day (policy/walk.h): every one
 * is made from what came before it. The tables of past errors hold, at each
 * origin, those whose windows were over by then, of the last 14 days.
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
	const char *method; /* of the forecasts */
	double *drop; /* [n]: 0.5 % quantile of next's errors so far; NAN */
	size_t stab; /* origins that have to agree before a removal */
	size_t late; /* steps by which observations lag */
	double dynamics; /* mean |load change| over boot + interval, in load */
};

struct replay_options {
	size_t late; /* steps by which observations lag */
	const struct method *method; /* NULL: online, which learns as it goes;
				      * else trained anew every day */
	size_t from; /* its first training has what is before this origin */
	unsigned threads; /* to train with */
	/* told how far it is; or NULL */
	void (*progress)(size_t done, size_t of, const char *what);
};

/*
 * replay_prepare(r, g, t, o, why): forecasts at every origin of g, for the
 * windows of t's policy; before o->from those of the method online. g must
 * outlive r. 0, or -1 with *why; release with replay_free.
 */
int replay_prepare(struct replay *r, const struct grid *g,
    const struct conf_target *t, const struct replay_options *o,
    const char **why);
void replay_free(struct replay *);

/* gets a decision, and the forecast that it rests on; d->observed is the state
 */
typedef void replay_fn(
    void *ctx, const struct decision *d, const struct forecast *f);

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
    const struct conf_target *t, replay_fn *on_decision, void *ctx);
long replay_wanted(void *run, const struct simulate_now *now);
void replay_end(struct replay_run *);

/* replay_mean_1h(r, mean): [n] forecasts of the coming hour's mean */
void replay_mean_1h(const struct replay *r, double *mean);

#endif
