/*
 * when.h - the times of schedules and freezes as text
 */
#ifndef CONF_WHEN_H
#define CONF_WHEN_H

#include <stdint.h>

/*
 * A time of every day ("08:00", "24:00") in seconds from its beginning, or of
 * one day ("2026-12-24T00:00", "2026-12-24") in seconds since 1970 of a clock
 * without a zone.
 */
struct when {
	int daily;
	int64_t s;
};

int when_parse(const char *text, struct when *); /* 0 or -1 */

#endif
