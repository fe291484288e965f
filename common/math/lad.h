/*
 * lad.h - linear regression by least absolute deviations, made safe
 * Minimises sum |y - a - z b| + ridge, where z are the features clipped to
 * their 0.5 % and 99.5 % quantiles and standardised, by iteratively reweighted
 * least squares; what it predicts is clipped to the 0.1 % and 99.9 % quantiles
 * of y, so that no row, however strange, can send it off.
 * Source: Schlossmacher 1973, An iterative technique for absolute deviations
 * curve fitting, JASA 68; Hoerl and Kennard 1970 for the ridge.
 */
#ifndef MATH_LAD_H
#define MATH_LAD_H

#include <stddef.h>
#include <stdint.h>

enum { LAD_FEATURES = 31 };

struct lad {
	size_t features;
	float low[LAD_FEATURES], high[LAD_FEATURES]; /* x is clipped to these */
	float slope[LAD_FEATURES]; /* of the clipped x, not standardised */
	float intercept;
	float least, most; /* the prediction is clipped to these */
};

/*
 * lad_fit(m, x, stride, row, rows, y, features): fit to the rows x[r*stride],
 * r = row[0..rows-1], and targets y[r], all finite. 1 <= features <= 31,
 * rows >= 1. The ridge is 0.001 a row on standardised slopes; the weights of
 * four rounds are 1/max(|residual|, 0.001 median |residual|), scaled to mean
 * 1, at most 50.
 * Returns 0, or -1 with errno ENOMEM. O(rows * features^2).
 */
int lad_fit(struct lad *m, const float *x, size_t stride, const uint32_t *row,
    size_t rows, const float *y, size_t features);

/* what it says for one row of features */
float lad_predict(const struct lad *m, const float *x);

#endif
