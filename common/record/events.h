/*
 * events.h - days and hours that are not like others: holidays, sales
 *
 * A calendar is text: iCalendar (RFC 5545, read by libical), where its first
 * line is BEGIN:VCALENDAR, or else lines of dates:
 *
 *     # anything after a # that begins a word
 *     timezone Europe/Berlin
 *     2026-11-27 black-friday
 *     2026-12-24/2026-12-26 christmas
 *     2026-11-27T09:00/2026-11-27T21:00 doorbuster
 *     2026-11-27T09:00:00Z/2026-11-27T21:00:00Z doorbuster
 *
 * A date is a whole day; of two dates the last one is within the event, of two
 * times the last one is not. Times without a zone are of the time zone that
 * was named last, UTC before that; of an iCalendar, of X-WR-TIMEZONE. Names
 * say what is alike: events of one name are taken to have one effect.
 */
#ifndef RECORD_EVENTS_H
#define RECORD_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { EVENTS_MAX = 20000, EVENT_NAME = 200 /* bytes, with the NUL */ };

struct event {
	char *name;
	int64_t from, until; /* seconds since 1970; from < until */
};

struct events {
	struct event *e; /* by from, then name; none twice */
	size_t n, cap;
};

/*
 * events_read(ev, path, text, since, to, why): the events of a calendar that
 * overlap [since, to); recurring ones come once for each time. path is for
 * messages. 0 and *ev to be freed with events_free, or -1 with "PATH:LINE:
 * what is wrong" in *why: a date or time that is none, an end that is not
 * after its begin, an unknown time zone, a rule that cannot be read, more than
 * EVENTS_MAX events.
 */
int events_read(struct events *ev, const char *path, const struct buf *text,
    int64_t since, int64_t to, struct buf *why);
void events_free(struct events *);

/* events_add(ev, name, len, from, until): 0; -1 with errno ENOMEM, or ENOSPC:
 * too many */
int events_add(struct events *ev, const char *name, size_t len, int64_t from,
    int64_t until);

/* events_ical: events_read of iCalendar text; for events.c */
int events_ical(struct events *ev, const char *path, const struct buf *text,
    int64_t since, int64_t to, struct buf *why);

#endif
