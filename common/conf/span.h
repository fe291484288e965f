/*
 * span.h - when a schedule, a freeze or a tune section is in force
 *
 * A span [from, until) is read on the clocks of its time zone. A day is the
 * one that it begins on; until at or before from is on the next day. When
 * clocks go back, from is the first and until the last time that they show it;
 * when they go forward, a time that they leave out is the moment of the jump:
 * a span is never shorter than it reads. Neither from nor until: whole days.
 */
#ifndef CONF_SPAN_H
#define CONF_SPAN_H

#include "base/zone.h"
#include "conf/conf.h"
#include "conf/when.h"

struct span {
	const struct conf_span *conf; /* must outlive it */
	struct zone *zone;
	struct when from, until;
};

/* span_make: 0, or -1 with errno: a zone that cannot be read, a time that is
 * none, out of memory. span_free in any case. */
int span_make(struct span *s, const struct conf_span *conf);
void span_free(struct span *);

/* span_meets(s, from, to): is it in force at any time in [from, to], ms? */
int span_meets(const struct span *s, int64_t from, int64_t to);

#endif
