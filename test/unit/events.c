/*
 * Calendars: dates as people write them, and iCalendar with rules, exceptions,
 * replaced times and zones. Begins and ends are from GNU date
 * (TZ=ZONE date -d TIME +%s) and from the examples of RFC 5545, 3.8.5.3.
 */
#include "record/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "check.h"

static int64_t
at(const char *s)
{
	int64_t ms = 0;

	if (clock_parse(s, &ms) != 0)
		check_failed(__FILE__, __LINE__, s);
	return ms / 1000;
}

static int
read_text(struct events *ev, const char *text, const char *since,
    const char *to, struct buf *why)
{
	struct buf b = { 0 };
	int r;

	buf_str(&b, text);
	r = events_read(ev, "c", &b, at(since), at(to), why);
	buf_free(&b);
	return r;
}

/* want: "name FROM UNTIL|name FROM UNTIL|..." of the years 1990 to 2030 */
struct row {
	const char *text, *want;
};

#define CAL(x) "BEGIN:VCALENDAR\r\n" x "END:VCALENDAR\r\n"
#define EVENT(x) "BEGIN:VEVENT\r\n" x "END:VEVENT\r\n"

static const struct row good[] = {
	{ "", "" },
	{ "# nothing\n\n", "" },
	{ "2026-11-27 black-friday\n",
	    "black-friday 2026-11-27T00:00:00Z 2026-11-28T00:00:00Z|" },
	{ "2026-12-24/2026-12-26 x y # z\r\n2026-01-01 a#b",
	    "a#b 2026-01-01T00:00:00Z 2026-01-02T00:00:00Z|"
	    "x y 2026-12-24T00:00:00Z 2026-12-27T00:00:00Z|" },
	/* clocks go forward that day: 23 hours */
	{ "timezone Europe/Berlin\n2026-03-29 short\n",
	    "short 2026-03-28T23:00:00Z 2026-03-29T22:00:00Z|" },
	{ "timezone America/New_York\n2026-11-27T09:00/2026-11-27T21:00 s\n",
	    "s 2026-11-27T14:00:00Z 2026-11-28T02:00:00Z|" },
	{ "timezone Asia/Tokyo\n"
	  "2026-11-27T09:00:00Z/2026-11-27T21:00:00+02:00 s\n",
	    "s 2026-11-27T09:00:00Z 2026-11-27T19:00:00Z|" },
	{ "2026-11-27 a\n2026-11-27 a\n",
	    "a 2026-11-27T00:00:00Z 2026-11-28T00:00:00Z|" },
	{ CAL(EVENT("SUMMARY:New Year\r\nDTSTART;VALUE=DATE:20260101\r\n")),
	    "New Year 2026-01-01T00:00:00Z 2026-01-02T00:00:00Z|" },
	/* folded lines, an alarm with a duration of its own */
	{ CAL(EVENT("SUMMARY:a very\r\n  long one\r\n"
		    "DTSTART;TZID=Europe/Berlin:20260701T090000\r\n"
		    "DURATION:PT2H\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\n"
		    "DURATION:P9D\r\nEND:VALARM\r\n")),
	    "a very long one 2026-07-01T07:00:00Z 2026-07-01T09:00:00Z|" },
	/* Thanksgiving, the fourth Thursday of November */
	{ CAL("X-WR-TIMEZONE:America/New_York\r\n" EVENT(
	      "SUMMARY:t\r\nDTSTART;VALUE=DATE:20141127\r\n"
	      "DTEND;VALUE=DATE:20141128\r\n"
	      "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\r\n")),
	    "t 2014-11-27T05:00:00Z 2014-11-28T05:00:00Z|"
	    "t 2015-11-26T05:00:00Z 2015-11-27T05:00:00Z|"
	    "t 2016-11-24T05:00:00Z 2016-11-25T05:00:00Z|" },
	/* across the night when clocks go back 9:00 stays 9:00; the rule ends
	 * at a time in UTC */
	{ CAL(EVENT("SUMMARY:d\nDTSTART;TZID=America/New_York:19971024T090000\n"
		    "DTEND;TZID=America/New_York:19971024T093000\n"
		    "RRULE:FREQ=DAILY;UNTIL=19971026T140000Z\n")),
	    "d 1997-10-24T13:00:00Z 1997-10-24T13:30:00Z|"
	    "d 1997-10-25T13:00:00Z 1997-10-25T13:30:00Z|"
	    "d 1997-10-26T14:00:00Z 1997-10-26T14:30:00Z|" },
	/* exceptions, several in a line, and one time more */
	{ CAL(EVENT("SUMMARY:w\nDTSTART:20260102T100000Z\nDURATION:PT1H\n"
		    "RRULE:FREQ=WEEKLY;COUNT=4\n"
		    "EXDATE:20260109T100000Z,20260116T100000Z\n"
		    "RDATE:20260103T100000Z\n")),
	    "w 2026-01-02T10:00:00Z 2026-01-02T11:00:00Z|"
	    "w 2026-01-03T10:00:00Z 2026-01-03T11:00:00Z|"
	    "w 2026-01-23T10:00:00Z 2026-01-23T11:00:00Z|" },
	/* one time is moved, one is called off */
	{ CAL(EVENT("UID:1\nSUMMARY:m\nDTSTART:20260102T100000Z\n"
		    "DURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\n")
		  EVENT("UID:1\nSUMMARY:m\nRECURRENCE-ID:20260103T100000Z\n"
			"DTSTART:20260103T120000Z\nDURATION:PT1H\n")
		      EVENT("UID:1\nSUMMARY:m\nSTATUS:CANCELLED\n"
			    "RECURRENCE-ID:20260104T100000Z\n"
			    "DTSTART:20260104T100000Z\n")),
	    "m 2026-01-02T10:00:00Z 2026-01-02T11:00:00Z|"
	    "m 2026-01-03T12:00:00Z 2026-01-03T13:00:00Z|" },
	/* a zone that only the file knows: two hours ahead all year */
	{ CAL("BEGIN:VTIMEZONE\nTZID:Office Time\nBEGIN:STANDARD\n"
	      "DTSTART:19700101T000000\nTZOFFSETFROM:+0200\n"
	      "TZOFFSETTO:+0200\nEND:STANDARD\nEND:VTIMEZONE\n" EVENT(
		  "SUMMARY:o\nDTSTART;TZID=Office Time:20260701T090000\n"
		  "DTEND;TZID=Office Time:20260701T100000\n")),
	    "o 2026-07-01T07:00:00Z 2026-07-01T08:00:00Z|" },
	{ "\xef\xbb\xbf" CAL("BEGIN:VTODO\nSUMMARY:no event\nEND:VTODO\n"),
	    "" },
};

