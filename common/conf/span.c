#include "conf/span.h"

#include <errno.h>
#include <stddef.h>

enum { DAY = 86400 };

int
span_make(struct span *s, const struct conf_span *conf)
{
	*s = (struct span){ .conf = conf,
		.from = { .daily = 1, .s = 0 },
		.until = { .daily = 1, .s = DAY } };
	errno = EINVAL;
	if (conf->from != NULL && conf->until != NULL &&
	    (when_parse(conf->from, &s->from) != 0 ||
		when_parse(conf->until, &s->until) != 0 ||
		s->from.daily != s->until.daily))
		return -1;
	s->zone = zone_load(conf->timezone != NULL ? conf->timezone : "UTC");
	return s->zone != NULL ? 0 : -1;
}

void
span_free(struct span *s)
{
	zone_free(s->zone);
	s->zone = NULL;
}

/* Rounds towards the past */
static int64_t
divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Is the day that began `days` days after 1970-01-01 one of the span's? */
static int
is_day(const struct span *s, int64_t days)
{
	/* 1970-01-01 was a Thursday; bit 0 is Monday */
	int64_t weekday = ((days + 3) % 7 + 7) % 7;

	return s->conf->days == 0 || (s->conf->days >> weekday & 1) != 0;
}

/* Does [begin, end) of the span that begins on that day meet [from, to]? */
static int
meets(const struct span *s, int64_t day, int64_t from, int64_t to)
{
	int64_t begin = s->from.s, end = s->until.s;

	if (s->from.daily) {
		if (end <= begin)
			end += DAY;
		begin += day * DAY;
		end += day * DAY;
	}
	begin = zone_moment(s->zone, begin, 0) * 1000;
	end = zone_moment(s->zone, end, 1) * 1000;
	return begin <= to && from < end;
}

int
span_meets(const struct span *s, int64_t from, int64_t to)
{
	int64_t first, last;

	if (!s->from.daily)
		return meets(s, 0, from, to);
	/* a span ends on the day after the one that it began on */
	first = divide(from / 1000 + zone_offset(s->zone, from / 1000), DAY);
	last = divide(to / 1000 + zone_offset(s->zone, to / 1000), DAY);
	for (int64_t day = first - 2; day <= last + 1; day++)
		if (is_day(s, day) && meets(s, day, from, to))
			return 1;
	return 0;
}
