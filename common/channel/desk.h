/*
 * desk.h - who is told of what: the channels of all targets, what they were
 * told before, and what they could not be told yet
 *
 *	struct desk_options o = { .retries = 2, .repeat_after = -1 };
 *	struct desk *d = desk_new(&o);
 *
 *	desk_add(d, target, section);
 *	desk_begin(d);
 *	desk_tell(d, notice);
 *	status = desk_finish(d, 0);
 *	desk_free(d);
 *
 * It says on standard error what cannot be told, and by whom.
 */
#ifndef CHANNEL_DESK_H
#define CHANNEL_DESK_H

#include "channel/notice.h"
#include "conf/conf.h"

struct desk_options {
	const char *state; /* the state folder; NULL: that of the target */
	unsigned on; /* enum event, instead of the section's; 0: as it says */
	double repeat_after; /* s, instead of the section's; -1: as it says */
	double timeout; /* s, instead of the section's; 0: as it says */
	long retries; /* more tries after the first */
	int records; /* the whole record goes with the text */
	int digest; /* one message for all */
	int dry_run; /* say what would be sent */
	int alarms; /* what was told long ago matters, too: notices that
		     * something stopped, or goes on, are to come */
};

struct desk; /* what o points to must outlive it */

struct desk *desk_new(const struct desk_options *o); /* NULL: no memory */

/*
 * desk_add(d, t, from): a channel of target t, or with NULL of whatever target;
 * both must outlive d. One that cannot be used is said and kept in mind for the
 * status; that is no failure. -1: no memory.
 */
int desk_add(struct desk *d, const struct conf_target *t,
    const struct conf_notify *from);

size_t desk_channels(const struct desk *d); /* how many were added */

/* desk_begin(d): after the last desk_add; what earlier runs left is put up */
void desk_begin(struct desk *d);

/* desk_tell(d, n): tells all whom it concerns; n is d's from now on. Never
 * waits. */
void desk_tell(struct desk *d, struct notice *n);

/* desk_finish(d, now): the end of dispatch_finish(), and what was not told is
 * said. May be called again. The worst status of all. */
int desk_finish(struct desk *d, int now);

void desk_free(struct desk *d); /* NULL is fine */

#endif
