/*
 * record.h - one line on the pipe: as-records(5)
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stddef.h>

#include "json/json.h"

enum record_type {
	RECORD_SERIES, /* no type: VictoriaMetrics' JSON line */
	RECORD_STATE,
	RECORD_MODEL,
	RECORD_FORECAST,
	RECORD_ANOMALY,
	RECORD_PATTERN,
	RECORD_DECISION,
	RECORD_RESULT,
	RECORD_BACKTEST,
	RECORD_TUNE,
	RECORD_OTHER /* an object of a type that no one here knows */
};

/* line and json belong to whoever called record_read */
struct record {
	const char *line; /* the text as it came, len bytes, without LF */
	size_t len;
	struct json *json; /* the whole of it */
	enum record_type type;
};

/*
 * record_read(r, line, len, why): takes a line apart. 0, or -1 with a static
 * text in *why. line must outlive r; release with record_free.
 */
int record_read(
    struct record *r, const char *line, size_t len, const char **why);
void record_free(struct record *);

const char *record_type_name(enum record_type); /* "forecast"; NULL: series */

/* record_target(j): labels.target of the metric, or the member target, or
 * "default"; never NULL, lives as long as j */
const char *record_target(const struct json *j);

/*
 * Arrays of numbers. record_numbers: member name of j is an array of finite
 * numbers (null counts as NAN where nulls is 1); *x is allocated, *n set.
 * Returns 0; -1 with *why: missing, no array, or an element that is no number.
 * More than RECORD_MAX_SAMPLES elements are refused.
 */
enum { RECORD_MAX_SAMPLES = 20 * 1000 * 1000 };
int record_numbers(const struct json *j, const char *name, int nulls,
    double **x, size_t *n, const char **why);

/* The record_put_ functions write one member, with a comma before it unless
 * the buffer ends in { or [. Infinite and NAN elements of an array become
 * null; a member whose value is NAN or NULL is left out. */
void record_put_numbers(
    struct buf *, const char *name, const double *x, size_t n);

void record_put_num(struct buf *, const char *name, double x);
void record_put_str(struct buf *, const char *name, const char *s);
void record_put_time(struct buf *, const char *name, long long ms);
void record_put_key(struct buf *, const char *name); /* `"name":` */

#endif
