#include "math/forest_packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/*
 * Head: trees (2 bytes), keep (1), the 256 values as IEEE-754 single. Then a
 * tree after the other: nodes (2), the cut of each node in breadth-first order
 * (1; 255 is a leaf), the feature of each split (1) and the samples of each
 * leaf, in the same order. Children need no reference: those of the k-th split
 * are nodes 2k+1 and 2k+2, so all that a walk has to know is how many splits
 * come before a node. That is counted once for every BLOCK of them.
 */
enum { HEAD = 3 + 4 * TREES_VALUES, BLOCK = 32 };

struct block {
	uint32_t splits; /* bit k is set where node k of it is one */
	uint32_t before; /* splits of the tree before this block */
};

struct tree {
	const uint8_t *cut, *feature, *sample;
	size_t nodes, splits;
	size_t block; /* of node 0 */
};

struct packed_trees {
	const uint8_t *bytes;
	size_t size;
	struct block *block;
	struct tree tree[]; /* trees of them */
};

void
packed_free(struct packed_trees *p)
{
	if (p == NULL)
		return;
	free(p->block);
	free(p);
}

static unsigned char *
put16(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v & 0xff);
	p[1] = (unsigned char)(v >> 8 & 0xff);
	return p + 2;
}

static uint32_t
get16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

size_t
trees_packed_size(const struct trees *t)
{
	size_t nodes;
	size_t leaves;

	if (t->packed != NULL)
		return t->packed->size;
	nodes = t->root[t->trees];
	leaves = t->first[t->trees];
	return HEAD + 2 * t->trees + nodes + (nodes - leaves) +
	    leaves * t->keep;
}

static unsigned char *
put_tree(const struct trees *t, size_t k, unsigned char *p)
{
	const struct trees_node *node = t->node + t->root[k];
	size_t nodes = t->root[k + 1] - t->root[k];
	size_t bytes = (t->first[k + 1] - t->first[k]) * t->keep;

	p = put16(p, (uint32_t)nodes);
	for (size_t i = 0; i < nodes; i++)
		*p++ = node[i].cut;
	for (size_t i = 0; i < nodes; i++)
		if (node[i].cut != TREES_LEAF)
			*p++ = node[i].feature;
	memcpy(p, t->sample + t->first[k] * t->keep, bytes);
	return p + bytes;
}

void
trees_pack(const struct trees *t, unsigned char *out)
{
	unsigned char *p = put16(out, (uint32_t)t->trees);

	if (t->packed != NULL) {
		memcpy(out, t->packed->bytes, t->packed->size);
		return;
	}
	*p++ = (unsigned char)t->keep;
	for (size_t v = 0; v < TREES_VALUES; v++) {
		uint32_t bits;

		memcpy(&bits, &t->value[v], sizeof bits);
		p = put16(put16(p, bits & 0xffff), bits >> 16);
	}
	for (size_t k = 0; k < t->trees; k++)
		p = put_tree(t, k, p);
}

/* how many bits are set: few processors are sure to have that as one word */
static inline uint32_t
ones(uint32_t v)
{
	v -= v >> 1 & 0x55555555;
	v = (v & 0x33333333) + (v >> 2 & 0x33333333);
	v = (v + (v >> 4)) & 0x0f0f0f0f;
	return v * 0x01010101 >> 24;
}

/* which of the first n <= BLOCK nodes are splits */
static uint32_t
splits_of(const uint8_t *cut, size_t n)
{
	uint32_t bits = 0;

#if defined(__SSE2__)
	if (n == BLOCK) {
		const __m128i *at = (const void *)cut;
		__m128i leaf = _mm_set1_epi8((char)TREES_LEAF);
		__m128i a = _mm_cmpeq_epi8(_mm_loadu_si128(at), leaf);
		__m128i b = _mm_cmpeq_epi8(_mm_loadu_si128(at + 1), leaf);

		return ~((uint32_t)_mm_movemask_epi8(a) |
		    (uint32_t)_mm_movemask_epi8(b) << 16);
	}
#endif
	for (size_t k = 0; k < n; k++)
		bits |= (uint32_t)(cut[k] != TREES_LEAF) << k;
	return bits;
}

/* The splits before each block. -1 where a node is not the child of one that
 * comes before it: 2k+2 nodes are, when there are k+1 splits. */
static int
count_splits(struct tree *t, struct block *block)
{
	size_t before = 0;

	for (size_t i = 0; i < t->nodes; i += BLOCK, block++) {
		size_t n = t->nodes - i < BLOCK ? t->nodes - i : BLOCK;
		uint32_t bits = splits_of(t->cut + i, n);
		size_t made = before;

		*block = (struct block){ bits, (uint32_t)before };
		before += ones(bits);
		if (2 * made >= i + BLOCK)
			continue;
		for (size_t k = 0; k < n; k++) {
			if (2 * made < i + k)
				return -1;
			made += bits >> k & 1;
		}
	}
	t->splits = before;
	return t->nodes == 2 * before + 1 ? 0 : -1;
}

