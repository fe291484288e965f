/*
 * calibrate.h - how far off forecasts were, so as to say how far off they may
 * be
 *
 * A track follows one number that is forecast at every origin: the greatest
 * value (or the mean) of the steps from..to after it. It keeps
 * - a scale s = sqrt(A V) of the error at an origin, where A is the moving
 *   average of |error| in the hour of the day of the window's middle
 *   (half-life 7 days) and V the mean of two of all hours (half-lives 3 days
 *   and 3 hours), each with 0.1 % of the mean load added. An error is known
 *   once its window is over, and moves s only from then on;
 * - the order statistics of the standardised errors (actual - point) / s at
 *   held-out origins of the last 14 days (4096 of them at most).
 * Source: Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random
 * World, for reading probabilities off past errors; Lei et al. 2018,
 * Distribution-free predictive inference for regression, JASA 113, for the
 * division by a local scale. This scale did best of eight on 59 load series.
 */
#ifndef MODEL_CALIBRATE_H
#define MODEL_CALIBRATE_H

#include <stddef.h>

#include "model/method.h"

enum { TRACK_LEVELS = 201, TRACK_POOL = 4096, TRACK_DAYS = 14 };

enum track_kind { TRACK_PEAK, TRACK_MEAN };

struct track {
	enum track_kind kind;
	size_t from, to; /* steps, 1 <= from <= to <= horizon */
	double hour[24], slow, fast; /* averages of |error| */
	int begun; /* 0: nothing known, the scale is the floor */
	size_t pool; /* standardised errors that the table comes from */
	size_t n; /* length of the table */
	double error[TRACK_LEVELS]; /* order statistics, ascending */
	double level[TRACK_LEVELS]; /* share of errors up to each, rising */
	double drop; /* the 0.5 % quantile */
	double bias; /* mean of the errors, cut at their 1 % and 99 % */
	double most, usual; /* greatest and mean |error|, in the unit */
	double paced, pace[3]; /* private: paces for errors of paced steps */
};

/* What the scale needs of the load, carried along */
struct load_mean {
	double mean, count; /* of observed samples */
};

/* track_point(t, r, i): what row i forecasts of the track's number: of the
 * median path; TRACK_MEAN: of the mean path, where the method has one. */
double track_point(const struct track *t, const struct rows *r, size_t i);

/* track_actual(t, g, n, o): what it was in samples before n; NAN where the
 * origin or more than a quarter of the window was not observed, or the window
 * is not over */
double track_actual(
    const struct track *t, const struct grid *g, size_t n, size_t o);

/* track_scale(t, mean, g, o): s at origin o of g as the track stands */
double track_scale(const struct track *t, const struct load_mean *mean,
    const struct grid *g, size_t o);

/* track_move(t, g, o, error, steps): the error of origin o is known; steps:
 * how many origins it stands for */
void track_move(struct track *t, const struct grid *g, size_t o, double error,
    double steps);

/*
 * track_learn(t, g, n, r, z): runs over the held-out rows r, whose windows end
 * before n, and makes the table. z, unless NULL, gets for each row of r the
 * standardised error (NAN: not known), and s, unless NULL, its scale.
 * 0, or -1: out of memory.
 */
int track_learn(struct track *t, const struct grid *g, size_t n,
    const struct rows *r, double *z, double *s);

/* track_table(t, z, n): the table from n standardised errors, which are
 * reordered */
void track_table(struct track *t, double *z, size_t n);

/* track_quantile(t, p): the least error of the table whose level is at least
 * p, the greatest where there is none; 0 without errors */
double track_quantile(const struct track *t, double p);

/*
 * track_reach(t, s, p), track_shift(t, s): the p-th quantile and the mean of
 * the error where the scale is s, in the unit of the load. A load that sleeps
 * for days and then bursts has errors of thousands of (small) scales: no
 * quantile is further off than the greatest error was, no mean further than
 * the mean |error|.
 */
double track_reach(const struct track *t, double s, double p);
double track_shift(const struct track *t, double s);

/* track_levels(n, k): which order statistics, from 1, of n a table holds:
 * every one above 0.98, the least, and others evenly in between. Returns how
 * many. */
size_t track_levels(size_t n, size_t k[static TRACK_LEVELS]);

/*
 * Decisions: in (boot, boot + interval] after now an order placed now serves
 * and the next one does not yet. window_steps: these as steps after an origin
 * that is age seconds old.
 */
struct window_steps {
	size_t from, to;
};
struct window_steps window_steps(
    double boot, double interval, double age, double step);

#endif
