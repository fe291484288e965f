#include "math/forest_split.h"

#include <string.h>

#define LANES 4 /* that every processor has */
#include "math/forest_cut.h"

enum { AT_ONCE = 4 }; /* features counted at once */

/* Counts and sums of AT_ONCE features, from h on. Rows stand far apart, so each
 * is asked for some time before. */
static void
count_some(const struct growth *g, const uint32_t *idx, struct range r,
    uint32_t every, const uint8_t *feature, uint32_t *h)
{
	const uint8_t *x = g->x;
	size_t width = g->width;
	size_t a = feature[0];
	size_t b = feature[1];
	size_t c = feature[2];
	size_t d = feature[3];

	for (uint32_t i = r.from; i < r.to; i += every) {
		uint32_t row = idx[i];
		const uint8_t *at = x + row * width;
		uint32_t next = idx[i + AHEAD * every];
		uint32_t target = g->target[row];

		__builtin_prefetch(x + next * width);
		h[at[a]] += target;
		h[CODES + at[b]] += target;
		h[2 * CODES + at[c]] += target;
		h[3 * CODES + at[d]] += target;
	}
}

static void
cut_each(const struct workspace *w, const struct node_facts *node,
    const uint8_t *feature, unsigned features, struct split *best)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		for (unsigned j = 0; j < features; j++)
			cut_best_avx2(
			    w->histogram + j * CODES, node, feature[j], best);
		return;
	}
#endif
	for (unsigned j = 0; j < features; j++)
		cut_best(w->histogram + j * CODES, node, feature[j], best);
}

/*
 * A large node is cut by a sample of its rows: hundreds of them tell the best
 * of 64 cuts nearly as well as thousands, and trees differ the more. Features
 * are counted by fours: one or two that follow those drawn may be among them.
 */
struct split
trees_split(const struct growth *g, struct workspace *w, struct range r,
    const uint8_t *feature)
{
	unsigned mtry = g->o->mtry;
	unsigned counted = (mtry + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
	uint32_t every = (r.to - r.from + LARGE - 1) / LARGE;
	uint32_t n = (r.to - r.from + every - 1) / every;
	struct split best = { 1e-9F, 0, 0 };
	struct node_facts node = { (float)n, 0.0F, (float)g->o->minleaf };
	uint32_t sum = 0;

	for (unsigned j = 0; j < counted; j += AT_ONCE)
		count_some(
		    g, w->idx, r, every, feature + j, w->histogram + j * CODES);
	for (unsigned v = 0; v < CODES; v++)
		sum += w->histogram[v] >> COUNT_BITS;
	node.mean = (float)sum / (float)n;
	cut_each(w, &node, feature, mtry, &best);
	memset(w->histogram, 0, counted * CODES * sizeof w->histogram[0]);
	return best;
}
