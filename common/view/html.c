/*
 * html.c - one page that needs nothing else
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "view/chart.h"
#include "view/picture.h"
#include "view/style.h"
#include "view/view.h"

static void
cell(struct buf *b, const char *text)
{
	buf_str(b, "<td>");
	chart_text(b, text);
	buf_str(b, "</td>");
}

/* x with so many decimals and a unit behind it; with its sign if plus is 1 */
static void
put_number(struct buf *b, int plus, int decimals, double x, const char *unit)
{
	if (plus)
		buf_printf(b, "%+.*f%s", decimals, x, unit);
	else
		buf_printf(b, "%.*f%s", decimals, x, unit);
}

static void
number_cell(struct buf *b, int plus, int decimals, double x, const char *unit)
{
	buf_str(b, "<td class=\"n\">");
	if (isfinite(x))
		put_number(b, plus, decimals, x, unit);
	buf_str(b, "</td>");
}

static void
fact(struct buf *b, const char *name, const char *value)
{
	buf_str(b, "<div><dt>");
	chart_text(b, name);
	buf_str(b, "</dt><dd>");
	chart_text(b, value);
	buf_str(b, "</dd></div>\n");
}

static void
number_fact(struct buf *b, const char *name, int plus, int decimals, double x,
    const char *unit)
{
	struct buf s = { 0 };

	if (!isfinite(x))
		return;
	put_number(&s, plus, decimals, x, unit);
	fact(b, name, s.s ? s.s : "");
	buf_free(&s);
}

static double
known(long n)
{
	return n >= 0 ? (double)n : (double)NAN;
}

static void
put_facts(const struct view *v, const struct view_target *t, struct buf *b)
{
	const struct view_run *r = t->n_runs ? &t->runs[t->n_runs - 1] : NULL;
	double cost, share;

	buf_str(b, "<dl class=\"facts\">\n");
	if (t->has_state && t->state.known) {
		number_fact(
		    b, "Instances", 0, 0, known(t->state.instances), "");
		number_fact(b, "Ready", 0, 0, known(t->state.ready), "");
	} else if (t->has_state) {
		fact(b, "Instances", "not known");
	} else if (r != NULL) {
		number_fact(b, "Instances", 0, 0, known(r->from), "");
	}
	if (r != NULL) {
		number_fact(b, "Wanted", 0, 0, known(r->to), "");
		number_fact(b, "Load", 0, 0, r->load, " %");
		number_fact(b, "Load ahead", 0, 0, r->ahead, " %");
		fact(b, "Mode", r->mode[0] ? r->mode : "not known");
		number_fact(b, "Change a month", 1, 2, r->cost, "");
	}
	for (size_t i = 0; i < t->n_forecasts; i++)
		number_fact(b, "Error of the next hour", 0, 1,
		    100 * t->forecasts[i].error_1h, " %");
	if (view_spent(v, t, &cost, &share) == 0) {
		number_fact(b, "Spent so far", 0, 2, cost, "");
		number_fact(b, "At this rate a month", 0, 2, cost / share, "");
		number_fact(b, "Budget a month", 0, 2, v->max_monthly, "");
	}
	buf_str(b, "</dl>\n");
}

static void
put_pending(const struct view_run *r, struct buf *b)
{
	char when[CLOCK_SIZE];

	buf_printf(b,
	    "<p class=\"note\"><strong>Waits for a person:</strong> from %ld "
	    "to %ld instances. ",
	    r->from, r->to);
	chart_text(b, r->reason);
	buf_str(b, "<br>To grant it: <code>as-approve grant ");
	chart_text(b, r->id);
	buf_str(b, "</code>");
	if (r->expires > 0)
		buf_printf(b, " until %s", clock_format(when, r->expires));
	buf_str(b, "</p>\n");
}

