/*
 * validate.h - how good held-out forecasts were
 * Source: Hyndman and Koehler 2006, Another look at measures of forecast
 * accuracy, for MASE; Gneiting and Raftery 2007, Strictly proper scoring
 * rules, for the pinball loss.
 */
#ifndef MODEL_VALIDATE_H
#define MODEL_VALIDATE_H

#include <stddef.h>

#include "model/calibrate.h"

enum { VALIDATE_LEADS = 20 };

struct lead_score {
	double lead_s;
	double mae, wape; /* of the median path */
	double mase; /* mae / that of yesterday's value, in sample */
	double skill_vs_last, skill_vs_seasonal; /* 1 - mae / theirs */
	double coverage[FORECAST_LEVELS]; /* share at or below the quantile */
	double pinball[FORECAST_LEVELS]; /* mean loss, in the unit */
	size_t n;
};

struct validation {
	size_t origins;
	double wape, mase, skill_vs_last, skill_vs_seasonal; /* all leads */
	double
	    error_1h; /* sum |error| / sum |actual| of the next hour's mean */
	double within_15pct; /* share of hours whose error is below 15 % */
	double coverage[FORECAST_LEVELS], pinball[FORECAST_LEVELS];
	double window_pinball; /* of decision windows' quantiles, mean */
	double window_coverage; /* of their 0.95 quantile */
	size_t leads;
	struct lead_score lead[VALIDATE_LEADS];
};

/*
 * validate_rows(v, g, n, r, from, H, quantiles): scores rows r, whose targets
 * lie before n, at leads up to H, over the origins of the last 14 days, those
 * before `from` left out. quantiles 0: only their points. Quantiles are those
 * of the rows; where there are none they are made of standardised errors of
 * the older half of the origins and scored on the newer half. What is not
 * known is NAN. 0, or -1: out of memory.
 */
int validate_rows(struct validation *v, const struct grid *g, size_t n,
    const struct rows *r, size_t from, size_t H, int quantiles);

/*
 * validate_windows(v, g, n, r, w, k): window_pinball and window_coverage over
 * k decision windows: quantiles 0.8 to 0.99 of the peak from the standardised
 * errors of the older half of r's origins, scored on the newer half; origins
 * before `from` are left out. 0 or -1.
 */
int validate_windows(struct validation *v, const struct grid *g, size_t n,
    const struct rows *r, size_t from, const struct window_steps *w, size_t k);

#endif
