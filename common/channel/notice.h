/*
 * notice.h - a record as people are told of it
 */
#ifndef CHANNEL_NOTICE_H
#define CHANNEL_NOTICE_H

#include <stdint.h>

#include "record/record.h"

/* What a record may be told for; one record can be several. */
enum notice_event {
	NOTICE_SCALE_UP = 1 << 0, /* the action; not where nothing changed */
	NOTICE_SCALE_DOWN = 1 << 1,
	NOTICE_EMERGENCY = 1 << 2,
	NOTICE_MAINTAIN = 1 << 3,
	NOTICE_HOLD = 1 << 4,
	NOTICE_APPLIED = 1 << 5, /* what became of it */
	NOTICE_UNCHANGED = 1 << 6,
	NOTICE_DRY_RUN = 1 << 7,
	NOTICE_MONITOR = 1 << 8,
	NOTICE_PENDING = 1 << 9, /* waits for a person */
	NOTICE_REFUSED = 1 << 10,
	NOTICE_FAILED = 1 << 11, /* failed, or not there in time */
	NOTICE_STOPPED = 1 << 12, /* nothing could be decided for want of data,
				   * or nothing came at all */
	NOTICE_ANOMALY = 1 << 13,
	NOTICE_ALL = (1 << 14) - 1,
	/* configuration.md's list: what somebody may have to know or do */
	NOTICE_USUAL = NOTICE_SCALE_UP | NOTICE_SCALE_DOWN | NOTICE_EMERGENCY |
	    NOTICE_PENDING | NOTICE_FAILED | NOTICE_STOPPED
};

/* notice_words(out): "scale_up, scale_down, ..., all" */
void notice_words(struct buf *out);

/* notice_word(s, n, events): the event of the word s[0..n-1] joins *events.
 * 0, or -1: no such word */
int notice_word(const char *s, size_t n, unsigned *events);

struct notice {
	struct notice *next; /* for whoever holds it */
	unsigned events;
	char *target;
	char *key; /* the same for what need not be told again: what happened,
		    * the plan */
	char *action; /* of the decision, or "anomaly", "stopped" */
	char plan[17]; /* hex; "" if there is none */
	struct buf
	    text; /* for a person; several lines, without LF at the end */
	struct buf record; /* the record as it came; empty: there was none */
};

/*
 * notice_new(r, state, why): a decision, result or anomaly. NULL with *why
 * NULL: a record of another type; NULL with a static text in *why: it lacks
 * what has to be told. The caller frees it. state: the state folder, for the
 * command that grants what is pending; NULL: that is not told.
 */
struct notice *notice_new(
    const struct record *r, const char *state, const char **why);

/* notice_silence(target, now): no record came for target; NULL: no memory */
struct notice *notice_silence(const char *target, int64_t now);

struct notice *notice_copy(const struct notice *); /* NULL: no memory */
void notice_free(struct notice *);

#endif
