/*
 * metrics.c - Prometheus text exposition, for the textfile collector of
 * node_exporter. Format: Prometheus documentation, exposition formats.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/story.h"

/* A label value: backslash, quote and newline escaped */
static void
put_label(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buf_char(b, '\\');
		if (*value == '\n')
			buf_str(b, "\\n");
		else
			buf_char(b, *value);
	}
	buf_char(b, '"');
}

static void
put_head(struct buf *b, const char *name, const char *help)
{
	buf_printf(b, "# HELP autoscale_%s %s\n# TYPE autoscale_%s gauge\n",
	    name, help, name);
}

static void
put_target(struct buf *b, const char *name, const struct view_target *t)
{
	buf_printf(b, "autoscale_%s{", name);
	put_label(b, "target", t->name);
}

static void
put_value(struct buf *b, double x)
{
	buf_str(b, "} ");
	buf_num(b, x);
	buf_char(b, '\n');
}

/* A gauge of which the head is written with the first value */
struct gauge {
	const char *name, *help;
	int any;
};

static void
put_signal(struct buf *b, struct gauge *g, const struct view_target *t,
    const char *signal, double x)
{
	if (!isfinite(x))
		return;
	if (!g->any++)
		put_head(b, g->name, g->help);
	put_target(b, g->name, t);
	buf_char(b, ',');
	put_label(b, "signal", signal);
	put_value(b, x);
}

/* One gauge a target: value(v, t) is NAN where there is none */
static void
put_gauge(const struct view *v, struct buf *b, const char *name,
    const char *help,
    double (*value)(const struct view *, const struct view_target *))
{
	int any = 0;

	for (size_t i = 0; i < v->n; i++) {
		double x = value(v, &v->targets[i]);

		if (!isfinite(x))
			continue;
		if (!any++)
			put_head(b, name, help);
		put_target(b, name, &v->targets[i]);
		put_value(b, x);
	}
}

static double
known(long n)
{
	return n >= 0 ? (double)n : (double)NAN;
}

static double
instances(const struct view *v, const struct view_target *t)
{
	(void)v;
	if (t->has_state && t->state.known)
		return known(t->state.instances);
	return story_last(t) ? known(story_last(t)->from) : (double)NAN;
}

static double
ready(const struct view *v, const struct view_target *t)
{
	(void)v;
	return t->has_state && t->state.known ? known(t->state.ready)
					      : (double)NAN;
}

static double
recommended(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? known(story_last(t)->to) : (double)NAN;
}

static double
load_share(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? story_last(t)->load / 100 : (double)NAN;
}

static double
ahead_share(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? story_last(t)->ahead / 100 : (double)NAN;
}

static double
cost_impact(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? story_last(t)->cost : (double)NAN;
}

static double
last_time(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? (double)story_last(t)->time / 1000 : (double)NAN;
}

static double
pending(const struct view *v, const struct view_target *t)
{
	return story_last(t) ? story_pending(v, t) != NULL : (double)NAN;
}

static double
spent(const struct view *v, const struct view_target *t)
{
	struct story_money m;

	return story_money(v, t, &m) == 0 ? m.spent : (double)NAN;
}

static double
month(const struct view *v, const struct view_target *t)
{
	struct story_money m;

	return story_money(v, t, &m) == 0 ? m.month : (double)NAN;
}

static double
budget(const struct view *v, const struct view_target *t)
{
	const struct conf_target *c = story_settings(v, t);

	return c != NULL ? c->cost.max_monthly : (double)NAN;
}

static double
risk(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? story_last(t)->risk : (double)NAN;
}

static double
acts(const struct view *v, const struct view_target *t)
{
	(void)v;
	return story_last(t) ? strcmp(story_last(t)->mode, "auto") == 0
			     : (double)NAN;
}

/* What the newest action came to; a run without one says nothing of it */
static double
failed(const struct view *v, const struct view_target *t)
{
	(void)v;
	for (size_t i = t->n_runs; i-- > 0;) {
		const char *s = t->runs[i].status;

		if (strcmp(s, "applied") == 0 || strcmp(s, "unchanged") == 0)
			return 0;
		if (strcmp(s, "failed") == 0 || strcmp(s, "timeout") == 0)
			return 1;
	}
	return story_last(t) ? 0 : (double)NAN;
}

/* One line a word that the newest decision said */
static void
put_states(const struct view *v, struct buf *b)
{
	int any = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct view_run *r = story_last(&v->targets[i]);

		for (const char *s = r ? r->states : ""; *s != '\0';) {
			size_t n = strcspn(s, " ");
			struct buf word = { 0 };

			buf_add(&word, s, n);
			if (!any++)
				put_head(b, "decision_state",
				    "1 for each state of the newest "
				    "decision.");
			put_target(b, "decision_state", &v->targets[i]);
			buf_char(b, ',');
			put_label(b, "state", word.s != NULL ? word.s : "");
			put_value(b, 1);
			b->failed |= word.failed;
			buf_free(&word);
			s += n + (s[n] == ' ');
		}
	}
}

