/*
 * page_tables.c - decisions, models, replays, what was abnormal
 *
 * A cell names its column (data-label), for narrow pages, where each row is
 * folded into lines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "view/chart.h"
#include "view/page.h"
#include "view/words.h"

enum { OPEN_RUNS = 12, MOST_RUNS = 60 };

struct column {
	const char *name;
	int number;
};

static void
open_part(struct buf *b, const char *title)
{
	buf_printf(b, "<section class=\"part\"><h3>%s</h3>\n", title);
}

static void
close_part(struct buf *b)
{
	buf_str(b, "</section>\n");
}

static void
open_table(struct buf *b, const char *class, const struct column *c, size_t n)
{
	buf_printf(
	    b, "<div class=\"scroll\"><table class=\"%s\"><thead><tr>", class);
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "<th scope=\"col\"%s>%s</th>",
		    c[i].number ? " class=\"n\"" : "", c[i].name);
	buf_str(b, "</tr></thead><tbody>\n");
}

static void
close_table(struct buf *b)
{
	buf_str(b, "</tbody></table></div>\n");
}

static void
open_cell(struct buf *b, const char *class, const char *label)
{
	buf_printf(b, "<td class=\"%s\" data-label=\"%s\">", class, label);
}

static void
close_cell(struct buf *b)
{
	buf_str(b, "</td>");
}

static void
text_cell(struct buf *b, const char *class, const char *label, const char *text)
{
	open_cell(b, class, label);
	chart_text(b, text);
	close_cell(b);
}

static void
number_cell(struct buf *b, const char *label, int decimals, double x)
{
	open_cell(b, "n", label);
	if (isfinite(x))
		buf_printf(b, "%.*f", decimals, x);
	close_cell(b);
}

static void
share_cell(struct buf *b, const char *label, int decimals, double x)
{
	open_cell(b, "n", label);
	if (isfinite(x))
		buf_printf(b, "%.*f\u00a0%%", decimals, 100 * x);
	close_cell(b);
}

static double
member(const struct json *j, const char *name)
{
	double x = (double)NAN;

	json_get_num(j, name, &x);
	return x;
}

static const char *
text_of(const struct json *j, const char *name)
{
	const char *s = json_get_str(j, name);

	return s != NULL ? s : "";
}

static void
put_when(struct buf *b, const struct json *j, const char *name)
{
	long long ms;

	if (json_get_time(j, name, &ms) == 0)
		page_time(b, ms);
}

/* --- decisions --- */

static const struct column run_columns[] = { { "When (UTC)", 0 },
	{ "Decision", 0 }, { "Instances", 1 }, { "Cost a month", 1 },
	{ "Outcome", 0 }, { "Why", 0 } };

/* A span that lasted says until when, and of how many decisions it is */
static void
put_span_time(struct buf *b, const struct view_run *first,
    const struct view_run *last, size_t n)
{
	page_time(b, first->time);
	if (n < 2)
		return;
	buf_str(b, " <br><span class=\"soft\">to ");
	page_time(b, last->time);
	buf_printf(b, ", <br>%zu times</span>", n);
}

/* What came of it, in a word that a person has for it */
static const char *
fate_of(
    const struct view *v, const struct view_target *t, const struct view_run *r)
{
	const struct view_word *w = story_word(t, r);

	if (strcmp(r->status, "applied") == 0)
		return "carried out";
	if (w != NULL)
		return w->granted ? "granted" : "denied";
	if (strcmp(r->approval, "required") == 0)
		return story_pending(v, t) == r ? "waits for a person"
						: "nobody granted it";
	if (strcmp(r->status, "monitor") == 0 ||
	    (r->status[0] == '\0' && strcmp(r->mode, "monitor") == 0))
		return "only watched";
	if (strcmp(r->status, "unchanged") == 0)
		return "nothing to do";
	return r->status[0] != '\0' ? r->status : "";
}

static void
put_run(const struct page_target *p, const struct story_span *s, struct buf *b)
{
	const struct view_target *t = p->t;
	const struct view_run *r = &t->runs[s->last];

	buf_str(b, "<tr>");
	open_cell(b, "t", "When (UTC)");
	put_span_time(b, &t->runs[s->first], r, s->last - s->first + 1);
	close_cell(b);
	text_cell(b, "", "Decision", words_action(r->action));
	open_cell(b, "n", "Instances");
	if (r->from >= 0 && r->to >= 0 && r->from != r->to)
		buf_printf(b, "%ld \u2192 %ld", r->from, r->to);
	else if (r->to >= 0)
		buf_printf(b, "%ld", r->to);
	close_cell(b);
	open_cell(b, "n", "Cost a month");
	if (isfinite(r->cost) && r->from != r->to)
		words_money(b, r->cost, 1, "");
	close_cell(b);
	text_cell(b,
	    strcmp(r->status, "failed") == 0 ||
		    strcmp(r->status, "timeout") == 0
		? "bad"
		: "",
	    "Outcome", fate_of(p->v, t, r));
	open_cell(b, "long", "Why");
	chart_text(b, r->reason);
	if (r->error[0] != '\0') {
		buf_str(b, " <span class=\"bad\">");
		chart_text(b, r->error);
		buf_str(b, "</span>");
	}
	close_cell(b);
	buf_str(b, "</tr>\n");
}

