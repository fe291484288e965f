/*
 * metrics.c - Prometheus text exposition, for the textfile collector of
 * node_exporter. Format: Prometheus documentation, exposition formats.
 */
#include <math.h>
#include <string.h>

#include "view/view.h"

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

static const struct view_run *
last_run(const struct view_target *t)
{
	return t->n_runs > 0 ? &t->runs[t->n_runs - 1] : NULL;
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
	return last_run(t) ? known(last_run(t)->from) : (double)NAN;
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
	return last_run(t) ? known(last_run(t)->to) : (double)NAN;
}

static double
load_share(const struct view *v, const struct view_target *t)
{
	(void)v;
	return last_run(t) ? last_run(t)->load / 100 : (double)NAN;
}

static double
ahead_share(const struct view *v, const struct view_target *t)
{
	(void)v;
	return last_run(t) ? last_run(t)->ahead / 100 : (double)NAN;
}

static double
cost_impact(const struct view *v, const struct view_target *t)
{
	(void)v;
	return last_run(t) ? last_run(t)->cost : (double)NAN;
}

static double
last_time(const struct view *v, const struct view_target *t)
{
	(void)v;
	return last_run(t) ? (double)last_run(t)->time / 1000 : (double)NAN;
}

static double
pending(const struct view *v, const struct view_target *t)
{
	return last_run(t) ? view_pending(v, t) != NULL : (double)NAN;
}

static double
spent(const struct view *v, const struct view_target *t)
{
	double cost, share;

	return view_spent(v, t, &cost, &share) == 0 ? cost : (double)NAN;
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

/* One gauge a signal */
static void
put_signals(const struct view *v, struct buf *b, const char *name,
    const char *help, double (*value)(const struct forecast *))
{
	int any = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct view_target *t = &v->targets[i];

		for (size_t k = 0; k < t->n_forecasts; k++) {
			double x = value(&t->forecasts[k]);

			if (!isfinite(x))
				continue;
			if (!any++)
				put_head(b, name, help);
			put_target(b, name, t);
			buf_char(b, ',');
			put_label(b, "signal", t->forecasts[k].name);
			put_value(b, x);
		}
	}
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

void
view_metrics(const struct view *v, struct buf *b)
{
	int any = 0;

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
	put_gauge(v, b, "cost_impact",
	    "What the newest decision would add to the monthly cost.",
	    cost_impact);
	put_gauge(v, b, "cost_spent",
	    "What the instances cost over the time the journal covers.", spent);
	put_gauge(v, b, "approval_pending",
	    "1 while a decision waits for a person.", pending);
	put_gauge(v, b, "last_decision_timestamp_seconds",
	    "When the newest decision was made.", last_time);
	put_signals(v, b, "load", "Newest observation of a signal.", newest);
	put_signals(v, b, "forecast_available",
	    "1 where there is a forecast, 0 where deciding is reactive.",
	    has_forecast);
	put_signals(v, b, "forecast_error_1h_ratio",
	    "Held-out error of the mean of the coming hour.", error_1h);
	put_signals(v, b, "forecast_confidence_ratio",
	    "Share of held-out hours forecast to within 15 percent.",
	    confidence);
	put_signals(v, b, "observation_age_seconds",
	    "Age of the newest observation when it was used.", age);
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->targets[i].n_forecasts; k++) {
			if (v->targets[i].forecasts[k].n_peaks > 0 && !any++)
				put_head(b, "forecast_peak",
				    "Quantiles of the highest load to come "
				    "within a window.");
			put_forecast(
			    &v->targets[i], &v->targets[i].forecasts[k], b);
		}
}
