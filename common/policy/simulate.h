/*
 * simulate.h - a pool of instances under a recorded load, replayed exactly
 *
 * Time is cut into steps; y[t] is the mean load over step t, [t step,
 * (t + 1) step), and holds all through it. At T = t step, in this order:
 *  1. the policy sees y[0..t-1-delay] (never the step that begins), and the
 *     count that is paid for, booting ones among it; asked every `every` steps
 *     from the first on, it says how many it wants, clamped to [min, max];
 *  2. with billing_aware, at most as many are removed as there are whose paid
 *     period ends at or before the next decision;
 *  3. removals act at once: booting ones first (newest order first), then the
 *     newest start (with billing_aware: the nearest paid edge first);
 *  4. additions are paid from T on and serve from T + boot on;
 *  5. the step passes; instances that become ready inside it serve from that
 *     moment. Steps whose sample is missing (ok 0) are lived through with the
 *     last value but not counted.
 * Overload at a moment: load > ready x capacity x limit.
 */
#ifndef POLICY_SIMULATE_H
#define POLICY_SIMULATE_H

#include <stddef.h>

#include "policy/billing.h"

struct simulate_options {
	double step, boot; /* seconds; step > 0, boot >= 0 */
	double capacity; /* of one instance, in the unit of y, > 0 */
	double limit; /* share of capacity beyond which it is overload, > 0 */
	long min, max; /* instances, 0 <= min <= max */
	long start; /* count at the beginning, all ready; -1: what carries
		     * y[first - 1] at 70 % */
	size_t first, last; /* steps [first, last), 1 <= first < last <= n */
	size_t every; /* decide every so many steps, >= 1 */
	size_t delay; /* steps by which observations lag */
	struct billing billing;
	int billing_aware;
	int thorough; /* response and spikes, too */
};

/* What a policy may know when it is asked */
struct simulate_now {
	size_t i; /* y[0..i] is known */
	long n, ready; /* instances paid for, and those of them that serve */
	double T; /* seconds from the beginning of step 0 */
};

/* A policy: how many it wants now */
struct simulate_policy {
	long (*wanted)(void *ctx, const struct simulate_now *now);
	void *ctx;
};

/*
 * What came of it. Shares are 0..1, theta, tau, upsilon and sigma percent as
 * in Herbst et al. 2016 (SPEC RG, arXiv 1604.03470): with d = max(min,
 * ceil(y / (capacity limit))) and s = instances ready,
 *   theta_u = mean of max(d - s, 0) / max(d, 1), theta_o of max(s - d, 0) /
 * max(d, 1) tau_u = share of time with s < d, tau_o with s > d upsilon = share
 * of steps whose change of s has another sign than that of d sigma = (sum of
 * the fifth powers of these five)^(1/5) each weighted by time; upsilon over all
 * steps but the first.
 */
struct simulate_result {
	double instances; /* mean paid, over counted time */
	double instance_hours; /* paid by the second, all of the time */
	double billed_hours; /* instance-hours that the provider takes for it */
	double billed; /* mean count that these are, over all of the time */
	double overload; /* share of counted time */
	double overload_s, worst_overload_s; /* seconds; longest in one piece */
	double unserved; /* share of the load */
	double utilisation; /* load served / capacity paid */
	double served_hours; /* counted time, hours */
	double changes_per_day;
	double reversals_per_day; /* changes of direction within 600 s */
	long changes;
	/* with `thorough`: the mean response time, by load, in multiples of
	 * that of an idle instance: 1 + rho^(sqrt(2 (n + 1)) - 1) / (n (1 -
	 * rho)), n instances ready, rho = load / (n capacity), 0.99 at most, so
	 * that overload counts as a long queue and not as an endless one.
	 * Source: Sakasegawa 1977, An approximation formula L_q = alpha
	 * rho^beta / (1 - rho), Ann. Inst. Stat. Math. 29. */
	double response;
	/* with `thorough`: times the load rose to one and a half times the mean
	 * of the hour before, and those of them that passed without overload */
	long spikes, spikes_carried;
	double theta_u, theta_o, tau_u, tau_o, upsilon, sigma;
};

/*
 * simulate(y, ok, n, o, p, r, paid): runs it. ok may be NULL (all observed);
 * paid, if not NULL, gets the count paid in each step [first, last). Returns 0,
 * or -1: options out of range or out of memory.
 */
int simulate(const double *y, const unsigned char *ok, size_t n,
    const struct simulate_options *o, const struct simulate_policy *p,
    struct simulate_result *r, long *paid);

#endif
