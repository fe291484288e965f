/*
 * quantile.h - order statistics: sorting, selecting, sample quantiles
 * q(p) = (1-g) x[j] + g x[j+1] where h = (n-1)p, j = floor(h), g = h-j.
 * Source: Hyndman and Fan 1996, Sample quantiles in statistical packages,
 * definition 7, counted from 0. Selecting is Hoare's FIND (1961) with the
 * median of three as pivot. Values in test/unit/quantile.c come from NumPy.
 *
 * No value handed in may be NaN. All functions work in place, allocate
 * nothing and set no errno.
 */
#ifndef MATH_QUANTILE_H
#define MATH_QUANTILE_H

#include <stddef.h>

/*
 * math_quantile(x, n, p): the p-th quantile of x[0..n-1].
 * x: sorted, finite, any unit, not kept; n >= 1; 0 <= p <= 1.
 * Returns it in the unit of x, or NAN if n or p is out of range. O(1).
 */
double math_quantile(const double *x, size_t n, double p);

/* the same for float */
double math_quantilef(const float *x, size_t n, double p);

/* math_sort(x, n): sort x[0..n-1] ascending, O(n log n) at worst */
void math_sort(double *x, size_t n);

void math_sortf(float *x, size_t n);

/*
 * math_select(x, n, k): reorder x so that x[k] is its k-th smallest value
 * (counted from 0), nothing before it is greater and nothing after it is
 * smaller. 0 <= k < n. Returns x[k]. O(n) on average.
 */
double math_select(double *x, size_t n, size_t k);

float math_selectf(float *x, size_t n, size_t k);

/*
 * math_quantile_of(x, n, p): the same value as math_quantile of the sorted x,
 * in O(n) by selection; x is reordered.
 */
double math_quantile_of(double *x, size_t n, double p);

double math_quantile_off(float *x, size_t n, double p);

/* math_median(x, n): math_quantile_of(x, n, 0.5); x is reordered */
double math_median(double *x, size_t n);

#endif
