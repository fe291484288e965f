/*
 * clock.h - the only place that asks what time it is; times as text
 *
 * A time is milliseconds since 1970-01-01T00:00:00Z in an int64_t. Leap
 * seconds do not exist (POSIX). Years 1 to 9999.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_SIZE = 32 };

/*
 * clock_now(): the pinned time, or else the wall clock as it was when first
 * asked: a command reads it once, so that one run has one "now".
 */
int64_t clock_now(void);

/* clock_pin(ms): every later clock_now() answers this (--now) */
void clock_pin(int64_t ms);

/* clock_wall(): the wall clock at this moment, pinned or not: for journals,
 * time-outs and the time an outside action took */
int64_t clock_wall(void);

/* clock_monotonic(): milliseconds of a clock that never steps */
int64_t clock_monotonic(void);

/* clock_sleep(seconds): sleeps on through signals that are handled; not at all
 * unless seconds > 0 */
void clock_sleep(double seconds);

/*
 * clock_parse(s, ms): RFC 3339 ("2026-11-23T17:00:00Z", "...17:00:00.5+01:00",
 * "2026-11-23 17:00:00" and "2026-11-23" are taken as UTC), or seconds or
 * milliseconds since 1970 (a number of 1e11 and above is milliseconds).
 * Returns 0, or -1 and leaves *ms as it was.
 */
int clock_parse(const char *s, int64_t *ms);

/* clock_rfc3339(s, ms): the same, but only date, time and zone: what records
 * hold */
int clock_rfc3339(const char *s, int64_t *ms);

/* clock_format: "2026-11-23T17:00:00Z", with ".250" where it has a fraction
 * of a second. Returns s. */
char *clock_format(char s[static CLOCK_SIZE], int64_t ms);

/* clock_civil_days(y, m, d): days since 1970-01-01 of a Gregorian date.
 * Source: H. Hinnant, chrono-compatible low-level date algorithms. */
int64_t clock_civil_days(int64_t y, int m, int d);

#endif
