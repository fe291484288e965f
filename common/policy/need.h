/*
 * need.h - how many instances a forecast asks for
 *
 * A window's table of past standardised errors says how likely it is that the
 * peak of the load goes beyond what n instances may carry:
 *   P(n) = P(error > (n unit - point) / scale)
 * read as a step function: 1 - levels[i] for the largest i with errors[i] not
 * above that, 1 below the first, never interpolated. Source: split conformal
 * prediction (Vovk et al. 2005, Algorithmic Learning in a Random World, ch. 2);
 * with levels k / (n + 1) the next error is above the k-th of n in at most
 * (n + 1 - k) / (n + 1) of the cases.
 *
 * Counts are clamped to NEED_MOST, so that a nonsensical load cannot overflow.
 */
#ifndef POLICY_NEED_H
#define POLICY_NEED_H

#include <stddef.h>

#include "record/forecast.h"

enum { NEED_MOST = 1000000, NEED_POOL = 100 };

/* need_count(load, unit): the least n >= 0 with n unit >= load (with a
 * tolerance of 1e-9 instances for rounding); unit > 0. NAN: NEED_MOST. */
long need_count(double load, double unit);

/*
 * Two doors. price 0: the least n with P(n) <= 1 - q; wider errors never lower
 * it (an error below 0 counts as 0 here). price > 0, in instance-hours an
 * overloaded hour costs: the n >= that which minimises n + price P(n), the
 * smaller one of two.
 */
struct need_door {
	double q, price;
};
#define PRICE_DOOR_Q 0.8 /* the q beside a price */

/* need_usable(w): the window has origins, and errors of at least NEED_POOL
 * origins */
int need_usable(const struct forecast_window *w);

/* need_rank(w, at, unit, n): how many of the errors n instances would carry at
 * origin number at: P(n) = 1 - levels[rank - 1], or 1 where rank is 0 */
size_t need_rank(
    const struct forecast_window *w, size_t at, double unit, long n);

/* need_entry(w, q): the first error whose level is at least q; the last one
 * where none is. w has errors. */
size_t need_entry(const struct forecast_window *w, double q);

/* need_risk(w, at, unit, n): P(n) at origin number at */
double need_risk(
    const struct forecast_window *w, size_t at, double unit, long n);

/* need_peak(w, at, q): the peak that is not passed with probability q; what is
 * to be carried in the SLO door */
double need_peak(const struct forecast_window *w, size_t at, double q);

/* need_propose(w, at, unit, door): the proposal. w is usable. */
long need_propose(const struct forecast_window *w, size_t at, double unit,
    const struct need_door *door);

/* need_window(f, name): the window of that name, or NULL */
const struct forecast_window *need_window(
    const struct forecast *f, const char *name);

#endif