static void
put_forecast(
    const struct view_target *t, const struct forecast *f, struct buf *b)
{
	static const char *const levels[] = { "0.5", "0.8", "0.9", "0.95",
		"0.99" };

	for (size_t p = 0; p < f->n_peaks; p++)
		for (size_t k = 0; k < FORECAST_LEVELS; k++) {
			put_target(b, "forecast_peak", t);
			buf_char(b, ',');
			put_label(b, "signal", f->name);
			buf_printf(b, ",level=\"%s\",within_seconds=\"%.0f\"",
			    levels[k], f->peak_s[p]);
			put_value(b, f->peak[k][p]);
		}
}

/* One gauge a signal of which there is a forecast */
static void
put_signals(const struct view *v, struct buf *b, const char *name,
    const char *help, double (*value)(const struct forecast *))
{
	struct gauge g = { name, help, 0 };

	for (size_t i = 0; i < v->n; i++) {
		const struct view_target *t = &v->targets[i];

		for (size_t k = 0; k < t->n_forecasts; k++)
			put_signal(b, &g, t, t->forecasts[k].name,
			    value(&t->forecasts[k]));
	}
}

static const struct forecast *
forecast_of(const struct view_target *t, const char *signal)
{
	for (size_t k = 0; k < t->n_forecasts; k++)
		if (strcmp(t->forecasts[k].name, signal) == 0)
			return &t->forecasts[k];
	return NULL;
}

static double
newest(const struct forecast *f)
{
	return f->n_observed > 0 ? f->observed_v[f->n_observed - 1]
				 : (double)NAN;
}

static double
error_1h(const struct forecast *f)
{
	return f->method[0] != '\0' ? f->error_1h : (double)NAN;
}

static double
confidence(const struct forecast *f)
{
	return f->confidence;
}

static double
age(const struct forecast *f)
{
	return f->age_s;
}

static double
has_forecast(const struct forecast *f)
{
	return f->H > 0;
}

static double
mean_1h(const struct forecast *f)
{
	return f->mean_1h;
}

static double
skill(const struct forecast *f)
{
	return f->skill_vs_last;
}

static double
foreseen(const struct view_input *in)
{
	return in->expected;
}

static double
at_most(const struct view_input *in)
{
	return in->at_most;
}

/* One gauge a signal of the newest decision */
static void
put_inputs(const struct view *v, struct buf *b, const char *name,
    const char *help, double (*value)(const struct view_input *))
{
	struct gauge g = { name, help, 0 };

	for (size_t i = 0; i < v->n; i++) {
		const struct view_run *r = story_last(&v->targets[i]);

		for (size_t k = 0; r != NULL && k < r->n_inputs; k++)
			put_signal(b, &g, &v->targets[i], r->inputs[k].signal,
			    value(&r->inputs[k]));
	}
}

/* The load: of a journal alone, what its newest decision saw */
static void
put_load(const struct view *v, struct buf *b)
{
	struct gauge g = { "load", "Newest observation of a signal.", 0 };

	for (size_t i = 0; i < v->n; i++) {
		const struct view_target *t = &v->targets[i];
		const struct view_run *r = story_last(t);

		for (size_t k = 0; k < t->n_forecasts; k++)
			put_signal(b, &g, t, t->forecasts[k].name,
			    newest(&t->forecasts[k]));
		for (size_t k = 0; r != NULL && k < r->n_inputs; k++)
			if (forecast_of(t, r->inputs[k].signal) == NULL)
				put_signal(b, &g, t, r->inputs[k].signal,
				    r->inputs[k].value);
	}
}

/* How good the forecast was on time held out, by the forecasts, or else by the
 * models; a later model of a signal goes before an earlier one */
static void
put_learnt(const struct view *v, struct buf *b, const char *name,
    const char *help, const char *member,
    double (*value)(const struct forecast *))
{
	struct gauge g = { name, help, 0 };

	for (size_t i = 0; i < v->n; i++) {
		const struct view_target *t = &v->targets[i];

		for (size_t k = 0; k < t->n_forecasts; k++)
			put_signal(b, &g, t, t->forecasts[k].name,
			    value(&t->forecasts[k]));
		for (size_t k = t->n_models; k-- > 0;) {
			const char *signal = story_signal(t->models[k]);
			double x = (double)NAN;
			size_t m = k + 1;

			while (m < t->n_models &&
			    strcmp(story_signal(t->models[m]), signal) != 0)
				m++;
			json_get_num(
			    json_get(t->models[k], "validation"), member, &x);
			if (m == t->n_models && forecast_of(t, signal) == NULL)
				put_signal(b, &g, t, signal, x);
		}
	}
}

