/*
 * series.h - samples of one signal: merged, sorted, without duplicates
 */
#ifndef RECORD_SERIES_H
#define RECORD_SERIES_H

#include <stdint.h>

#include "record/record.h"

struct series {
	char *metric; /* text of the metric object as it first came */
	char *
	    key; /* the same with its labels sorted: what makes it one series */
	char
	    *name; /* labels __name__ (else "load"), target (else "default"), */
	char *target;
	char *unit; /* and unit (else "") */
	char *error; /* the newest "error" member, or NULL */
	size_t n; /* samples; sorted by time after series_set_finish */
	int64_t *t; /* ms since 1970, the end of the interval covered */
	double *v; /* finite, in unit */
	size_t unknown; /* samples left out: null, NaN, Inf */
	size_t duplicates; /* samples of a time that stood there already */
	size_t cap; /* private */
};

struct series_set {
	struct series *s;
	size_t n, cap;
};

/*
 * series_set_add(set, j, why): a series line joins the set; its samples go to
 * the series with the same labels. 0, or -1 with a static text in *why and the
 * set as it was. Values may be numbers, null, or quoted "NaN", "Inf",
 * "+Inf", "-Inf", "Infinity" (unknown). Lengths must agree.
 */
int series_set_add(struct series_set *, const struct json *j, const char **why);

/* series_set_finish: sorts by time; of several samples of one time the one
 * that came last wins. Order of lines and samples cannot matter otherwise.
 * 0, or -1 where memory ran out. */
int series_set_finish(struct series_set *) __attribute__((warn_unused_result));

void series_set_free(struct series_set *);

/* series_key(metric, b): the text that makes a series one: the labels of a
 * metric object sorted by name, as struct series' key. 0 or -1: no memory. */
int series_key(const struct json *metric, struct buf *b);

/* series_step(s): the median distance of neighbouring samples, in s; NAN with
 * fewer than two samples. The series is finished. */
double series_step(const struct series *);

/* series_write(b, metric, t, v, n, error): a line without its LF; error may
 * be NULL. metric is JSON text. */
void series_write(struct buf *b, const char *metric, const int64_t *t,
    const double *v, size_t n, const char *error);

#endif
