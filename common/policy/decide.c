#include "policy/decide.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/reason.h"
#include "policy/resources.h"
#include "policy/votes.h"

enum { PACES = 8 }; /* how often the door is moved where money is short */

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

/* --- what is known before any vote --- */

static void
begin(const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const struct conf_target *c = in->target;

	*d = (struct decision){ .time = in->now,
		.automatic = c->mode == CONF_AUTO,
		.current_load = NAN,
		.predicted_load = NAN,
		.confidence = NAN,
		.current = -1,
		.recommended = -1,
		.cost_impact = NAN,
		.spent = NAN,
		.spent_today = NAN,
		.rate = NAN,
		.risk_ahead = NAN,
		.risk_keep = NAN,
		.lower = -1,
		.hold = -1,
		.want = -1 };
	for (int i = 0; i < VOTE_COUNT; i++)
		d->votes[i] = -1;
	snprintf(d->target, sizeof(d->target), "%s", c->name);
	snprintf(d->currency, sizeof(d->currency), "%s", c->cost.currency);
	*t = (struct decide_trace){
		.n = -1, .ready = -1, .to = -1, .lead = -1, .money = NAN
	};
}

/* The present count; not known where the driver failed, where nothing came,
 * and where it was read before the newest change was made. */
static void
count_instances(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const struct state *s = in->state;

	if (s == NULL) {
		snprintf(d->observed.target, sizeof(d->observed.target), "%s",
		    d->target);
		snprintf(d->observed.error, sizeof(d->observed.error),
		    "no state came");
		d->observed.instances = d->observed.ready = -1;
	} else {
		d->observed = *s;
	}
	if (s == NULL || !s->known || s->instances < 0)
		return;
	if (in->history != NULL && s->time < history_last(in->history)) {
		snprintf(d->observed.error, sizeof(d->observed.error),
		    "older than the last change");
		d->observed.known = 0;
		return;
	}
	t->n = shorter(s->instances, NEED_MOST);
	/* more than were ordered serve only while some are replaced */
	t->ready = s->ready >= 0 ? shorter(s->ready, t->n) : t->n;
	d->current = t->n;
	if (in->target->n_types == 0)
		return;
	types_begin(&t->types, in->target, &s->mix, t->n, t->ready);
	t->n = shorter(types_now(&t->types), NEED_MOST);
	t->ready = shorter(types_ready(&t->types), t->n);
}

/* Somebody else's count: known by the journal, or new to this decision. It is
 * respected for one stabilisation: only what load needs is done then. */
static void
look_for_others(const struct decide_input *in, const struct decision *d,
    struct decide_trace *t)
{
	const struct history *h = in->history;

	if (h == NULL || t->n < 0 || in->target->mode != CONF_AUTO)
		return;
	if (history_elsewhere(h, d->current))
		t->elsewhere = (struct history_change){ in->now,
			d->current > h->expected_hi ? h->expected_hi
						    : h->expected_lo,
			d->current };
	else if (h->elsewhere.time > 0 &&
	    in->now - h->elsewhere.time <
		ms_of(in->target->policy.stabilisation))
		t->elsewhere = h->elsewhere;
}

/* When they began: as the driver has it, or else as the journal does */
static void
count_starts(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	struct state *s = &d->observed;

	t->billing = billing_of(&in->target->cost);
	if (s->n_started > 0 || in->history == NULL ||
	    !billing_waits(&t->billing, in->target->decision_interval))
		return;
	s->n_started = history_started(in->history,
	    d->current >= 0 ? d->current : NEED_MOST, in->now, &t->billing,
	    s->started);
}

static void
open_door(const struct decide_input *in, struct decide_trace *t)
{
	const struct conf_policy *p = &in->target->policy;
	double price = p->overload_price;

	t->set = (struct need_door){ .q = p->slo };
	if (!isnan(p->quantile)) {
		t->set.q = p->quantile;
		t->tuned = 1;
	}
	if (!isnan(price) && price > 0) {
		/* money an overloaded hour costs, in instance-hours */
		t->set.price = price / (in->target->cost.per_instance / 730);
		t->set.q = PRICE_DOOR_Q;
		t->tuned = 0;
	}
	t->door = t->set;
}

