#include "policy/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "conf/when.h"

/* Money is per month of so many hours: 365 x 24 / 12 */
#define MONTH_H 730.0
#define HOUR_MS 3600000.0
#define DAY_MS INT64_C(86400000)

static long
longer(long a, long b)
{
	return a > b ? a : b;
}

static long
shorter(long a, long b)
{
	return a < b ? a : b;
}

static int64_t
ms_of(double seconds)
{
	return (int64_t)llround(seconds * 1000);
}

/* --- money --- */

/* The calendar month of UTC that now is in: [from, until), ms */
static void
month_of(int64_t now, int64_t *from, int64_t *until)
{
	int64_t days = now / DAY_MS - (now % DAY_MS < 0);
	int64_t y = 1970 + days / 366 - (days < 0);
	int m = 1;

	while (clock_civil_days(y + 1, 1, 1) <= days)
		y++;
	while (m < 12 && clock_civil_days(y, m + 1, 1) <= days)
		m++;
	*from = clock_civil_days(y, m, 1) * DAY_MS;
	*until = clock_civil_days(m < 12 ? y : y + 1, m < 12 ? m + 1 : 1, 1) *
	    DAY_MS;
}

/* Money from `from` on, which is not before the newest decision: what ran by
 * when it changed, and what went while it was paid for, until then */
static double
cost_since(
    const struct decide_input *in, const struct billing *billing, int64_t from)
{
	const struct conf_cost *c = &in->target->cost;
	const struct history *h = in->history;
	double count = (double)h->spent_count, hours = 0;
	int64_t at = from;

	/* of machines of several types only the sum is known */
	if (!isnan(h->spent_rate))
		return h->spent_rate * (double)(in->now - from) / HOUR_MS;
	for (size_t i = 0; i < h->n_changes; i++) {
		const struct history_change *k = &h->changes[i];

		if (k->time < h->spent_time || k->time > in->now)
			continue;
		if (k->time > at) {
			hours += count * (double)(k->time - at) / HOUR_MS;
			at = k->time;
		}
		count = (double)k->to;
	}
	hours += count * (double)(in->now - at) / HOUR_MS;
	return hours * c->per_instance / MONTH_H +
	    history_unused(h, from, in->now, billing) / 3600 * billing_hour(c);
}

/* What a period has cost from *since on: `before`, by the newest decision, and
 * what ran then until now. */
static double
count_spent(const struct decide_input *in, const struct decide_trace *t,
    double before, int64_t period, int64_t *since)
{
	const struct history *h = in->history;
	int64_t from;

	*since = in->now;
	if (h == NULL || isnan(before) || h->spent_time > in->now)
		return 0;
	from = h->spent_time;
	if (from < period) {
		from = period;
		before = 0;
	}
	*since = h->spent_since > period ? h->spent_since : period;
	return before + cost_since(in, &t->billing, from);
}

/* How many so much money an hour pays for: as many as run where it is what
 * they cost, and what is beyond that at the best price */
static double
affordable(const struct decision *d, const struct decide_trace *t, double money,
    double per_hour)
{
	if (!(d->rate > 0))
		return money / per_hour;
	if (money < d->rate)
		return (double)t->n * money / d->rate;
	return (double)t->n + (money - d->rate) / per_hour;
}

/*
 * The mean count that the rest of a period can pay for, which may cost `budget`
 * an hour. Time before the spending was counted takes its even share of the
 * budget with it. A month of 31 days has more than 730 hours, and so much more
 * to spend.
 */
static double
pays_for(const struct decision *d, const struct decide_trace *t, double budget,
    double spent, int64_t since, int64_t end, double per_hour)
{
	double rest = (double)(end - d->time) / HOUR_MS;
	double counted = (double)(end - since) / HOUR_MS;

	return affordable(
	    d, t, fmax(budget * counted - spent, 0) / rest, per_hour);
}

