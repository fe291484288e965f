#include "math/bins.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "math/quantile.h"

enum { SAMPLE = 2048, DIGITS = 4, DIGIT = 256 };

/*
 * Floats as whole numbers of the same order: below zero all bits are turned,
 * else the first. Sorted from the last digit to the first, as punched cards
 * once were: no comparison whose outcome a processor would have to guess.
 */
static void
sort(float *x, size_t n, uint32_t *key, uint32_t *spare)
{
	uint32_t count[DIGITS][DIGIT] = { 0 };

	memcpy(key, x, n * sizeof *key);
	for (size_t i = 0; i < n; i++) {
		key[i] ^= key[i] >> 31 ? UINT32_MAX : UINT32_C(1) << 31;
		for (unsigned d = 0; d < DIGITS; d++)
			count[d][key[i] >> (8 * d) & 0xff]++;
	}
	for (unsigned d = 0; d < DIGITS; d++) {
		uint32_t at = 0;
		uint32_t *sorted = spare;

		for (unsigned v = 0; v < DIGIT; v++) {
			uint32_t here = count[d][v];

			count[d][v] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++)
			sorted[count[d][key[i] >> (8 * d) & 0xff]++] = key[i];
		spare = key;
		key = sorted;
	}
	for (size_t i = 0; i < n; i++)
		key[i] ^= key[i] >> 31 ? UINT32_C(1) << 31 : UINT32_MAX;
	memcpy(x, key, n * sizeof *key);
}

/* the edges of one feature from its sorted sample; equal ones are left out */
static void
edges(const float *sorted, size_t n, float *edge)
{
	size_t used = 0;

	for (int k = 1; k <= BINS_EDGES; k++) {
		double p = (double)k / (BINS_EDGES + 1);
		float e = (float)math_quantilef(sorted, n, p);

		if (used == 0 || e > edge[used - 1])
			edge[used++] = e;
	}
	while (used < BINS_EDGES)
		edge[used++] = INFINITY;
}

int
bins_fit(
    struct bins *b, const float *x, size_t rows, size_t stride, size_t features)
{
	size_t every = (rows + SAMPLE - 1) / SAMPLE;
	size_t n = (rows + every - 1) / every;
	float *column = malloc(n * sizeof *column);
	uint32_t *key = malloc(2 * n * sizeof *key);

	b->features = features;
	b->edge = malloc(features * BINS_EDGES * sizeof *b->edge);
	if (column == NULL || key == NULL || b->edge == NULL) {
		free(column);
		free(key);
		bins_free(b);
		return -1;
	}
	for (size_t f = 0; f < features; f++) {
		for (size_t i = 0; i < n; i++)
			column[i] = x[i * every * stride + f];
		sort(column, n, key, key + n);
		edges(column, n, b->edge + f * BINS_EDGES);
	}
	free(column);
	free(key);
	return 0;
}

void
bins_free(struct bins *b)
{
	free(b->edge);
	b->edge = NULL;
	b->features = 0;
}

#if defined(__x86_64__)
enum { EIGHT = 8, COLUMNS = 64 };

/* how many of eight floats lie below x */
__attribute__((target("avx2,popcnt"))) static inline unsigned
below(const float *eight, __m256 x)
{
	__m256 lower = _mm256_cmp_ps(_mm256_loadu_ps(eight), x, _CMP_LT_OQ);

	return (unsigned)_mm_popcnt_u32((unsigned)_mm256_movemask_ps(lower));
}

/*
 * The same in two steps of eight: among every eighth edge, then among those
 * that follow. The last eight begin one earlier, lest they end beyond the last.
 */
__attribute__((target("avx2,popcnt"))) static void
apply_avx2(const struct bins *b, size_t from, size_t to, const float *x,
    size_t rows, size_t stride, uint8_t *out, size_t width)
{
	float coarse[COLUMNS][EIGHT];

	for (size_t f = from; f < to; f++)
		for (unsigned k = 0; k < EIGHT; k++)
			coarse[f - from][k] = k + 1 < EIGHT
			    ? b->edge[f * BINS_EDGES + k * EIGHT + EIGHT - 1]
			    : INFINITY;
	for (size_t r = 0; r < rows; r++)
		for (size_t f = from; f < to; f++) {
			__m256 v = _mm256_set1_ps(x[r * stride + f]);
			unsigned at = EIGHT * below(coarse[f - from], v);

			if (at > BINS_EDGES - EIGHT)
				at = BINS_EDGES - EIGHT;
			at += below(b->edge + f * BINS_EDGES + at, v);
			out[r * width + f] = (uint8_t)at;
		}
}
#endif

void
bins_apply(const struct bins *b, const float *x, size_t rows, size_t stride,
    uint8_t *out, size_t width)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		for (size_t f = 0; f < b->features; f += COLUMNS)
			apply_avx2(b, f,
			    b->features < f + COLUMNS ? b->features
						      : f + COLUMNS,
			    x, rows, stride, out, width);
		return;
	}
#endif
	for (size_t r = 0; r < rows; r++) {
		const float *row = x + r * stride;

		for (size_t f = 0; f < b->features; f++) {
			const float *edge = b->edge + f * BINS_EDGES;

			out[r * width + f] = (uint8_t)bins_code(edge, row[f]);
		}
	}
}