static void
put_charts(const struct view *v, const struct view_target *t, struct buf *b)
{
	for (size_t i = 0; i < v->series.n; i++) {
		const struct series *s = &v->series.s[i];

		if (strcmp(s->target, t->name) != 0)
			continue;
		buf_str(b, "<h3>Load: ");
		chart_text(b, s->name);
		buf_str(b, "</h3>\n");
		if (s->error != NULL) {
			buf_str(b, "<p class=\"bad\">Not fetched: ");
			chart_text(b, s->error);
			buf_str(b, "</p>\n");
		}
		picture_load(v, s, 3 * 86400000LL, b);
	}
	for (size_t i = 0; i < t->n_forecasts; i++) {
		if (t->forecasts[i].no_forecast[0] == '\0')
			continue;
		buf_str(b, "<p class=\"note\">No forecast of ");
		chart_text(b, t->forecasts[i].name);
		buf_str(b, ": ");
		chart_text(b, t->forecasts[i].no_forecast);
		buf_str(b, ". Deciding goes by the load now.</p>\n");
	}
	if (t->n_runs > 1) {
		buf_str(b, "<h3>Instances</h3>\n");
		picture_counts(t, b);
	}
}

static void
put_runs(const struct view_target *t, struct buf *b)
{
	size_t from = t->n_runs > 50 ? t->n_runs - 50 : 0;
	char when[CLOCK_SIZE];

	buf_str(b,
	    "<h3>Decisions</h3>\n<div class=\"scroll\"><table><thead><tr>"
	    "<th>Time (UTC)</th><th>Action</th><th class=\"n\">From</th>"
	    "<th class=\"n\">To</th><th class=\"n\">Cost a month</th><th>What "
	    "came of it</th><th>Why</th></tr></thead><tbody>\n");
	for (size_t i = t->n_runs; i-- > from;) {
		const struct view_run *r = &t->runs[i];

		buf_str(b, "<tr>");
		cell(b, clock_format(when, r->time));
		cell(b, r->action);
		number_cell(b, 0, 0, known(r->from), "");
		number_cell(b, 0, 0, known(r->to), "");
		number_cell(b, 1, 2, r->cost, "");
		cell(b, r->status[0] ? r->status : r->mode);
		buf_str(b, "<td>");
		chart_text(b, r->reason);
		if (r->states[0] != '\0') {
			buf_str(b, " <span class=\"soft\">");
			chart_text(b, r->states);
			buf_str(b, "</span>");
		}
		if (r->error[0] != '\0') {
			buf_str(b, " <span class=\"bad\">");
			chart_text(b, r->error);
			buf_str(b, "</span>");
		}
		buf_str(b, "</td></tr>\n");
	}
	buf_str(b, "</tbody></table></div>\n");
	if (from > 0)
		buf_printf(b,
		    "<p class=\"soft\">The newest 50 of %zu decisions.</p>\n",
		    t->n_runs);
}

static double
member(const struct json *j, const char *name)
{
	double x = (double)NAN;

	json_get_num(j, name, &x);
	return x;
}

static void
put_models(const struct view_target *t, struct buf *b)
{
	buf_str(b,
	    "<h3>What was learnt</h3>\n<div class=\"scroll\"><table><thead>"
	    "<tr><th>Signal</th><th>Method</th><th>Up to</th><th class=\"n\">"
	    "Days</th><th class=\"n\">Error of the next hour</th><th "
	    "class=\"n\">Better than the last value by</th><th>Accepted</th>"
	    "</tr></thead><tbody>\n");
	for (size_t i = 0; i < t->n_models; i++) {
		const struct json *j = t->models[i];
		const struct json *val = json_get(j, "validation");
		const char *name =
		    json_get_str(json_get(j, "metric"), "__name__");
		const char *method = json_get_str(j, "method");
		const char *trained = json_get_str(j, "trained");
		int accepted = 0;

		json_bool(json_get(j, "accepted"), &accepted);
		buf_str(b, "<tr>");
		cell(b, name ? name : "load");
		cell(b, method ? method : "");
		cell(b, trained ? trained : "");
		number_cell(b, 0, 1, member(j, "span_s") / 86400, "");
		number_cell(b, 0, 1, 100 * member(val, "error_1h"), " %");
		number_cell(b, 0, 0, 100 * member(val, "skill_vs_last"), " %");
		buf_printf(b, "<td class=\"%s\">%s</td></tr>\n",
		    accepted ? "good" : "bad", accepted ? "yes" : "no");
	}
	buf_str(b, "</tbody></table></div>\n");
}

