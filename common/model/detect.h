/*
 * detect.h - what is abnormal in a series, seen only from before
 *
 * Five views of the load, each with the range it has kept to so far:
 *   value     the sample itself; its range never forgets
 *   hour      the mean of the last hour; its range shrinks back towards its
 *             middle with a half-life of 10 days
 *   season    the mean of the last hour less the same hour yesterday's;
 *             half-life 5 days
 *   restless  the logarithm of the standard deviation of the log load over the
 *             last day; half-life 20 days
 *   rough     the mean over three hours of log(1 + |change| / c), changes being
 *             those from sample to sample and c what is usual of them; held
 *             against what it was before these three hours, and only what is
 *             above counts, up to 0.6 widths; half-life 20 days
 * A view that leaves its range scores how far, in widths of that range, and
 * the range then takes the new value in. score = s / (1 + s), where s is the
 * sum of value, hour, season, 0.3 of restless and 0.5 of rough. Only a rising
 * edge counts: s must be 1.4 times all that were before it, which fade with a
 * half-life of twelve hours; and what only repeats yesterday's event upside
 * down, because the season looks back on it, is left out. A load that has
 * changed, but not for three hours and for twice as long as ever before, is
 * flat, with a score of 0.5. Where the hour is off its range by more than a
 * width for a day, the ranges of value and hour begin anew with that day: a
 * level that stays is what is usual, and what stands out of it is told again.
 * A view speaks once its range is a day old: value and hour after a day, the
 * others after two. Nothing after a sample changes what is said of it.
 *
 * The views, half-lives and the default threshold were chosen on the AWS and
 * artificial parts of the Numenta anomaly benchmark (Lavin and Ahmad 2015),
 * where they score 80.3 of 100 (standard profile, threshold as it is here).
 */
#ifndef MODEL_DETECT_H
#define MODEL_DETECT_H

#include <stddef.h>

enum detect_kind {
	DETECT_SPIKE,
	DETECT_DROP,
	DETECT_LEVEL,
	DETECT_FLAT,
	DETECT_MISSING
};
extern const char *const detect_kinds[];

struct detect_event {
	size_t at; /* index of the sample; of a gap: of its first sample */
	enum detect_kind kind;
	double score; /* (0, 1) */
	double value; /* the sample; NAN for missing */
	double expected, lo, hi; /* in the unit of the load; NAN: not known */
	double until; /* missing: samples it lasted; else 1 */
	int stirs; /* a level for what it stirs, not for where it is */
};

struct detect_options {
	double step; /* seconds, > 0 */
	double threshold; /* events of at least this score, [0, 1) */
	size_t warm; /* samples at the start that say nothing; 0: a day */
};

enum { DETECT_DEFAULT_PERCENT = 15 }; /* the default threshold is 0.15 */

/*
 * detect_run(y, ok, n, o, events, count): the events in y[0..n-1] (finite;
 * where ok[i] is 0 nothing was observed and y[i] holds the value before).
 * *events is allocated, ordered by at, for the caller to free. O(n). Returns
 * 0, or -1: out of memory.
 */
int detect_run(const double *y, const unsigned char *ok, size_t n,
    const struct detect_options *o, struct detect_event **events,
    size_t *count);

#endif