static void
look(const struct decide_input *in, struct decide_trace *t)
{
	t->n_views = in->n_signals;
	if (t->n_views > DECISION_INPUTS)
		t->n_views = DECISION_INPUTS;
	for (size_t i = 0; i < t->n_views; i++)
		votes_look(in, i, &t->door, t->ready, &t->view[i]);
}

/* --- votes --- */

/* One factor more of what is ready: while it boots the saturated metric says
 * nothing new, so that the vote holds for a boot time, and a little longer so
 * that the forecast can see what came of it. */
static long
panic_vote(const struct decide_input *in, const struct decide_trace *t)
{
	const struct conf_policy *p = &in->target->policy;
	const struct history *h = in->history;
	double age = INFINITY;
	int saturated = 0;
	long held = -1;

	if (h != NULL && h->panic_time > 0) {
		age = (double)(in->now - h->panic_time) / 1000;
		held = h->panic;
	}
	for (size_t i = 0; i < t->n_views; i++)
		saturated |= t->view[i].saturated;
	if (age >= 0 && age < p->boot_time)
		return held;
	if (saturated && t->n >= 0)
		return need_count(
		    p->panic * (double)shorter(t->n, t->ready), 1);
	if (age >= 0 && age < p->boot_time + 2 * in->target->decision_interval)
		return held;
	return -1;
}

static void
count_votes(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	long *votes = d->votes;
	long best = -1;

	votes[VOTE_NOW] = votes[VOTE_AHEAD] = votes[VOTE_KEEP] = -1;
	t->lead = -1;
	t->emergency = 0;
	for (size_t i = 0; i < t->n_views; i++) {
		const struct decide_view *v = &t->view[i];
		long need = longer(v->now, longer(v->ahead, v->keep));

		votes[VOTE_NOW] = longer(votes[VOTE_NOW], v->now);
		votes[VOTE_AHEAD] = longer(votes[VOTE_AHEAD], v->ahead);
		votes[VOTE_KEEP] = longer(votes[VOTE_KEEP], v->keep);
		t->emergency |= v->emergency;
		if (need > best) {
			best = need;
			t->lead = (int)i;
		}
	}
	votes[VOTE_PANIC] = panic_vote(in, t);
}

/* Bounds and schedules need no data */
static void
count_floors(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const struct conf_policy *p = &in->target->policy;
	double reach = p->boot_time + in->target->decision_interval;
	int all_missing = 1;

	schedule_floor(
	    in->schedule, in->now, in->now + ms_of(reach), &t->floor);
	t->max = t->floor.max >= 0 ? t->floor.max : p->max_instances;
	if (t->types.n > 0 && types_limit(&t->types) >= 0)
		t->max = shorter(t->max, types_limit(&t->types));
	d->votes[VOTE_SCHED] = t->floor.min;
	d->votes[VOTE_FLOOR] = longer(p->min_instances, p->min_ready);
	for (size_t i = 0; i < t->n_views; i++)
		all_missing &= t->view[i].missing || t->view[i].now < 0;
	if (all_missing)
		d->votes[VOTE_FLOOR] =
		    longer(d->votes[VOTE_FLOOR], p->fallback_instances);
}

static int
is_outage(const struct decide_input *in, const struct decide_trace *t)
{
	int64_t hold = ms_of(in->target->policy.drop_hold);

	if (in->outage > 0 && in->now - in->outage < hold)
		return 1;
	for (size_t i = 0; i < t->n_views; i++) {
		const struct forecast *f = t->view[i].forecast;

		if (f != NULL && !isnan(t->view[i].conf->capacity) &&
		    f->drop_since > 0 && in->now - f->drop_since < hold)
			return 1;
	}
	return 0;
}

static long
raise(const struct decision *d)
{
	long lower = 0;

	for (int i = 0; i < VOTE_KEEP; i++)
		lower = longer(lower, d->votes[i]);
	return lower;
}

/* Less certainty for less money, as far as q 0.8 or a price of nearly nothing:
 * only what the forecast adds to the load of now gives way. */
