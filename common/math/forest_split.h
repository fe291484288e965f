/*
 * forest_split.h - the best cut of one node of a tree; for forest.c alone
 */
#ifndef MATH_FOREST_SPLIT_H
#define MATH_FOREST_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "math/forest.h"

enum {
	CODES = 64,
	COLUMNS = 64,
	LARGE = 512, /* a node with more rows is cut by so many of them */
	AHEAD = 16, /* rows that are asked for before their turn */
	LEVELS = 4095 /* clipped targets are whole numbers within +-LEVELS */
};

/*
 * A sum of targets and a count of rows, added as one word: as many rows as a
 * node is cut by, and 2 * LEVELS + 1 each, fit.
 */
enum { COUNT_BITS = 10, COUNT = (1 << COUNT_BITS) - 1 };

#define PACK(g) (((uint32_t)(g) << COUNT_BITS) | 1)

struct range {
	uint32_t from, to; /* rows idx[from..to-1] */
	uint32_t depth;
};

/* what all trees of one forest share; read only while they grow */
struct growth {
	const uint8_t *x;
	size_t width;
	size_t rows;
	const uint32_t *target; /* PACKed */
	const uint8_t *code;
	const struct trees_options *o;
};

struct workspace {
	uint32_t *idx, *spare; /* idx with rows_past(rows) more */
	struct range *range;
	_Alignas(16) uint32_t histogram[COLUMNS * CODES];
};

struct split {
	float gain;
	unsigned feature, cut;
};

/* how far past the last row the next one is looked for */
static inline size_t
rows_past(size_t rows)
{
	return AHEAD * (rows / LARGE + 2);
}

/* what all cuts of a node share */
struct node_facts {
	float rows; /* that it is cut by */
	float mean; /* of their targets */
	float least; /* rows that a side must have */
};

/* the best cut of one feature, where it is better than *best */
void cut_best_avx2(const uint32_t *h, const struct node_facts *node,
    unsigned feature, struct split *best);

/*
 * trees_split(g, w, r, feature): the cut of rows r by one of the o->mtry
 * features that explains most of the targets' variance; gain is 1e-9 where
 * there is none that leaves o->minleaf rows on either side.
 */
struct split trees_split(const struct growth *g, struct workspace *w,
    struct range r, const uint8_t *feature);

#endif
