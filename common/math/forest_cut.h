/*
 * forest_cut.h - the best cut by one feature, LANES cuts at once
 * Included once for each width of vectors that a processor may have; the
 * result is the same, to the bit. For forest_split.c and forest_cut_avx2.c.
 */
#ifndef MATH_FOREST_CUT_H
#define MATH_FOREST_CUT_H

#include "math/forest_split.h"

#define VECTOR __attribute__((vector_size(LANES * 4), may_alias))
typedef float lanes VECTOR;
typedef int32_t marks VECTOR;
typedef uint32_t words VECTOR;

enum { SUMMED = 4 }; /* words summed up at once, of any width */

typedef uint32_t quad __attribute__((vector_size(16), may_alias));
typedef float fours __attribute__((vector_size(16), may_alias));
typedef int32_t fours_marks __attribute__((vector_size(16), may_alias));

/* the running sum of all words */
static inline void
sum_up(const uint32_t *h, uint32_t *out)
{
	const quad none = { 0 };
	quad left = none;

	for (unsigned v = 0; v < CODES; v += SUMMED) {
		quad a = *(const quad *)(const void *)(h + v);

		a += __builtin_shufflevector(none, a, 0, 4, 5, 6);
		a += __builtin_shufflevector(none, a, 0, 0, 4, 5);
		a += left;
		left = __builtin_shufflevector(a, a, 3, 3, 3, 3);
		*(quad *)(void *)(out + v) = a;
	}
}

static inline fours
greater(fours a, fours b)
{
	fours_marks above = a > b;

	return (fours)(((fours_marks)a & above) | ((fours_marks)b & ~above));
}

/* the greatest of all lanes */
static inline float
greatest(lanes most)
{
	const fours *part = (const fours *)&most;
	fours a = part[0];

	for (unsigned k = 1; k < LANES / SUMMED; k++)
		a = greater(a, part[k]);
	a = greater(a, __builtin_shufflevector(a, a, 2, 3, 0, 1));
	a = greater(a, __builtin_shufflevector(a, a, 1, 0, 3, 2));
	return a[0];
}

/* the first of the best, of those that leave the least remainder by four: of
 * cuts between two values that occur all gain the same, and neither end of the
 * gap is always right */
static inline unsigned
first_of(const float *gain, float most)
{
	unsigned at = 0;

	for (unsigned k = 0; k < SUMMED; k++)
		for (at = k; at < CODES; at += SUMMED)
			if (gain[at] >= most)
				return at;
	return at;
}

/*
 * Variance reduction of a cut, but for what all cuts of the node share:
 * SL^2/nL + SR^2/nR - S^2/n = n (SL - nL S/n)^2 / (nL nR).
 * A cut that leaves too few rows on a side gains nothing.
 */
static inline void
cut_best(const uint32_t *h, const struct node_facts *node, unsigned feature,
    struct split *best)
{
	_Alignas(64) uint32_t below[CODES];
	_Alignas(64) float gain[CODES];
	const float few = node->least;
	lanes most = { 0 };
	float top;

	sum_up(h, below);
	for (unsigned v = 0; v < CODES; v += LANES) {
		words sum = *(const words *)(const void *)(below + v);
		marks count = (marks)(sum & COUNT);
		marks total = (marks)(sum >> COUNT_BITS);
		lanes nl = __builtin_convertvector(count, lanes);
		lanes nr = node->rows - nl;
		lanes d =
		    __builtin_convertvector(total, lanes) - nl * node->mean;
		marks good = (nl >= few) & (nr >= few);

		d = d * d / (nl * nr);
		d = (lanes)((marks)d & good);
		good = d > most;
		most = (lanes)(((marks)d & good) | ((marks)most & ~good));
		*(lanes *)(void *)(gain + v) = d;
	}
	top = greatest(most);
	if (top > best->gain)
		*best = (struct split){ top, feature, first_of(gain, top) };
}

#endif
