/*
 * Schedules and freezes at the moments where they begin and end, in nights
 * that have 23 or 25 hours, and across midnight.
 */
#include "policy/schedule.h"

#include <stdlib.h>

#include "base/clock.h"
#include "check.h"

static int64_t
at(const char *s)
{
	int64_t ms = 0;

	check(clock_parse(s, &ms) == 0);
	return ms;
}

enum { MON = 1, TUE = 2, WED = 4, THU = 8, FRI = 16, SAT = 32, SUN = 64 };

struct row {
	const char *from, *until, *zone;
	unsigned days;
	const char *now;
	int in_force;
};

static const struct row rows[] = {
	/* half-open, on the clocks of the place: Berlin is at +1 in winter */
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-11-23T06:59:59Z", 0 },
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-11-23T07:00:00Z", 1 },
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-11-23T18:59:59.999Z", 1 },
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-11-23T19:00:00Z", 0 },
	/* and at +2 in summer */
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-07-01T06:00:00Z", 1 },
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-07-01T05:59:59Z", 0 },
	{ "08:00", "20:00", "Europe/Berlin", 0, "2026-07-01T18:00:00Z", 0 },
	/* 2026-11-23 is a Monday, -28 a Saturday, -29 a Sunday */
	{ "08:00", "20:00", "UTC", MON | TUE, "2026-11-23T12:00:00Z", 1 },
	{ "08:00", "20:00", "UTC", MON | TUE, "2026-11-25T12:00:00Z", 0 },
	{ "08:00", "20:00", "UTC", SAT | SUN, "2026-11-29T12:00:00Z", 1 },
	{ "08:00", "20:00", "UTC", SAT | SUN, "2026-11-27T12:00:00Z", 0 },
	/* the day is the place's: Sunday noon in UTC is Monday in Auckland */
	{ "00:00", "06:00", "Pacific/Auckland", MON, "2026-11-29T12:00:00Z",
	    1 },
	{ "00:00", "06:00", "UTC", MON, "2026-11-29T12:00:00Z", 0 },
	/* across midnight the day is that of the evening */
	{ "22:00", "06:00", "UTC", FRI, "2026-11-27T23:00:00Z", 1 },
	{ "22:00", "06:00", "UTC", FRI, "2026-11-28T05:59:59Z", 1 },
	{ "22:00", "06:00", "UTC", FRI, "2026-11-28T06:00:00Z", 0 },
	{ "22:00", "06:00", "UTC", FRI, "2026-11-27T05:00:00Z", 0 },
	{ "22:00", "06:00", "UTC", FRI, "2026-11-28T23:00:00Z", 0 },
	/* midnight, written either way */
	{ "20:00", "24:00", "UTC", 0, "2026-11-23T23:59:59Z", 1 },
	{ "20:00", "24:00", "UTC", 0, "2026-11-24T00:00:00Z", 0 },
	{ "20:00", "00:00", "UTC", 0, "2026-11-23T23:59:59Z", 1 },
	{ "20:00", "00:00", "UTC", 0, "2026-11-24T00:00:00Z", 0 },
	/* the whole day */
	{ NULL, NULL, "UTC", WED, "2026-11-25T00:00:00Z", 1 },
	{ NULL, NULL, "UTC", WED, "2026-11-25T23:59:59Z", 1 },
	{ NULL, NULL, "UTC", WED, "2026-11-26T00:00:00Z", 0 },
	/* 2026-03-29 02:00 becomes 03:00 in Berlin: 02:30 is that moment */
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-03-29T00:59:59Z", 0 },
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-03-29T01:00:00Z", 1 },
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-03-29T01:59:59Z", 1 },
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-03-29T02:00:00Z", 0 },
	{ "01:00", "02:30", "Europe/Berlin", 0, "2026-03-29T00:59:59Z", 1 },
	{ "01:00", "02:30", "Europe/Berlin", 0, "2026-03-29T01:00:00Z", 0 },
	/* 2026-10-25 03:00 becomes 02:00: from the first, until the last 02:30
	 */
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-10-25T00:29:59Z", 0 },
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-10-25T00:30:00Z", 1 },
	{ "02:30", "04:00", "Europe/Berlin", 0, "2026-10-25T01:10:00Z", 1 },
	{ "01:00", "02:30", "Europe/Berlin", 0, "2026-10-25T00:45:00Z", 1 },
	{ "01:00", "02:30", "Europe/Berlin", 0, "2026-10-25T01:29:59Z", 1 },
	{ "01:00", "02:30", "Europe/Berlin", 0, "2026-10-25T01:30:00Z", 0 },
	/* one time */
	{ "2026-12-24T00:00", "2026-12-27", "Europe/Berlin", 0,
	    "2026-12-23T22:59:59Z", 0 },
	{ "2026-12-24T00:00", "2026-12-27", "Europe/Berlin", 0,
	    "2026-12-23T23:00:00Z", 1 },
	{ "2026-12-24T00:00", "2026-12-27", "Europe/Berlin", 0,
	    "2026-12-26T22:59:59Z", 1 },
	{ "2026-12-24T00:00", "2026-12-27", "Europe/Berlin", 0,
	    "2026-12-26T23:00:00Z", 0 },
};

