/*
 * samples.h - samples as they come in, brought into order
 */
#ifndef SOURCE_SAMPLES_H
#define SOURCE_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

struct sample {
	int64_t t; /* ms since 1970 */
	double v; /* NAN: the sample exists, its value is not known */
	size_t order; /* private */
};

struct samples { /* { 0 } is valid and empty */
	struct sample *s;
	size_t n, cap;
};

/* samples_add: an infinite v becomes NAN. 0, or -1: no memory */
int samples_add(struct samples *, int64_t t, double v);
void samples_free(struct samples *);

/* samples_sort: by time; of several samples of one time the one that was added
 * last stays. */
void samples_sort(struct samples *);

/* samples_known: takes the NAN ones out; returns how many */
size_t samples_known(struct samples *);

/*
 * samples_combine(all, n, how, out): n sorted series become one: at each time
 * the sum, average or maximum of those that have a sample then. Where one of
 * them is NAN the result is NAN: what is not known must not count as 0.
 * 0, or -1: no memory.
 */
int samples_combine(const struct samples *all, size_t n,
    enum conf_aggregate how, struct samples *out);

/*
 * samples_alive(all, n, span, now): of n sorted series, how many have a sample
 * at the newest time of all or within span ms before it; *now is how many have
 * one at that very time.
 */
size_t samples_alive(
    const struct samples *all, size_t n, int64_t span, size_t *now);

#endif