/* So many of the newest, from *at - 1 downwards: those of the others that
 * changed nothing are counted in *quiet */
static void
put_spans(const struct page_target *p, const struct story_span *s, size_t n,
    size_t *at, size_t most, size_t *quiet, struct buf *b)
{
	for (; *at > 0 && most > 0; --*at) {
		const struct story_span *one = &s[*at - 1];

		/* the newest says how it is now, whatever it says */
		if (!one->news && *at < n) {
			*quiet += one->last - one->first + 1;
			continue;
		}
		put_run(p, one, b);
		most--;
	}
}

static void
put_older(const struct page_target *p, const struct story_span *s, size_t n,
    size_t at, size_t *quiet, struct buf *b)
{
	size_t left = 0, more = 0;

	for (size_t i = 0; i < at; i++)
		left += (size_t)s[i].news;
	if (left > 0) {
		buf_printf(b, "<details><summary>%zu more</summary>\n",
		    left < MOST_RUNS ? left : MOST_RUNS);
		open_table(b, "fold runs", run_columns,
		    sizeof(run_columns) / sizeof(run_columns[0]));
		put_spans(p, s, n, &at, MOST_RUNS, quiet, b);
		close_table(b);
		buf_str(b, "</details>\n");
	}
	for (size_t i = 0; i < at; i++)
		if (s[i].news)
			more += s[i].last - s[i].first + 1;
		else
			*quiet += s[i].last - s[i].first + 1;
	if (*quiet > 0)
		buf_printf(b,
		    "<p class=\"empty\">Besides, %zu decision%s left the count "
		    "as it was.</p>\n",
		    *quiet, *quiet == 1 ? "" : "s");
	if (more > 0)
		buf_printf(b,
		    "<p class=\"empty\">%zu older decisions are not shown; "
		    "as-log(1) finds them.</p>\n",
		    more);
}

void
page_runs(const struct page_target *p, struct buf *b)
{
	struct story_span *s;
	size_t n, at, quiet = 0;

	if (p->t->n_runs == 0)
		return;
	if (story_spans(p->t, &s, &n) != 0) {
		b->failed = 1;
		return;
	}
	at = n;
	open_part(b, "Decisions");
	open_table(b, "fold runs", run_columns,
	    sizeof(run_columns) / sizeof(run_columns[0]));
	put_spans(p, s, n, &at, OPEN_RUNS, &quiet, b);
	close_table(b);
	put_older(p, s, n, at, &quiet, b);
	close_part(b);
	free(s);
}

/* --- models --- */

static const struct column model_columns[] = { { "Signal", 0 }, { "Method", 0 },
	{ "Learnt up to", 0 }, { "Days", 1 }, { "Error of an hour", 1 },
	{ "Better than last value by", 1 }, { "Held of 80", 1 }, { "of 90", 1 },
	{ "of 95", 1 }, { "of 99", 1 }, { "In use", 0 } };

void
page_models(const struct page_target *p, struct buf *b)
{
	const struct view_target *t = p->t;

	if (t->n_models == 0)
		return;
	open_part(b, "What was learnt, tried on time held out");
	open_table(b, "fold", model_columns,
	    sizeof(model_columns) / sizeof(model_columns[0]));
	for (size_t i = 0; i < t->n_models; i++) {
		const struct json *j = t->models[i];
		const struct json *val = json_get(j, "validation");
		const struct json *held = json_get(val, "coverage");
		int accepted = 0;

		json_bool(json_get(j, "accepted"), &accepted);
		buf_str(b, "<tr>");
		text_cell(b, "t", "Signal", story_signal(j));
		text_cell(b, "", "Method", text_of(j, "method"));
		open_cell(b, "when", "Learnt up to");
		put_when(b, j, "trained");
		close_cell(b);
		number_cell(b, "Days", 0, member(j, "span_s") / 86400);
		share_cell(b, "Error of an hour", 1, member(val, "error_1h"));
		share_cell(b, "Better than last value by", 0,
		    member(val, "skill_vs_last"));
		share_cell(b, "Held of 80", 1, member(held, "0.8"));
		share_cell(b, "Held of 90", 1, member(held, "0.9"));
		share_cell(b, "Held of 95", 1, member(held, "0.95"));
		share_cell(b, "Held of 99", 1, member(held, "0.99"));
		text_cell(b, accepted ? "good" : "bad", "In use",
		    accepted ? "yes" : "no: not better than the last value");
		buf_str(b, "</tr>\n");
	}
	close_table(b);
	close_part(b);
}

/* --- replays --- */

static const struct column backtest_columns[] = { { "Rule", 0 },
	{ "Instances", 1 }, { "", 0 }, { "Cost", 1 }, { "Overloaded", 1 },
	{ "Not served", 1 }, { "Changes a day", 1 } };

