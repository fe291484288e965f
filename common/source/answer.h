/*
 * answer.h - the JSON that /api/v1/query_range gives, taken apart
 * Private to prometheus.c.
 */
#ifndef SOURCE_ANSWER_H
#define SOURCE_ANSWER_H

#include "base/buf.h"
#include "source/samples.h"

enum { ANSWER_MAX_SERIES = 10000 };

struct answer_set { /* { 0 } is valid and empty */
	struct samples *s; /* a series each, in the order they were met */
	char **labels; /* their labels, sorted: {a="1", b="2"} */
	size_t n, cap;
};

/*
 * answer_read(set, body, n, warnings, error): the samples of a body join the
 * series of the same labels. Values are numbers, or strings of any length that
 * hold one; NaN, infinities and null are samples whose value is NAN. Members
 * that are not known are passed over. What the server warns of is added to
 * warnings unless it stands there. 0, or -1 with a message in *error.
 */
int answer_read(struct answer_set *set, const char *body, size_t n,
    struct buf *warnings, struct buf *error);
void answer_free(struct answer_set *);

#endif
