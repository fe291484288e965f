/*
 * tasks.h - what the tasks of a Swarm service are given
 * Private to the room: the driver swarm's part for sizes. All tasks have the
 * size that their service says; another one replaces them by and by, as the
 * service's own update_config has it.
 */
#ifndef TARGET_TASKS_H
#define TARGET_TASKS_H

#include "target/engine.h"
#include "target/target.h"

/* tasks_size(e, service, parts, why): the one part. 0, or -1 and why */
int tasks_size(struct engine *e, const char *service, struct size_parts *parts,
    struct buf *why);

/* tasks_resize: as a driver's resize, by the service's version */
enum target_outcome tasks_resize(struct engine *e, const char *service,
    const struct size_change *change, struct buf *request, struct buf *why);

/* tasks_settled: all that are to run do, and have that size */
enum target_arrival tasks_settled(struct engine *e, const char *service,
    const struct size *size, struct buf *why);

#endif
