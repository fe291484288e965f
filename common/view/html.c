/*
 * html.c - one page that needs nothing else
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/shell.h"
#include "view/chart.h"
#include "view/page.h"
#include "view/picture.h"
#include "view/style.h"
#include "view/words.h"

enum { DAY_MS = 86400000 };

void
page_time(struct buf *b, int64_t ms)
{
	char when[CLOCK_SIZE];

	buf_printf(b, "<time datetime=\"%s\" title=\"", clock_format(when, ms));
	words_day(b, ms);
	buf_str(b, "\">");
	words_moment(b, ms);
	buf_str(b, "</time>");
}

/* --- the verdict --- */

static int
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What became of it: one sentence. It is a wish before anything was done. */
static void
put_change(const struct page_target *p, struct buf *b)
{
	const struct view_run *r = p->last;
	const char *way = r->to > r->from ? "up" : "down";

	if (is(r->status, "applied"))
		buf_printf(b, "Scaled %s", way);
	else if (is(r->status, "failed") || is(r->status, "timeout"))
		buf_printf(b, "Failed to scale %s", way);
	else if (is(r->status, "refused"))
		buf_printf(b, "Was not let scale %s", way);
	else if (story_pending(p->v, p->t) != NULL)
		buf_printf(b, "Asks to scale %s", way);
	else if (is(r->mode, "auto"))
		buf_printf(b, "Scales %s", way);
	else
		buf_printf(b, "Would scale %s", way);
	if (is(r->action, "emergency_scale"))
		buf_str(b, " at once");
	buf_printf(b, " from %ld to %ld instances.", r->from, r->to);
	if (is(r->mode, "monitor"))
		buf_str(b, " In mode monitor nothing is changed.");
}

static void
put_verdict(const struct page_target *p, struct buf *b)
{
	const struct view_run *r = p->last;

	buf_str(b, "<p class=\"verdict\">");
	if (r == NULL)
		buf_str(b, "Nothing was decided yet.");
	else if (r->from < 0 || r->to < 0)
		buf_str(b, "Holds: the count of instances is not known.");
	else if (r->from != r->to)
		put_change(p, b);
	else
		buf_printf(b, "%s at %ld instance%s.",
		    is(r->action, "hold") ? "Holds" : "Stays", r->to,
		    r->to == 1 ? "" : "s");
	buf_str(b, "</p>\n");
	if (r == NULL) {
		buf_str(b,
		    "<p class=\"empty\">Decisions come from as-decide(1); the "
		    "journal has those of the past.</p>\n");
		return;
	}
	buf_str(b, "<p class=\"why\">");
	chart_text(b, r->reason);
	buf_str(b, "</p>\n");
}

static void
put_head(const struct page_target *p, size_t at, struct buf *b)
{
	const struct view_run *r = p->last;
	const char *driver = p->t->has_state ? p->t->state.driver
	    : r != NULL			     ? r->driver
					     : "";

	buf_printf(b, "<div class=\"head\"><h2 id=\"t%zu\">", at);
	chart_text(b, p->t->name);
	buf_str(b, "</h2>");
	if (r != NULL && r->mode[0] != '\0')
		buf_printf(b, "<span class=\"tag%s\">mode %s</span>",
		    is(r->mode, "auto") ? " on" : "",
		    is(r->mode, "auto") ? "auto" : "monitor");
	if (driver[0] != '\0') {
		buf_str(b, "<span class=\"tag\">");
		chart_text(b, driver);
		buf_str(b, "</span>");
	}
	if (r != NULL) {
		buf_str(b, "<span class=\"tag\">decided ");
		page_time(b, r->time);
		buf_str(b, "</span>");
	}
	buf_str(b, "</div>\n");
}

/* --- notes --- */

static void
put_command(struct buf *b, const char *intro, const char *verb,
    const struct view *v, const struct view_run *r)
{
	struct buf id = { 0 };

	buf_printf(b, "<p>%s <code>as-approve", intro);
	chart_text(b, v->access != NULL ? v->access : "");
	buf_printf(b, " %s ", verb);
	shell_word(&id, r->id);
	chart_text(b, id.s != NULL ? id.s : "");
	buf_str(b, "</code></p>");
	b->failed |= id.failed;
	buf_free(&id);
}

