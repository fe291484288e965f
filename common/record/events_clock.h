/*
 * events_clock.h - the time zones of an iCalendar
 * Private to events_*.c. A zone that this machine knows by its IANA name is
 * base/zone's; one that only the file defines, by a VTIMEZONE, is libical's.
 */
#ifndef RECORD_EVENTS_CLOCK_H
#define RECORD_EVENTS_CLOCK_H

#include <libical/ical.h>
#include <stddef.h>
#include <stdint.h>

struct event_clock;

struct event_clocks {
	struct event_clock **clock;
	size_t n;
};

/* clocks_get: the clock of a name: this machine knows it, or the file has
 * defined it. NULL: neither, or no memory. */
const struct event_clock *clocks_get(struct event_clocks *, const char *name);

/* clocks_define(c, text): the text of a VTIMEZONE; kept where the machine does
 * not know its name. 0, or -1: it is not whole, or no memory. */
int clocks_define(struct event_clocks *, const char *text);
void clocks_free(struct event_clocks *);

/* clock_shown(t, local): seconds since 1970 of a clock in UTC that shows t;
 * -1: no such date */
int clock_shown(struct icaltimetype t, int64_t *local);

/* clock_moment(c, t, at): seconds since 1970 when c shows t, or of t itself
 * where that is in UTC; -1: no such date */
int clock_moment(
    const struct event_clock *c, struct icaltimetype t, int64_t *at);

/* clock_days_later(c, at, local, seconds): when c shows a time that is so many
 * seconds (whole days, however many hours they have) after local, which it
 * shows at `at` */
int64_t clock_days_later(
    const struct event_clock *c, int64_t at, int64_t local, int64_t seconds);

/* clock_local(c, t): t, which is in UTC, as c shows it, without a zone */
struct icaltimetype clock_local(
    const struct event_clock *c, struct icaltimetype t);

#endif
