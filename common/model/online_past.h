/*
 * online_past.h - what the learner of online.h looks back on
 * Private to online*.c.
 */
#ifndef MODEL_ONLINE_PAST_H
#define MODEL_ONLINE_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "model/grid.h"

enum {
	FEATURES_ONLINE = 19,
	AVERAGES = 7 /* moving averages and the like, carried on by sample */
};

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
	double *hour, *six, *average_day, *average_week; /* by point */
	double *scale; /* unit of the regression's target */
	double *least;
	double *level; /* mean of three */
	double *near; /* of the point and its two neighbours */
	double *seven; /* sum of near 1..7 days before; up to n + H points */
	double *turn; /* sine, cosine of the day, and of half of it; n + H */
};

/*
 * past_new(g, n, first, start, H, week): the arrays for points 0..n-1 of g;
 * averages begin after start, which is as of point first - 1, or anew where
 * start is NULL (first is then 0). NULL: out of memory.
 */
struct past *past_new(const struct grid *g, size_t n, size_t first,
    const struct averages *start, size_t H, size_t week);
void past_free(struct past *);

/* past_averages(p, i): as they stand after point i */
struct averages past_averages(const struct past *p, size_t i);

/* the level of the same time of other days, now and at the target's time */
struct season {
	double day, day_now, days, days_now, week, week_now;
};

/* past_row(p, t, h, x, s): the features of origin t, lead h */
void past_row(const struct past *p, size_t t, size_t h,
    double x[static FEATURES_ONLINE], struct season *s);

#endif
