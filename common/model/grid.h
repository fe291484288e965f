/*
 * grid.h - a series on evenly spaced times
 *
 * The newest sample is the last point; all times before it count back from
 * there in whole steps, so that what is newest is never waited for.
 */
#ifndef MODEL_GRID_H
#define MODEL_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "record/series.h"

enum { GRID_MAX = 1 << 20 }; /* points; what is older is left out */

struct grid {
	double step; /* seconds, > 0 */
	int64_t t0; /* epoch seconds of sample 0 */
	size_t n;
	double
	    *y; /* n values; where nothing was observed the last one before */
	unsigned char *ok; /* n; 1 where observed */
};

/*
 * grid_step(s): a step in s that suits a series: the median distance of its
 * samples, moved to a divisor of the day that is within 2 % of it, and a
 * minute at least. NAN with fewer than two samples. s is finished.
 */
double grid_step(const struct series *s);

/*
 * grid_make(g, s, step, why): the samples of s on a grid of step seconds. Where
 * they lie closer than that (their median distance is below three quarters of
 * it) a point is the mean of the samples in the step that ends there; else a
 * sample goes to the point that is nearest, the later of two wins. Where step
 * is below three quarters of what even close samples are apart (a quarter of
 * them are closer) their median distance is taken: nothing is made up between
 * samples. Gaps stay gaps, and where samples are no loads there are none.
 * 0 and g to be freed with grid_free, or -1 with a static text in *why: no
 * samples, bad step, no memory.
 */
int grid_make(
    struct grid *g, const struct series *s, double step, const char **why);
void grid_free(struct grid *);

/* grid_keep(g, n): only the newest n points stay */
void grid_keep(struct grid *g, size_t n);

/* grid_is_load(v): whether v may be a load: not beyond 1e100 either way, so
 * that squares and sums of loads are numbers */
int grid_is_load(double v);

/*
 * grid_recent(g): how many of the newest points to learn from: as many as
 * there are of which a quarter was observed, beginning with one that was. A
 * pause that is longer than what came after it is worth ends history.
 */
size_t grid_recent(const struct grid *g);

/* grid_tail(g, n): the newest n points of g, which owns them */
struct grid grid_tail(const struct grid *g, size_t n);

/* grid_time(g, i): epoch ms of point i, to the second */
int64_t grid_time(const struct grid *g, size_t i);

/*
 * grid_find(g, t): the point nearest to the epoch second t, which may lie
 * before 0 or beyond n - 1
 */
ptrdiff_t grid_find(const struct grid *g, int64_t t);

size_t grid_observed(const struct grid *g); /* how many points were */
size_t grid_longest_gap(const struct grid *g); /* in steps; 0: none */

#endif
