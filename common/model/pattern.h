/*
 * pattern.h - what repeats in a series: seasons, trend, shifts, noise
 *
 * Worked on hourly medians (or the samples themselves where the step is an
 * hour or more) of the logarithm of the load, clipped to their 2 % and 98 %
 * quantiles, as far as the last 28 days reach.
 */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include <stddef.h>
#include <stdint.h>

enum { PATTERN_SHIFTS = 8 };

struct pattern {
	int daily, weekly; /* 1 where there is such a season */
	double daily_strength; /* mean autocorrelation at 1, 2 and 3 days of the
				* load less its centred daily mean */
	double weekly_strength; /* autocorrelation at 7 days above the mean of
				 * that at 2 to 5 days */
	int peak_minute; /* of the day, UTC, of the daily peak; -1: no season */
	int peak_weekday; /* 0 Monday; -1: no weekly season */
	double trend_per_day; /* Theil-Sen slope of daily medians, in the unit
			       * of the load; NAN: fewer than three days */
	double noise; /* 1.4826 MAD of the differences from one sample to the
		       * next over sqrt(2), as a share of the median load */
	size_t n_shifts; /* the largest, in order of time */
	struct {
		size_t at; /* index of the first sample after it */
		double delta; /* median of the day after less the day before */
	} shifts[PATTERN_SHIFTS];
};

/*
 * pattern_find(y, ok, n, step, t0, p): t0 is the epoch second of sample 0,
 * step is in seconds; y and ok as for detect_run. Daily needs 2.5 days, weekly
 * 14 days. Returns 0, or -1: out of memory. Source of the season rules:
 * measured on 71 public load series; of the slope: Sen 1968, Estimates of the
 * regression coefficient based on Kendall's tau.
 */
int pattern_find(const double *y, const unsigned char *ok, size_t n,
    double step, int64_t t0, struct pattern *p);

#endif
