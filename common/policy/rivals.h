/*
 * rivals.h - the scaling rules that ours is compared with
 *
 * Each is a policy for simulate() (policy/simulate.h): set up a struct rival,
 * reset it before each run, hand it over as context of rival_wanted. Nothing
 * in here looks beyond sample i.
 */
#ifndef POLICY_RIVALS_H
#define POLICY_RIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "policy/simulate.h"

enum rival_kind {
	RIVAL_STATIC, /* always `count` */
	/* load per instance above `up`: `step` more (or `step_share` of them,
	 * if that is more); below `down`: `step` fewer; then nothing for
	 * `cooldown` */
	RIVAL_THRESHOLD,
	/* Kubernetes' horizontal pod autoscaler, version 2, one metric: ceil(n
	 * r) with r = load / (n capacity limit target), n itself within the
	 * tolerance; down to the largest proposal of the last `window` steps */
	RIVAL_HPA,
	/* the article's rule: int(load / 60) + 1 whatever the count, from
	 * the load now and 0.85 of that forecast, in percent of the pool; its
	 * maximum of ten is min(count, 10) where count is set */
	RIVAL_ARTICLE
};

struct rival {
	enum rival_kind kind;
	const double *y; /* the load; forecasts and floors have its length */
	double capacity, limit;
	long count; /* static */
	double up, down, step_share, cooldown; /* threshold; seconds */
	long step;
	double target, tolerance; /* hpa; shares */
	size_t window; /* hpa: decisions, this one included, >= 1 */
	const double *mean_1h; /* article: forecast of the coming hour's mean,
				* made at i */
	const long *floor; /* [i]: at least so many; NULL: none */
	/* private */
	long *proposals; /* ring of `window` */
	size_t made;
	double last_change, last_T;
	long last_n;
};

/* rival_reset: ready for a run. 0, or -1: out of memory. rival_free releases
 * what it allocated. */
int rival_reset(struct rival *);
void rival_free(struct rival *);

long rival_wanted(void *rival, const struct simulate_now *now);

/*
 * rival_schedule(y, ok, n, train, step, t0, boot, capacity, share, use, floor):
 * floors for an hour-of-week schedule (hour of day where the training part is
 * shorter than 15 days): per slot the share-quantile (type 7) of its hourly
 * peaks in y[0..train-1], carried at `use` of the capacity, in force from
 * `boot` seconds before the slot begins. floor[i] is what holds after sample i.
 * 0, or -1: out of memory.
 */
int rival_schedule(const double *y, size_t n, size_t train, double step,
    int64_t t0, double boot, double capacity, double share, double use,
    long *floor);

/*
 * rival_aws(y, n, step, t0, boot, capacity, target, weight, floor): floors like
 * those of AWS predictive scaling: the coming hour's mean as weight x the same
 * hour yesterday + (1 - weight) x the same hour last week (adjusted by the
 * week's level, a factor 0.5 to 2), at `target` of the capacity, ordered `boot`
 * before the hour. Scale-out only: combine with RIVAL_HPA.
 */
int rival_aws(const double *y, size_t n, double step, int64_t t0, double boot,
    double capacity, double target, double weight, long *floor);

#endif
