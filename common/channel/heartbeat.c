#include "channel/heartbeat.h"

#include "base/clock.h"
#include "base/number.h"
#include "record/journal.h"

static int
take_line(void *ctx, const struct record *r, int64_t logged)
{
	int64_t *newest = ctx;

	if ((r->type == RECORD_DECISION || r->type == RECORD_RESULT) &&
	    logged > *newest)
		*newest = logged;
	return 0;
}

static void
put_stopped(
    struct buf *b, const char *target, double age, double after, int64_t newest)
{
	char s[CLOCK_SIZE], t[NUMBER_SIZE];

	buf_printf(b, "%s: stopped: no decision ", target);
	if (newest == 0)
		buf_str(b, "was ever made");
	else
		buf_printf(b, "for %s", duration_format(t, age));
	buf_printf(b, "\nOne is expected every %s at least. ",
	    duration_format(t, after));
	if (newest != 0)
		buf_printf(b, "The newest is of %s. ", clock_format(s, newest));
	buf_str(b, "Nothing is scaled until the loop runs again. ");
}

int
heartbeat_check(const char *dir, const char *target, double after,
    struct notice **n, struct buf *why)
{
	int64_t newest = 0, now = journal_clock();
	struct buf text = { 0 };
	char s[CLOCK_SIZE];
	double age;
	int stopped;

	/* most often the newest is young: a long journal is not read for it */
	if (journal_each(dir, target, now - (int64_t)(after * 1000), take_line,
		&newest, why) != 0 ||
	    (newest == 0 &&
		journal_each(dir, target, 0, take_line, &newest, why) != 0))
		return -1;
	age = (double)(now - newest) / 1000;
	stopped = age > after;
	if (stopped)
		put_stopped(&text, target, age, after, newest);
	else
		buf_printf(&text,
		    "%s: resumed: decisions are made again\nThe newest is of "
		    "%s. ",
		    target, clock_format(s, newest));
	buf_str(&text, clock_format(s, now));
	*n = text.failed ? NULL
			 : notice_alarm(target, stopped ? "stopped" : "resumed",
			       stopped ? EVENT_STOPPED : EVENT_RESUMED, text.s);
	buf_free(&text);
	if (*n == NULL)
		buf_str(why, "out of memory");
	return *n != NULL ? stopped : -1;
}
