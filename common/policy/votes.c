#include "policy/votes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

double
votes_stale_after(const struct conf_target *t, double step)
{
	if (!isnan(t->policy.stale_after))
		return t->policy.stale_after;
	return fmax(180, 3 * step);
}

static double
step_of(const struct decide_input *in, const struct forecast *f)
{
	return f != NULL && f->step_s > 0 ? f->step_s : in->target->step;
}

/* The first remark stays; it may be cut, but not within a character */
static void
remark(struct decide_view *v, const char *text)
{
	size_t n = strlen(text);

	if (v->note[0] != '\0')
		return;
	if (n >= sizeof(v->note))
		n = utf8_cut(text, sizeof(v->note) - 1);
	memcpy(v->note, text, n);
	v->note[n] = '\0';
}

/* Since when there is nothing to go by: its newest sample, or where it has none
 * the first decision that had to do without; 0 where nobody knows */
static int64_t
missing_since(const struct decide_input *in, const struct decide_view *v)
{
	if (v->forecast != NULL && v->forecast->origin > 0)
		return v->forecast->origin;
	return in->history != NULL ? history_missing(in->history, v->conf->name)
				   : 0;
}

static void
look_for_deadline(const struct decide_input *in, struct decide_view *v)
{
	int64_t since = missing_since(in, v);
	char span[NUMBER_SIZE];

	if (since == 0 || in->now < since)
		return;
	v->blind = (double)(in->now - since) / 1000 >
	    in->target->policy.missing_deadline;
	if (v->note[0] == '\0')
		snprintf(v->note, sizeof(v->note), "missing for %s",
		    duration_format(span, (double)(in->now - since) / 1000));
}

/* Half the samples of the last hour are not there */
static int
is_thin(const struct forecast *f, double step)
{
	double span, expected;

	if (f->n_observed < 2)
		return 0;
	span = (double)(f->observed_t[f->n_observed - 1] - f->observed_t[0]) /
	    1000;
	expected = span / step + 1;
	return (double)f->n_observed < expected / 2;
}

/* A rate is too low until its window is full again after a gap. Nobody says
 * how long that window is: one stabilisation is waited for. */
static int
is_recovering(
    const struct decide_input *in, const struct forecast *f, double step)
{
	double hold = in->target->policy.stabilisation;

	for (size_t i = f->n_observed; i > 1; i--) {
		double gap =
		    (double)(f->observed_t[i - 1] - f->observed_t[i - 2]) /
		    1000;

		if ((double)(in->now - f->observed_t[i - 1]) / 1000 >= hold)
			break;
		if (gap > 2.5 * step)
			return 1;
	}
	return 0;
}

/* Value and age, and whether they are to be trusted */
static void
look_at_quality(const struct decide_input *in, struct decide_view *v)
{
	const struct forecast *f = v->forecast;
	double step = step_of(in, f), limit;

	v->missing = f == NULL || f->n_observed == 0;
	if (!v->missing) {
		v->value = f->observed_v[f->n_observed - 1];
		v->age =
		    (double)(in->now - f->observed_t[f->n_observed - 1]) / 1000;
		limit = votes_stale_after(in->target, step);
		if (!isfinite(v->value) || v->age > 3 * limit)
			v->missing = 1;
		else if (v->age > limit)
			v->stale = 1;
		if (v->age < -fmax(step, 60)) {
			v->stale = 1;
			remark(v, "its newest sample is ahead of the clock");
		}
		if (f->error[0] != '\0') {
			v->stale = 1;
			remark(v, f->error);
		}
		if (!v->missing && is_thin(f, step)) {
			v->stale = 1;
			remark(v,
			    "half the samples of the last hour are "
			    "missing");
		}
		if (!v->missing && is_recovering(in, f, step)) {
			v->stale = 1;
			remark(v, "samples are back after a gap");
		}
	} else if (f != NULL && f->error[0] != '\0') {
		remark(v, f->error);
	}
	if (v->missing) {
		v->stale = 0;
		look_for_deadline(in, v);
		v->value = NAN;
	}
}

/* The window must reach from when an order placed now could serve to when one
 * placed at the next decision could. Whole steps count, as in forecasts. */
static int
covers(const struct decide_input *in, const struct forecast_window *w,
    double from, double step)
{
	double to =
	    in->target->policy.boot_time + in->target->decision_interval;

	return floor(w->from_s / step + 1e-9) <= floor(from / step + 1e-9) &&
	    ceil(w->to_s / step - 1e-9) >= ceil(to / step - 1e-9);
}

static void
look_at_windows(const struct decide_input *in, struct decide_view *v)
{
	const struct forecast *f = v->forecast;
	const struct forecast_window *ahead = need_window(f, "ahead");
	const struct forecast_window *keep = need_window(f, "keep");
	double step = step_of(in, f);

	if (!in->target->policy.forecast) {
		v->reactive = 1;
		remark(v, "the policy has forecast = no");
		return;
	}
	if (f->no_forecast[0] != '\0' || !need_usable(ahead) ||
	    !need_usable(keep)) {
		v->reactive = 1;
		remark(v,
		    f->no_forecast[0] != '\0' ? f->no_forecast
					      : "no errors to go by");
		return;
	}
	if (!covers(in, ahead, in->target->policy.boot_time, step) ||
	    !covers(in, keep, 0, step)) {
		v->mismatch = 1;
		remark(v, "the forecast is for another boot time or interval");
		return;
	}
	v->ahead_window = ahead;
	v->keep_window = keep;
}

