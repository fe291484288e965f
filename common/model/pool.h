/*
 * pool.h - quantiles of the targets that forests hand out
 * A row's prediction is, for each forest, how often each of 256 values was
 * kept in the leaves it falls into (math/forest.h).
 */
#ifndef MODEL_POOL_H
#define MODEL_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "math/forest.h"

enum { POOL_MAX = 2 * TREES_VALUES };

/* values and how many samples lie at or below each, both rising */
struct pool {
	size_t n;
	float value[POOL_MAX];
	uint32_t upto[POOL_MAX];
};

/* pool_one: one forest's counts; value[k] + shift occurs count[k] times */
void pool_one(
    struct pool *p, const uint16_t *count, const float *value, float shift);

/* pool_upper: each sample of a and b so many times; each has TREES_VALUES most
 */
void pool_upper(struct pool *p, const struct pool *a, uint32_t times_a,
    const struct pool *b, uint32_t times_b);

/*
 * pool_quantiles(p, cap, q, n, out): quantiles q[0..n-1], rising, of the
 * samples, each at most cap; definition 7 as in math/quantile.h. NAN where
 * the pool is empty.
 */
void pool_quantiles(
    const struct pool *p, double cap, const double *q, size_t n, double *out);

/*
 * pool_sum(count, table, factor, most, n): the sum over one forest's samples of
 * what table, finite, has for each times factor, at most most; *n += how many
 * samples there are.
 */
double pool_sum(const uint16_t *count, const float *table, double factor,
    double most, uint32_t *n);

#endif
