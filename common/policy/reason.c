#include "policy/reason.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

/* "1 instance", "3 instances" */
static void
count(struct buf *b, long n)
{
	buf_printf(b, "%ld instance%s", n, n == 1 ? "" : "s");
}

static void
amount(struct buf *b, const struct decide_view *v, double x)
{
	const char *unit = v->conf->unit != NULL ? v->conf->unit
	    : v->forecast != NULL		 ? v->forecast->unit
						 : "";

	buf_printf(b, "%.3g%s%s", x, *unit != '\0' ? " " : "", unit);
}

/* The signal whose vote of that kind is the largest */
static const struct decide_view *
leader(const struct decide_trace *t, int vote)
{
	const struct decide_view *best = NULL;
	long most = -1;

	for (size_t i = 0; i < t->n_views; i++) {
		const struct decide_view *v = &t->view[i];
		long n = vote == VOTE_NOW ? v->now
		    : vote == VOTE_AHEAD  ? v->ahead
					  : v->keep;

		if (n > most) {
			most = n;
			best = v;
		}
	}
	return best;
}

static void
because_now(struct buf *b, const struct decide_trace *t, long n)
{
	const struct decide_view *v = leader(t, VOTE_NOW);

	if (v == NULL)
		return;
	buf_printf(b, "'%s' is at ", v->conf->name);
	amount(b, v, v->value);
	buf_str(b, ", and ");
	count(b, n);
	buf_str(b, n == 1 ? " is to carry " : " are to carry ");
	amount(b, v, (double)n * v->unit);
}

static void
because_ahead(struct buf *b, const struct decide_trace *t, long n)
{
	const struct decide_view *v = leader(t, VOTE_AHEAD);
	const struct forecast_window *w = v != NULL ? v->ahead_window : NULL;
	double risk, certain;

	if (w == NULL) {
		because_now(b, t, n);
		return;
	}
	risk = 100 * need_risk(w, w->n_at - 1, v->unit, n);
	certain = need_peak(w, w->n_at - 1, t->door.q);
	buf_printf(b, "'%s' is at ", v->conf->name);
	amount(b, v, v->value);
	buf_str(b, " and may reach ");
	amount(b, v, certain);
	buf_str(b, " before new instances could serve; ");
	count(b, n);
	buf_printf(b, " would be too few with a chance of %.3g %%", risk);
}

/* Why so many are needed */
static void
because(struct buf *b, const struct decide_input *in, const struct decision *d,
    const struct decide_trace *t, long n)
{
	const char *by = d->by != NULL ? d->by : "";
	char span[NUMBER_SIZE];

	if (strcmp(by, "now") == 0) {
		because_now(b, t, n);
	} else if (strcmp(by, "panic") == 0) {
		buf_printf(b,
		    "the load is at the limit of what can be measured, so it "
		    "may be far more than that");
	} else if (strcmp(by, "ahead") == 0) {
		because_ahead(b, t, n);
	} else if (strcmp(by, "sched") == 0) {
		buf_printf(b, "the schedule '%s' asks for at least %ld",
		    t->floor.by != NULL ? t->floor.by : "", t->floor.min);
	} else if (strcmp(by, "floor") == 0) {
		buf_printf(b, "at least %ld must run", d->votes[VOTE_FLOOR]);
	} else if (strcmp(by, "keep") == 0) {
		buf_printf(b,
		    "%ld would do, but %ld were called for within the "
		    "last %s",
		    d->lower, d->votes[VOTE_KEEP],
		    duration_format(span, in->target->policy.stabilisation));
	} else {
		buf_str(b,
		    "the load fell faster than it ever does, which may "
		    "be an outage");
	}
}

struct phrase {
	const char *state, *text;
};

/* What a state means to somebody who has been woken up by it */
static const struct phrase phrases[] = {
	{ "count-unknown", "the present count is not known" },
	{ "stale", "the newest samples are too old or too few to remove on" },
	{ "no-data", "there is no load to go by" },
	{ "window-mismatch",
	    "the forecast is for another boot time or interval" },
	{ "suspected-outage",
	    "the load fell faster than it ever does, which may be an outage" },
	{ "paused", "scaling is paused" },
	{ "frozen", "a freeze is in force" },
	{ "missing-signal", "a signal is missing" },
	{ "guard-signal", "a guard signal is above its limit" },
	{ "capped-by-max", "more are not allowed" },
	{ "tolerance", "the difference is within the tolerance" },
	{ "step-limited", "one decision may not do more" },
	{ "cooldown", "the last change is too recent to remove any" },
	{ "change-budget", "there were as many changes as are allowed" },
	{ "billing-edge", "what would go is paid for until later" },
	{ "budget-hold", "the budget does not allow more" },
	{ "changed-elsewhere", "the count is somebody else's, of late" },
	{ "cold", "the journal is too young to remove any" },
	{ "out-of-memory", "there is no memory to choose machines in" },
};