static void
put_backtest(struct buf *b, const struct json *j, double most)
{
	double n = member(j, "mean_instances");
	const char *name = text_of(j, "strategy");

	buf_printf(b, "<tr%s>",
	    strcmp(name, "predictive") == 0 ? " class=\"ours\"" : "");
	text_cell(b, "t", "Rule", name);
	number_cell(b, "Instances", 2, n);
	buf_printf(b, "<td class=\"bar\"><i style=\"width:%.1f%%\"></i></td>",
	    most > 0 && isfinite(n) ? 100 * n / most : 0);
	number_cell(b, "Cost", 2, member(j, "cost"));
	share_cell(b, "Overloaded", 2, member(j, "overload_share"));
	share_cell(b, "Not served", 2, member(j, "unserved_share"));
	number_cell(b, "Changes a day", 1, member(j, "changes_per_day"));
	buf_str(b, "</tr>\n");
}

void
page_backtests(const struct page_target *p, struct buf *b)
{
	const struct view_target *t = p->t;
	double most = 0;

	for (size_t i = 0; i < t->n_backtests; i++) {
		double n = member(t->backtests[i], "mean_instances");

		if (isfinite(n))
			most = fmax(most, n);
	}
	if (t->n_backtests == 0)
		return;
	open_part(b, "Replayed against other rules");
	open_table(b, "fold backtests", backtest_columns,
	    sizeof(backtest_columns) / sizeof(backtest_columns[0]));
	for (size_t i = 0; i < t->n_backtests; i++)
		put_backtest(b, t->backtests[i], most);
	close_table(b);
	close_part(b);
}

/* --- what as-detect says --- */

static void
put_anomaly(struct buf *b, const struct json *j)
{
	double value = member(j, "value"), expected = member(j, "expected");

	buf_printf(b, "<li%s>",
	    strcmp(text_of(j, "severity"), "critical") == 0 ? " class=\"bad\""
							    : "");
	put_when(b, j, "time");
	buf_str(b, " <strong>");
	chart_text(b, text_of(j, "kind"));
	buf_str(b, "</strong> of ");
	chart_text(b, story_signal(j));
	if (text_of(j, "reason")[0] != '\0') {
		buf_str(b, ": ");
		chart_text(b, text_of(j, "reason"));
	} else if (isfinite(value) && isfinite(expected)) {
		buf_str(b, ": ");
		words_number(b, value);
		buf_str(b, " where ");
		words_number(b, expected);
		buf_str(b, " was to be expected");
	}
	buf_str(b, "</li>\n");
}

void
page_anomalies(const struct page_target *p, struct buf *b)
{
	const struct view_target *t = p->t;
	size_t from = t->n_anomalies > 20 ? t->n_anomalies - 20 : 0;

	if (t->n_anomalies == 0)
		return;
	open_part(b, "Abnormal");
	buf_str(b, "<ul class=\"plain\">\n");
	for (size_t i = t->n_anomalies; i-- > from;)
		put_anomaly(b, t->anomalies[i]);
	buf_str(b, "</ul>\n");
	if (from > 0)
		buf_printf(b,
		    "<p class=\"empty\">%zu older ones are not shown.</p>\n",
		    from);
	close_part(b);
}

static void
put_season(struct buf *b, const struct json *s)
{
	double period = member(s, "period_s"), strength = member(s, "strength");
	const char *peak = text_of(s, "peak_at");

	if (!isfinite(period))
		return;
	if (period > 86399 && period < 86401)
		buf_str(b, "Every day");
	else if (period > 604799 && period < 604801)
		buf_str(b, "Every week");
	else
		buf_printf(b, "Every %.4g hours", period / 3600);
	if (peak[0] != '\0') {
		buf_str(b, ", highest at ");
		chart_text(b, peak);
	}
	if (isfinite(strength)) {
		buf_str(b, " (strength ");
		words_share(b, strength);
		buf_str(b, ")");
	}
	buf_str(b, ". ");
}

void
page_patterns(const struct page_target *p, struct buf *b)
{
	const struct view_target *t = p->t;

	if (t->n_patterns == 0)
		return;
	open_part(b, "What repeats");
	buf_str(b, "<ul class=\"plain\">\n");
	for (size_t i = 0; i < t->n_patterns; i++) {
		const struct json *j = t->patterns[i], *s;
		double trend = member(j, "trend_per_day");

		buf_str(b, "<li><strong>");
		chart_text(b, story_signal(j));
		buf_str(b, "</strong>: ");
		s = json_first(json_get(j, "seasons"));
		if (s == NULL)
			buf_str(b, "nothing that repeats was found. ");
		for (; s != NULL; s = json_next(s))
			put_season(b, s);
		if (isfinite(trend)) {
			buf_printf(b, "Trend ");
			buf_printf(b, "%+.3g a day.", trend);
		}
		buf_str(b, "</li>\n");
	}
	buf_str(b, "</ul>\n");
	close_part(b);
}