static void
put_pending(const struct view *v, const struct view_run *r, struct buf *b)
{
	buf_printf(b,
	    "<div class=\"note pending\"><p><strong>Waits for a "
	    "person:</strong> from %ld to %ld instances.</p>",
	    r->from, r->to);
	put_command(b, "To grant it:", "grant", v, r);
	put_command(b, "To deny it:", "deny", v, r);
	if (r->expires > 0) {
		buf_str(b, "<p class=\"soft\">Until ");
		page_time(b, r->expires);
		buf_str(b, " UTC.</p>");
	}
	buf_str(b, "</div>\n");
}

static void
put_note(
    struct buf *b, int alarm, const char *what, const char *of, const char *why)
{
	buf_printf(b, "<div class=\"note%s\"><p>", alarm ? " alarm" : "");
	buf_str(b, what);
	chart_text(b, of);
	buf_str(b, why[0] != '\0' ? ": " : "");
	chart_text(b, why);
	buf_str(b, "</p></div>\n");
}

static void
put_notes(const struct page_target *p, struct buf *b)
{
	const struct view_target *t = p->t;
	const struct view_run *wait = story_pending(p->v, t);
	const struct view_word *word =
	    p->last != NULL ? story_word(t, p->last) : NULL;

	if (wait != NULL)
		put_pending(p->v, wait, b);
	else if (word != NULL)
		put_note(b, 0, word->granted ? "Granted by " : "Denied by ",
		    word->who[0] != '\0' ? word->who : "a person", "");
	if (p->last != NULL && p->last->error[0] != '\0')
		put_note(b, 1, "The target did not do it", "", p->last->error);
	if (t->has_state && !t->state.known)
		put_note(b, 1, "The count is not known", "", t->state.error);
	for (size_t i = 0; i < p->n_loads; i++)
		if (p->loads[i].series != NULL &&
		    p->loads[i].series->error != NULL)
			put_note(b, 1, "Not fetched: ", p->loads[i].name,
			    p->loads[i].series->error);
	for (size_t i = 0; i < t->n_forecasts; i++)
		if (t->forecasts[i].no_forecast[0] != '\0')
			put_note(b, 0,
			    "Deciding goes by the load as it is. No forecast "
			    "of ",
			    t->forecasts[i].name, t->forecasts[i].no_forecast);
}

/* --- charts --- */

/* A figure is kept if there was enough for its picture. */
static void
put_figure(struct buf *b, const char *title, const char *of, const char *about,
    int drawn, const struct buf *picture)
{
	if (!drawn)
		return;
	buf_str(b, "<figure><figcaption><h3>");
	buf_str(b, title);
	chart_text(b, of);
	buf_str(b, "</h3>");
	if (about[0] != '\0') {
		buf_str(b, "<p>");
		buf_str(b, about);
		buf_str(b, "</p>");
	}
	buf_str(b, "</figcaption>\n");
	if (picture->len > 0)
		buf_add(b, picture->s, picture->len);
	buf_str(b, "</figure>\n");
	b->failed |= picture->failed;
}

static void
put_charts(const struct page_target *p, struct buf *b)
{
	struct buf one = { 0 };
	int drawn, any = 0;

	for (size_t i = 0; i < p->n_loads; i++) {
		drawn = picture_load(
		    p->v, p->t, &p->loads[i], (int64_t)3 * DAY_MS, 1, &one);
		put_figure(b, "Load and forecast: ", p->loads[i].name, "",
		    drawn, &one);
		any |= drawn;
		buf_clear(&one);
	}
	if (!any)
		buf_str(b,
		    "<p class=\"empty\">No load to draw: give series, such as "
		    "those of as-predict --keep, or a journal.</p>\n");
	drawn = picture_counts(p->t, 1, &one);
	put_figure(b, "Instances wanted and running", "",
	    "Point at a mark to read why.", drawn, &one);
	buf_clear(&one);
	drawn = picture_money(p->v, p->t, 1, &one);
	put_figure(b, "Cost this month", "", "", drawn, &one);
	buf_clear(&one);
	if (p->n_seen > 0) {
		drawn = picture_seen(
		    p->t, &p->loads[p->seen_of], p->seen, p->n_seen, 1, &one);
		put_figure(b,
		    "Forecasts, and what came: ", p->loads[p->seen_of].name,
		    "The highest load until a new order could have served, as "
		    "each decision foresaw it, and as it came.",
		    drawn, &one);
	}
	buf_free(&one);
}

