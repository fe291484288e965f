/*
 * extend.h - a forecast further ahead than its model looks
 */
#ifndef MODEL_EXTEND_H
#define MODEL_EXTEND_H

#include <stddef.h>

#include "model/grid.h"
#include "record/forecast.h"

enum { EXTEND_DAYS = 7 };

/*
 * extend(f, g, H): steps f->H + 1 to H after the newest sample of g, whose
 * origin is that of f, by the profile of g: a mean of what was at that time of
 * day yesterday (the last whole day, again and again), over the last seven
 * days, and a week before, weighted by one over the fourth power of their mean
 * absolute errors as far ahead, day by day of the lead, at hourly origins of
 * the last 14 days. Over an hour it moves away from where the model's own path
 * ended. Quantiles are those of these errors, never nearer to the median than
 * at an earlier lead. With less than two days of history it is the last value.
 * H is at most EXTEND_DAYS of steps; f->H at least 1. 0, or -1: out of memory,
 * f as it was.
 */
int extend(struct forecast *f, const struct grid *g, size_t H);

#endif
