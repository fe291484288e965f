/*
 * forest.h - load forecast by pooled quantile regression forests
 * Direct forecasts of 1..H steps in log space relative to the recent level
 * (features.h). Three forests: A without the absolute levels of earlier days,
 * B on what a linear model leaves (math/lad.h), C without any daily feature.
 * Their pool and they themselves, the median of the last hour, the last value
 * and yesterday's are seven experts, weighted by their errors at the newest
 * origins whose targets are known and on held-out data. A fourth forest
 * forecasts the greatest value within windows, a fifth the coming day.
 *
 * Everything is deterministic: same samples, options and seed give the same
 * bytes for any number of threads.
 */
#ifndef MODEL_FOREST_H
#define MODEL_FOREST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/grid.h"

enum {
	FOREST_EXPERTS = 7, /* pool, A, B, C, median of an hour, last, day */
	FOREST_QUANTILES = 5, /* .5 .8 .9 .95 .99 */
	FOREST_WINDOWS = 5, /* 1, 2, 3, 6 and H steps */
	FOREST_H_MAX = 288
};

extern const double forest_quantile[FOREST_QUANTILES];

struct forest_options {
	size_t H; /* steps to forecast, 1 to FOREST_H_MAX */
	unsigned trees; /* a forest; 0: 30 */
	unsigned threads; /* 0 is 1; the result does not depend on it */
	uint64_t seed;
	size_t window; /* origins to learn from, the newest; 0: 8064 */
	long zone; /* seconds that local time is ahead of UTC */
	int profile; /* fit the forest of the coming day too */
};

struct forest;

/* all in the unit of the load; freed by forest_path_free */
struct forest_path {
	size_t H;
	double *median, *mean; /* H values, of steps 1..H */
	double *quantile[FOREST_QUANTILES]; /* H values each, rising */
	size_t window[FOREST_WINDOWS]; /* steps */
	/* of the greatest value within each window */
	double peak[FOREST_WINDOWS][FOREST_QUANTILES];
	double weight[FOREST_EXPERTS]; /* of the experts; they sum to 1 */
};

int forest_path_init(struct forest_path *p, size_t H); /* 0, or -1 ENOMEM */

void forest_path_free(struct forest_path *p);

/*
 * Forecasts at every origin of the part that was held out, by forests which
 * have not seen it, with half the trees. Row i is of origin from + i * every;
 * every is 1 unless H is so large that they would be too many.
 */
struct forest_holdout {
	size_t from, count, every, H;
	double *median; /* count rows of H */
	double *mean;
	double *quantile[FOREST_QUANTILES]; /* [0] is median */
};

void forest_holdout_free(struct forest_holdout *h);

/*
 * forest_fit(g, n, o, held, why): fit to samples 0..n-1 of g. held, unless
 * NULL, receives the held-out forecasts, to be freed also where count is 0, as
 * it is with too little history (less than a day).
 * With little history the model is a simpler one, never an error. NULL with
 * *why where options are out of range, n is 0 or memory runs out.
 */
struct forest *forest_fit(const struct grid *g, size_t n,
    const struct forest_options *o, struct forest_holdout *held,
    const char **why);

void forest_free(struct forest *f);

size_t forest_horizon(const struct forest *f); /* H */

/* whether it is of so many steps, each of step s */
int forest_fits(const struct forest *f, size_t H, double step);

/* 1 where forests were fitted, 0 where history was too short for them */
int forest_grown(const struct forest *f);

/*
 * forest_predict(f, g, origin, out): the forecast from samples 0..origin of g,
 * whose step must be that of the model; out was made by forest_path_init with
 * the model's H. Errors at origins that the model has not seen are measured
 * anew. 0, or -1 where memory runs out.
 */
int forest_predict(const struct forest *f, const struct grid *g, size_t origin,
    struct forest_path *out);

/*
 * forest_predict_all(f, g, origin, count, out): the same for several rising
 * origins, in less time than one by one: out[0..count-1]. Each answer depends
 * on samples up to its own origin only and equals forest_predict's.
 */
int forest_predict_all(const struct forest *f, const struct grid *g,
    const size_t *origin, size_t count, struct forest_path *out);

/*
 * forest_profile(f, g, origin, m, median): medians of the m steps after
 * origin, m at most a day. 0, or -1 where the model has no such forest or
 * memory runs out.
 */
int forest_profile(const struct forest *f, const struct grid *g, size_t origin,
    size_t m, double *median);

/* append the packed model; out->failed and -1 where memory runs out */
int forest_save(const struct forest *f, struct buf *out);

/*
 * forest_load(p, n, why): read what forest_save wrote. Every reference is
 * checked: any bytes whatever give a model that can be used or NULL and *why.
 */
struct forest *forest_load(const unsigned char *p, size_t n, const char **why);

#endif
