/*
 * grid.h - a series on evenly spaced times
 */
#ifndef MODEL_GRID_H
#define MODEL_GRID_H

#include <stddef.h>
#include <stdint.h>

struct grid {
	double step; /* seconds, > 0 */
	int64_t t0; /* epoch seconds of sample 0 */
	size_t n;
	double
	    *y; /* n values; where nothing was observed the last one before */
	unsigned char *ok; /* n; 1 where observed */
};

#endif
