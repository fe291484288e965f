/*
 * oracle.h - the cheapest counts for a load that is known beforehand
 *
 * A bound for as-backtest: no policy that orders instances `boot` seconds
 * before they serve can do better. (A hair above the true bound where boot is
 * no multiple of the step.)
 */
#ifndef POLICY_ORACLE_H
#define POLICY_ORACLE_H

#include <stddef.h>

/*
 * oracle_path(need, ok, n, min, boot_steps, slo, path): path[t] is the count
 * to serve in step t, such that at most a share slo (0..1) of the observed
 * steps has path[t] < need[t], at the least sum of path[t] + boot_steps x
 * (instances added). need[t] >= 0, min >= 0, boot_steps >= 0. By exact dynamic
 * programming over counts with a price on an overloaded step, the price found
 * by bisection. ok may be NULL. O(26 n max(need)) time, O(n max(need)) memory:
 * refused (-1) above 2^31 cells; -1 also when out of memory. Returns 0.
 */
int oracle_path(const long *need, const unsigned char *ok, size_t n, long min,
    double boot_steps, double slo, long *path);

#endif