static void
events_are(const struct row *w)
{
	struct buf why = { 0 }, got = { 0 };
	struct events ev;
	char a[CLOCK_SIZE], b[CLOCK_SIZE];

	check_row = w->text;
	if (!check(read_text(&ev, w->text, "1990-01-01", "2030-01-01", &why) ==
		0)) {
		fprintf(stderr, "%s\n", why.s);
		buf_free(&why);
		return;
	}
	buf_str(&got, "");
	for (size_t i = 0; i < ev.n; i++)
		buf_printf(&got, "%s %s %s|", ev.e[i].name,
		    clock_format(a, ev.e[i].from * 1000),
		    clock_format(b, ev.e[i].until * 1000));
	if (!check(strcmp(got.s != NULL ? got.s : "", w->want) == 0))
		fprintf(stderr, "got %s\n", got.s);
	events_free(&ev);
	buf_free(&got);
	buf_free(&why);
}

static const struct row refused[] = {
	{ "2026-02-30 x\n", "c:1: '2026-02-30' is no date" },
	{ "\n2026-11-27\n", "c:2: '2026-11-27' has no name after it" },
	{ "2026-11-27/2026-11-26 x",
	    "c:1: '2026-11-26' is not after "
	    "'2026-11-27'" },
	{ "2026-11-27T09:00 x",
	    "c:1: '2026-11-27T09:00' has no end: "
	    "FROM/UNTIL" },
	{ "1234567890 x", "c:1: '1234567890' is no date" },
	{ "tomorrow sale", "c:1: 'tomorrow' is no date" },
	{ "timezone Mars/Olympus",
	    "c:1: 'Mars/Olympus' is no time zone that this machine knows" },
	{ CAL(EVENT("SUMMARY:x\nDTSTART:someday\n")),
	    "c:4: cannot be read: 'DTSTART:someday'" },
	{ CAL(EVENT("SUMMARY:x\nDTSTART;VALUE=DATE:20260230\n")),
	    "c:4: no such date: 'DTSTART;VALUE=DATE:20260230'" },
	{ CAL(EVENT("SUMMARY:x\nDTSTART:20260101T000000Z\nRRULE:FREQ=X\n")),
	    "c:5: cannot be read: 'RRULE:FREQ=X'" },
	{ CAL(EVENT("SUMMARY:x\nDTSTART;TZID=Nowhere:20260101T000000\n")),
	    "c:4: unknown time zone in "
	    "'DTSTART;TZID=Nowhere:20260101T000000'" },
	{ CAL("\n" EVENT("SUMMARY:x\n")), "c:3: an event without 'DTSTART'" },
	{ CAL(EVENT("DTSTART:20260101T000000Z\n")),
	    "c:2: an event without 'SUMMARY'" },
	{ CAL("BEGIN:VEVENT\n"), "c:3: 'END:VCALENDAR' ends nothing" },
	{ "BEGIN:VCALENDAR\n", "c:1: the file ends before 'END:VCALENDAR'" },
	{ CAL("nonsense\n"), "c:2: no iCalendar line: 'nonsense'" },
	{ CAL("") "2026-11-27 x\n", "c:3: no iCalendar line: '2026-11-27 x'" },
};

static void
message_is(const struct row *w)
{
	struct buf why = { 0 };
	struct events ev;

	check_row = w->text;
	check(read_text(&ev, w->text, "1990-01-01", "2030-01-01", &why) == -1);
	check(ev.n == 0 && ev.e == NULL);
	if (!check(why.s != NULL && strcmp(why.s, w->want) == 0))
		fprintf(stderr, "got %s\n", why.s);
	buf_free(&why);
}

/* A rule without end comes as far as is asked for, and no rule for ever */
static void
ceilings(void)
{
	static const char daily[] =
	    CAL(EVENT("SUMMARY:d\nDTSTART:20260101T000000Z\n"
		      "RRULE:FREQ=DAILY\n"));
	static const char secondly[] =
	    CAL(EVENT("SUMMARY:d\nDTSTART:20260101T000000Z\n"
		      "DURATION:PT1S\nRRULE:FREQ=SECONDLY\n"));
	struct buf why = { 0 };
	struct events ev;

	check_row = "";
	check(read_text(&ev, daily, "2026-03-01", "2026-03-08", &why) == 0);
	check(ev.n == 7 && ev.e[0].from == at("2026-03-01"));
	events_free(&ev);
	check(read_text(&ev, secondly, "2026-01-01", "2027-01-01", &why) == -1);
	check(
	    why.s != NULL && strcmp(why.s, "c:2: too many events by 'd'") == 0);
	buf_free(&why);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		events_are(&good[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		message_is(&refused[i]);
	ceilings();
	return check_status();
}
