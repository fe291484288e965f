/*
 * forest.h - quantile regression forests on binned features
 * Regression trees on random subsets of rows and of features; a leaf keeps a
 * few of its targets, so that a row's prediction is a sample of targets, from
 * which any quantile can be read.
 * Source: Breiman 2001, Random forests; Meinshausen 2006, Quantile regression
 * forests. Ours: rows are drawn without replacement, the splits are chosen on
 * clipped targets (as Huber's loss does) while leaves keep the true ones, and
 * kept targets are one byte each, a code into a table of 256 values.
 */
#ifndef MATH_FOREST_H
#define MATH_FOREST_H

#include <stddef.h>
#include <stdint.h>

enum {
	TREES_VALUES = 256,
	TREES_LEAF = 255,
	TREES_SAMPLES =
	    16384 /* trees * keep at most: thrice that fits a count */
};

struct trees_options {
	unsigned trees; /* >= 1 */
	unsigned depth; /* at most this many splits above a leaf, 1 to 15 */
	unsigned minleaf; /* rows a leaf has at least, >= 1 */
	unsigned mtry; /* features tried at a node, 1 to columns */
	unsigned keep; /* targets kept a leaf, 1 to 32 */
	unsigned threads; /* the result does not depend on it; 0 is 1 */
	double share; /* of the rows that a tree sees, 0 < share <= 1 */
	double clip; /* quantile of |y - median| where targets are clipped */
	uint64_t seed;
	const uint8_t *column; /* the features that may be used */
	size_t columns; /* how many, 1 to 64 */
};

struct trees_node {
	uint8_t feature; /* of a leaf: 0 */
	uint8_t cut; /* go left where code <= cut; of a leaf: 255 */
	uint16_t
	    next; /* the left child, the right one follows; a leaf: itself */
};

struct packed_trees;

struct trees {
	size_t trees;
	size_t keep;
	size_t features; /* every node's feature is below this */
	float value[TREES_VALUES]; /* what a code stands for, rising */
	struct packed_trees
	    *packed; /* as read; then all that follows is NULL */
	uint32_t *root; /* trees + 1 offsets into node and leaf */
	uint32_t *first; /* trees + 1 offsets, in leaves, into sample */
	uint8_t *depth; /* of each tree */
	struct trees_node *node;
	uint16_t *leaf; /* the leaf's number within its tree */
	uint8_t *sample; /* keep codes a leaf, rising */
};

/*
 * trees_fit(x, width, y, rows, o): fit a forest.
 * x: rows of width bytes, codes 0 to 63 in the columns named by o.
 * y: rows finite targets, any unit. 1 <= rows <= 2^18.
 * Returns it, to be released with trees_free, or NULL with errno ENOMEM, or
 * EINVAL where the above does not hold. Same input, same forest, to the bit.
 */
struct trees *trees_fit(const uint8_t *x, size_t width, const float *y,
    size_t rows, const struct trees_options *o);

void trees_free(struct trees *t);

/*
 * trees_count(t, x, width, rows, count): for each row add to
 * count[row*256 + code] the codes kept in the leaves it falls into, keep a
 * tree. x is as for trees_fit. Allocates nothing.
 */
void trees_count(const struct trees *t, const uint8_t *x, size_t width,
    size_t rows, uint16_t *count);

/* the same for the first so many trees alone */
void trees_count_some(const struct trees *t, size_t trees, const uint8_t *x,
    size_t width, size_t rows, uint16_t *count);

/*
 * trees_pack(t, out) writes trees_packed_size(t) bytes:
 * little-endian, two bytes a split, one byte a leaf, and the samples.
 * trees_unpack reads that many bytes back and checks every reference against
 * features; *used becomes the number of bytes read. The forest is used as it
 * stands there, so p must outlive it. NULL with *why where the bytes are no
 * forest or memory runs out.
 */
size_t trees_packed_size(const struct trees *t);

void trees_pack(const struct trees *t, unsigned char *out);

struct trees *trees_unpack(const unsigned char *p, size_t n, size_t features,
    size_t *used, const char **why);

#endif
