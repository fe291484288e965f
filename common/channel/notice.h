/*
 * notice.h - a record as people are told of it
 */
#ifndef CHANNEL_NOTICE_H
#define CHANNEL_NOTICE_H

#include <stdint.h>

#include "conf/event.h"
#include "record/record.h"

struct notice {
	struct notice *next; /* for whoever holds it */
	unsigned events; /* enum event */
	char *target;
	char *key; /* the same for what need not be told again: what happened,
		    * the plan */
	char *action; /* of the decision, or "anomaly", "stopped" */
	char plan[17]; /* hex; "" if there is none */
	struct buf
	    text; /* for a person; several lines, without LF at the end */
	struct buf record; /* the record as it came; empty: there was none */
	char *grant; /* the command that grants it; NULL: nothing to grant */
	/* on its way by one channel: */
	int64_t since; /* ms: when it was put up first */
	char *file; /* where the spool has it; NULL: nowhere */
	struct buf left; /* who is still to be told, names each with LF behind
			  * it; empty: everybody */
	int marked; /* the text is the channel's own markup already */
	int told; /* somebody was told, and the journal has it */
};

/*
 * notice_new(r, state, why): a decision, result or anomaly. NULL with *why
 * NULL: a record of another type; NULL with a static text in *why: it lacks
 * what has to be told. The caller frees it. state: the state folder, for the
 * command that grants what is pending; NULL: that is not told.
 */
struct notice *notice_new(
    const struct record *r, const char *state, const char **why);

/* notice_silence(target, now): no record came, of target or any; NULL: no
 * memory */
struct notice *notice_silence(const char *target, int64_t now);

/* notice_alarm(target, word, event, text): of no record; word is its action and
 * its key. NULL: no memory */
struct notice *notice_alarm(
    const char *target, const char *word, unsigned event, const char *text);

struct notice *notice_copy(const struct notice *); /* NULL: no memory */
void notice_free(struct notice *);

#endif
