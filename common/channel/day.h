/*
 * day.h - the last day of a target, as its decisions tell it
 */
#ifndef CHANNEL_DAY_H
#define CHANNEL_DAY_H

#include <stdint.h>

#include "json/json.h"

enum {
	DAY_MS = 86400000,
	DAY_MAX = 5760 /* one in 15 s */
};

struct day_point { /* a decision; NAN: not known */
	int64_t time; /* ms: when it was made */
	int64_t seen; /* ms: when the load was observed */
	double load;
	double expected, at_most; /* of the peak from..to, and what is passed
				   * 5 times of 100 */
	int64_t from, to; /* ms; only where expected is known */
	double instances;
};

struct day { /* of one signal, oldest first, no two of one time */
	char signal[128], unit[64];
	struct day_point *p;
	size_t n;
};

/*
 * day_read(x, dir, target, last, now, why): what the journal of target in dir
 * (NULL: there is none) says of the DAY_MS up to now, and at the end last
 * (NULL: nothing), a decision or result. The signal is the one that asks for
 * most instances in the newest of them. 0, also where there is nothing; -1 with
 * a message in *why, and what last says is there all the same. day_free
 * releases either way.
 */
int day_read(struct day *x, const char *dir, const char *target,
    const struct json *last, int64_t now, struct buf *why);
void day_free(struct day *);

#endif