static const char *
phrase_of(const char *state)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (strcmp(phrases[i].state, state) == 0)
			return phrases[i].text;
	return state;
}

/* A signal's own words where it is what was in the way */
static void
details(struct buf *b, const struct decide_trace *t, const char *state)
{
	for (size_t i = 0; i < t->n_views; i++) {
		const struct decide_view *v = &t->view[i];
		int in_the_way =
		    (strcmp(state, "missing-signal") == 0 && v->missing) ||
		    (strcmp(state, "no-data") == 0 && v->missing) ||
		    (strcmp(state, "stale") == 0 && (v->stale || v->missing)) ||
		    (strcmp(state, "guard-signal") == 0 && v->over_limit) ||
		    (strcmp(state, "window-mismatch") == 0 && v->mismatch);

		if (!in_the_way)
			continue;
		buf_printf(b, " ('%s'", v->conf->name);
		if (v->over_limit) {
			buf_str(b, " is at ");
			amount(b, v, v->value);
		} else if (v->note[0] != '\0') {
			buf_printf(b, ": %s", v->note);
		}
		buf_char(b, ')');
		return;
	}
	if (strcmp(state, "frozen") == 0 && t->frozen != NULL)
		buf_printf(b, " ('%s')", t->frozen);
}

static void
write_hold(struct buf *b, const struct decide_input *in,
    const struct decision *d, const struct decide_trace *t)
{
	if (t->n < 0) {
		buf_printf(b, "Hold: %s", phrase_of("count-unknown"));
		if (d->observed.error[0] != '\0')
			buf_printf(b, " (%s)", d->observed.error);
		if (d->lower >= 0)
			buf_printf(b, "; %ld would be needed", d->lower);
		return;
	}
	buf_str(b, "Hold at ");
	count(b, t->n);
	if (d->want != t->n)
		buf_printf(b, " though %ld %s", d->want,
		    d->want > t->n ? "are needed" : "would do");
	buf_printf(b, ": %s", phrase_of(t->forced));
	details(b, t, t->forced);
	if (d->want > t->n) {
		buf_str(b, "; ");
		because(b, in, d, t, t->n);
	}
}

/* "2 x 'cx22' and 1 x 'cx32'": the machines that come or go */
static void
write_machines(struct buf *b, const struct decide_trace *t)
{
	size_t left = 0, told = 0;

	for (size_t i = 0; i < t->types.n; i++)
		left += t->types.part[i].want != t->types.part[i].now;
	for (size_t i = 0; i < t->types.n; i++) {
		const struct types_part *p = &t->types.part[i];

		if (p->want == p->now)
			continue;
		buf_printf(b, "%s%ld x %s%s%s",
		    told == 0		   ? ""
			: told + 1 == left ? " and "
					   : ", ",
		    labs(p->want - p->now), *p->name != '\0' ? "'" : "",
		    *p->name != '\0' ? p->name : "a machine of unknown type",
		    *p->name != '\0' ? "'" : "");
		told++;
	}
}

static void
write_change(struct buf *b, const struct decide_input *in,
    const struct decision *d, const struct decide_trace *t)
{
	long change = labs(d->recommended - d->current);
	char span[NUMBER_SIZE];

	if (d->action == ACTION_EMERGENCY)
		buf_str(b, "Emergency: ");
	buf_str(b,
	    t->to > t->n ? d->action == ACTION_EMERGENCY ? "add " : "Add "
			 : "Remove ");
	if (t->types.n > 0)
		write_machines(b, t);
	else
		count(b, change);
	buf_printf(b, ", from %ld to %ld%s: ", t->n, t->to,
	    t->types.n > 0 ? " instances" : "");
	if (d->action == ACTION_EMERGENCY && isfinite(d->current_load))
		buf_printf(b, "the load is %.0f %% of what %ld ready carry; ",
		    d->current_load, t->ready);
	if (t->to > t->n)
		because(b, in, d, t, t->n);
	else if (d->lower == t->to && d->by != NULL &&
	    strcmp(d->by, "keep") != 0)
		buf_printf(b,
		    "%ld carry the load now, what is expected, and all of the "
		    "last %s",
		    t->to,
		    duration_format(span, in->target->policy.stabilisation));
	else
		buf_printf(b,
		    "no more than %ld were called for within the last %s",
		    d->want,
		    duration_format(span, in->target->policy.stabilisation));
	if (t->to != d->want)
		buf_printf(b, " (%ld wanted)", d->want);
}