void
limits_budget(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const struct conf_cost *c = &in->target->cost;
	const struct history *h = in->history;
	double per_hour = c->per_instance / MONTH_H, today;
	int64_t month, end, since, day = in->now - in->now % DAY_MS;

	t->spent = t->affordable = (double)NAN;
	if ((isnan(c->max_monthly) && isnan(c->max_daily)) ||
	    isnan(c->per_instance))
		return;
	month_of(in->now, &month, &end);
	d->spent = t->spent = count_spent(
	    in, t, h != NULL ? h->spent : (double)NAN, month, &d->spent_since);
	if (t->types.n > 0)
		d->rate = types_cost(&t->types) / MONTH_H;
	if (!isnan(c->max_monthly) && per_hour > 0)
		t->affordable = pays_for(d, t, c->max_monthly / MONTH_H,
		    t->spent, d->spent_since, end, per_hour);
	if (isnan(c->max_daily))
		return;
	d->spent_today = count_spent(
	    in, t, h != NULL ? h->spent_today : (double)NAN, day, &since);
	today = pays_for(d, t, c->max_daily / 24, d->spent_today, since,
	    day + DAY_MS, per_hour);
	if (per_hour > 0 && !(t->affordable <= today)) {
		t->affordable = today;
		t->by_day = 1;
	}
}

/* Which state the budget is in, and how many it lets us have. now: what the
 * load needs at this moment, floors: what bounds and schedules ask for. */
static long
within_budget(const struct decide_input *in, struct decision *d,
    struct decide_trace *t, long to, long urgent, long floors)
{
	const struct conf_cost *c = &in->target->cost;
	long most, allowed;
	int spent_up;

	if (isnan(t->affordable))
		return to;
	most = (long)fmin(floor(t->affordable + 1e-9), NEED_MOST);
	if (to <= most) {
		decision_state(d, t->paced ? "budget-tight" : "budget-ok");
		return to;
	}
	/* not even the least can be paid for, or nobody keeps count */
	spent_up = t->affordable <
		(double)longer(in->target->policy.min_instances, 1) - 1e-9 ||
	    in->history == NULL || isnan(in->history->spent);
	if (!spent_up) {
		/* for a while more is fine: the month is what counts */
		decision_state(d, "budget-tight");
		return to;
	}
	if (to <= t->n) {
		decision_state(d, "budget-hold");
		return to;
	}
	if (c->over_budget == BUDGET_ASK) {
		decision_state(d, "budget-ask");
		return to;
	}
	allowed = longer(longer(t->n, most), shorter(floors, to));
	if (c->over_budget == BUDGET_PROTECT)
		allowed = longer(allowed, shorter(urgent, to));
	decision_state(d, "budget-hold");
	if (allowed > longer(most, t->n))
		t->overspend = (double)(allowed - most) * c->per_instance;
	else if (t->types.n > 0)
		t->money = types_cost(&t->types) +
		    fmax(t->affordable - (double)t->n, 0) * c->per_instance;
	return shorter(to, allowed);
}

/* --- additions --- */

static void
force(struct decision *d, struct decide_trace *t, const char *state)
{
	decision_state(d, state);
	if (t->forced == NULL)
		t->forced = state;
}

static long
step_up(const struct conf_policy *p, long n)
{
	double more = p->max_step_up;

	if (p->step_up_share)
		more = ceil(more * (double)n - 1e-9);
	return longer((long)fmin(more, NEED_MOST), 1);
}

static int
budget_used_up(const struct decide_input *in)
{
	const struct conf_policy *p = &in->target->policy;
	const struct history *h = in->history;

	if (h == NULL)
		return 0;
	return (p->max_changes_per_hour >= 0 &&
		   history_count(h, in->now - ms_of(3600) + 1) >=
		       p->max_changes_per_hour) ||
	    (p->max_changes_per_day >= 0 &&
		history_count(h, in->now - ms_of(86400) + 1) >=
		    p->max_changes_per_day);
}

static long
cap(struct decision *d, struct decide_trace *t, long to, long most,
    const char *state)
{
	most = longer(most, t->n);
	if (to <= most)
		return to;
	decision_state(d, state);
	if (most == t->n)
		t->forced = state;
	return most;
}

