#include "record/events_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/zone.h"

struct event_clock {
	char name[128];
	struct zone *zone; /* NULL: own */
	icaltimezone *own;
};

static const struct event_clock *
find(const struct event_clocks *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->clock[i]->name, name) == 0)
			return c->clock[i];
	return NULL;
}

static struct event_clock *
add(struct event_clocks *c, const char *name)
{
	struct event_clock **a = realloc(c->clock, (c->n + 1) * sizeof(*a));
	struct event_clock *k = calloc(1, sizeof(*k));

	if (a != NULL)
		c->clock = a;
	if (a == NULL || k == NULL) {
		free(k);
		return NULL;
	}
	snprintf(k->name, sizeof(k->name), "%s", name);
	c->clock[c->n++] = k;
	return k;
}

const struct event_clock *
clocks_get(struct event_clocks *c, const char *name)
{
	const struct event_clock *known;
	struct event_clock *k = NULL;
	struct zone *z;

	if (name == NULL || strlen(name) >= sizeof(k->name))
		return NULL;
	known = find(c, name);
	if (known != NULL)
		return known;
	z = zone_load(name);
	if (z != NULL)
		k = add(c, name);
	if (k == NULL)
		zone_free(z);
	else
		k->zone = z;
	return k;
}

int
clocks_define(struct event_clocks *c, const char *text)
{
	icalcomponent *part = icalcomponent_new_from_string(text);
	icaltimezone *z = part != NULL ? icaltimezone_new() : NULL;
	struct event_clock *k = NULL;
	const char *name = NULL;
	int known = 0;

	if (z != NULL && icaltimezone_set_component(z, part)) {
		part = NULL; /* it is z's now */
		name = icaltimezone_get_tzid(z);
		known = name != NULL && clocks_get(c, name) != NULL;
		if (name != NULL && !known)
			k = add(c, name);
	}
	if (k != NULL)
		k->own = z;
	else if (z != NULL)
		icaltimezone_free(z, 1);
	if (part != NULL)
		icalcomponent_free(part);
	return k != NULL || known ? 0 : -1;
}

void
clocks_free(struct event_clocks *c)
{
	for (size_t i = 0; i < c->n; i++) {
		zone_free(c->clock[i]->zone);
		if (c->clock[i]->own != NULL)
			icaltimezone_free(c->clock[i]->own, 1);
		free(c->clock[i]);
	}
	free(c->clock);
	*c = (struct event_clocks){ 0 };
}

int
clock_shown(struct icaltimetype t, int64_t *local)
{
	char s[96];
	int64_t ms;

	if (t.is_date)
		t.hour = t.minute = t.second = 0;
	snprintf(s, sizeof(s), "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year,
	    t.month, t.day, t.hour, t.minute, t.second);
	if (clock_rfc3339(s, &ms) != 0)
		return -1;
	*local = ms / 1000;
	return 0;
}

int
clock_moment(const struct event_clock *c, struct icaltimetype t, int64_t *at)
{
	int64_t local;

	if (clock_shown(t, &local) != 0)
		return -1;
	if (icaltime_is_utc(t))
		*at = local;
	else if (c->zone != NULL)
		*at = zone_moment(c->zone, local, 0);
	else
		*at = icaltime_as_timet_with_zone(t, c->own);
	return 0;
}

int64_t
clock_days_later(
    const struct event_clock *c, int64_t at, int64_t local, int64_t seconds)
{
	if (c->zone == NULL)
		return at + seconds;
	return zone_moment(c->zone, local + seconds, 0);
}

struct icaltimetype
clock_local(const struct event_clock *c, struct icaltimetype t)
{
	int64_t at;
	int dst;

	if (clock_shown(t, &at) != 0)
		return t;
	if (c->zone != NULL)
		at += zone_offset(c->zone, at);
	else
		at += icaltimezone_get_utc_offset_of_utc_time(c->own, &t, &dst);
	return icaltime_from_timet_with_zone((time_t)at, 0, NULL);
}
