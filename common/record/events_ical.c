/*
 * events_ical.c - events of an iCalendar, RFC 5545
 * Lines are taken apart here, so that what is wrong has a line; values, rules
 * and time zones that the file defines are libical's, time zones known by
 * their IANA names base/zone's.
 */
#include "record/events.h"

#include <errno.h>
#include <libical/ical.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "record/events_clock.h"

enum {
	PROPERTY = 4096, /* longest property that is looked at */
	DEPTH = 8, /* of components within components */
	TURNS = 200000, /* of one rule */
	SKIPS = 4096 /* exceptions of one event */
};

/* Times that are left out, or that come in addition */
struct times {
	size_t n, cap;
	int64_t *t;
};

/* The VEVENT being read */
struct entry {
	size_t line; /* of its BEGIN; 0: none is being read */
	char name[EVENT_NAME], uid[256];
	struct icaltimetype start, end;
	const struct event_clock *start_clock, *end_clock;
	int has_start, has_end, has_duration, cancelled;
	struct icaldurationtype duration;
	struct icalrecurrencetype rule;
	int has_rule;
	struct times without, more;
	int is_override; /* it stands for one time of another VEVENT */
	int64_t instead;
};

/* One time of a recurring event that another VEVENT, or nothing, replaces */
struct replaced {
	char *uid;
	int64_t t;
};

struct reader {
	struct events *ev;
	const char *path;
	struct buf *why;
	int64_t since, to;
	size_t number; /* of the line */
	char open[DEPTH][32];
	size_t depth;
	struct event_clocks clocks;
	const struct event_clock *floating; /* of times without a zone */
	struct buf definition; /* of the time zone being read */
	struct entry entry;
	int pass; /* 0: zones and replaced times; 1: events */
	struct replaced *replaced;
	size_t n_replaced;
};

static int __attribute__((format(printf, 2, 3)))
bad(struct reader *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(r->why, "%s:%zu: %s", r->path, r->number, text);
	return -1;
}

static int
no_memory(struct reader *r)
{
	buf_str(r->why, "out of memory");
	return -1;
}

/* --- one property of a VEVENT --- */

static int
add_time(struct times *a, int64_t t)
{
	if (a->n == SKIPS)
		return -1;
	if (a->n == a->cap) {
		size_t cap = a->cap > 0 ? 2 * a->cap : 8;
		int64_t *more = realloc(a->t, cap * sizeof(*more));

		if (more == NULL)
			return -1;
		a->t = more;
		a->cap = cap;
	}
	a->t[a->n++] = t;
	return 0;
}

/* The clock that a property names, NULL where nobody knows it */
static const struct event_clock *
clock_named(struct reader *r, icalproperty *p)
{
	icalparameter *tz =
	    icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);

	return tz == NULL ? r->floating
			  : clocks_get(&r->clocks, icalparameter_get_tzid(tz));
}

static int
take_rule(struct reader *r, icalproperty *p)
{
	struct entry *e = &r->entry;

	if (e->has_rule)
		return bad(r, "a second '%s' in one event", "RRULE");
	e->rule = icalproperty_get_rrule(p);
	e->has_rule = 1;
	return 0;
}

/* DTSTART, DTEND, EXDATE, RDATE, RECURRENCE-ID: a time and its clock */
static int
take_time(struct reader *r, icalproperty *p, const char *line)
{
	struct entry *e = &r->entry;
	const struct event_clock *c = clock_named(r, p);
	icalvalue *v = icalproperty_get_value(p);
	struct icaltimetype t = icalvalue_get_datetimedate(v);
	int64_t at;

	if (icalvalue_isa(v) == ICAL_PERIOD_VALUE)
		t = icalvalue_get_period(v).start;
	if (c == NULL)
		return bad(r, "unknown time zone in '%.80s'", line);
	if (clock_moment(c, t, &at) != 0)
		return bad(r, "no such date: '%.80s'", line);
	switch ((int)icalproperty_isa(p)) {
	case ICAL_DTSTART_PROPERTY:
		e->start = t;
		e->start_clock = c;
		e->has_start = 1;
		return 0;
	case ICAL_DTEND_PROPERTY:
		e->end = t;
		e->end_clock = c;
		e->has_end = 1;
		return 0;
	case ICAL_RECURRENCEID_PROPERTY:
		e->is_override = 1;
		e->instead = at;
		return 0;
	case ICAL_EXDATE_PROPERTY:
		return add_time(&e->without, at) == 0 ? 0 : no_memory(r);
	default:
		return add_time(&e->more, at) == 0 ? 0 : no_memory(r);
	}
}