/* --- the page --- */

static int
gather(struct page_target *p, const struct view *v, const struct view_target *t)
{
	*p = (struct page_target){ .v = v, .t = t, .last = story_last(t) };
	if (story_loads(v, t, &p->loads, &p->n_loads) != 0)
		return -1;
	for (size_t i = 0; i < p->n_loads && p->n_seen == 0; i++) {
		free(p->seen);
		p->seen_of = i;
		if (story_seen(t, &p->loads[i], &p->seen, &p->n_seen) != 0)
			return -1;
	}
	p->has_money = story_money(v, t, &p->money) == 0;
	return 0;
}

static void
put_target(
    const struct view *v, const struct view_target *t, size_t at, struct buf *b)
{
	struct page_target p;

	if (gather(&p, v, t) == 0) {
		buf_printf(b,
		    "<section class=\"target\" aria-labelledby=\"t%zu\">\n",
		    at);
		put_head(&p, at, b);
		put_verdict(&p, b);
		put_notes(&p, b);
		page_cards(&p, b);
		put_charts(&p, b);
		page_runs(&p, b);
		page_models(&p, b);
		page_backtests(&p, b);
		page_anomalies(&p, b);
		page_patterns(&p, b);
		buf_str(b, "</section>\n");
	} else {
		b->failed = 1;
	}
	story_loads_free(p.loads, p.n_loads);
	free(p.seen);
}

/* Where there are several targets: which of them wants what */
static void
put_contents(const struct view *v, struct buf *b)
{
	if (v->n < 2)
		return;
	buf_str(b, "<nav aria-label=\"Targets\"><ul>\n");
	for (size_t i = 0; i < v->n; i++) {
		const struct view_run *r = story_last(&v->targets[i]);

		buf_printf(b, "<li><a href=\"#t%zu\">", i);
		chart_text(b, v->targets[i].name);
		buf_str(b, "</a>");
		if (r != NULL && r->from >= 0 && r->to >= 0)
			buf_printf(b,
			    r->from == r->to ? " %ld" : " %ld \u2192 %ld",
			    r->from, r->to);
		if (story_pending(v, &v->targets[i]) != NULL)
			buf_str(b, ", waits");
		buf_str(b, "</li>\n");
	}
	buf_str(b, "</ul></nav>\n");
}

void
view_html(const struct view *v, struct buf *b)
{
	char when[CLOCK_SIZE];

	buf_str(b,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width,"
	    "initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
	    "dark\"><title>autoscale");
	if (v->n == 1) {
		buf_str(b, ": ");
		chart_text(b, v->targets[0].name);
	}
	buf_str(b, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>");
	/* no compiler has to take more than 4095 characters at once */
	buf_str(b, STYLE_COLOURS STYLE_PAGE);
	buf_str(b, STYLE_CARDS STYLE_CHART);
	buf_str(b, STYLE_FIGURES);
	buf_str(b, STYLE_TABLES);
	buf_str(b,
	    "</style></head><body>\n<header><h1>autoscale</h1>"
	    "<p class=\"soft\">As of <time datetime=\"");
	buf_str(b, clock_format(when, v->now));
	buf_str(b, "\">");
	words_day(b, v->now);
	buf_printf(b, ", %.5s UTC</time></p></header>\n",
	    clock_format(when, v->now) + strlen("YYYY-MM-DDT"));
	put_contents(v, b);
	buf_str(b, "<main>\n");
	for (size_t i = 0; i < v->n; i++)
		put_target(v, &v->targets[i], i, b);
	if (v->n == 0)
		buf_str(b,
		    "<p class=\"verdict\">Nothing to show: no records.</p>\n"
		    "<p class=\"empty\">as-report(1) reads the lines that the "
		    "other commands print, and journals.</p>\n");
	buf_str(b, "</main></body></html>\n");
}
