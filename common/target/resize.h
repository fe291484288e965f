/*
 * resize.h - what instances are given, as the decision has it
 * Private to the room.
 *
 * Where the count changes too, what is raised is raised before and what is
 * lowered is lowered after it: at no time is there less than before and after.
 */
#ifndef TARGET_RESIZE_H
#define TARGET_RESIZE_H

#include "target/size.h"

struct work;

struct resize { /* of one decision; { 0 } before resize_begin */
	int asked; /* there is a wish, and a driver that can */
	struct size wish;
	unsigned ways; /* that may be gone now */
	const char *bar; /* why not all of them; static, or NULL */
	int blind; /* not even looked at */
	int tried; /* something was sent */
	int wanted; /* something would be changed */
	long changed;
	int confirmed; /* read back and right; -1: nothing was written */
	enum { RESIZE_FINE, RESIZE_REFUSED, RESIZE_FAILED, RESIZE_LATE } worst;
	struct buf parts; /* JSON: what was changed, without its last ] */
	struct buf request, held, error;
};

/* resize_begin(w): with the target open and the journal read */
void resize_begin(struct work *w);

/* resize_intent(w, out): what would be changed, as JSON, for the journal.
 * Nothing where nothing would be. */
void resize_intent(struct work *w, struct buf *out);

/* resize_fail(r, how, text): what went wrong; how is of worst */
void resize_fail(struct resize *r, int how, const char *text);

/* resize_do(w, ways, look): as more_do, of that only what goes these ways */
void resize_do(struct work *w, unsigned ways, const char *look);

/* resize_end(w, look): the word on it all, in the result; frees */
void resize_end(struct work *w, const char *look);

#endif
