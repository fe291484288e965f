#include <math.h>

#include "base/number.h"
#include "policy/decide.h"

static const char *const meanings[VOTE_COUNT] = {
	[VOTE_NOW] = "for the load of this moment",
	[VOTE_PANIC] = "because what is measured cannot show more",
	[VOTE_AHEAD] = "for the peak until a new order could serve",
	[VOTE_SCHED] = "by schedule",
	[VOTE_FLOOR] = "at the least",
	[VOTE_KEEP] = "called for within the stabilisation: no removal below",
	[VOTE_DROP] = "kept, for a sudden drop may be an outage",
};

static void
explain_signal(const struct decide_view *v, struct buf *out)
{
	const char *unit = v->conf->unit != NULL ? v->conf->unit
	    : v->forecast != NULL		 ? v->forecast->unit
						 : "";
	char age[NUMBER_SIZE];

	buf_printf(out, "signal '%s': ", v->conf->name);
	if (v->missing)
		buf_str(out,
		    v->blind ? "missing for too long to wait for" : "missing");
	else
		buf_printf(out, "%.6g%s%s, %s old", v->value,
		    *unit != '\0' ? " " : "", unit,
		    duration_format(age, fmax(v->age, 0)));
	if (v->now >= 0)
		buf_printf(out, "; an instance may carry %.6g: %ld needed now",
		    v->unit, v->now);
	if (v->ahead >= 0)
		buf_printf(out, ", %ld ahead, %ld to keep", v->ahead, v->keep);
	if (v->ahead_window != NULL) {
		const struct forecast_window *w = v->ahead_window;

		buf_printf(out, " (point %.6g, scale %.6g, %.0f past errors)",
		    w->at[w->n_at - 1].point, w->at[w->n_at - 1].scale, w->n);
	}
	if (v->over_limit)
		buf_printf(out, "; above its limit %.6g", v->conf->limit);
	if (v->stale)
		buf_str(out, "; not fresh enough to remove on");
	if (v->note[0] != '\0')
		buf_printf(out, "; %s", v->note);
	buf_char(out, '\n');
}

static void
explain_votes(
    const struct decision *d, const struct decide_trace *t, struct buf *out)
{
	for (int i = 0; i < VOTE_COUNT; i++) {
		buf_printf(out, "vote %s: ", decision_votes[i]);
		if (d->votes[i] < 0)
			buf_str(out, "none\n");
		else
			buf_printf(out, "%ld %s\n", d->votes[i], meanings[i]);
	}
	buf_printf(out,
	    "lower %ld: the largest of now, panic, ahead, sched, "
	    "floor\n",
	    d->lower);
	if (t->n < 0)
		return;
	buf_printf(
	    out, "hold %ld: the largest of lower, keep, drop\n", d->hold);
	buf_printf(out,
	    "want %ld: between lower and hold nothing moves from "
	    "%ld; decided by %s\n",
	    d->want, t->n, d->by != NULL ? d->by : "nothing");
}

void
decide_explain(
    const struct decision *d, const struct decide_trace *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_views; i++)
		explain_signal(&t->view[i], out);
	if (t->door.price > 0)
		buf_printf(out,
		    "an overloaded hour costs as much as %.6g instance-hours\n",
		    t->door.price);
	else
		buf_printf(out,
		    "demand is to be carried with a certainty of %.6g %%: "
		    "quantile %.6g%s%s\n",
		    100 * t->door.q, t->door.q, t->tuned ? " (tuned)" : "",
		    t->paced ? ", lowered to save money" : "");
	explain_votes(d, t, out);
	for (size_t i = 0; i < d->n_states; i++)
		buf_printf(out, "state %s\n", d->states[i]);
	if (d->resources.reason[0] != '\0')
		buf_printf(out, "resources: %s\n", d->resources.reason);
	if (!isnan(t->affordable))
		buf_printf(out,
		    "budget: %.2f spent since it is counted; the rest pays "
		    "for %.2f instances on average\n",
		    t->spent, t->affordable);
	buf_printf(out, "%s\n", d->reason);
}
