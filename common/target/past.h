/*
 * past.h - what a target's journal knows that bears on one decision
 */
#ifndef TARGET_PAST_H
#define TARGET_PAST_H

#include "record/decision.h"

enum {
	PAST_DAYS = 1 /* how far back is looked for what was cut off or done */
};

struct past {
	char *open; /* text of the newest intent without a result, or NULL */
	size_t n_open;
	char open_id[32];
	int done; /* 1: this very decision, or its plan, was acted on */
	int64_t done_at; /* ms; 0: not said */
	int granted, denied; /* the newest word on this plan, unused */
	char who[128]; /* who said it */
	int64_t said_at; /* ms; when */
	long resized; /* how often instances were given another size */
	int64_t resized_at; /* ms; when last; 0: not within PAST_DAYS */
	int failures; /* changes in this decision's direction that failed, one
		       * after another, up to now */
	int64_t failed_at; /* ms; the newest of them */
	long expected; /* the count as the newest line before this decision
			* left it; -1: none does */
};

/*
 * past_read(p, dir, d, now, why): fills p from the journal of d's target. 0, or
 * -1 with a message in *why. dir NULL: nothing is known. past_free in any case.
 */
int past_read(struct past *p, const char *dir, const struct decision *d,
    int64_t now, struct buf *why);
void past_free(struct past *);

#endif
