/*
 * work.h - one decision in hand, and the parts of carrying it out
 * Private to the room. may_: whether it may be; more_: what it changes besides
 * the count; apply.c has the order of it all.
 */
#ifndef TARGET_WORK_H
#define TARGET_WORK_H

#include "target/apply.h"
#include "target/past.h"
#include "target/resize.h"
#include "target/tune.h"

enum { LOCK_WAIT = 5 }; /* seconds for another that is acting */

struct work { /* one decision in hand */
	const struct apply_settings *s;
	const struct decision *d;
	const struct record *r;
	struct apply_result *out;
	struct target *target;
	struct past past;
	int64_t now;
	int64_t ordered; /* clock_monotonic: when the change was sent off */
	struct tune_report tuned;
	struct resize resize;
	int sweeping; /* what is about to be done is that */
};

/* The result's status, and the exit code that goes with it */
void work_end(struct apply_result *r, enum apply_status status);

int work_has_driver(const struct work *); /* one is set */
int work_is(const struct work *, const char *state); /* the decision's word */

/* The longest that all of it may take, s: what the lock's owner says */
double work_longest(const struct work *);

int work_open_target(struct work *); /* 0, or -1 with the error told */
int work_recall(struct work *); /* the journal, anew; the same */

/* What is about to be done, with the sizes (JSON, may be empty) to be given.
 * -1: it may not be. */
int work_keep_intent(struct work *w, const struct buf *sizes);

/* The line of a result to the journal, said on stderr where it cannot be */
void work_keep_result(struct work *w, const char *line, size_t n,
    const struct apply_result *result);

/* The action and the counts go together: NULL; else what is wrong */
const char *may_contradict(const struct decision *);

/* Neither too old nor of the future: 0; else -1 and why */
int may_fresh(const struct work *, struct buf *error);

/* Fresh, for this driver, and no contradiction: 0; else -1 and why */
int may_check(struct work *);

/* What the journal says against acting: 0, or -1 with the result ended. Only
 * its word grants, never the record's own. */
int may_act(struct work *);

/* May instances go? before_removal is asked, unless nothing goes: 0, or -1 with
 * the result ended: it said no, or could not be asked. */
int may_remove(struct work *);

/* more_do(w, look): what the decision changes besides the count. look:
 * nothing is changed, that is the word for it; NULL: in earnest */
void more_do(struct work *w, const char *look);

/* more_sweep(w): machines that were ordered and never served, where a decision
 * leaves the count alone */
void more_sweep(struct work *w);

/* more_alone(w, may): files and sizes, for a decision that leaves the count
 * alone, or may not change it (may 0) */
void more_alone(struct work *w, int may);

#endif