static void
put_backtests(const struct view_target *t, struct buf *b)
{
	double most = 0;

	for (size_t i = 0; i < t->n_backtests; i++)
		most = fmax(most, member(t->backtests[i], "mean_instances"));
	buf_str(b,
	    "<h3>Replayed against other rules</h3>\n<div class=\"scroll\">"
	    "<table><thead><tr><th>Strategy</th><th class=\"n\">Instances</th>"
	    "<th></th><th class=\"n\">Cost</th><th class=\"n\">Overloaded</th>"
	    "<th class=\"n\">Unserved</th><th class=\"n\">Changes a day</th>"
	    "</tr></thead><tbody>\n");
	for (size_t i = 0; i < t->n_backtests; i++) {
		const struct json *j = t->backtests[i];
		const char *name = json_get_str(j, "strategy");
		double n = member(j, "mean_instances");

		buf_str(b, "<tr>");
		cell(b, name ? name : "");
		number_cell(b, 0, 2, n, "");
		buf_printf(b,
		    "<td style=\"width:20%%\"><div class=\"bar\" "
		    "style=\"width:%.1f%%\"></div></td>",
		    most > 0 && isfinite(n) ? 100 * n / most : 0);
		number_cell(b, 0, 2, member(j, "cost"), "");
		number_cell(b, 0, 2, 100 * member(j, "overload_share"), " %");
		number_cell(b, 0, 2, 100 * member(j, "unserved_share"), " %");
		number_cell(b, 0, 1, member(j, "changes_per_day"), "");
		buf_str(b, "</tr>\n");
	}
	buf_str(b, "</tbody></table></div>\n");
}

static void
put_anomalies(const struct view_target *t, struct buf *b)
{
	buf_str(b, "<h3>Abnormal</h3>\n<ul>\n");
	for (size_t i = 0; i < t->n_anomalies; i++) {
		const struct json *j = t->anomalies[i];
		const char *time = json_get_str(j, "time");
		const char *kind = json_get_str(j, "kind");
		const char *severity = json_get_str(j, "severity");
		const char *reason = json_get_str(j, "reason");

		buf_printf(b, "<li%s>",
		    severity && strcmp(severity, "critical") == 0
			? " class=\"bad\""
			: "");
		chart_text(b, time ? time : "");
		buf_str(b, " ");
		chart_text(b, kind ? kind : "");
		buf_str(b, ": ");
		chart_text(b, reason ? reason : "");
		buf_str(b, "</li>\n");
	}
	buf_str(b, "</ul>\n");
}

static void
put_target(const struct view *v, const struct view_target *t, struct buf *b)
{
	const struct view_run *r = view_pending(v, t);

	buf_str(b, "<section>\n<h2>");
	chart_text(b, t->name);
	buf_str(b, "</h2>\n");
	put_facts(v, t, b);
	if (r != NULL)
		put_pending(r, b);
	if (t->has_state && !t->state.known) {
		buf_str(b, "<p class=\"bad\">The count is not known: ");
		chart_text(b, t->state.error);
		buf_str(b, "</p>\n");
	}
	put_charts(v, t, b);
	if (t->n_runs > 0)
		put_runs(t, b);
	if (t->n_models > 0)
		put_models(t, b);
	if (t->n_backtests > 0)
		put_backtests(t, b);
	if (t->n_anomalies > 0)
		put_anomalies(t, b);
	buf_str(b, "</section>\n");
}

void
view_html(const struct view *v, struct buf *b)
{
	char when[CLOCK_SIZE];

	buf_str(b,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width,"
	    "initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
	    "dark\"><title>autoscale</title>\n<style>" STYLE_COLOURS STYLE_PAGE
		STYLE_CHART "</style></head><body>\n<header><h1>autoscale</h1>"
	    "<p class=\"soft\">As of ");
	buf_str(b, clock_format(when, v->now));
	buf_str(b, "</p></header>\n<main>\n");
	for (size_t i = 0; i < v->n; i++)
		put_target(v, &v->targets[i], b);
	for (size_t i = 0; i < v->series.n; i++) {
		struct view_target t = { .name = v->series.s[i].target };
		int shown = 0;

		for (size_t k = 0; k < i; k++)
			shown |= strcmp(v->series.s[k].target, t.name) == 0;
		for (size_t k = 0; k < v->n; k++)
			shown |= strcmp(v->targets[k].name, t.name) == 0;
		if (!shown)
			put_target(v, &t, b);
	}
	if (v->n == 0 && v->series.n == 0)
		buf_str(b, "<p>Nothing to show: no records.</p>\n");
	buf_str(b, "</main></body></html>\n");
}
