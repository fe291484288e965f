#include "target/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "io/program.h"

const char *
may_contradict(const struct decision *d)
{
	if (d->action == ACTION_MAINTAIN || d->action == ACTION_HOLD) {
		if (d->current >= 0 && d->recommended >= 0 &&
		    d->current != d->recommended)
			return "asks for no change, and for another count";
		return NULL;
	}
	if (d->current < 0)
		return "the present count is not known";
	if (d->recommended < 0)
		return "no count is recommended";
	if (d->observed.known && d->observed.instances != d->current)
		return "its two present counts differ";
	if (d->action == ACTION_SCALE_DOWN ? d->recommended >= d->current
					   : d->recommended <= d->current)
		return "action and counts contradict each other";
	return NULL;
}

/* How long the decision holds, in ms; a pending one until it expires */
static int64_t
good_until(const struct work *w)
{
	if (w->d->approval == APPROVAL_NONE)
		return w->d->time +
		    (int64_t)llround(2000 * w->s->decision_interval);
	if (w->d->expires > 0)
		return w->d->expires;
	return w->d->time + (int64_t)llround(1000 * w->s->approval_expires);
}

int
may_fresh(const struct work *w, struct buf *error)
{
	const struct decision *d = w->d;
	char span[NUMBER_SIZE];
	int64_t until = good_until(w);
	double ahead = (double)(d->time - w->now) / 1000;

	if (w->now > until) {
		buf_printf(error, "%s: decided %s ago",
		    d->approval == APPROVAL_NONE ? "stale" : "expired",
		    duration_format(span, -ahead));
		return -1;
	}
	if (ahead > w->s->decision_interval) {
		buf_printf(error,
		    "decided %s in the future: the clocks do not agree",
		    duration_format(span, ahead));
		return -1;
	}
	return 0;
}

int
may_check(struct work *w)
{
	const struct decision *d = w->d;
	const char *wrong = may_contradict(d);
	struct buf *error = &w->out->error;

	if (wrong != NULL) {
		buf_str(error, wrong);
		return -1;
	}
	if (may_fresh(w, error) != 0)
		return -1;
	if (d->observed.driver[0] != '\0' &&
	    strcmp(d->observed.driver, w->out->driver) != 0) {
		buf_printf(error, "decided for driver '%s', not '%s'",
		    d->observed.driver, w->out->driver);
		return -1;
	}
	return 0;
}

/* What failed once is tried again by the next decision, then after ever longer:
 * 2, 4 and 8 intervals, less half a one, as turns do not begin to the second.
 * Who is out of stock or ill is not helped by being asked. */
static int64_t
not_before(const struct work *w)
{
	int k = w->past.failures < 4 ? w->past.failures : 4;
	double turns;

	if (k < 2)
		return 0;
	turns = (1 << (k - 1)) - 0.5;
	return w->past.failed_at +
	    (int64_t)llround(1000 * w->s->decision_interval * turns);
}

int
may_act(struct work *w)
{
	struct apply_result *out = w->out;
	const struct decision *d = w->d;
	char time[CLOCK_SIZE];

	if (w->past.done) {
		buf_printf(&out->error, "carried out already, at %s",
		    clock_format(time, w->past.done_at));
		work_end(out, APPLY_REFUSED);
	} else if (w->now < not_before(w)) {
		buf_printf(&out->error,
		    "failed %d times in a row: not tried again before %s",
		    w->past.failures, clock_format(time, not_before(w)));
		work_end(out, APPLY_REFUSED);
	} else if (d->approval == APPROVAL_NONE) {
		return 0;
	} else if (w->past.denied || d->approval == APPROVAL_DENIED) {
		buf_printf(&out->error, "denied by %s",
		    w->past.denied ? w->past.who : "somebody");
		work_end(out, APPLY_REFUSED);
	} else if (w->past.granted) {
		return 0;
	} else if (d->approval == APPROVAL_GRANTED) {
		buf_str(&out->error,
		    w->s->state_dir != NULL
			? "says granted, but no grant is in the journal"
			: "says granted, but without a state folder no grant "
			  "can be looked up");
		work_end(out, APPLY_REFUSED);
	} else {
		buf_printf(
		    &out->error, "waits for a person to grant %s", d->plan);
		work_end(out, APPLY_PENDING);
	}
	return -1;
}

enum { ASK_WORDS = 16, ASK_S = 30 };

/* The words of before_removal: 0, or -1 where there are none or too many */
static int
split(char *words, char *argv[ASK_WORDS + 1])
{
	size_t n = 0;

	for (char *rest = words, *word; (word = strsep(&rest, " \t")) != NULL;)
		if (*word != '\0') {
			if (n == ASK_WORDS)
				return -1;
			argv[n++] = word;
		}
	argv[n] = NULL;
	return n > 0 ? 0 : -1;
}

/* The program gets the record on its standard input, and who, from how many to
 * how many in its environment. */
static int
ask(const struct work *w, char *const argv[], struct buf *why)
{
	const struct decision *d = w->d;
	struct buf who = { 0 }, from = { 0 }, to = { 0 };
	struct program_result r = { 0 };
	int no;

	buf_printf(&who, "AUTOSCALE_TARGET=%s", d->target);
	buf_printf(&from, "AUTOSCALE_FROM=%ld", d->current);
	buf_printf(&to, "AUTOSCALE_TO=%ld", d->recommended);
	no = who.failed || from.failed || to.failed;
	if (no) {
		buf_str(why, "out of memory");
	} else {
		const char *const env[] = { who.s, from.s, to.s, NULL };

		no = program_run(argv, env, w->r->line, w->r->len, ASK_S, &r);
	}
	if (r.error.len > 0)
		buf_add(why, r.error.s, r.error.len);
	program_result_free(&r);
	buf_free(&who);
	buf_free(&from);
	buf_free(&to);
	return no;
}

int
may_remove(struct work *w)
{
	const char *words = w->s->apply.before_removal;
	struct buf *error = &w->out->error;
	char *copy, *argv[ASK_WORDS + 1];
	int no;

	if (words == NULL || w->d->recommended >= w->d->current)
		return 0;
	buf_str(error, "before_removal: ");
	copy = strdup(words);
	no = copy == NULL || split(copy, argv) != 0;
	if (no)
		buf_printf(error, "'%s' is no program with up to %d words",
		    words, ASK_WORDS - 1);
	else
		no = ask(w, argv, error);
	free(copy);
	if (no)
		work_end(w->out, APPLY_REFUSED);
	else
		buf_clear(error);
	return no ? -1 : 0;
}
