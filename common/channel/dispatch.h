/*
 * dispatch.h - notices on their way, one thread a channel
 *
 * Whoever puts a notice up never waits, and a channel that is dead or slow
 * delays no other. Once a channel has failed, what waits for it is tried one
 * time each until it works again; once the input is at its end too, not at all.
 */
#ifndef CHANNEL_DISPATCH_H
#define CHANNEL_DISPATCH_H

#include "channel/channel.h"
#include "channel/notice.h"

/*
 * What became of a notice: error is NULL where it was sent. Called in a thread
 * of the dispatch's with its lock held, so one call at a time.
 */
typedef void dispatch_done(
    void *ctx, size_t channel, const struct notice *n, const char *error);

struct dispatch;

/* NULL: no memory, no thread */
struct dispatch *dispatch_new(dispatch_done *done, void *ctx);

/*
 * dispatch_add(d, c, digest, patience): a channel joins; it stays the caller's
 * and must outlive d. Its number is the count of those before it. With digest
 * all its notices leave as one message, at the end. patience: channel_patience.
 * 0 or -1.
 */
int dispatch_add(
    struct dispatch *d, struct channel *c, int digest, double patience);

/* dispatch_put(d, channel, n): n is d's from now on. 0; -1: too many wait, or
 * no thread can be had, and n is still the caller's. */
int dispatch_put(struct dispatch *d, size_t channel, struct notice *n);

/* What done() and others share is used under this lock. */
void dispatch_lock(struct dispatch *d);
void dispatch_unlock(struct dispatch *d);

/*
 * dispatch_finish(d, now): sends what waits, and returns once all is sent or
 * given up: no message is begun more than a patience after the call. With now 1
 * only those in hand are finished.
 */
void dispatch_finish(struct dispatch *d, int now);

void dispatch_free(struct dispatch *d); /* after dispatch_finish */

#endif
