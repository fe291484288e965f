/*
 * online_past.h - what the learner of online.h looks back on
 * Private to online*.c.
 */
#ifndef MODEL_ONLINE_PAST_H
#define MODEL_ONLINE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "model/grid.h"

enum { FEATURES_ONLINE = 19 };

/* Averages as they stand after a sample */
struct averages {
	double hour, six, day, week; /* exponential moving averages */
	double mean; /* of all samples */
	double least; /* of 0 and all samples: no forecast is below it */
	double count; /* samples seen */
};

struct past {
	const struct grid *g;
	size_t n; /* points looked at */
	size_t first; /* averages are there from this point on */
	size_t day, week; /* in steps; week 0: not used */
	struct averages *averages; /* by point */
	double *level; /* mean of the point and the two before */
	double *scale; /* > 0, the unit of the regression's target */
	double *near; /* of the point and its two neighbours */
	double *seven; /* sum of near 1..7 days before; up to n + H points */
	double *turn; /* sine, cosine of the day, and of half of it; n + H */
};

/*
 * past_new(g, n, H, week, tail, n_tail, end): the arrays for points 0..n-1 of
 * g. The averages of the n_tail points up to end are those of tail, and go on
 * from there; n_tail 0: they begin at point 0. n_tail <= end + 1 <= n.
 * NULL: out of memory.
 */
struct past *past_new(const struct grid *g, size_t n, size_t H, size_t week,
    const struct averages *tail, size_t n_tail, size_t end);
void past_free(struct past *);

/* the level of the same time of other days, now and at the target's time */
struct season {
	double day, day_now, days, days_now, week, week_now;
};

/* past_row(p, t, h, x, s): the features of origin t, lead h */
void past_row(const struct past *p, size_t t, size_t h,
    double x[static FEATURES_ONLINE], struct season *s);

#endif
