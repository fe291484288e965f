#include "target/work.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"

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
