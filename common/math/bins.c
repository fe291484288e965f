#include "math/bins.h"

#include <math.h>
#include <stdlib.h>

#include "math/quantile.h"

enum { SAMPLE = 2048 };

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

	b->features = features;
	b->edge = malloc(features * BINS_EDGES * sizeof *b->edge);
	if (column == NULL || b->edge == NULL) {
		free(column);
		bins_free(b);
		return -1;
	}
	for (size_t f = 0; f < features; f++) {
		for (size_t i = 0; i < n; i++)
			column[i] = x[i * every * stride + f];
		math_sortf(column, n);
		edges(column, n, b->edge + f * BINS_EDGES);
	}
	free(column);
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
