/*
 * bins.h - real features as small whole numbers
 * Each feature is cut at quantiles of a sample of its rows, so that a tree has
 * to look at 64 cuts only, and a row takes one byte a feature. The code of x is
 * the number of edges below x: 0 to BINS_EDGES.
 */
#ifndef MATH_BINS_H
#define MATH_BINS_H

#include <stddef.h>
#include <stdint.h>

enum { BINS_EDGES = 63 };

struct bins {
	size_t features;
	float *edge; /* BINS_EDGES a feature, rising; INFINITY where unused */
};

/*
 * bins_fit(b, x, rows, stride, features): edges from x[r*stride + f], which
 * must be finite. At most 2048 evenly spaced rows are read. rows >= 1.
 * Returns 0, or -1 with errno ENOMEM. bins_free releases what b holds.
 */
int bins_fit(struct bins *b, const float *x, size_t rows, size_t stride,
    size_t features);

void bins_free(struct bins *b);

/* how many of one feature's edges lie below x: six steps and no branch */
static inline unsigned
bins_code(const float *edge, float x)
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

/*
 * bins_apply(b, x, rows, stride, out, width): codes of all features of each
 * row; out[r*width + f], width >= b->features. The rest of a row is left
 * alone. Allocates nothing.
 */
void bins_apply(const struct bins *b, const float *x, size_t rows,
    size_t stride, uint8_t *out, size_t width);

#endif
