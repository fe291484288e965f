/*
 * slide.h - the order statistics of what came last
 */
#ifndef POLICY_SLIDE_H
#define POLICY_SLIDE_H

#include <stddef.h>

/* A pool of the last `span` places, thinned evenly to at most `most` */
struct slide {
	double *sorted, *value; /* value: a ring in order of arrival */
	size_t n, cap, head, thin;
};

/* slide_init: 0, or -1: out of memory */
int slide_init(struct slide *, size_t span, size_t most);
void slide_free(struct slide *);

/* slide_add(s, at, x): x came at place `at` (rising); left out by the thinning
 * unless at is a multiple of it; the oldest goes where the pool is full */
void slide_add(struct slide *, size_t at, double x);

size_t slide_count(const struct slide *);

/* slide_quantile(s, p): sorted[floor(p n)]; n > 0, 0 <= p < 1 */
double slide_quantile(const struct slide *, double p);

/* slide_table(s, errors, levels): the table of model/calibrate.h's
 * track_levels, at most TRACK_LEVELS long; levels are k / (n + 1),
 * that of the greatest 1. Returns its length. */
size_t slide_table(const struct slide *, double *errors, double *levels);

#endif
