/*
 * field.h - the text of a message with fields in braces, as "text" and
 * "template" of a notify section have it
 *
 *	web is at {current_load} %: {reason}
 *
 * A field is a name in braces, {{ is a brace, and a brace that closes nothing
 * is itself.
 */
#ifndef CONF_FIELD_H
#define CONF_FIELD_H

#include <stddef.h>

#include "base/buf.h"

enum field { /* in the order of the words in field.c */
	FIELD_TITLE, /* the first line of the usual text */
	FIELD_TEXT, /* the usual text */
	FIELD_TARGET,
	FIELD_CHANNEL, /* the name of the section */
	FIELD_ACTION,
	FIELD_STATUS,
	FIELD_FROM,
	FIELD_TO,
	FIELD_CHANGE, /* to less from */
	FIELD_REASON,
	FIELD_ERROR,
	FIELD_MODE,
	FIELD_CURRENT_LOAD,
	FIELD_PREDICTED_LOAD,
	FIELD_CONFIDENCE,
	FIELD_COST_IMPACT,
	FIELD_CURRENCY,
	FIELD_STATES,
	FIELD_ID,
	FIELD_PLAN,
	FIELD_APPROVAL,
	FIELD_EXPIRES,
	FIELD_GRANT, /* the command that grants it */
	FIELD_TIME,
	FIELD_DRIVER,
	FIELD_REQUEST,
	FIELD_KIND, /* from here: of an anomaly */
	FIELD_METRIC,
	FIELD_VALUE,
	FIELD_EXPECTED,
	FIELD_LO,
	FIELD_HI,
	FIELD_SEVERITY,
	FIELD_RECORD, /* the whole record, JSON */
	FIELDS
};

struct field_part {
	const char *text; /* not ended by NUL; of the template */
	size_t len;
	int field; /* enum field, or -1: the text as it is */
};

/*
 * field_next(s, p, why): the next part of the NUL-ended *s, which moves behind
 * it. 1; 0: there is none; -1 with "'...' ..." added to why: what stands at *s,
 * which stays, is no field.
 */
int field_next(const char **s, struct field_part *p, struct buf *why);

/* field_check(s, line, why): 0, or -1 with what is wrong added to why and
 * *line the line, from 1, on which it stands */
int field_check(const char *s, size_t *line, struct buf *why);

/* field_words(out): "{title}, {text}, ..." */
void field_words(struct buf *out);

#endif