static void
write_maintain(struct buf *b, const struct decide_input *in,
    const struct decision *d, const struct decide_trace *t)
{
	const struct decide_view *v = t->lead >= 0 ? &t->view[t->lead] : NULL;

	buf_str(b, "Keep ");
	count(b, t->n);
	buf_str(b, ": ");
	if (d->by != NULL &&
	    (strcmp(d->by, "keep") == 0 || strcmp(d->by, "drop") == 0 ||
		v == NULL)) {
		because(b, in, d, t, t->n);
		return;
	}
	buf_str(b, "they carry the load of now and what is expected");
	if (v != NULL) {
		buf_printf(b, " ('%s' is at ", v->conf->name);
		amount(b, v, v->value);
		buf_str(b, " of ");
		amount(b, v, (double)t->n * v->unit);
		buf_str(b, " that may be planned for)");
	}
}

static int
has(const struct decision *d, const char *state)
{
	for (size_t i = 0; i < d->n_states; i++)
		if (strcmp(d->states[i], state) == 0)
			return 1;
	return 0;
}

/* What it costs, and by which price */
static void
write_money(struct buf *b, const struct conf_cost *c, double impact,
    const struct types *ts)
{
	static const char *const periods[] = { [BILL_SECOND] = "second",
		[BILL_MINUTE] = "minute",
		[BILL_HOUR] = "hour",
		[BILL_MONTH] = "month" };
	const char *with = "";
	char span[NUMBER_SIZE];

	buf_printf(b, "; %+.2f %s a month at ", impact, c->currency);
	for (size_t i = 0; i < ts->n; i++) {
		const struct types_part *p = &ts->part[i];

		if (p->want == p->now)
			continue;
		buf_printf(
		    b, "%s%.2f a month for '%s'", with, p->month, p->name);
		with = ", ";
	}
	if (ts->n == 0 && isnan(c->hour))
		buf_printf(b, "%.2f each", c->per_instance);
	else if (ts->n == 0)
		buf_printf(b, "%.4g an hour each", c->hour);
	if (c->billing != BILL_SECOND)
		buf_printf(b, ", paid by the %s", periods[c->billing]);
	if (c->minimum > 0)
		buf_printf(
		    b, ", %s at the least", duration_format(span, c->minimum));
	if (!isnan(c->cap))
		buf_printf(b, ", %.2f a month at the most", c->cap);
}

static void
write_others(struct buf *b, const struct decide_input *in,
    const struct history_change *c)
{
	double age = (double)(in->now - c->time) / 1000;
	char span[NUMBER_SIZE];

	buf_printf(b, "; somebody else changed the count from %ld to %ld",
	    c->from, c->to);
	if (age > 0)
		buf_printf(b, ", %s ago", duration_format(span, age));
}

/* What a person must know besides, in the same sentence */
static void
write_rest(struct buf *b, const struct decide_input *in,
    const struct decision *d, const struct decide_trace *t)
{
	const struct conf_cost *c = &in->target->cost;
	int changes = t->n >= 0 && d->recommended != d->current;

	if (t->elsewhere.time != 0)
		write_others(b, in, &t->elsewhere);
	if (has(d, "capped-by-max") &&
	    (t->forced == NULL || strcmp(t->forced, "capped-by-max") != 0))
		buf_printf(b, "; no more than %ld are allowed", t->max);
	if (has(d, "above-max") && t->to > t->max)
		buf_printf(b, "; the maximum is %ld", t->max);
	if (has(d, "step-limited") && changes)
		buf_str(b, "; one decision may not do more");
	if (t->overspend > 0)
		buf_printf(b, "; that is %.2f %s a month beyond the budget",
		    t->overspend, c->currency);
	else if (has(d, "budget-tight"))
		buf_printf(b, "; the %s's budget is short",
		    t->by_day ? "day" : "month");
	else if (has(d, "budget-ask"))
		buf_printf(b,
		    "; the budget of %.2f %s a %s is for %ld on average",
		    t->by_day ? c->max_daily : c->max_monthly, c->currency,
		    t->by_day ? "day" : "month", (long)t->affordable);
	if (changes && isfinite(d->cost_impact))
		write_money(b, c, d->cost_impact, &t->types);
	if (d->approval == APPROVAL_REQUIRED)
		buf_str(b, "; a person has to agree");
}

void
reason_write(const struct decide_input *in, struct decision *d,
    const struct decide_trace *t)
{
	struct buf b = { 0 };
	size_t n;

	if (d->action == ACTION_HOLD)
		write_hold(&b, in, d, t);
	else if (d->action == ACTION_MAINTAIN)
		write_maintain(&b, in, d, t);
	else
		write_change(&b, in, d, t);
	write_rest(&b, in, d, t);
	buf_str(&b, ".");
	if (b.s != NULL) {
		n = b.len;
		if (n >= sizeof(d->reason))
			n = utf8_cut(b.s, sizeof(d->reason) - 1);
		memcpy(d->reason, b.s, n);
		d->reason[n] = '\0';
	}
	buf_free(&b);
}
