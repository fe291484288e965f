#include "policy/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "conf/when.h"

enum { DAY = 86400 };

struct span {
	const struct conf_span *conf;
	struct zone *zone;
	struct when from, until;
};

struct schedule {
	struct span *spans; /* schedules, then freezes */
	size_t n, n_schedules;
};

static int
make_span(struct span *s, const struct conf_span *conf)
{
	s->conf = conf;
	s->from = (struct when){ .daily = 1, .s = 0 };
	s->until = (struct when){ .daily = 1, .s = DAY };
	errno = EINVAL;
	if (conf->from != NULL && conf->until != NULL &&
	    (when_parse(conf->from, &s->from) != 0 ||
		when_parse(conf->until, &s->until) != 0 ||
		s->from.daily != s->until.daily))
		return -1;
	s->zone = zone_load(conf->timezone != NULL ? conf->timezone : "UTC");
	return s->zone != NULL ? 0 : -1;
}

struct schedule *
schedule_make(const struct conf_target *t)
{
	struct schedule *s = calloc(1, sizeof(*s));
	size_t n = t->n_schedules + t->n_freezes;

	if (s == NULL)
		return NULL;
	s->spans = calloc(n + 1, sizeof(*s->spans));
	if (s->spans == NULL) {
		free(s);
		return NULL;
	}
	s->n_schedules = t->n_schedules;
	for (; s->n < n; s->n++) {
		size_t i = s->n;
		const struct conf_span *conf = i < t->n_schedules
		    ? &t->schedules[i]
		    : &t->freezes[i - t->n_schedules];

		if (make_span(&s->spans[i], conf) != 0) {
			int error = errno;

			schedule_free(s);
			errno = error;
			return NULL;
		}
	}
	return s;
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		zone_free(s->spans[i].zone);
	free(s->spans);
	free(s);
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

static int
in_force(const struct span *s, int64_t from, int64_t to)
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

void
schedule_floor(const struct schedule *s, int64_t from, int64_t to,
    struct schedule_floor *f)
{
	*f = (struct schedule_floor){ .min = -1, .max = -1 };
	for (size_t i = 0; s != NULL && i < s->n_schedules; i++) {
		const struct conf_span *c = s->spans[i].conf;

		if (c->min_instances > f->min &&
		    in_force(&s->spans[i], from, to)) {
			f->min = c->min_instances;
			f->by = c->name;
		}
		if (c->max_instances >= 0 &&
		    (f->max < 0 || c->max_instances < f->max) &&
		    in_force(&s->spans[i], from, from))
			f->max = c->max_instances;
	}
}

const char *
schedule_frozen(const struct schedule *s, int64_t now)
{
	for (size_t i = s != NULL ? s->n_schedules : 0; s != NULL && i < s->n;
	     i++)
		if (in_force(&s->spans[i], now, now))
			return s->spans[i].conf->name;
	return NULL;
}
