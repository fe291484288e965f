#include "record/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/zone.h"

static const char blanks[] = " \t\r";

void
events_free(struct events *ev)
{
	for (size_t i = 0; i < ev->n; i++)
		free(ev->e[i].name);
	free(ev->e);
	*ev = (struct events){ 0 };
}

int
events_add(struct events *ev, const char *name, size_t len, int64_t from,
    int64_t until)
{
	char *own;

	errno = ENOSPC;
	if (ev->n == EVENTS_MAX)
		return -1;
	errno = ENOMEM;
	if (ev->n == ev->cap) {
		size_t cap = ev->cap > 0 ? 2 * ev->cap : 16;
		struct event *e = realloc(ev->e, cap * sizeof(*e));

		if (e == NULL)
			return -1;
		ev->e = e;
		ev->cap = cap;
	}
	own = strndup(name, len < EVENT_NAME ? len : EVENT_NAME - 1);
	if (own == NULL)
		return -1;
	ev->e[ev->n++] = (struct event){ own, from, until };
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->until != y->until)
		return x->until < y->until ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* In order, each once */
static void
put_in_order(struct events *ev)
{
	size_t n = 0;

	if (ev->n > 0)
		qsort(ev->e, ev->n, sizeof(*ev->e), by_time);
	for (size_t i = 0; i < ev->n; i++) {
		if (n > 0 && by_time(&ev->e[n - 1], &ev->e[i]) == 0)
			free(ev->e[i].name);
		else
			ev->e[n++] = ev->e[i];
	}
	ev->n = n;
}

/* "2026-11-27", "2026-11-27T09:00", "...T09:00:00", "...T09:00:00Z": seconds
 * since 1970, by the clock of z unless it names its own zone */
static int
take_time(const char *s, const struct zone *z, int64_t *t, int *day)
{
	int64_t ms;

	*day = strlen(s) == 10;
	if (strlen(s) < 10 || s[4] != '-' || clock_parse(s, &ms) != 0)
		return -1;
	*t = ms / 1000;
	if (clock_rfc3339(s, &ms) != 0)
		*t = zone_moment(z, *t, 0);
	return 0;
}

/* Where an event ends that is said to end with s: after that day, or then */
static int
take_end(const char *s, const struct zone *z, int64_t *until)
{
	int64_t local;
	int day;

	if (take_time(s, z, until, &day) != 0)
		return -1;
	if (day && clock_parse(s, &local) == 0)
		*until = zone_moment(z, local / 1000 + 86400, 0);
	return 0;
}

/* "FROM[/UNTIL]": 0, or -1 with a text in why */
static int
take_span(char *s, const struct zone *z, int64_t *from, int64_t *until,
    struct buf *why)
{
	char *slash = strchr(s, '/');
	const char *end = s;
	int day;

	if (slash != NULL) {
		*slash = '\0';
		end = slash + 1;
	}
	if (take_time(s, z, from, &day) != 0)
		buf_printf(why, "'%s' is no date", s);
	else if (take_end(end, z, until) != 0)
		buf_printf(why, "'%s' is no date", end);
	else if (slash == NULL && !day)
		buf_printf(why, "'%s' has no end: FROM/UNTIL", s);
	else if (*until <= *from)
		buf_printf(why, "'%s' is not after '%s'", end, s);
	else
		return 0;
	return -1;
}

static void
cut_comment(char *s)
{
	for (char *p = s; *p != '\0'; p++)
		if (*p == '#' && (p == s || strchr(blanks, p[-1]) != NULL))
			*p = '\0';
	for (size_t n = strlen(s); n > 0 && strchr(blanks, s[n - 1]); n--)
		s[n - 1] = '\0';
}

struct dates {
	struct events *ev;
	struct zone *zone;
	int64_t since, to;
};

static int
take_zone(struct dates *d, const char *name, struct buf *why)
{
	struct zone *z = zone_load(name);

	if (z == NULL) {
		buf_printf(
		    why, "'%s' is no time zone that this machine knows", name);
		return -1;
	}
	zone_free(d->zone);
	d->zone = z;
	return 0;
}

static int
take_line(struct dates *d, char *s, struct buf *why)
{
	char *word, *name;
	int64_t from, until;

	cut_comment(s);
	s += strspn(s, blanks);
	if (*s == '\0')
		return 0;
	word = s;
	name = s + strcspn(s, blanks);
	if (*name != '\0')
		*name++ = '\0';
	name += strspn(name, blanks);
	if (*name == '\0') {
		buf_printf(why, "'%s' has no name after it", word);
		return -1;
	}
	if (strcmp(word, "timezone") == 0)
		return take_zone(d, name, why);
	if (take_span(word, d->zone, &from, &until, why) != 0)
		return -1;
	if (strlen(name) >= EVENT_NAME) {
		buf_printf(why, "'%.20s...' is too long a name", name);
		return -1;
	}
	if (until <= d->since || from >= d->to ||
	    events_add(d->ev, name, strlen(name), from, until) == 0)
		return 0;
	buf_str(why, errno == ENOMEM ? "out of memory" : "too many events");
	return -1;
}

static int
read_dates(
    struct dates *d, const char *path, const struct buf *text, struct buf *why)
{
	char *copy = strndup(text->s != NULL ? text->s : "", text->len);
	char *rest = copy, *line;
	struct buf what = { 0 };
	size_t number = 0;
	int r = 0;

	d->zone = zone_load("UTC");
	if (copy == NULL || d->zone == NULL) {
		buf_str(why, "out of memory");
		r = -1;
	} else if (strlen(copy) < text->len) {
		buf_printf(why, "%s: not text: it has a NUL in it", path);
		r = -1;
	}
	while (r == 0 && (line = strsep(&rest, "\n")) != NULL) {
		number++;
		r = take_line(d, line, &what);
	}
	if (what.len > 0)
		buf_printf(why, "%s:%zu: %s", path, number, what.s);
	buf_free(&what);
	zone_free(d->zone);
	free(copy);
	return r;
}

static int
is_ical(const struct buf *text)
{
	static const char first[] = "BEGIN:VCALENDAR";
	const char *s = text->s != NULL ? text->s : "";

	if (strncmp(s, "\xef\xbb\xbf", 3) == 0) /* a mark that it is UTF-8 */
		s += 3;
	return strncasecmp(
		   s + strspn(s, " \t\r\n"), first, sizeof(first) - 1) == 0;
}

int
events_read(struct events *ev, const char *path, const struct buf *text,
    int64_t since, int64_t to, struct buf *why)
{
	struct dates d = { .ev = ev, .since = since, .to = to };
	int r;

	*ev = (struct events){ 0 };
	r = is_ical(text) ? events_ical(ev, path, text, since, to, why)
			  : read_dates(&d, path, text, why);
	if (r == 0)
		put_in_order(ev);
	else
		events_free(ev);
	return r;
}
