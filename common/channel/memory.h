/*
 * memory.h - what people were told of late, so that they are not told again
 *
 * What was sent stands in the target's journal, where there is a state folder,
 * as
 *
 *	{"type":"notice","target":T,"time":...,"channel":NAME,"action":...,
 *	 "key":...,"plan":...,"text":...,"logged":...}
 *
 * and is looked up there; without one it is known for this run only.
 */
#ifndef CHANNEL_MEMORY_H
#define CHANNEL_MEMORY_H

#include "channel/notice.h"

struct memory;

/* memory_new(longest): longest: the greatest seconds of all calls to
 * memory_told, or 0 and memory_reach for each. NULL: no memory */
struct memory *memory_new(double longest);
void memory_reach(struct memory *, double seconds);
void memory_free(struct memory *);

/*
 * memory_told(m, dir, channel, n, seconds, why): 1 where channel was sent n
 * (that is, one of its target and key) within so many seconds, or is being sent
 * it; else 0, and from now on it is being sent it. dir is the state folder or
 * NULL. -1 with a message in *why: the journal cannot be read; the rest as 0.
 */
int memory_told(struct memory *m, const char *dir, const char *channel,
    const struct notice *n, double seconds, struct buf *why);

/* memory_alarmed(m, dir, channel, n, why): 1: the newest that channel was told
 * of n's target is that it stopped, not that it resumed. 0, or -1 with a
 * message in *why. */
int memory_alarmed(struct memory *m, const char *dir, const char *channel,
    const struct notice *n, struct buf *why);

/* memory_waits: n waits to be sent to channel, which counts as told from now */
void memory_waits(
    struct memory *m, const char *channel, const struct notice *n);

/* memory_failed: it could not be sent; it may be tried again */
void memory_failed(
    struct memory *m, const char *channel, const struct notice *n);

/* memory_sent: it was sent, which goes into the journal of dir, unless dir is
 * NULL. 0, or -1 with a message in *why. */
int memory_sent(const char *dir, const char *channel, const struct notice *n,
    struct buf *why);

#endif
