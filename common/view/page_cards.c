/*
 * page_cards.c - the numbers first: what, for how much, how surely
 */
#include <math.h>
#include <string.h>

#include "view/chart.h"
#include "view/page.h"
#include "view/words.h"

static void
open_card(struct buf *b, const char *title)
{
	buf_printf(b, "<section class=\"card\"><h4>%s</h4>\n", title);
}

static void
close_card(struct buf *b)
{
	buf_str(b, "</section>\n");
}

/* A line of a card; what is written between row and row_end is its value */
static void
row(struct buf *b, const char *name)
{
	buf_printf(b, "<dt>%s</dt><dd>", name);
}

static void
row_end(struct buf *b)
{
	buf_str(b, "</dd>\n");
}

static void
share_row(struct buf *b, const char *name, double x)
{
	if (!isfinite(x))
		return;
	row(b, name);
	words_share(b, x);
	row_end(b);
}

/* The currency is foreign text. */
static void
put_money(struct buf *b, double x, int plus, const char *currency)
{
	struct buf text = { 0 };

	words_money(&text, x, plus, currency);
	chart_text(b, text.s != NULL ? text.s : "");
	b->failed |= text.failed;
	buf_free(&text);
}

static void
money_row(
    struct buf *b, const char *name, double x, int plus, const char *currency)
{
	if (!isfinite(x))
		return;
	row(b, name);
	put_money(b, x, plus, currency);
	row_end(b);
}

static void
empty(struct buf *b, const char *text)
{
	buf_printf(b, "<p class=\"empty\">%s</p>\n", text);
}

/* Each state with what it means, as as-records(5) lists them */
static void
put_states(struct buf *b, const struct view_run *r)
{
	if (r->states[0] == '\0')
		return;
	row(b, "Said besides");
	for (const char *s = r->states; *s != '\0';) {
		size_t n = strcspn(s, " ");
		struct buf word = { 0 };

		buf_add(&word, s, n);
		if (s != r->states)
			buf_str(b, ", ");
		chart_text(b, word.s != NULL ? word.s : "");
		b->failed |= word.failed;
		buf_free(&word);
		s += n + (s[n] == ' ');
	}
	row_end(b);
}

static void
card_count(const struct page_target *p, struct buf *b)
{
	const struct view_run *r = p->last;
	const struct state *s = &p->t->state;
	long now = r != NULL ? r->from : -1, ready = r != NULL ? r->ready : -1;

	if (p->t->has_state && s->known) {
		now = s->instances;
		ready = s->ready;
	}
	open_card(b, "Instances");
	if (now < 0 && (r == NULL || r->to < 0)) {
		empty(b, "The count is not known.");
	} else {
		buf_str(b, "<p class=\"big\">");
		if (r != NULL && r->to >= 0 && now >= 0 && r->to != now)
			buf_printf(b, "%ld \u2192 %ld", now, r->to);
		else
			buf_printf(b, "%ld", now >= 0 ? now : r->to);
		buf_str(b, "</p>\n");
	}
	buf_str(b, "<dl>\n");
	if (ready >= 0) {
		row(b, "Ready");
		buf_printf(b, "%ld", ready);
		row_end(b);
	}
	if (r != NULL) {
		share_row(b, "Load now", r->load / 100);
		share_row(b, "Load ahead", r->ahead / 100);
		share_row(b, "Risk of overload", r->risk);
		put_states(b, r);
	}
	buf_str(b, "</dl>\n");
	close_card(b);
}

static void
put_meter(struct buf *b, double spent, double budget)
{
	double share = spent / budget;

	if (!isfinite(share) || budget <= 0)
		return;
	buf_printf(b,
	    "<div class=\"meter%s\" role=\"img\" aria-label=\"%.0f percent of "
	    "the budget\"><i style=\"width:%.1f%%\"></i></div>\n",
	    share > 1 ? " over" : "", 100 * share,
	    100 * fmin(fmax(share, 0), 1));
}

static void
card_money(const struct page_target *p, struct buf *b)
{
	const struct story_money *m = &p->money;
	const struct view_run *r = p->last;

	open_card(b, "Cost");
	if (!p->has_money || !isfinite(m->spent)) {
		if (r != NULL && isfinite(r->cost)) {
			buf_str(b, "<p class=\"big\">");
			put_money(b, r->cost, 1, r->currency);
			buf_str(b, " <small>a month</small></p>\n");
		}
		empty(
		    b, "What was spent is not known: no price, or no journal.");
		close_card(b);
		return;
	}
	buf_str(b, "<p class=\"big\">");
	put_money(b, m->spent, 0, m->currency);
	buf_str(b, " <small>in ");
	words_month(b, m->until - 1);
	buf_str(b, "</small></p>\n");
	put_meter(b, m->spent, m->budget);
	buf_str(b, "<dl>\n");
	money_row(b, "Budget a month", m->budget, 0, "");
	money_row(b, "By its end, at this count", m->month, 0, "");
	if (r != NULL)
		money_row(b, "This decision, a month", r->cost, 1, "");
	money_row(b, "An instance, a month", m->per_instance, 0, "");
	row(b, "Counted since");
	page_time(b, m->since);
	row_end(b);
	buf_str(b, "</dl>\n");
	close_card(b);
}

/* The validation of the newest model, or NULL */
static const struct json *
validation_of(const struct page_target *p)
{
	const struct view_target *t = p->t;

	return t->n_models > 0
	    ? json_get(t->models[t->n_models - 1], "validation")
	    : NULL;
}

static double
member(const struct json *j, const char *name)
{
	double x = (double)NAN;

	json_get_num(j, name, &x);
	return x;
}

static void
card_forecast(const struct page_target *p, struct buf *b)
{
	const struct json *val = validation_of(p);
	const struct forecast *f =
	    p->t->n_forecasts > 0 ? &p->t->forecasts[0] : NULL;
	struct story_held h = story_held(p->seen, p->n_seen);
	double error = f != NULL && f->method[0] != '\0'
	    ? f->error_1h
	    : member(val, "error_1h");
	double skill = f != NULL && f->method[0] != '\0'
	    ? f->skill_vs_last
	    : member(val, "skill_vs_last");
	double sure = f != NULL ? f->confidence : member(val, "within_15pct");

	open_card(b, "Forecast");
	if (!isfinite(error) && !isfinite(h.error)) {
		empty(b, "How good it is, is not known yet.");
	} else {
		buf_str(b, "<p class=\"big\">\u00b1");
		words_share(b, isfinite(error) ? error : h.error);
		buf_printf(b, " <small>%s</small></p>\n",
		    isfinite(error) ? "off in the mean, of an hour, held out"
				    : "off in the mean, as it came");
	}
	buf_str(b, "<dl>\n");
	share_row(b, "Better than the last value by", skill);
	share_row(b, "Hours forecast to within 15\u00a0%", sure);
	share_row(b, "Below the 95\u00a0% edge, held out",
	    member(json_get(val, "coverage"), "0.95"));
	if (h.n > 0) {
		share_row(b, "Off by, as it came", h.error);
		share_row(b, "Below the 95\u00a0% edge, as it came", h.within);
		row(b, "Forecasts compared with what came");
		buf_printf(b, "%zu", h.n);
		row_end(b);
	}
	buf_str(b, "</dl>\n");
	close_card(b);
}

void
page_cards(const struct page_target *p, struct buf *b)
{
	buf_str(b, "<div class=\"cards\">\n");
	card_count(p, b);
	card_money(p, b);
	card_forecast(p, b);
	buf_str(b, "</div>\n");
}
