/*
 * count.h - how many tasks of a swarm's service run
 * Private to the room. The manager's own count of running tasks has those of a
 * dead node in it, for nobody has told it that they ended.
 */
#ifndef TARGET_COUNT_H
#define TARGET_COUNT_H

#include "target/engine.h"

struct count {
	long living; /* run, and are to */
	long leaving; /* run on a node that is there, and are not to */
};

/* count_tasks(e, service, t, why): service is its id. 0; or -1 and a message */
int count_tasks(const struct engine *e, const char *service, struct count *t,
    struct buf *why);

/* count_complaints(e, service, since, why): adds what tasks complain of since
 * that moment (ms by the engine's clock), "; 2 tasks: \"...\""; nothing where
 * it cannot be known */
void count_complaints(const struct engine *e, const char *service,
    int64_t since, struct buf *why);

#endif
