/*
 * forecast.h - a forecast record: as-records(5), forecast
 *
 * Loads are in the unit of the series, times in ms since 1970 unless they end
 * in _s (seconds).
 */
#ifndef RECORD_FORECAST_H
#define RECORD_FORECAST_H

#include <stdint.h>

#include "record/record.h"

enum { FORECAST_LEVELS = 5, FORECAST_PEAKS = 5, FORECAST_WINDOWS = 4 };

/* The quantile levels of a forecast: 0.5 0.8 0.9 0.95 0.99 */
extern const double forecast_levels[FORECAST_LEVELS];

/* One origin's point forecast and scale for a window */
struct forecast_at {
	int64_t time; /* the origin */
	double point; /* max of the median path over the window */
	double scale; /* > 0: the unit of the standardised errors */
};

/*
 * A window of the future that a decision rests on, (origin + from_s, origin +
 * to_s]. errors[i] is the order statistic at levels[i] of past standardised
 * errors (actual maximum - point) / scale of just this window, ascending.
 * P(maximum > x) = share of errors above (x - point) / scale, read as a step
 * function: 1 - levels[i] for the largest i with errors[i] <= that, never
 * interpolated.
 */
struct forecast_window {
	char name[16]; /* "ahead", "keep" */
	double from_s, to_s;
	double *errors, *levels;
	size_t n_errors;
	double n; /* how many origins the errors come from */
	struct forecast_at *at; /* oldest first; the last one is now */
	size_t n_at;
};

struct forecast {
	double model_s; /* how far the method itself looks; what is further is
			 * by the profile. Not in the record; 0: not known */
	char *metric; /* JSON text of the metric object */
	char name[128], target[256], unit[64]; /* its labels */
	int64_t time; /* when it was made */
	int64_t origin; /* newest sample; 0: there is none */
	double step_s;
	size_t n_observed; /* the last hour, oldest first */
	int64_t *observed_t;
	double *observed_v;
	size_t H; /* steps ahead; 0 with no_forecast */
	double *median, *mean; /* [H], times are origin + (k+1) step */
	double *q[FORECAST_LEVELS]; /* [H] each, q[0] is the median again */
	size_t n_peaks; /* windows from now on: 1, 2, 3, 6 steps and H */
	double peak_s[FORECAST_PEAKS];
	double peak[FORECAST_LEVELS][FORECAST_PEAKS];
	size_t n_windows;
	struct forecast_window windows[FORECAST_WINDOWS];
	int has_drop; /* the drop guard could be computed */
	double drop_z, drop_threshold;
	int64_t drop_since; /* 0: no suspicious drop of late */
	double mean_1h, mean_1h_lo, mean_1h_hi; /* NAN: not known */
	double confidence; /* share 0..1, NAN: not known */
	double dynamics; /* in unit, NAN: not known */
	char method[32]; /* "" with no_forecast */
	int64_t trained; /* newest sample of the training, 0: not known */
	double error_1h, skill_vs_last; /* shares, NAN: not known */
	double age_s, coverage, longest_gap_s; /* NAN: not known */
	char no_forecast[512]; /* why there is none; "" where there is one */
	char error[512]; /* as-fetch's error, if the series came with one */
	char note[512]; /* what a person should know of it, "" for nothing */
};

void forecast_free(struct forecast *); /* frees what it holds, zeroes it */

/* forecast_read: 0, or -1 with a static text in *why and nothing to free.
 * Checks: lengths agree, times are equidistant, scales > 0, errors and levels
 * ascend, quantiles do not cross. */
int forecast_read(struct forecast *, const struct json *, const char **why);
void forecast_write(struct buf *, const struct forecast *); /* without LF */

#endif
