/*
 * zone.h - time zones of the IANA database, without touching TZ
 *
 * Reads the compiled files (RFC 9636, TZif version 2 and later) in TZDIR or
 * /usr/share/zoneinfo. localtime_r and its kin know one zone a process, by an
 * environment variable; here each zone is a value.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

struct zone;

/*
 * zone_load(name): "Europe/Berlin"; "UTC" needs no file. NULL with errno
 * (EINVAL: no such name, or not a file of this kind). zone_free releases.
 */
struct zone *zone_load(const char *name);
void zone_free(struct zone *);

/* zone_offset(z, t): seconds east of UTC at t, seconds since 1970 */
long zone_offset(const struct zone *z, int64_t t);

/*
 * zone_moment(z, local, last): when a clock there shows `local`, the seconds
 * since 1970 of a clock without a zone that shows the same. A time that is
 * shown twice (clocks go back) is the first of the two, or the last one where
 * last is 1; one that is never shown (clocks go forward) is the moment of the
 * jump.
 */
int64_t zone_moment(const struct zone *z, int64_t local, int last);

#endif
