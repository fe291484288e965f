/*
 * state.h - what a target's driver said: as-records(5), state
 */
#ifndef RECORD_STATE_H
#define RECORD_STATE_H

#include <stdint.h>

#include "record/mix.h"
#include "record/record.h"

enum { STATE_STARTED = 256 };

struct state {
	char target[256];
	int64_t time; /* ms */
	char driver[32];
	int known; /* instances and ready hold something */
	long instances; /* asked for and paid, >= 0 */
	long ready; /* serving, >= 0; -1: not said */
	struct mix mix; /* those instances by type; empty: not said */
	int64_t started[STATE_STARTED]; /* ms; when they began, in order, as far
					 * as it is known */
	size_t n_started;
	char version[128]; /* what a compare-and-set needs; "" if none */
	char error[512]; /* why it is not known; "" if it is */
};

/* state_read: 0, or -1 with a static text in *why. A record with error or
 * without instances is read as one that is not known. */
int state_read(struct state *, const struct json *, const char **why);
void state_write(struct buf *, const struct state *); /* without LF */

/* state_started(start, j): times in ms from an array. How many; what is none is
 * left out. state_put_started writes the member started, if there are any. */
size_t state_started(int64_t start[static STATE_STARTED], const struct json *j);
void state_put_started(struct buf *, const int64_t *start, size_t n);

#endif
