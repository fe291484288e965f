/*
 * facts.h - what a decision or result says, as far as people are told
 */
#ifndef CHANNEL_FACTS_H
#define CHANNEL_FACTS_H

#include "json/json.h"

struct facts { /* texts are the record's; NULL: not known */
	const char *action, *status; /* status: "decided" without a result */
	const char *error, *mode, *currency, *expires;
	/* of sizes that could not be given: refused, failed or timeout, and why
	 */
	const char *size, *size_error;
	double from, to, cost; /* NAN: not known */
	int blind; /* held for want of data */
	int elsewhere; /* somebody else changed the count */
	const struct json *states;
};

/* facts_take(f, j, why): 0, or -1 with a static text in *why: what has to be
 * told is not there */
int facts_take(struct facts *f, const struct json *j, const char **why);

/* facts_event(word): the enum event that is an action or status; 0: none */
unsigned facts_event(const char *word);

#endif
