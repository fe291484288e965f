/*
 * method.h - what every way of forecasting can do
 *
 * A method learns the samples 0..n-1 of a grid, says what it would have
 * forecast at origins that it had not learnt from (the held-out ones), and
 * forecasts at later origins. Whatever it says at an origin depends on samples
 * up to there only, and on what it learnt before.
 */
#ifndef MODEL_METHOD_H
#define MODEL_METHOD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/grid.h"
#include "model/pack.h"
#include "record/forecast.h"

enum { LEADS_MAX = 288 };

/*
 * Forecasts of one kind at some origins, a row each, at the same leads. What
 * lies between two leads is on the line that joins them.
 */
struct rows {
	size_t count;
	size_t *origin; /* rising */
	size_t leads;
	size_t lead[LEADS_MAX]; /* steps, rising; the last is the horizon */
	double *median; /* count rows of leads */
	double *mean; /* the same, or NULL: the method has none of its own */
	double *q[FORECAST_LEVELS]; /* the same; NULL: none */
};

/* rows_init: room for count rows; origin is left to be filled. with_mean and
 * with_q: room for these too. 0, or -1: out of memory. */
int rows_init(struct rows *, size_t count, const size_t *lead, size_t leads,
    int with_mean, int with_q);
void rows_free(struct rows *);

/* leads_every(H, lead): 1..H, or the leads of online.h where that are too
 * many. Returns how many. */
size_t leads_every(size_t H, size_t lead[static LEADS_MAX]);

/* rows_at(r, x, i, k): step k (1 to the horizon) of row i of x, which is one
 * of the arrays of r */
double rows_at(const struct rows *r, const double *x, size_t i, size_t k);

/* The whole forecast of one origin */
struct path {
	size_t H;
	double *median, *mean; /* [H] */
	double *q[FORECAST_LEVELS]; /* [H], rising from the median up */
	int has_mean, has_q; /* 0: the method has none, mean and q are unset */
	size_t peaks; /* windows whose maximum it forecasts itself; 0: none */
	size_t peak_w[FORECAST_PEAKS]; /* steps */
	double peak[FORECAST_LEVELS][FORECAST_PEAKS];
};

int path_init(struct path *, size_t H); /* 0, or -1: out of memory */
void path_free(struct path *);

struct method_options {
	size_t H; /* steps to forecast, >= 1 */
	uint64_t seed;
	unsigned threads; /* the result does not depend on it */
	int rows_only; /* fit for the sake of held-out rows: less may do */
};

struct method {
	const char *name;
	int dear; /* a forecast takes long: ask for few origins at once */
	/*
	 * fit(g, n, o, held, why): learns 0..n-1. held, unless NULL, gets the
	 * held-out rows (count 0: too little history), for rows_free. NULL
	 * with a static text in *why.
	 */
	void *(*fit)(const struct grid *g, size_t n,
	    const struct method_options *o, struct rows *held,
	    const char **why);
	/*
	 * predict(m, g, origin, count, rows, path): forecasts at rising
	 * origins of a grid of the same step; path (made by path_init with
	 * the H it was fitted for) gets that of the last one, rows all, for
	 * rows_free. 0, or -1: out of memory.
	 */
	int (*predict)(const void *m, const struct grid *g,
	    const size_t *origin, size_t count, struct rows *rows,
	    struct path *path);
	void (*save)(const void *m, struct buf *out);
	/*
	 * load(u, H, step, why): what save wrote of a model of so many steps,
	 * each of step s; it may use u's bytes until free. NULL with *why
	 * where they are no such model.
	 */
	void *(*load)(
	    struct unpack *u, size_t H, double step, const char **why);
	void (*free)(void *m);
};

extern const struct method method_online, method_last, method_seasonal,
    method_article, method_forest;

/* method_find(name): NULL: there is none of that name ("auto" is none) */
const struct method *method_find(const char *name);

/* method_absent(name): why this program has no such method though there is one
 * of that name, as a static text; NULL: it has, or there is none */
const char *method_absent(const char *name);

/* method_all(): those that method_find knows, NULL-ended */
const struct method *const *method_all(void);

#endif