static void
pace(const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const struct history *h = in->history;

	if (isnan(t->affordable) || h == NULL || isnan(h->spent))
		return;
	for (int k = 1; k <= PACES; k++) {
		if ((double)raise(d) <= t->affordable + 1e-9)
			return;
		t->paced = 1;
		if (t->set.price > 0)
			t->door.price = ldexp(t->set.price, -k);
		else
			t->door.q = fmin(
			    t->set.q, fmax(0.8, 1 - ldexp(1 - t->set.q, k)));
		look(in, t);
		count_votes(in, d, t);
	}
}

/* --- together --- */

static const char *
who_raised(const struct decision *d, long n)
{
	static const int order[] = { VOTE_NOW, VOTE_PANIC, VOTE_AHEAD,
		VOTE_SCHED, VOTE_FLOOR };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (d->votes[order[i]] == n)
			return decision_votes[order[i]];
	return NULL;
}

static void
combine(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	int outage = is_outage(in, t);

	d->lower = raise(d);
	d->by = who_raised(d, d->lower);
	if (t->n < 0)
		return;
	if (outage)
		d->votes[VOTE_DROP] = t->n;
	d->hold =
	    longer(d->lower, longer(d->votes[VOTE_KEEP], d->votes[VOTE_DROP]));
	d->want = shorter(longer(t->n, d->lower), d->hold);
	if (d->want == d->lower)
		return;
	/* above lower only what holds can have kept it */
	d->by = d->votes[VOTE_KEEP] >= d->want ? decision_votes[VOTE_KEEP]
					       : decision_votes[VOTE_DROP];
	if (d->by == decision_votes[VOTE_DROP]) {
		decision_state(d, "suspected-outage");
		if (d->want == t->n)
			t->forced = "suspected-outage";
	}
}

/* States that are told whether or not they were in the way */
static void
tell(const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	size_t capacity = 0, missing = 0, seen = 0;

	if (t->n < 0) {
		decision_state(d, "count-unknown");
		t->forced = "count-unknown";
	}
	for (size_t i = 0; i < t->n_views; i++) {
		const struct decide_view *v = &t->view[i];
		int guard = isnan(v->conf->capacity);

		if (v->advice)
			continue;
		capacity += !guard;
		missing += !guard && v->missing;
		seen += v->missing && v->forecast != NULL &&
		    v->forecast->n_observed > 0;
		if (v->stale)
			decision_state(d, "stale");
		if (v->mismatch)
			decision_state(d, "window-mismatch");
		if (v->over_limit)
			decision_state(d, "guard-signal");
		if (v->reactive)
			decision_state(d, "reactive-only");
	}
	for (size_t i = 0; i < t->n_views; i++)
		if (t->view[i].missing && !t->view[i].advice &&
		    (missing < capacity || isnan(t->view[i].conf->capacity)))
			decision_state(d, "missing-signal");
	if (missing == capacity) {
		decision_state(d, seen > 0 ? "stale" : "no-data");
		if (t->forced == NULL)
			t->forced = seen > 0 ? "stale" : "no-data";
	}
	t->frozen = schedule_frozen(in->schedule, in->now);
	if (t->frozen != NULL)
		decision_state(d, "frozen");
	if (in->target->paused != PAUSE_NO)
		decision_state(d, "paused");
	if (in->history != NULL &&
	    (in->history->born < 0 ||
		in->now - in->history->born <
		    ms_of(in->target->policy.stabilisation)))
		decision_state(d, "cold");
	if (t->elsewhere.time != 0)
		decision_state(d, "changed-elsewhere");
	if (is_outage(in, t))
		decision_state(d, "suspected-outage");
	if (t->types.unknown)
		decision_state(d, "type-unknown");
}

/* From instances to machines */
static void
choose_machines(struct decision *d, struct decide_trace *t)
{
	const long most = longer(t->max, t->to);
	struct types *ts = &t->types;
	int status;

	d->recommended = t->to;
	if (ts->n == 0)
		return;
	status = types_settle(ts, t->n, t->to, most, t->money);
	types_mix(ts, &d->mix);
	/* nobody says which of them are paid for: so many stay */
	while (status == 0 && t->to < t->n && mix_total(&d->mix) < t->stay) {
		decision_state(d, "billing-edge");
		t->forced = "billing-edge";
		status = types_settle(ts, t->n, ++t->to, most, t->money);
		types_mix(ts, &d->mix);
	}
	d->recommended = mix_total(&d->mix);
	if (status != 0) {
		const char *state = status < 0 ? "out-of-memory"
		    : isnan(t->money)	       ? "capped-by-max"
					       : "budget-hold";

		decision_state(d, state);
		if (d->recommended == d->current)
			t->forced = state;
	}
	t->to = types_wanted(ts);
}

