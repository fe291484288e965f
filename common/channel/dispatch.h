/*
 * dispatch.h - notices on their way, one thread a channel
 *
 * Whoever puts a notice up never waits, and a channel that is dead or slow
 * delays no other. One that could not be sent is tried again after a pause that
 * doubles each time up to a minute, or as long as the other side asks for;
 * while a channel is dead nothing else is sent to it. The end waits for no
 * pause: what a dead channel was not told of is left.
 */
#ifndef CHANNEL_DISPATCH_H
#define CHANNEL_DISPATCH_H

#include "channel/channel.h"
#include "channel/notice.h"

enum dispatch_outcome {
	DISPATCH_SENT, /* all its receivers have it, or refused it */
	DISPATCH_FAILED, /* at least one is to be told later: n->left */
	DISPATCH_REFUSED, /* nobody has it, and it will never be taken */
	DISPATCH_LEFT /* it is not tried any more; error is NULL */
};

/*
 * What became of a notice. For each there are any number of failures, and then
 * one of the others. error: NULL where there is none. wait_s: the channel wants
 * to be left alone so long. some: a receiver has it who had not before. Called
 * in a thread of the dispatch's with its lock held, so one call at a time; may
 * change n->file and n->told.
 */
struct dispatch_news {
	enum dispatch_outcome outcome;
	const char *error;
	double wait_s;
	int some;
};

typedef void dispatch_done(void *ctx, size_t channel, struct notice *n,
    const struct dispatch_news *news);

struct dispatch;

/* NULL: no memory, no thread */
struct dispatch *dispatch_new(dispatch_done *done, void *ctx);

/*
 * dispatch_add(d, c, digest, timeout, wait): a channel joins; it stays the
 * caller's and must outlive d. Its number is the count of those before it. With
 * digest all its notices leave as one message, at the end. timeout: what one
 * message may take, all tries together, in seconds. It is left alone for the
 * first wait seconds. 0 or -1.
 */
int dispatch_add(struct dispatch *d, struct channel *c, int digest,
    double timeout, double wait);

/* dispatch_put(d, channel, n): n is d's from now on. 0; -1: too many wait, or
 * no thread can be had, and n is still the caller's. */
int dispatch_put(struct dispatch *d, size_t channel, struct notice *n);

/* What done() and others share is used under this lock. */
void dispatch_lock(struct dispatch *d);
void dispatch_unlock(struct dispatch *d);

/*
 * dispatch_finish(d, now): sends what waits, and returns once all is sent or
 * left: after the longest timeout at the latest. With now 1 only what is in
 * hand is finished.
 */
void dispatch_finish(struct dispatch *d, int now);

void dispatch_free(struct dispatch *d); /* after dispatch_finish */

#endif
