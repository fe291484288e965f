#include "math/forest_split.h"

#include <string.h>

enum {
	LANES = 4,
	LARGE = 512 /* a node with more rows is cut by so many of them */
};

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef uint32_t words __attribute__((vector_size(LANES * sizeof(uint32_t))));
typedef int32_t marks __attribute__((vector_size(LANES * sizeof(int32_t))));

/* the running sum within four words */
static inline words
sum_up(words a)
{
	const words none = { 0 };

	a += __builtin_shufflevector(none, a, 0, 4, 5, 6);
	a += __builtin_shufflevector(none, a, 0, 0, 4, 5);
	return a;
}

/*
 * All cuts of one feature, four at once. Variance reduction of a cut, but for
 * what all cuts of the node share:
 * SL^2/nL + SR^2/nR - S^2/n = n (SL - nL S/n)^2 / (nL nR).
 * A cut that leaves too few rows on a side gains nothing.
 */
static void
best_of(const uint32_t *h, unsigned feature, uint32_t n, float mean,
    unsigned minleaf, struct split *best)
{
	const words *at = (const words *)(const void *)h;
	const float all = (float)n;
	const float few = (float)minleaf;
	words left = { 0 };
	lanes most = { 0 };
	lanes gain[CODES / LANES];

	for (unsigned v = 0; v < CODES / LANES; v++) {
		words sum = sum_up(at[v]) + left;
		marks count = (marks)(sum & COUNT);
		marks total = (marks)(sum >> COUNT_BITS);
		lanes nl = __builtin_convertvector(count, lanes);
		lanes nr = all - nl;
		lanes d = __builtin_convertvector(total, lanes) - nl * mean;
		marks good = (nl >= few) & (nr >= few);

		left = __builtin_shufflevector(sum, sum, 3, 3, 3, 3);
		d = d * d / (nl * nr);
		gain[v] = (lanes)((marks)d & good);
		good = gain[v] > most;
		most = (lanes)(((marks)gain[v] & good) | ((marks)most & ~good));
	}
	for (unsigned k = 0; k < LANES; k++) {
		if (!(most[k] > best->gain))
			continue;
		for (unsigned v = 0; v < CODES / LANES; v++)
			if (gain[v][k] >= most[k]) {
				*best = (struct split){ most[k], feature,
					v * LANES + k };
				break;
			}
	}
}

/*
 * A large node is cut by a sample of its rows: hundreds of them tell the best
 * of 64 cuts nearly as well as thousands, and trees differ the more.
 */
struct split
trees_split(const struct growth *g, struct workspace *w, struct range r,
    const uint8_t *feature)
{
	unsigned mtry = g->o->mtry;
	uint32_t every = (r.to - r.from + LARGE - 1) / LARGE;
	uint32_t n = 0;
	uint32_t sum = 0;
	struct split best = { 1e-9F, 0, 0 };
	float mean;

	for (uint32_t i = r.from; i < r.to; i += every) {
		uint32_t row = w->idx[i];
		const uint8_t *x = g->x + row * g->width;
		uint32_t target = g->target[row];
		uint32_t *h = w->histogram;

		n++;
		sum += target >> COUNT_BITS;
		for (unsigned j = 0; j < mtry; j++, h += CODES)
			h[x[feature[j]]] += target;
	}
	mean = (float)sum / (float)n;
	for (unsigned j = 0; j < mtry; j++)
		best_of(w->histogram + j * CODES, feature[j], n, mean,
		    g->o->minleaf, &best);
	memset(w->histogram, 0, mtry * CODES * sizeof w->histogram[0]);
	return best;
}