/* conf owns its texts; here they are only lent to it */
static char *
lent(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { s };

	return u.out;
}

static void
table(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct conf_span span = { .name = lent("it"),
			.from = lent(r->from),
			.until = lent(r->until),
			.timezone = lent(r->zone),
			.days = r->days,
			.min_instances = 4,
			.max_instances = -1 };
		struct conf_target t = { .schedules = &span, .n_schedules = 1 };
		struct conf_target u = { .freezes = &span, .n_freezes = 1 };
		struct schedule *s = schedule_make(&t);
		struct schedule *z = schedule_make(&u);
		struct schedule_floor f;

		check_row = r->now;
		if (!check(s != NULL && z != NULL))
			continue;
		schedule_floor(s, at(r->now), at(r->now), &f);
		check(f.min == (r->in_force ? 4 : -1));
		check((schedule_frozen(z, at(r->now)) != NULL) == r->in_force);
		check(schedule_frozen(s, at(r->now)) == NULL);
		schedule_free(s);
		schedule_free(z);
	}
	check_row = "";
}

/* A floor is in force for whoever is ordered now and serves when it begins; a
 * maximum only once it has begun. Of several the largest floor and the least
 * maximum hold. */
static void
looking_ahead(void)
{
	struct conf_span spans[] = {
		{ .name = lent("day"),
		    .from = lent("08:00"),
		    .until = lent("20:00"),
		    .min_instances = 4,
		    .max_instances = 20 },
		{ .name = lent("noon"),
		    .from = lent("12:00"),
		    .until = lent("13:00"),
		    .min_instances = 6,
		    .max_instances = 8 },
		{ .name = lent("cap"),
		    .from = lent("12:30"),
		    .until = lent("14:00"),
		    .min_instances = -1,
		    .max_instances = 7 },
	};
	struct conf_target t = { .schedules = spans, .n_schedules = 3 };
	struct schedule *s = schedule_make(&t);
	struct schedule_floor f;

	if (!check(s != NULL))
		return;
	schedule_floor(
	    s, at("2026-11-23T07:57:00Z"), at("2026-11-23T07:59:59Z"), &f);
	check(f.min == -1 && f.max == -1 && f.by == NULL);
	schedule_floor(
	    s, at("2026-11-23T07:58:00Z"), at("2026-11-23T08:00:00Z"), &f);
	check(f.min == 4 && f.max == -1);
	schedule_floor(
	    s, at("2026-11-23T12:10:00Z"), at("2026-11-23T12:11:00Z"), &f);
	check(f.min == 6 && f.max == 8 && f.by == spans[1].name);
	schedule_floor(
	    s, at("2026-11-23T12:40:00Z"), at("2026-11-23T12:41:00Z"), &f);
	check(f.min == 6 && f.max == 7);
	schedule_free(s);
	schedule_floor(NULL, 0, 1000, &f);
	check(f.min == -1 && f.max == -1);
	check(schedule_frozen(NULL, 0) == NULL);
}

static void
environment_is_left_alone(void)
{
	const char *tz;
	struct conf_span span = { .name = lent("it"),
		.timezone = lent("Asia/Tokyo"),
		.min_instances = 1,
		.max_instances = -1 };
	struct conf_target t = { .schedules = &span, .n_schedules = 1 };
	struct schedule_floor f;
	struct schedule *s;

	setenv("TZ", "America/New_York", 1);
	s = schedule_make(&t);
	schedule_floor(s, 0, 0, &f);
	schedule_free(s);
	tz = getenv("TZ");
	check(tz != NULL && tz[0] == 'A' && tz[8] == 'N');
	span.timezone = lent("Nowhere/Atall");
	check(schedule_make(&t) == NULL);
}

int
main(void)
{
	table();
	looking_ahead();
	environment_is_left_alone();
	return check_status();
}