static double
held_error(struct story_held h)
{
	return h.error;
}

static double
held_within(struct story_held h)
{
	return h.within;
}

static double
held_count(struct story_held h)
{
	return (double)h.n;
}

/* One gauge a signal of which forecasts can be held against what came */
static void
put_held(const struct view *v, struct buf *b, const char *name,
    const char *help, double (*value)(struct story_held))
{
	struct gauge g = { name, help, 0 };

	for (size_t i = 0; i < v->n; i++) {
		const struct view_target *t = &v->targets[i];
		struct story_load *l;
		size_t n_loads;

		if (story_loads(v, t, &l, &n_loads) != 0) {
			b->failed = 1;
			continue;
		}
		for (size_t k = 0; k < n_loads; k++) {
			struct story_seen *s;
			size_t n;

			if (story_seen(t, &l[k], &s, &n) != 0)
				b->failed = 1;
			if (n > 0)
				put_signal(b, &g, t, l[k].name,
				    value(story_held(s, n)));
			free(s);
		}
		story_loads_free(l, n_loads);
	}
}

static void
put_peaks(const struct view *v, struct buf *b)
{
	int any = 0;

	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->targets[i].n_forecasts; k++) {
			const struct forecast *f = &v->targets[i].forecasts[k];

			if (f->n_peaks > 0 && !any++)
				put_head(b, "forecast_peak",
				    "Quantiles of the highest load to come "
				    "within a window.");
			put_forecast(&v->targets[i], f, b);
		}
}

/* What the decisions say */
static void
put_decisions(const struct view *v, struct buf *b)
{
	put_gauge(
	    v, b, "instances", "Instances asked for and paid.", instances);
	put_gauge(v, b, "ready_instances", "Instances that serve.", ready);
	put_gauge(v, b, "recommended_instances",
	    "Instances that the newest decision wants.", recommended);
	put_gauge(v, b, "load_ratio",
	    "Load as a share of what the ready instances carry.", load_share);
	put_gauge(v, b, "predicted_load_ratio",
	    "Load forecast, as a share of what the ready instances carry.",
	    ahead_share);
	put_gauge(v, b, "overload_risk_ratio",
	    "Chance of overload with the recommended instances, before a next "
	    "order can serve.",
	    risk);
	put_gauge(v, b, "cost_impact",
	    "What the newest decision would add to the monthly cost.",
	    cost_impact);
	put_gauge(
	    v, b, "cost_spent", "What this month has cost so far.", spent);
	put_gauge(v, b, "cost_month",
	    "What this month will have cost at the present count.", month);
	put_gauge(v, b, "cost_budget", "What a month may cost.", budget);
	put_gauge(v, b, "mode_auto",
	    "1 where decisions are carried out, 0 where they are only made.",
	    acts);
	put_gauge(v, b, "approval_pending",
	    "1 while a decision waits for a person.", pending);
	put_gauge(v, b, "apply_failed",
	    "1 where the newest action failed, 0 where it did not.", failed);
	put_gauge(v, b, "last_decision_timestamp_seconds",
	    "When the newest decision was made.", last_time);
	put_states(v, b);
}

void
view_metrics(const struct view *v, struct buf *b)
{
	put_decisions(v, b);
	put_load(v, b);
	put_signals(v, b, "forecast_available",
	    "1 where there is a forecast, 0 where deciding is reactive.",
	    has_forecast);
	put_signals(v, b, "forecast_mean_1h",
	    "Mean of the coming hour, as forecast.", mean_1h);
	put_learnt(v, b, "forecast_error_1h_ratio",
	    "Held-out error of the mean of the coming hour.", "error_1h",
	    error_1h);
	put_learnt(v, b, "forecast_skill_ratio",
	    "By how much that error is below that of the last value.",
	    "skill_vs_last", skill);
	put_signals(v, b, "forecast_confidence_ratio",
	    "Share of held-out hours forecast to within 15 percent.",
	    confidence);
	put_signals(v, b, "observation_age_seconds",
	    "Age of the newest observation when it was used.", age);
	put_inputs(v, b, "forecast_ahead",
	    "Highest load to expect until a new order could serve.", foreseen);
	put_inputs(v, b, "forecast_ahead_at_most",
	    "What that load does not exceed 95 times of 100.", at_most);
	put_held(v, b, "forecast_seen_error_ratio",
	    "Error of the decisions' forecasts, by the load that came.",
	    held_error);
	put_held(v, b, "forecast_seen_within_ratio",
	    "Share of them that kept their 95 of 100.", held_within);
	put_held(v, b, "forecasts_seen", "How many of them could be compared.",
	    held_count);
	put_peaks(v, b);
}
