#include "math/forest.h"

#include <string.h>

#include "math/forest_packed.h"

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
	if (t->packed != NULL) {
		packed_count(t, trees, x, width, rows, count);
		return;
	}
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