static void
copy_text(char *to, size_t size, const char *s)
{
	size_t n = 0;

	/* names go into messages of one line */
	for (; s != NULL && *s != '\0' && n + 1 < size; s++)
		to[n++] = (unsigned char)*s < ' ' ? ' ' : *s;
	to[n] = '\0';
}

static int
take_property(struct reader *r, icalproperty *p, const char *line)
{
	struct entry *e = &r->entry;

	switch ((int)icalproperty_isa(p)) {
	case ICAL_XLICERROR_PROPERTY:
		return bad(r, "cannot be read: '%.80s'", line);
	case ICAL_SUMMARY_PROPERTY:
		copy_text(
		    e->name, sizeof(e->name), icalproperty_get_summary(p));
		return 0;
	case ICAL_UID_PROPERTY:
		copy_text(e->uid, sizeof(e->uid), icalproperty_get_uid(p));
		return 0;
	case ICAL_STATUS_PROPERTY:
		e->cancelled =
		    icalproperty_get_status(p) == ICAL_STATUS_CANCELLED;
		return 0;
	case ICAL_DURATION_PROPERTY:
		e->duration = icalproperty_get_duration(p);
		e->has_duration = 1;
		return 0;
	case ICAL_RRULE_PROPERTY:
		return take_rule(r, p);
	case ICAL_DTSTART_PROPERTY:
	case ICAL_DTEND_PROPERTY:
	case ICAL_EXDATE_PROPERTY:
	case ICAL_RDATE_PROPERTY:
	case ICAL_RECURRENCEID_PROPERTY:
		return take_time(r, p, line);
	default:
		return 0;
	}
}

static int
is_wanted(const char *line)
{
	static const char *const names[] = { "SUMMARY", "UID", "STATUS",
		"DURATION", "RRULE", "DTSTART", "DTEND", "EXDATE", "RDATE",
		"RECURRENCE-ID" };
	size_t n = strcspn(line, ";:");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n &&
		    strncasecmp(line, names[i], n) == 0)
			return 1;
	return 0;
}

/* libical splits what holds several values into several properties */
static int
take_entry_line(struct reader *r, const char *line)
{
	struct buf text = { 0 };
	icalcomponent *c;
	icalproperty *p;
	int status = 0;

	if (!is_wanted(line))
		return 0;
	if (strlen(line) > PROPERTY)
		return bad(r, "too long: '%.80s...'", line);
	buf_printf(&text, "BEGIN:VEVENT\r\n%s\r\nEND:VEVENT\r\n", line);
	c = text.failed ? NULL : icalcomponent_new_from_string(text.s);
	buf_free(&text);
	if (c == NULL)
		return no_memory(r);
	p = icalcomponent_get_first_property(c, ICAL_ANY_PROPERTY);
	if (p == NULL)
		status = bad(r, "cannot be read: '%.80s'", line);
	for (; p != NULL && status == 0;
	     p = icalcomponent_get_next_property(c, ICAL_ANY_PROPERTY))
		status = take_property(r, p, line);
	icalcomponent_free(c);
	return status;
}

/* --- a whole VEVENT --- */

static int
is_left_out(const struct reader *r, int64_t t)
{
	const struct entry *e = &r->entry;

	for (size_t i = 0; i < e->without.n; i++)
		if (e->without.t[i] == t)
			return 1;
	for (size_t i = 0; !e->is_override && i < r->n_replaced; i++)
		if (r->replaced[i].t == t &&
		    strcmp(r->replaced[i].uid, e->uid) == 0)
			return 1;
	return 0;
}

