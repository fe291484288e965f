#include "math/forest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 64, /* rows whose counts stay in the nearest cache */
	LANES = 8 /* rows walked at once, to hide the wait for memory */
};

/* the leaves of up to LANES rows; a leaf's node leads to itself */
static inline void
walk(const struct trees_node *node, unsigned depth, const uint8_t *x,
    size_t width, size_t rows, uint32_t *at)
{
	if (rows == LANES) {
		memset(at, 0, LANES * sizeof *at);
		for (unsigned d = 0; d < depth; d++)
			for (size_t k = 0; k < LANES; k++) {
				struct trees_node n = node[at[k]];

				at[k] = n.next +
				    (uint32_t)(x[k * width + n.feature] >
					n.cut);
			}
		return;
	}
	for (size_t k = 0; k < rows; k++) {
		at[k] = 0;
		for (unsigned d = 0; d < depth; d++) {
			struct trees_node n = node[at[k]];

			at[k] = n.next +
			    (uint32_t)(x[k * width + n.feature] > n.cut);
		}
	}
}

static void
count_block(const struct trees *t, size_t trees, const uint8_t *x, size_t width,
    size_t rows, uint16_t *count)
{
	for (size_t tree = 0; tree < trees; tree++) {
		const struct trees_node *node = t->node + t->root[tree];
		const uint16_t *leaf = t->leaf + t->root[tree];
		const uint8_t *sample = t->sample + t->first[tree] * t->keep;

		for (size_t r = 0; r < rows; r += LANES) {
			size_t n = rows - r < LANES ? rows - r : LANES;
			uint32_t at[LANES];

			walk(node, t->depth[tree], x + r * width, width, n, at);
			for (size_t k = 0; k < n; k++) {
				const uint8_t *s =
				    sample + leaf[at[k]] * t->keep;
				uint16_t *c = count + (r + k) * TREES_VALUES;

				for (size_t i = 0; i < t->keep; i++)
					c[s[i]]++;
			}
		}
	}
}

void
trees_count_some(const struct trees *t, size_t trees, const uint8_t *x,
    size_t width, size_t rows, uint16_t *count)
{
	if (trees > t->trees)
		trees = t->trees;
	for (size_t r = 0; r < rows; r += BLOCK)
		count_block(t, trees, x + r * width, width,
		    rows - r < BLOCK ? rows - r : BLOCK,
		    count + r * TREES_VALUES);
}

void
trees_count(const struct trees *t, const uint8_t *x, size_t width, size_t rows,
    uint16_t *count)
{
	trees_count_some(t, t->trees, x, width, rows, count);
}

/*
 * The packed form. Head: trees (2 bytes), keep (1), the 256 values as
 * IEEE-754 single, then a tree after the other: nodes (2), for each node in
 * breadth-first order its cut (1; 255 is a leaf) and, unless a leaf, its
 * feature (1), then the samples of the leaves in the same order. Children need
 * no reference: those of the k-th split are nodes 2k+1 and 2k+2.
 */
enum { HEAD = 3 + 4 * TREES_VALUES };

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
	size_t nodes = t->root[t->trees];
	size_t leaves = t->first[t->trees];

	return HEAD + 2 * t->trees + nodes + (nodes - leaves) +
	    leaves * t->keep;
}

void
trees_pack(const struct trees *t, unsigned char *out)
{
	unsigned char *p = put16(out, (uint32_t)t->trees);

	*p++ = (unsigned char)t->keep;
	for (size_t v = 0; v < TREES_VALUES; v++) {
		uint32_t bits;

		memcpy(&bits, &t->value[v], sizeof bits);
		p = put16(put16(p, bits & 0xffff), bits >> 16);
	}
	for (size_t k = 0; k < t->trees; k++) {
		const struct trees_node *node = t->node + t->root[k];
		size_t nodes = t->root[k + 1] - t->root[k];
		size_t bytes = (t->first[k + 1] - t->first[k]) * t->keep;

		p = put16(p, (uint32_t)nodes);
		for (size_t i = 0; i < nodes; i++) {
			*p++ = node[i].cut;
			if (node[i].cut != TREES_LEAF)
				*p++ = node[i].feature;
		}
		memcpy(p, t->sample + t->first[k] * t->keep, bytes);
		p += bytes;
	}
}

struct reader {
	const unsigned char *p;
	size_t left;
	size_t features;
};

