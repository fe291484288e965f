/*
 * thin.h - a forecast with as much of it as a decision looked at
 * Private to the room.
 */
#ifndef POLICY_THIN_H
#define POLICY_THIN_H

#include "base/buf.h"
#include "policy/decide.h"

enum thin {
	THIN_MOST, /* errors that were looked at, the newest samples */
	THIN_SOME, /* the same errors, samples and origins of the stabilisation
		    */
	THIN_LITTLE, /* all errors, origins and samples */
	THIN_NOT = THIN_LITTLE
};

/* thin_write(in, t, i, how, out): signal number i, which has a forecast, as
 * a forecast record without its path */
void thin_write(const struct decide_input *in, const struct decide_trace *t,
    size_t i, enum thin how, struct buf *out);

/* thin_holds(in, d, t, how): the records that thin_write writes give decision
 * d again, to the byte. No memory: 0. */
int thin_holds(const struct decide_input *in, const struct decision *d,
    const struct decide_trace *t, enum thin how);

#endif