/* The event whose begin is at t, by the clock at local */
static int
add_event(struct reader *r, int64_t t, int64_t local)
{
	const struct entry *e = &r->entry;
	int64_t until = t + 3600, a, b;

	if (is_left_out(r, t))
		return 0;
	if (e->has_end && clock_shown(e->start, &a) == 0 &&
	    clock_shown(e->end, &b) == 0 && e->start.is_date &&
	    e->end.is_date) {
		/* whole days, however many hours they have */
		until = clock_days_later(e->start_clock, t, local, b - a);
	} else if (e->has_end &&
	    clock_moment(e->start_clock, e->start, &a) == 0 &&
	    clock_moment(e->end_clock, e->end, &b) == 0) {
		until = t + b - a;
	} else if (e->has_duration) {
		until = t + icaldurationtype_as_int(e->duration);
	} else if (e->start.is_date) {
		until = clock_days_later(e->start_clock, t, local, 86400);
	}
	if (until <= t)
		until = t + 3600;
	if (until <= r->since || t >= r->to ||
	    events_add(r->ev, e->name, strlen(e->name), t, until) == 0)
		return 0;
	if (errno == ENOMEM)
		return no_memory(r);
	return bad(r, "too many events by '%s'", e->name);
}

/* A rule's end in UTC is meant by that clock; rules go by local time */
static void
localise_end(struct entry *e)
{
	struct icaltimetype *u = &e->rule.until;

	if (!icaltime_is_null_time(*u) && icaltime_is_utc(*u) &&
	    !icaltime_is_utc(e->start) && !u->is_date)
		*u = clock_local(e->start_clock, *u);
}

static int
expand(struct reader *r)
{
	struct entry *e = &r->entry;
	struct icaltimetype t;
	icalrecur_iterator *it;
	int64_t at, local;
	int turns = 0, status = 0;

	localise_end(e);
	it = icalrecur_iterator_new(e->rule, e->start);
	if (it == NULL)
		return bad(r, "the rule of '%s' cannot be followed", e->name);
	while (status == 0) {
		if (turns++ == TURNS) {
			status = bad(
			    r, "the rule of '%s' has too many times", e->name);
			break;
		}
		t = icalrecur_iterator_next(it);
		if (icaltime_is_null_time(t) || clock_shown(t, &local) != 0 ||
		    clock_moment(e->start_clock, t, &at) != 0 || at >= r->to)
			break;
		status = add_event(r, at, local);
	}
	icalrecur_iterator_free(it);
	return status;
}

static int
remember_replaced(struct reader *r)
{
	const struct entry *e = &r->entry;
	struct replaced *a;

	a = realloc(r->replaced, (r->n_replaced + 1) * sizeof(*a));
	if (a == NULL)
		return no_memory(r);
	r->replaced = a;
	a[r->n_replaced].uid = strdup(e->uid);
	a[r->n_replaced].t = e->instead;
	if (a[r->n_replaced].uid == NULL)
		return no_memory(r);
	r->n_replaced++;
	return 0;
}

static int
finish_entry(struct reader *r)
{
	struct entry *e = &r->entry;
	int64_t at, local;
	int status = 0;

	r->number = e->line;
	if (!e->has_start)
		return bad(r, "an event without '%s'", "DTSTART");
	if (e->name[0] == '\0')
		return bad(r, "an event without '%s'", "SUMMARY");
	if (e->is_override && r->pass == 0)
		return remember_replaced(r);
	if (r->pass == 0 || e->cancelled)
		return 0;
	if (clock_shown(e->start, &local) != 0 ||
	    clock_moment(e->start_clock, e->start, &at) != 0)
		return bad(r, "an event without '%s'", "DTSTART");
	status = e->has_rule ? expand(r) : add_event(r, at, local);
	for (size_t i = 0; i < e->more.n && status == 0; i++)
		status = add_event(r, e->more.t[i], local + e->more.t[i] - at);
	return status;
}

static void
clear_entry(struct entry *e)
{
	free(e->without.t);
	free(e->more.t);
	*e = (struct entry){ 0 };
}

/* --- lines --- */

static int
begin(struct reader *r, const char *name)
{
	if (r->depth == DEPTH || strlen(name) >= sizeof(r->open[0]))
		return bad(r, "'BEGIN:%s' is too deep or too long", name);
	copy_text(r->open[r->depth++], sizeof(r->open[0]), name);
	if (strcasecmp(name, "VEVENT") == 0 && r->depth == 2)
		r->entry.line = r->number;
	return 0;
}