/* The largest value seen in (after, until] */
static double
largest(const struct forecast *f, int64_t after, int64_t until)
{
	double v = NAN;

	for (size_t i = 0; i < f->n_observed; i++)
		if (f->observed_t[i] > after && f->observed_t[i] <= until)
			v = fmax(v, f->observed_v[i]);
	return v;
}

static long
longer(long a, long b)
{
	return a > b ? a : b;
}

/* Every proposal of the last stabilisation */
static long
keep_by_forecast(const struct decide_input *in, const struct need_door *door,
    const struct decide_view *v)
{
	const struct forecast_window *u = v->ahead_window, *k = v->keep_window;
	double step = step_of(in, v->forecast);
	double steps = round(in->target->policy.stabilisation / step);
	size_t n = steps > 1 ? (size_t)steps : 1;
	long keep = v->now;

	for (size_t i = 0; i < n && i < k->n_at; i++)
		keep = longer(
		    keep, need_propose(k, k->n_at - 1 - i, v->unit, door));
	for (size_t i = 0; i < n && i < u->n_at; i++) {
		size_t at = u->n_at - 1 - i;
		int64_t t = u->at[at].time;
		double seen =
		    largest(v->forecast, t - (int64_t)llround(step * 1000), t);

		keep = longer(keep, need_propose(u, at, v->unit, door));
		if (!isnan(seen))
			keep = longer(keep, need_count(seen, v->unit));
	}
	return keep;
}

static double
reactive_unit(const struct decide_input *in, const struct conf_signal *g)
{
	return g->capacity *
	    fmin(g->target, in->target->policy.fallback_target);
}

static long
keep_by_load(const struct decide_input *in, const struct decide_view *v)
{
	const struct forecast *f = v->forecast;
	int64_t newest = f->observed_t[f->n_observed - 1];
	double span = fmax(in->target->policy.stabilisation, step_of(in, f));
	double seen =
	    largest(f, newest - (int64_t)llround(span * 1000), newest);

	return longer(v->now, need_count(seen, reactive_unit(in, v->conf)));
}

static void
look_at_use(struct decide_view *v, long ready)
{
	double carried = (double)ready * v->conf->capacity;
	double at = fmax(v->conf->emergency, v->conf->target);

	if (ready < 0)
		return;
	v->use = ready > 0 ? v->value / carried : 0;
	if (ready == 0 && v->value > 0)
		v->use = (double)INFINITY;
	/* a target of 100 % of a signal without an emergency of its own */
	v->emergency = !v->stale && v->use >= at - 1e-9 && v->value > 0;
	v->saturated = v->conf->saturates && !v->stale && ready > 0 &&
	    v->use >= v->conf->emergency - 1e-9;
}

void
votes_look(const struct decide_input *in, size_t i,
    const struct need_door *door, long ready, struct decide_view *v)
{
	const struct conf_signal *g = in->signals[i].conf;

	*v = (struct decide_view){ .conf = g,
		.forecast = in->signals[i].forecast,
		.value = NAN,
		.age = NAN,
		.use = NAN,
		.wish = NAN,
		.now = -1,
		.ahead = -1,
		.keep = -1 };
	look_at_quality(in, v);
	if (!isnan(g->limit)) {
		v->over_limit = !v->missing && v->value > g->limit;
		return;
	}
	v->advice = isnan(g->capacity);
	if (v->missing || v->advice)
		return;
	v->unit = g->capacity * g->target;
	v->now = need_count(v->value, v->unit);
	look_at_use(v, ready);
	look_at_windows(in, v);
	v->wish = v->value / v->unit;
	if (v->reactive) {
		v->wish = v->value / reactive_unit(in, g);
		v->ahead = need_count(v->value, reactive_unit(in, g));
		v->keep = keep_by_load(in, v);
	} else if (!v->mismatch) {
		v->ahead = need_propose(
		    v->ahead_window, v->ahead_window->n_at - 1, v->unit, door);
		v->keep = keep_by_forecast(in, door, v);
		v->wish = fmax(v->wish,
		    need_peak(
			v->ahead_window, v->ahead_window->n_at - 1, door->q) /
			v->unit);
		/* what a price adds is asked for in whole instances */
		if (need_count(v->wish, 1) < v->ahead)
			v->wish = (double)v->ahead;
	}
}

double
votes_risk(const struct decide_trace *trace, int keep, long n)
{
	double risk = NAN;

	for (size_t i = 0; i < trace->n_views; i++) {
		const struct decide_view *v = &trace->view[i];
		const struct forecast_window *w =
		    keep ? v->keep_window : v->ahead_window;

		if (w != NULL)
			risk =
			    fmax(risk, need_risk(w, w->n_at - 1, v->unit, n));
	}
	return risk;
}