static void
name_action(struct decision *d, const struct decide_trace *t)
{
	if (d->recommended > d->current)
		d->action = t->emergency ? ACTION_EMERGENCY : ACTION_SCALE_UP;
	else if (d->recommended < d->current)
		d->action = ACTION_SCALE_DOWN;
	else
		d->action = t->forced != NULL ? ACTION_HOLD : ACTION_MAINTAIN;
}

/* --- the record --- */

static void
describe_inputs(struct decision *d, const struct decide_trace *t)
{
	for (size_t i = 0; i < t->n_views; i++) {
		const struct decide_view *v = &t->view[i];
		const struct forecast_window *w = v->ahead_window;
		struct decision_input *to = &d->inputs[d->n_inputs++];

		*to = (struct decision_input){ .value = v->value,
			.age_s = v->age,
			.coverage = v->forecast != NULL ? v->forecast->coverage
							: (double)NAN,
			.needed_now = v->now,
			.needed_ahead = v->ahead,
			.expected = (double)NAN };
		if (w != NULL) {
			to->expected = w->at[w->n_at - 1].point;
			to->at_most = need_peak(w, w->n_at - 1, 0.95);
			to->from_s = w->from_s;
			to->to_s = w->to_s;
		}
		snprintf(to->signal, sizeof(to->signal), "%s", v->conf->name);
		snprintf(to->unit, sizeof(to->unit), "%s",
		    v->conf->unit != NULL     ? v->conf->unit
			: v->forecast != NULL ? v->forecast->unit
					      : "");
		snprintf(to->note, sizeof(to->note), "%s", v->note);
	}
}

/* Percent of what the ready instances carry, of the signal that needs most */
static void
describe_load(struct decision *d, const struct decide_trace *t)
{
	const struct decide_view *v = t->lead >= 0 ? &t->view[t->lead] : NULL;
	const struct forecast_window *w = v != NULL ? v->ahead_window : NULL;

	if (v == NULL)
		return;
	if (isfinite(v->use))
		d->current_load = 100 * v->use;
	if (w != NULL && t->ready > 0)
		d->predicted_load = 100 * w->at[w->n_at - 1].point /
		    ((double)t->ready * v->conf->capacity);
	if (w != NULL)
		d->confidence = v->forecast->confidence;
}

static void
finish(
    const struct decide_input *in, struct decision *d, struct decide_trace *t)
{
	const double price = in->target->cost.per_instance;

	if (t->n >= 0) {
		choose_machines(d, t);
		d->cost_impact = t->types.n > 0
		    ? types_impact(&t->types)
		    : (double)(d->recommended - t->n) * price;
		name_action(d, t);
		d->risk_ahead = votes_risk(t, 0, t->to);
		d->risk_keep = votes_risk(t, 1, t->to);
	} else {
		d->action = ACTION_HOLD;
	}
	describe_load(d, t);
	describe_inputs(d, t);
	if (!in->brief) {
		decision_plan(d);
		resources_advise(in, d, t);
	}
	if (t->n >= 0)
		limits_approval(in, d, t);
	if (!in->brief)
		reason_write(in, d, t);
}

void
decide(const struct decide_input *in, struct decision *d,
    struct decide_trace *trace)
{
	/* cppcheck-suppress uninitvar ; begin() fills it whole */
	struct decide_trace own, *t = trace != NULL ? trace : &own;

	begin(in, d, t);
	count_instances(in, d, t);
	look_for_others(in, d, t);
	count_starts(in, d, t);
	open_door(in, t);
	look(in, t);
	count_votes(in, d, t);
	count_floors(in, d, t);
	limits_budget(in, d, t);
	pace(in, d, t);
	tell(in, d, t);
	combine(in, d, t);
	if (t->n >= 0)
		limits_apply(in, d, t);
	finish(in, d, t);
}