/* What more than the tolerance asks for, or floors do */
static int
is_within_tolerance(const struct decide_input *in, const struct decision *d,
    const struct decide_trace *t)
{
	const double most =
	    (double)t->n * (1 + in->target->policy.tolerance_up) + 1e-9;

	if (in->target->policy.tolerance_up <= 0 || t->emergency ||
	    d->votes[VOTE_PANIC] > t->n)
		return 0;
	for (size_t i = 0; i < t->n_views; i++)
		if (t->view[i].wish > most)
			return 0;
	return 1;
}

static long
limit_addition(const struct decide_input *in, struct decision *d,
    struct decide_trace *t, long to)
{
	const struct conf_target *c = in->target;
	long urgent = longer(d->votes[VOTE_NOW], d->votes[VOTE_PANIC]);
	long floors = longer(d->votes[VOTE_FLOOR], d->votes[VOTE_SCHED]);
	long paid;

	if (c->paused == PAUSE_BOTH || c->paused == PAUSE_UP)
		return cap(d, t, to, t->n, "paused");
	if (t->frozen != NULL && !t->emergency)
		return cap(d, t, to, t->n, "frozen");
	if (is_within_tolerance(in, d, t))
		to = cap(d, t, to, shorter(floors, t->max), "tolerance");
	if (!t->emergency)
		to = cap(d, t, to,
		    longer(t->n + step_up(&c->policy, t->n),
			shorter(floors, t->max)),
		    "step-limited");
	if (budget_used_up(in))
		to = cap(d, t, to, longer(urgent, floors), "change-budget");
	paid = within_budget(in, d, t, to, urgent, floors);
	return cap(d, t, to, paid, "budget-hold");
}

/* --- removals --- */

/* What speaks against any removal, whatever the votes say */
static const char *
veto(const struct decide_input *in, const struct decide_trace *t)
{
	const struct conf_target *c = in->target;
	const struct history *h = in->history;
	const double stab = c->policy.stabilisation;
	size_t known = 0;

	if (c->paused == PAUSE_BOTH || c->paused == PAUSE_DOWN)
		return "paused";
	if (t->frozen != NULL)
		return "frozen";
	for (size_t i = 0; i < t->n_views; i++)
		known += !t->view[i].missing && t->view[i].now >= 0;
	if (known == 0)
		return "no-data";
	for (size_t i = 0; i < t->n_views; i++) {
		const struct decide_view *v = &t->view[i];

		if (v->advice)
			continue;
		if (v->missing && !v->blind)
			return "missing-signal";
		if (v->stale)
			return "stale";
		if (v->mismatch)
			return "window-mismatch";
		if (v->over_limit)
			return "guard-signal";
	}
	if (h != NULL && (h->born < 0 || in->now - h->born < ms_of(stab)))
		return "cold";
	if (t->elsewhere.time != 0)
		return "changed-elsewhere";
	if (h != NULL && history_last(h) > 0 &&
	    in->now - history_last(h) < ms_of(c->policy.scale_down_cooldown))
		return "cooldown";
	return budget_used_up(in) ? "change-budget" : NULL;
}

/* A unit that is paid for until later is capacity for nothing. Of machines of
 * several types the choice of which go comes later, and heeds t->stay. */
static long
wait_for_edge(const struct decide_input *in, struct decision *d,
    struct decide_trace *t, long to)
{
	const double interval = in->target->decision_interval;
	const struct state *s = &d->observed;

	if (!billing_waits(&t->billing, interval))
		return to;
	t->stay = history_bound(s->started, s->n_started, in->now,
	    in->now + ms_of(interval), &t->billing);
	if (t->types.n > 0 || to >= t->stay)
		return to;
	force(d, t, "billing-edge");
	return shorter(t->stay, t->n);
}

static long
limit_removal(const struct decide_input *in, struct decision *d,
    struct decide_trace *t, long to)
{
	const struct conf_policy *p = &in->target->policy;
	const char *state = veto(in, t);
	double most = p->max_step_down;