static int
end(struct reader *r, const char *name)
{
	size_t line = r->number;
	int status = 0;

	if (r->depth == 0 || strcasecmp(r->open[r->depth - 1], name) != 0)
		return bad(r, "'END:%s' ends nothing", name);
	r->depth--;
	if (r->depth == 1 && strcasecmp(name, "VTIMEZONE") == 0) {
		if (r->pass == 0 &&
		    clocks_define(&r->clocks, r->definition.s) != 0)
			status = bad(r, "no whole time zone ends here");
		buf_clear(&r->definition);
	}
	if (r->depth == 1 && r->entry.line > 0) {
		status = finish_entry(r);
		clear_entry(&r->entry);
	}
	r->number = line;
	return status;
}

static int
take_line(struct reader *r, const char *line)
{
	static const char zone[] = "X-WR-TIMEZONE:";
	int status = 0, mark;

	if (*line == '\0')
		return 0;
	if (strchr(line, ':') == NULL)
		return bad(r, "no iCalendar line: '%.80s'", line);
	mark = strncasecmp(line, "BEGIN:", 6) == 0;
	if (mark)
		status = begin(r, line + 6);
	if (r->depth >= 2 && strcasecmp(r->open[1], "VTIMEZONE") == 0)
		buf_printf(&r->definition, "%s\r\n", line);
	if (strncasecmp(line, "END:", 4) == 0)
		return end(r, line + 4);
	if (mark || r->depth == 0)
		return mark ? status
			    : bad(r, "outside of a calendar: '%.80s'", line);
	if (r->depth == 1 && strncasecmp(line, zone, sizeof(zone) - 1) == 0) {
		r->floating = clocks_get(&r->clocks, line + sizeof(zone) - 1);
		if (r->floating == NULL)
			return bad(r, "unknown time zone in '%.80s'", line);
	}
	if (r->depth == 2 && r->entry.line > 0)
		return take_entry_line(r, line);
	return 0;
}

/* Lines that begin with a blank go on from the one before */
static int
read_lines(struct reader *r, const struct buf *text)
{
	const char *s = text->s, *stop = text->s + text->len;
	struct buf line = { 0 };
	size_t number = 0;
	int status = 0;

	if (text->len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	r->depth = 0;
	while (s < stop && status == 0) {
		buf_clear(&line);
		r->number = number + 1;
		do {
			const char *lf = memchr(s, '\n', (size_t)(stop - s));
			const char *e = lf != NULL ? lf : stop;
			size_t n = (size_t)(e - s);

			if (n > 0 && s[n - 1] == '\r')
				n--;
			if (line.len > 0 && n > 0) {
				s++;
				n--;
			}
			buf_add(&line, s, n);
			s = lf != NULL ? lf + 1 : stop;
			number++;
		} while (s < stop && (*s == ' ' || *s == '\t') && line.len > 0);
		if (line.failed)
			status = no_memory(r);
		else if (line.len > 0 && strlen(line.s) < line.len)
			status = bad(r, "%s", "a NUL is no text");
		else if (line.len > 0)
			status = take_line(r, line.s);
	}
	buf_free(&line);
	if (status == 0 && r->depth > 0)
		return bad(
		    r, "the file ends before 'END:%s'", r->open[r->depth - 1]);
	return status;
}

static void
reader_free(struct reader *r)
{
	clear_entry(&r->entry);
	buf_free(&r->definition);
	clocks_free(&r->clocks);
	for (size_t i = 0; i < r->n_replaced; i++)
		free(r->replaced[i].uid);
	free(r->replaced);
}

int
events_ical(struct events *ev, const char *path, const struct buf *text,
    int64_t since, int64_t to, struct buf *why)
{
	struct reader r = {
		.ev = ev, .path = path, .why = why, .since = since, .to = to
	};
	int status;

	icalerror_set_errors_are_fatal(0);
	r.floating = clocks_get(&r.clocks, "UTC");
	status = r.floating == NULL ? no_memory(&r) : read_lines(&r, text);
	r.pass = 1;
	r.floating = clocks_get(&r.clocks, "UTC");
	if (status == 0)
		status = read_lines(&r, text);
	reader_free(&r);
	icalmemory_free_ring();
	return status;
}