/* The tree at p, of which no more than n bytes are read. Its size, 0: none */
static size_t
read_tree(struct tree *t, const unsigned char *p, size_t n, size_t keep,
    size_t features, struct block *block)
{
	size_t rest;
	uint8_t most = 0;

	if (n < 2)
		return 0;
	t->nodes = get16(p);
	t->cut = p + 2;
	if (t->nodes == 0 || n - 2 < t->nodes || count_splits(t, block) < 0)
		return 0;
	t->feature = t->cut + t->nodes;
	t->sample = t->feature + t->splits;
	rest = t->splits + (t->nodes - t->splits) * keep;
	if (n - 2 - t->nodes < rest)
		return 0;
	for (size_t k = 0; k < t->splits; k++)
		most = t->feature[k] > most ? t->feature[k] : most;
	return most < features ? 2 + t->nodes + rest : 0;
}

static int
read_values(struct trees *t, const unsigned char *p)
{
	for (size_t v = 0; v < TREES_VALUES; v++, p += 4) {
		uint32_t bits = get16(p) | get16(p + 2) << 16;

		memcpy(&t->value[v], &bits, sizeof bits);
		if (!(t->value[v] >= -1e6F && t->value[v] <= 1e6F) ||
		    (v > 0 && t->value[v] < t->value[v - 1]))
			return -1;
	}
	return 0;
}

/* all trees; *used: how many bytes they and the head take. 0, or -1 with errno
 */
static int
read_all(struct trees *t, const unsigned char *p, size_t n, size_t *used)
{
	/* a node takes a byte at least, and a tree may leave a block open */
	size_t most = n / BLOCK + t->trees;
	struct packed_trees *all =
	    malloc(sizeof *all + t->trees * sizeof all->tree[0]);
	struct block *fit;
	size_t blocks = 0;
	size_t at = HEAD;

	t->packed = all;
	if (all == NULL)
		return -1;
	all->block = malloc(most * sizeof *all->block);
	if (all->block == NULL)
		return -1;
	for (size_t k = 0; k < t->trees; k++) {
		struct tree *tree = &all->tree[k];
		size_t size;

		tree->block = blocks;
		size = read_tree(tree, p + at, n - at, t->keep, t->features,
		    all->block + blocks);
		if (size == 0) {
			errno = EINVAL;
			return -1;
		}
		blocks += (tree->nodes + BLOCK - 1) / BLOCK;
		at += size;
	}
	fit = realloc(all->block, blocks * sizeof *fit);
	if (fit != NULL)
		all->block = fit;
	all->bytes = p;
	all->size = *used = at;
	return 0;
}

struct trees *
trees_unpack(const unsigned char *p, size_t n, size_t features, size_t *used,
    const char **why)
{
	struct trees *t;
	size_t trees;
	size_t keep;

	*why = "a forest is cut short or damaged";
	if (n < HEAD)
		return NULL;
	trees = get16(p);
	keep = p[2];
	if (trees < 1 || keep < 1 || keep > 32 ||
	    trees * keep > TREES_SAMPLES || features > 255)
		return NULL;
	t = calloc(1, sizeof *t);
	if (t != NULL) {
		t->trees = trees;
		t->keep = keep;
		t->features = features;
		errno = EINVAL;
		if (read_values(t, p + 3) == 0 && read_all(t, p, n, used) == 0)
			return t;
	}
	if (t == NULL || errno == ENOMEM)
		*why = "out of memory";
	trees_free(t);
	return NULL;
}

/* The number of the leaf that x falls into. Children come after their parent,
 * so it ends. */
static inline size_t
leaf_of(const struct tree *t, const struct block *block, const uint8_t *x)
{
	for (size_t i = 0;;) {
		const struct block *b = &block[i / BLOCK];
		uint32_t earlier = b->splits & ((UINT32_C(1) << i % BLOCK) - 1);
		size_t k = b->before + ones(earlier);

		if (t->cut[i] == TREES_LEAF)
			return i - k;
		i = 2 * k + 1 + (x[t->feature[k]] > t->cut[i]);
	}
}

void
packed_count(const struct trees *t, size_t trees, const uint8_t *x,
    size_t width, size_t rows, uint16_t *count)
{
	for (size_t k = 0; k < trees; k++) {
		const struct tree *tree = &t->packed->tree[k];
		const struct block *block = t->packed->block + tree->block;

		for (size_t r = 0; r < rows; r++) {
			size_t leaf = leaf_of(tree, block, x + r * width);
			const uint8_t *s = tree->sample + leaf * t->keep;
			uint16_t *c = count + r * TREES_VALUES;

			for (size_t i = 0; i < t->keep; i++)
				c[s[i]]++;
		}
	}
}
