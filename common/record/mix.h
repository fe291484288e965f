/*
 * mix.h - machines by their type: as-records(5), the member mix
 *
 * [{"type":"cx22","count":2,"ready":1}, ...]: in a state those that there are,
 * in a decision those that are wanted, there without "ready".
 */
#ifndef RECORD_MIX_H
#define RECORD_MIX_H

#include "base/buf.h"
#include "json/json.h"

enum { MIX_TYPES = 12, MIX_NAME = 64 };

struct mix_part {
	char type[MIX_NAME]; /* "": of types that nobody named */
	long count, ready; /* ready -1: not said */
};

struct mix {
	struct mix_part part[MIX_TYPES]; /* each type once */
	size_t n;
};

/* mix_add(m, type, count, ready): so many more of that type. A name too long,
 * and types beyond MIX_TYPES - 1, are counted as of no name. */
void mix_add(struct mix *m, const char *type, long count, long ready);

/* mix_total: all machines */
long mix_total(const struct mix *);

/* mix_read(m, j): 0, or -1: j is no such array. NULL and null are empty. */
int mix_read(struct mix *m, const struct json *j);

/* mix_write(b, m): the array; "ready" where it is known */
void mix_write(struct buf *b, const struct mix *m);

#endif
