/*
 * heartbeat.h - is anybody still deciding? The journal says when it was last
 */
#ifndef CHANNEL_HEARTBEAT_H
#define CHANNEL_HEARTBEAT_H

#include "channel/notice.h"

/*
 * heartbeat_check(dir, target, after, n, why): 1: the newest decision in the
 * journal of target is more than after seconds old, or there is none; 0: it is
 * not. *n is then what people are to be told of it, that it stopped or goes on
 * (notice_free). -1 with a message in *why: the journal cannot be read, no
 * memory.
 */
int heartbeat_check(const char *dir, const char *target, double after,
    struct notice **n, struct buf *why);

#endif
