#include "math/bins.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* how many of 63 rising edges lie below x: six steps and no branch */
static inline unsigned
code(const float *edge, float x)
{
	unsigned at = 0;

	at += edge[at + 31] < x ? 32 : 0;
	at += edge[at + 15] < x ? 16 : 0;
	at += edge[at + 7] < x ? 8 : 0;
	at += edge[at + 3] < x ? 4 : 0;
	at += edge[at + 1] < x ? 2 : 0;
	at += edge[at] < x ? 1 : 0;
	return at;
}

void
bins_apply(const struct bins *b, const float *x, size_t rows, size_t stride,
    uint8_t *out, size_t width)
{
	for (size_t r = 0; r < rows; r++) {
		const float *row = x + r * stride;

		for (size_t f = 0; f < b->features; f++) {
			const float *edge = b->edge + f * BINS_EDGES;

			out[r * width + f] = (uint8_t)code(edge, row[f]);
		}
	}
}
