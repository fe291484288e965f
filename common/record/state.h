/*
 * state.h - what a target's driver said: as-records(5), state
 */
#ifndef RECORD_STATE_H
#define RECORD_STATE_H

#include <stdint.h>

#include "record/mix.h"
#include "record/record.h"

struct state {
	char target[256];
	int64_t time; /* ms */
	char driver[32];
	int known; /* instances and ready hold something */
	long instances; /* asked for and paid, >= 0 */
	long ready; /* serving, >= 0; -1: not said */
	struct mix mix; /* those instances by type; empty: not said */
	char version[128]; /* what a compare-and-set needs; "" if none */
	char error[512]; /* why it is not known; "" if it is */
};

/* state_read: 0, or -1 with a static text in *why. A record with error or
 * without instances is read as one that is not known. */
int state_read(struct state *, const struct json *, const char **why);
void state_write(struct buf *, const struct state *); /* without LF */

#endif
