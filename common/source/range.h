/*
 * range.h - a span of time on a grid of steps, and its pieces
 *
 * Milliseconds since 1970. The grid is the multiples of the step, so that what
 * is fetched today and tomorrow falls on the same times.
 */
#ifndef SOURCE_RANGE_H
#define SOURCE_RANGE_H

#include <stdint.h>

struct range {
	int64_t from, to; /* both included; to = from + (points - 1) step */
	int64_t step; /* > 0 */
};

enum { RANGE_MAX_POINTS = 20 * 1000 * 1000 };

/*
 * range_make(r, end, length, step): the grid times in [end - length, end],
 * where the beginning is rounded down, so that there is at least one. All in
 * ms. 0; -1: step below 1, length below 0, more than RANGE_MAX_POINTS, or a
 * time before 1970.
 */
int range_make(struct range *r, int64_t end, int64_t length, int64_t step);

int64_t range_points(const struct range *r);

/* range_piece(r, at, max, piece): the part of r that begins at point at (from
 * 0) and has at most max points. Returns how many it has; 0 at the end. */
int64_t range_piece(
    const struct range *r, int64_t at, int64_t max, struct range *piece);

#endif
