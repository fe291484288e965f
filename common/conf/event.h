/*
 * event.h - what people may be told of: the words of "on" in a notify section
 */
#ifndef CONF_EVENT_H
#define CONF_EVENT_H

#include <stddef.h>

#include "base/buf.h"

/* What a record may be told for; one record can be several. */
enum event {
	EVENT_SCALE_UP = 1 << 0, /* the action; not where nothing changed */
	EVENT_SCALE_DOWN = 1 << 1,
	EVENT_EMERGENCY = 1 << 2,
	EVENT_MAINTAIN = 1 << 3,
	EVENT_HOLD = 1 << 4,
	EVENT_APPLIED = 1 << 5, /* what became of it */
	EVENT_UNCHANGED = 1 << 6,
	EVENT_DRY_RUN = 1 << 7,
	EVENT_MONITOR = 1 << 8,
	EVENT_PENDING = 1 << 9, /* waits for a person */
	EVENT_REFUSED = 1 << 10,
	EVENT_FAILED = 1 << 11, /* failed, or not there in time */
	EVENT_STOPPED = 1 << 12, /* nothing could be decided for want of data,
				  * or nothing came at all */
	EVENT_ANOMALY = 1 << 13,
	EVENT_RESUMED = 1 << 14, /* decisions are made again */
	EVENT_ELSEWHERE = 1 << 15, /* somebody else changed the count */
	EVENT_ALL = (1 << 16) - 1,
	/* the default: what somebody may have to know or do */
	EVENT_USUAL = EVENT_SCALE_UP | EVENT_SCALE_DOWN | EVENT_EMERGENCY |
	    EVENT_PENDING | EVENT_FAILED | EVENT_STOPPED | EVENT_RESUMED |
	    EVENT_ELSEWHERE
};

/* event_words(out): "scale_up, scale_down, ..., all" */
void event_words(struct buf *out);

/* event_list(out, events): ["scale_up","failed"], a JSON array */
void event_list(struct buf *out, unsigned events);

/* event_word(s, n, events): the event of the word s[0..n-1] joins *events.
 * 0, or -1: no such word */
int event_word(const char *s, size_t n, unsigned *events);

#endif
