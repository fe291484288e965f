/*
 * forest_core.h - the parts of the forest method; for forest_*.c alone
 */
#ifndef MODEL_FOREST_CORE_H
#define MODEL_FOREST_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "math/bins.h"
#include "math/forest.h"
#include "math/lad.h"
#include "model/features.h"
#include "model/forest.h"

/* experts in the order of their weights; the first four have quantiles */
enum {
	EXPERT_POOL,
	EXPERT_A,
	EXPERT_B,
	EXPERT_C,
	EXPERT_HOUR,
	EXPERT_LAST,
	EXPERT_DAY,
	EXPERTS = FOREST_EXPERTS,
	POOLED = 4
};

enum {
	SETS = 3, /* forests A, B, C */
	WIDTH = 64, /* bytes a row of codes takes: one line of the cache */
	REPLAY = 24, /* days that weigh the experts of the coming day */
	NEWEST = 8, /* origins that weigh the experts: a quarter of H apart, */
	SPREAD = 72, /* H apart, */
	SAME = 4, /* and at the same time of earlier days */
	ORIGINS = NEWEST + SPREAD + SAME,
	RECENT_MAX = 2048, /* held-out origins whose errors are kept */
	PROFILE_EXPERTS = 4, /* forest, day, week, level of the day */
	PROFILE_POINTS = 48 /* of a day that the forest is asked for */
};

/* the three forests of leads 1..H */
struct core {
	size_t H;
	size_t groups; /* of leads that share a linear model */
	struct lad *lad; /* one a group */
	struct bins bins;
	struct trees *set[SETS];
};

/* one forest on rows of some features */
struct single {
	struct bins bins;
	struct trees *trees;
};

/* experts' forecasts at some origins, in the unit of the load */
struct outlook {
	size_t count, H;
	double *median[EXPERTS]; /* count rows of H */
	double *mean; /* of the pool; NULL with the next where not asked for */
	double *quantile[POOLED]; /* count rows of H of FOREST_QUANTILES */
};

enum forest_mode {
	MODE_LAST, /* too short for anything: last value, spread of changes */
	MODE_RESIDUAL, /* less than a day: a flat forecast and its errors */
	MODE_GROWN
};

struct forest {
	enum forest_mode mode;
	size_t H;
	double step;
	int64_t end; /* epoch s of the newest sample it was fitted to */
	long zone;
	struct transform transform;
	size_t period;
	/* MODE_LAST, MODE_RESIDUAL: errors by lead and by window */
	double flat[FOREST_H_MAX][FOREST_QUANTILES];
	double flat_peak[FOREST_WINDOWS][FOREST_QUANTILES];
	int flat_hour; /* the flat forecast: median of an hour, else last */
	/* MODE_GROWN */
	struct core core;
	struct single peak;
	struct single profile; /* trees NULL where not asked for */
	double held[EXPERTS]; /* mean |error| on held-out data */
	/* errors at held-out origins; row i is of end - back + i * every */
	size_t recents, recent_back, recent_every;
	float *recent; /* recents rows of EXPERTS; below 0 where unknown */
	double profile_held[PROFILE_EXPERTS];
	size_t profile_recents;
	double profile_recent[REPLAY][PROFILE_EXPERTS];
};

/* the windows whose greatest value is forecast, in steps, at most H */
void forest_windows(size_t H, size_t *window);

/*
 * Errors of the experts by origin, an index into one grid: those measured by
 * replay, and before them those kept from the held-out part.
 */
struct errors {
	size_t count;
	const size_t *origin; /* rising */
	const float *error; /* count rows of EXPERTS; below 0 where unknown */
	ptrdiff_t held_from;
	size_t held_count, held_every;
	const float *held;
};

/*
 * errors_origins(origin, since, H, day, out): the origins that weigh the
 * experts at origin, at most ORIGINS; their targets are all known at origin.
 * since: the number of steps from 1970 to index 0, so that neighbouring
 * origins share most of theirs. Some may be negative. NEWEST first, then
 * SPREAD, then SAME.
 */
void errors_origins(
    size_t origin, int64_t since, size_t H, size_t day, ptrdiff_t *out);

/*
 * errors_weigh(e, origin, since, H, day, held, w): weights of the experts;
 * held: their mean errors on held-out data.
 */
void errors_weigh(const struct errors *e, size_t origin, int64_t since,
    size_t H, size_t day, const double *held, double *w);

/*
 * core_fit(c, f, first, n, o, trees): fit to the origins first..n-2 and the
 * targets before n. 0, or -1 with errno ENOMEM, or ENODATA where no origin has
 * an observed target; core_free in any case.
 */
int core_fit(struct core *c, const struct features *f, size_t first, size_t n,
    const struct forest_options *o, unsigned trees);

void core_free(struct core *c);

/* what the linear model of lead h says of a row of FEATURES */
float core_linear(const struct core *c, size_t h, const float *x);

/*
 * core_outlook(c, f, origin, count, full): forecasts of all experts. Unless
 * full: medians alone, by half of the trees, as those that errors on held-out
 * data are known of have half as many. NULL where memory runs out.
 */
struct outlook *core_outlook(const struct core *c, const struct features *f,
    const size_t *origin, size_t count, int full);

void outlook_free(struct outlook *o);

/*
 * errors_at(o, i, f, t, n, y, e): the mean |error| of each expert at origin t,
 * row i of o, over its observed targets before n; -1 where there is none.
 */
void errors_at(const struct outlook *o, size_t i, const struct features *f,
    size_t t, size_t n, const double *y, float *e);

/*
 * expert_weights(e, count, held, experts, p, q, w): weights proportional to
 * (mean e / least)^-p (held / least)^-q; e has count rows of experts.
 */
void expert_weights(const double *e, size_t count, const double *held,
    size_t experts, double p, double q, double *w);

/* the blended path of row i of a full outlook; median, mean and quantile */
void outlook_blend(const struct outlook *o, size_t i, const double *w,
    double *median, double *mean, double *quantile);

/* peaks and the coming day: forest_peak.c, forest_profile.c */
int peak_fit(struct single *s, const struct core *c, const struct features *f,
    size_t first, size_t n, const struct forest_options *o, unsigned trees);

void peak_predict(const struct forest *f, const struct features *x, size_t t,
    double out[FOREST_WINDOWS][FOREST_QUANTILES]);

int profile_fit(struct forest *f, const struct features *x, const double *y,
    size_t first, size_t n, size_t held_from, const struct forest_options *o);

void single_free(struct single *s);

/* forest_flat.c: the forecast of a series too short for forests */
int flat_fit(struct forest *f, const struct grid *g, size_t n);

int flat_predict(const struct forest *f, const struct grid *g, size_t origin,
    struct forest_path *out);

#endif
