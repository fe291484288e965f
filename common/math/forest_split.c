#include "math/forest_split.h"

#include <string.h>

enum {
	LANES = 4,
	LARGE = 512, /* a node with more rows is cut by so many of them */
	SMALL = 64 /* up to so many rows only the codes that occur are read */
};

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef uint32_t words __attribute__((vector_size(LANES * sizeof(uint32_t))));
typedef int32_t marks __attribute__((vector_size(LANES * sizeof(int32_t))));

/*
 * Variance reduction of a cut, but for what all cuts of the node share:
 * SL^2/nL + SR^2/nR - S^2/n = n (SL - nL S/n)^2 / (nL nR).
 */
static inline float
gain_of(uint32_t left, float mean, uint32_t n)
{
	uint32_t nl = left & COUNT;
	float d = (float)(left >> COUNT_BITS) - (float)nl * mean;

	return d * d / ((float)nl * (float)(n - nl));
}

/*
 * All cuts of one feature, four at once: a cut that leaves too few rows on a
 * side gains nothing. h becomes its running sum.
 */
static void
best_of_all(uint32_t *h, unsigned feature, uint32_t n, float mean,
    unsigned minleaf, struct split *best)
{
	const words *at = (const words *)(const void *)h;
	const float all = (float)n;
	const float few = (float)minleaf;
	lanes most = { 0 };
	lanes gain[CODES / LANES];

	for (unsigned v = 1; v < CODES; v++)
		h[v] += h[v - 1];
	for (unsigned v = 0; v < CODES / LANES; v++) {
		marks count = (marks)(at[v] & COUNT);
		marks total = (marks)(at[v] >> COUNT_BITS);
		lanes nl = __builtin_convertvector(count, lanes);
		lanes nr = all - nl;
		lanes d = __builtin_convertvector(total, lanes) - nl * mean;
		marks good = (nl >= few) & (nr >= few);

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

/* the same where few codes occur: seen has a bit for each */
static void
best_of_seen(uint32_t *h, uint64_t seen, unsigned feature, uint32_t n,
    float mean, unsigned minleaf, struct split *best)
{
	uint32_t left = 0;

	while (seen != 0) {
		unsigned v = (unsigned)__builtin_ctzll(seen);
		uint32_t nl;

		seen &= seen - 1;
		left += h[v];
		h[v] = 0;
		nl = left & COUNT;
		if (nl >= minleaf && n - nl >= minleaf) {
			float gain = gain_of(left, mean, n);

			if (gain > best->gain)
				*best = (struct split){ gain, feature, v };
		}
	}
}

static struct split
split_small(const struct growth *g, struct workspace *w, struct range r,
    const uint8_t *feature)
{
	uint32_t n = r.to - r.from;
	uint32_t sum = 0;
	struct split best = { 1e-9F, 0, 0 };
	uint32_t offset[SMALL];
	uint32_t target[SMALL];
	float mean;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = w->idx[r.from + i];

		offset[i] = row * (uint32_t)g->width;
		target[i] = g->target[row];
		sum += target[i] >> COUNT_BITS;
	}
	mean = (float)sum / (float)n;
	for (unsigned j = 0; j < g->o->mtry; j++) {
		const uint8_t *x = g->x + feature[j];
		uint64_t seen = 0;

		for (uint32_t i = 0; i < n; i++) {
			unsigned v = x[offset[i]];

			seen |= UINT64_C(1) << v;
			w->histogram[v] += target[i];
		}
		best_of_seen(w->histogram, seen, feature[j], n, mean,
		    g->o->minleaf, &best);
	}
	return best;
}

/*
 * A large node is cut by a sample of its rows: hundreds of them tell the best
 * of 64 cuts nearly as well as thousands, and trees differ the more.
 */
static struct split
split_large(const struct growth *g, struct workspace *w, struct range r,
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
		best_of_all(w->histogram + j * CODES, feature[j], n, mean,
		    g->o->minleaf, &best);
	memset(w->histogram, 0, mtry * CODES * sizeof w->histogram[0]);
	return best;
}

struct split
trees_split(const struct growth *g, struct workspace *w, struct range r,
    const uint8_t *feature)
{
	if (r.to - r.from <= SMALL)
		return split_small(g, w, r, feature);
	return split_large(g, w, r, feature);
}
