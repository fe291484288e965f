/*
 * features.h - what a forecast of load looks at
 * The load is taken to logarithms, u = ln(max(y - base, 0) + offset), and every
 * feature of an origin t and a lead of h steps is a difference from the level
 * b, the mean of u[t-2..t]: the last points, averages, medians and extremes of
 * the last hour, six hours and day, the same time of the last seven days, the
 * same minute of earlier hours, one dominant period, the calendar, and h.
 * Only samples up to t are used.
 */
#ifndef MODEL_FEATURES_H
#define MODEL_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "model/grid.h"

enum {
	FEATURES = 42,
	FEATURES_LINEAR = 27, /* the first, which the linear part uses */
	FEATURES_MAX = 48 /* with those of features_peak */
};

/* y in its unit <-> u; fixed when a model is fitted */
struct transform {
	double base; /* the least of 0 and y */
	double offset; /* a tenth of the median of y > 0; 1 where none is */
};

struct transform transform_fit(const double *y, size_t n);

double transform_to(struct transform t, double y);

double transform_from(struct transform t, double u);

struct features {
	struct transform transform;
	double step; /* s */
	int64_t t0; /* epoch s of sample 0, in the clock that days go by */
	size_t n; /* samples */
	size_t day, hour; /* in steps; hour is at least 2 */
	size_t period; /* the dominant period in steps, 0 where there is none */
	size_t from; /* window statistics hold from this sample on */
	const unsigned char *ok; /* the grid's */
	double *u; /* all that follow: n values */
	double *level, *top; /* b; the greatest u up to here */
	double *fast, *middle, *slow; /* moving averages: 1 h, 6 h, 1 day */
	double *near3, *near7; /* centred means of 3 and 7 samples */
	double *sd1, *min1, *max1, *median1; /* of the last hour */
	double *sd6, *min6, *max6; /* of the last six hours */
	double *median_day; /* of the last day, at most 288 samples */
};

/*
 * features_new(g, n, transform, zone, from): the arrays for samples 0..n-1 of
 * g, which must live as long as the result; window statistics only from
 * sample from on. zone: seconds that local time is ahead of UTC. period is 0.
 * Returns NULL with errno ENOMEM.
 */
struct features *features_new(const struct grid *g, size_t n,
    struct transform transform, long zone, size_t from);

void features_free(struct features *f);

/*
 * features_period(f, n): the dominant period, from 4 steps to half a day, of
 * samples 0..n-1: the lag with the largest local maximum of autocorrelation,
 * at least 0.2, after a moving average of a quarter of a day is taken away.
 * Returns 0 where there is none or memory runs out. At most the last 8064
 * samples and lags of 720 steps are looked at.
 */
size_t features_period(const struct features *f, size_t n);

/*
 * features_row(f, t, h, x): the FEATURES of origin t and lead h, h >= 1,
 * from <= t < n. Depends on samples 0..t only.
 */
void features_row(const struct features *f, size_t t, size_t h, float *x);

/*
 * Parts of it, for who needs the first FEATURES_LINEAR alone, at many leads:
 * features_origin fills those of them that are the same at all leads, and then
 * features_lead(f, t, h, x) the others.
 */
void features_origin(const struct features *f, size_t t, float *x);

void features_lead(const struct features *f, size_t t, size_t h, float *x);

/*
 * features_peak(f, t, w, expected, x): FEATURES_MAX features for the greatest
 * value of the w steps after t: those of the lead in the middle with w in place
 * of h, what a linear model expects it to be (relative to the level), and the
 * same maximum yesterday, averaged over seven days and a week ago, the first
 * two also relative to the level of their own time.
 */
void features_peak(
    const struct features *f, size_t t, size_t w, float expected, float *x);

#endif
