/*
 * forest_packed.h - a forest in the bytes that it was read from
 * For forest.c and forest_use.c alone.
 */
#ifndef MATH_FOREST_PACKED_H
#define MATH_FOREST_PACKED_H

#include "math/forest.h"

/* as trees_count_some, of a forest that trees_unpack made */
void packed_count(const struct trees *t, size_t trees, const uint8_t *x,
    size_t width, size_t rows, uint16_t *count);

void packed_free(struct packed_trees *p); /* not the bytes */

#endif