	if (state != NULL) {
		force(d, t, state);
		return t->n;
	}
	/* too little to be worth a change, but not above what is allowed */
	if (t->n <= t->max &&
	    (double)(t->n - to) <= p->tolerance_down * (double)t->n + 1e-9) {
		force(d, t, "tolerance");
		return t->n;
	}
	if (p->step_down_share)
		most = floor(most * (double)t->n + 1e-9);
	most = fmax(most, 1);
	if ((double)(t->n - to) > most) {
		decision_state(d, "step-limited");
		to = t->n - (long)most;
	}
	return wait_for_edge(in, d, t, to);
}

/* --- more than the maximum --- */

/* How many there may be beyond it, if it may be passed at all. To ask for more
 * must not delay what is allowed anyhow: only from the maximum on. */
static long
beyond_max(const struct decide_input *in, const struct decide_trace *t)
{
	const struct conf_policy *p = &in->target->policy;
	double more = p->max_raise;
	struct when until;

	if (p->raise_share)
		more = ceil(more * (double)t->max - 1e-9);
	if (p->over_max == OVER_MAX_RAISE && p->raise_until != NULL &&
	    when_parse(p->raise_until, &until) == 0 && in->now < until.s * 1000)
		return t->max + (long)more;
	if (p->over_max == OVER_MAX_ASK && t->n >= t->max)
		return t->max + (long)more;
	return t->max;
}

static long
limit_max(const struct decide_input *in, struct decision *d,
    struct decide_trace *t, long to)
{
	long most = beyond_max(in, t);

	if (to <= t->max)
		return to;
	if (most > t->max)
		decision_state(d, "above-max");
	if (to <= most)
		return to;
	/* a pool of fixed size is not short of anything */
	if (in->target->policy.min_instances < t->max)
		decision_state(d, "capped-by-max");
	if (most == t->n)
		t->forced = "capped-by-max";
	return most;
}

/* An addition that money was in the way of has said how it stands. */
static int
tells_budget(const struct decision *d)
{
	for (size_t i = 0; i < d->n_states; i++)
		if (strncmp(d->states[i], "budget-", 7) == 0)
			return 1;
	return 0;
}

void
limits_apply(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	long to = limit_max(in, d, t, d->want);

	if (to > t->n)
		to = limit_addition(in, d, t, to);
	else if (to < t->n)
		to = limit_removal(in, d, t, to);
	if (to <= t->n && !isnan(t->affordable) && !tells_budget(d))
		within_budget(in, d, t, to, 0, 0);
	t->to = to;
}

/* --- a person's word --- */

void
limits_approval(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const struct conf_approval *a = &in->target->approval;
	long change = t->to - t->n;
	int needed = 0, asked = 0;
	int64_t since;

	for (size_t i = 0; i < d->n_states; i++)
		asked |= strcmp(d->states[i], "budget-ask") == 0;
	if (change > 0 && a->scale_up_above >= 0 && t->to > a->scale_up_above)
		needed = 1;
	/* no emergency is beyond a person's word here */
	asked |= in->target->policy.over_max == OVER_MAX_ASK && change > 0 &&
	    t->to > t->max;
	if (a->step_above >= 0 && labs(change) > a->step_above)
		needed = 1;
	if (!isnan(a->cost_above) && d->cost_impact > a->cost_above)
		needed = 1;
	if (d->action == ACTION_EMERGENCY && !a->emergency_required)
		needed = 0;
	d->approval = APPROVAL_NONE;
	if (d->recommended == d->current || !(needed || asked))
		return;
	d->approval = APPROVAL_REQUIRED;
	decision_state(d, "awaiting-approval");
	since = in->history != NULL
	    ? history_pending_since(in->history, d->plan)
	    : 0;
	/* an entry that has expired is begun anew */
	if (since == 0 || in->now - since >= ms_of(a->expires))
		since = in->now;
	d->expires = since + ms_of(a->expires);
}
