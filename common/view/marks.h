/*
 * marks.h - which of very many marks a chart has room for
 */
#ifndef VIEW_MARKS_H
#define VIEW_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "view/chart.h"

enum { MARK_KINDS = 4 };

struct mark {
	int64_t t; /* ms */
	double v;
	int kind; /* 0 .. MARK_KINDS - 1: those of one kind look alike */
	double weight; /* which of those upon one another is seen */
	size_t of; /* the caller's */
	size_t others; /* how many of its kind it stands for besides */
};

/*
 * marks_thin(c, m, n): leaves as they are what a chart has room for side by
 * side; of more, one of each kind in each place, the heaviest, the newest of
 * equals. m[0..n-1]: by time, with others = 0. Returns how many are left.
 * O(n); allocates nothing.
 */
size_t marks_thin(const struct chart *c, struct mark *m, size_t n);

#endif