/* the size of the tree at r, without reading past the end; 0 where it lies */
static size_t
measure(struct reader r, size_t keep, size_t *leaves, size_t *nodes)
{
	size_t at = 2;
	size_t splits = 0;

	if (r.left < 2)
		return 0;
	*nodes = get16(r.p);
	*leaves = 0;
	for (size_t i = 0; i < *nodes; i++) {
		if (at >= r.left)
			return 0;
		if (r.p[at] == TREES_LEAF) {
			at++;
			++*leaves;
			continue;
		}
		if (at + 1 >= r.left || r.p[at + 1] >= r.features)
			return 0;
		at += 2;
		splits++;
	}
	if (*nodes != 2 * splits + 1 || r.left - at < *leaves * keep)
		return 0;
	return at + *leaves * keep;
}

/*
 * Nodes of one tree, measured before. Depth is found on the way, as children
 * come after their parent. Each node but the root is the child of an earlier
 * one, or the bytes are no tree.
 */
static int
read_tree(struct trees *t, size_t k, struct reader r, uint8_t *depth)
{
	struct trees_node *node = t->node + t->root[k];
	uint16_t *leaf = t->leaf + t->root[k];
	size_t nodes = t->root[k + 1] - t->root[k];
	const unsigned char *p = r.p + 2;
	size_t made = 1;
	uint16_t leaves = 0;

	depth[0] = 0;
	for (size_t i = 0; i < nodes; i++) {
		uint8_t cut = *p++;

		if (i >= made || depth[i] > 15)
			return -1;
		t->depth[k] = depth[i];
		leaf[i] = leaves;
		if (cut == TREES_LEAF) {
			node[i] = (struct trees_node){ 0, cut, (uint16_t)i };
			leaves++;
			continue;
		}
		if (made + 2 > nodes)
			return -1;
		node[i] = (struct trees_node){ *p++, cut, (uint16_t)made };
		depth[made] = depth[made + 1] = (uint8_t)(depth[i] + 1);
		made += 2;
	}
	memcpy(t->sample + t->first[k] * t->keep, p, leaves * t->keep);
	return 0;
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

static struct trees *
room_for(struct reader r, size_t trees, size_t keep)
{
	struct trees *t = calloc(1, sizeof *t);
	size_t nodes = 0;
	size_t leaves = 0;

	if (t == NULL)
		return NULL;
	t->trees = trees;
	t->keep = keep;
	t->features = r.features;
	t->root = malloc((trees + 1) * sizeof *t->root);
	t->first = malloc((trees + 1) * sizeof *t->first);
	t->depth = malloc(trees);
	if (t->root == NULL || t->first == NULL || t->depth == NULL)
		goto fail;
	for (size_t k = 0; k < trees; k++) {
		size_t n = 0;
		size_t l = 0;
		size_t bytes = measure(r, keep, &l, &n);

		if (bytes == 0) {
			errno = EINVAL;
			goto fail;
		}
		t->root[k] = (uint32_t)nodes;
		t->first[k] = (uint32_t)leaves;
		nodes += n;
		leaves += l;
		r.p += bytes;
		r.left -= bytes;
	}
	t->root[trees] = (uint32_t)nodes;
	t->first[trees] = (uint32_t)leaves;
	t->node = malloc(nodes * sizeof *t->node);
	t->leaf = malloc(nodes * sizeof *t->leaf);
	t->sample = malloc(leaves * keep);
	if (t->node == NULL || t->leaf == NULL || t->sample == NULL)
		goto fail;
	return t;
fail:
	trees_free(t);
	return NULL;
}

static int
read_all(struct trees *t, struct reader r, size_t *used)
{
	size_t all = r.left;
	uint8_t *depth = malloc(65536 + 2);
	int ok = depth != NULL;

	for (size_t k = 0; ok && k < t->trees; k++) {
		size_t nodes = t->root[k + 1] - t->root[k];
		size_t leaves = t->first[k + 1] - t->first[k];
		size_t bytes = 2 + 2 * nodes - leaves + leaves * t->keep;

		ok = read_tree(t, k, r, depth) == 0;
		r.p += bytes;
		r.left -= bytes;
	}
	free(depth);
	*used = HEAD + (all - r.left);
	return ok ? 0 : -1;
}

struct trees *
trees_unpack(const unsigned char *p, size_t n, size_t features, size_t *used,
    const char **why)
{
	struct reader r = { p + HEAD, n - HEAD, features };
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
	t = room_for(r, trees, keep);
	if (t == NULL) {
		if (errno == ENOMEM)
			*why = "out of memory";
		return NULL;
	}
	if (read_values(t, p + 3) < 0 || read_all(t, r, used) < 0) {
		trees_free(t);
		return NULL;
	}
	return t;
}
