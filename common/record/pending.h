/*
 * pending.h - decisions that wait, or waited, for a person
 *
 * A plan that needs a person comes again with every decision as long as target
 * and recommendation stay as they are; it is one entry, under its newest
 * decision, which expires when its first one does.
 */
#ifndef RECORD_PENDING_H
#define RECORD_PENDING_H

#include "record/decision.h"

enum pending_fate {
	PENDING_WAITS,
	PENDING_GRANTED, /* and not carried out yet */
	PENDING_DENIED,
	PENDING_DONE, /* carried out */
	PENDING_OVERTAKEN, /* the target has changed, or needs it no longer */
	PENDING_EXPIRED
};

struct pending {
	char *line; /* its newest decision, n bytes, as the journal has it */
	size_t n;
	char id[17], plan[17], target[256];
	long from, to;
	int64_t time, expires; /* ms; expires 0: it does not say */
	char reason[1024];
	enum pending_fate fate;
	char who[128]; /* granted or denied it; or "" */
};

struct pending_set {
	struct pending *p; /* in the order in which they first came */
	size_t n, cap;
};

/*
 * pending_read(set, dir, target, now, why): adds what the journal of target
 * holds of the last seven days. 0, or -1 with a message in *why.
 */
int pending_read(struct pending_set *set, const char *dir, const char *target,
    int64_t now, struct buf *why);
void pending_free(struct pending_set *);

/* pending_find(set, word): the entry whose id or plan is word, the newest of
 * several; NULL */
struct pending *pending_find(const struct pending_set *set, const char *word);

/* pending_fate_text(p, out): why it no longer waits: "granted by alice", ... */
void pending_fate_text(const struct pending *p, struct buf *out);

#endif
