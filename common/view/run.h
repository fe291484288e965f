/*
 * run.h - one decision record, or result record, as a run
 * Private to the room.
 */
#ifndef VIEW_RUN_H
#define VIEW_RUN_H

#include "view/view.h"

/* run_read: 0, or -1: out of memory; release with run_free either way */
int run_read(struct view_run *r, const struct json *j);
void run_free(struct view_run *r);

/* runs_settle: by time; a decision and the result made of it become one */
void runs_settle(struct view_run *runs, size_t *n);

#endif
