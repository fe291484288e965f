/*
 * spool.h - what could not be sent is kept on disk, to be sent later
 *
 * One file a message, DIR/spool/TARGET/CHANNEL/TIME-N.json, where TARGET and
 * CHANNEL are written as the journal's file names are (record/journal.h) and
 * TIME is when it was put up first, so that names are in the order of time.
 * Beside the folder, CHANNEL.lock is held by who sends what is in it, and
 * CHANNEL.until says how long the other side wants to be left alone.
 */
#ifndef CHANNEL_SPOOL_H
#define CHANNEL_SPOOL_H

#include "channel/notice.h"

enum { SPOOL_MAX = 500 }; /* messages of one target and channel */

/*
 * spool_keep(dir, channel, n, dropped, why): n is on disk when it returns 0,
 * and n->file its name; where it was there already it is written anew. *dropped
 * grows by the oldest ones that were removed to make room. -1 with a message in
 * *why.
 */
int spool_keep(const char *dir, const char *channel, struct notice *n,
    size_t *dropped, struct buf *why);

/* spool_done(n): it needs to be kept no more */
void spool_done(struct notice *n);

/* spool_rest(dir, target, channel, until): it is to be left alone until then,
 * in ms of the wall clock. What cannot be written is not known to later runs,
 * no worse. */
void spool_rest(
    const char *dir, const char *target, const char *channel, int64_t until);

/* What an earlier run left */
struct spool {
	struct notice *mine; /* oldest first, to be sent; whoever takes them
			      * sets this to NULL */
	struct notice *others; /* those that another process is sending now */
	int64_t until; /* ms, wall clock: the channel wants its rest; 0 */
	size_t old; /* so many were removed, for they were older than keep_s */
	int *locks; /* private */
	size_t n_locks;
};

/*
 * spool_open(s, dir, target, channel, keep_s, why): what is kept of target, or
 * of every one where it is NULL. The right to send it is ours until
 * spool_close. 0, also where there is nothing; -1 with a message in *why:
 * something could not be read; the rest is there.
 */
int spool_open(struct spool *s, const char *dir, const char *target,
    const char *channel, double keep_s, struct buf *why);
void spool_close(struct spool *s);

#endif
