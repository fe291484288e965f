/*
 * table.c - records as text for a terminal
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/shell.h"
#include "view/story.h"
#include "view/words.h"

struct page {
	const struct view *v;
	struct buf *out, *b; /* b: what is foreign, and no colour, yet */
	int width, colour;
};

enum tint { PLAIN, BOLD, FAINT, RED, GREEN, YELLOW };

/* What a record says moves no cursor. */
static void
flush(const struct page *p)
{
	words_clean(p->out, p->b->s != NULL ? p->b->s : "", p->b->len);
	p->out->failed |= p->b->failed;
	buf_clear(p->b);
}

static void
tint(const struct page *p, enum tint t)
{
	static const char *const codes[] = { "0", "1", "2", "31", "32", "33" };

	if (!p->colour)
		return;
	flush(p);
	buf_printf(p->out, "\033[%sm", codes[t]);
}

static void
say(const struct page *p, enum tint t, const char *text)
{
	if (t != PLAIN)
		tint(p, t);
	buf_str(p->b, text);
	if (t != PLAIN)
		tint(p, PLAIN);
}

/* "  name            value" */
static void
label(const struct page *p, const char *name)
{
	buf_printf(p->b, "  %-14s ", name);
}

/* The width of UTF-8 text in columns, as far as one code point is one */
static int
columns(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* text in lines of at most the page's width, indented like a value */
static void
wrapped(const struct page *p, const char *text)
{
	int at = 17;

	while (*text != '\0') {
		size_t n = strcspn(text, " \t\r\n");
		struct buf word = { 0 };

		buf_add(&word, text, n);
		if (at > 17 && at + 1 + columns(word.s) > p->width) {
			buf_printf(p->b, "\n%17s", "");
			at = 17;
		} else if (at > 17) {
			buf_char(p->b, ' ');
			at++;
		}
		buf_str(p->b, word.s);
		at += columns(word.s);
		buf_free(&word);
		text += n + (text[n] != '\0');
	}
	buf_char(p->b, '\n');
}

/* n values as a line of blocks, at most `most` of them, by the highest of each
 * share of the time */
static void
sparkline(const struct page *p, const double *x, size_t n, size_t most)
{
	/* U+2581 to U+2588, blocks of one to eight eighths */
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583",
		"\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
	double lo = INFINITY, hi = -INFINITY;
	size_t k = n < most ? n : most;

	for (size_t i = 0; i < n; i++) {
		lo = fmin(lo, x[i]);
		hi = fmax(hi, x[i]);
	}
	for (size_t i = 0; i < k; i++) {
		double top = -INFINITY;

		for (size_t j = i * n / k; j < (i + 1) * n / k; j++)
			top = fmax(top, x[j]);
		/* halves: the whole span may be beyond what a double holds */
		buf_str(p->b,
		    blocks[hi > lo ? (int)((top / 2 - lo / 2) /
					 (hi / 2 - lo / 2) * 7.999)
				   : 0]);
	}
}

static void
put_share(struct buf *b, double x)
{
	if (isfinite(x))
		buf_printf(b, "%.3g %%", 100 * x);
	else
		buf_str(b, "not known");
}

static void
put_series(const struct page *p, const struct view_target *t)
{
	for (size_t i = 0; i < p->v->series.n; i++) {
		const struct series *s = &p->v->series.s[i];
		size_t from = 0;
		size_t most = (size_t)(p->width > 40 ? p->width - 20 : 20);

		if (strcmp(s->target, t->name) != 0 || s->n < 2)
			continue;
		while (from < s->n && s->t[from] < s->t[s->n - 1] - 86400000)
			from++;
		label(p, s->name);
		buf_printf(p->b, "%.4g %s now, over the last day\n%17s",
		    s->v[s->n - 1], s->unit, "");
		sparkline(p, s->v + from, s->n - from, most);
		buf_char(p->b, '\n');
	}
}

static void
put_forecast(const struct page *p, const struct forecast *f)
{
	label(p, "forecast");
	if (f->H == 0) {
		buf_printf(p->b, "%s: none: ", f->name);
		say(p, YELLOW, f->no_forecast);
		buf_char(p->b, '\n');
		return;
	}
	buf_printf(p->b, "%s: ", f->name);
	if (f->n_observed > 0)
		buf_printf(
		    p->b, "%.4g now, ", f->observed_v[f->n_observed - 1]);
	if (f->n_peaks > 0)
		buf_printf(p->b,
		    "at most %.4g in the next %.0f min (95 of 100 times)",
		    f->peak[3][f->n_peaks - 1], f->peak_s[f->n_peaks - 1] / 60);
	buf_printf(p->b, "\n%17sby %s, error of the next hour ", "", f->method);
	put_share(p->b, f->error_1h);
	buf_char(p->b, '\n');
}

static enum tint
tint_of(const char *action)
{
	if (strcmp(action, "emergency_scale") == 0)
		return RED;
	if (strcmp(action, "scale_up") == 0)
		return YELLOW;
	return strcmp(action, "scale_down") == 0 ? GREEN : PLAIN;
}

static void
put_count(struct buf *b, long n)
{
	if (n >= 0)
		buf_printf(b, "%ld", n);
	else
		buf_char(b, '?');
}

static void
put_newest(const struct page *p, const struct view_run *r)
{
	label(p, "decision");
	say(p, tint_of(r->action), r->action);
	buf_str(p->b, " ");
	put_count(p->b, r->from);
	buf_str(p->b, " -> ");
	put_count(p->b, r->to);
	if (r->mode[0] != '\0' || r->status[0] != '\0')
		buf_printf(p->b, " (%s%s%s)", r->mode,
		    r->mode[0] && r->status[0] ? ", " : "", r->status);
	buf_char(p->b, '\n');
	if (r->reason[0] != '\0') {
		label(p, "because");
		wrapped(p, r->reason);
	}
	if (r->states[0] != '\0') {
		label(p, "states");
		wrapped(p, r->states);
	}
	if (isfinite(r->cost)) {
		label(p, "cost");
		buf_printf(p->b, "%+.2f %s a month\n", r->cost, r->currency);
	}
}

static void
put_runs(const struct page *p, const struct view_target *t)
{
	size_t shown = 0, from = t->n_runs;
	char when[CLOCK_SIZE];

	/* the ten newest that changed or wanted to change something */
	while (from > 0 && shown < 10) {
		from--;
		shown += t->runs[from].from != t->runs[from].to ||
		    strcmp(t->runs[from].action, "hold") == 0;
	}
	if (shown == 0)
		return;
	buf_str(p->b,
	    "\n  time                  action            count         "
	    "status\n");
	for (size_t i = from; i < t->n_runs; i++) {
		const struct view_run *r = &t->runs[i];
		struct buf count = { 0 };

		if (r->from == r->to && strcmp(r->action, "hold") != 0)
			continue;
		put_count(&count, r->from);
		buf_str(&count, " -> ");
		put_count(&count, r->to);
		buf_printf(p->b, "  %-20s  ", clock_format(when, r->time));
		tint(p, tint_of(r->action));
		buf_printf(p->b, "%-16s", r->action);
		tint(p, PLAIN);
		buf_printf(p->b, "  %-13s %s\n", count.s != NULL ? count.s : "",
		    r->status[0] ? r->status : r->mode);
		buf_free(&count);
	}
}

/* A number in `width` columns to the right, or a dash where it is not known */
static void
cell(struct buf *b, int width, int digits, double x, const char *unit)
{
	if (isfinite(x))
		buf_printf(b, " %*.*f%s", width, digits, x, unit);
	else
		buf_printf(b, " %*s", width + (int)strlen(unit), "-");
}

static void
put_backtest(struct buf *b, const struct json *j, int width)
{
	double n = (double)NAN, cost = (double)NAN, over = (double)NAN;
	double lost = (double)NAN, changes = (double)NAN;
	const char *name = json_get_str(j, "strategy");

	json_get_num(j, "mean_instances", &n);
	json_get_num(j, "cost", &cost);
	json_get_num(j, "overload_share", &over);
	json_get_num(j, "unserved_share", &lost);
	json_get_num(j, "changes_per_day", &changes);
	if (name == NULL)
		name = "?";
	buf_printf(b, "  %s%*s", name, width - columns(name), "");
	cell(b, 10, 2, n, "");
	cell(b, 12, 2, cost, "");
	cell(b, 9, 2, 100 * over, " %");
	cell(b, 7, 2, 100 * lost, " %");
	cell(b, 12, 1, changes, "");
	buf_char(b, '\n');
}

static void
put_backtests(const struct page *p, const struct view_target *t)
{
	int width = 16;

	for (size_t i = 0; i < t->n_backtests; i++) {
		const char *name = json_get_str(t->backtests[i], "strategy");

		if (name != NULL && columns(name) > width)
			width = columns(name);
	}
	buf_printf(p->b, "\n  %-*s %10s %12s %11s %9s %12s\n", width,
	    "strategy", "instances", "cost", "overloaded", "unserved",
	    "changes/day");
	for (size_t i = 0; i < t->n_backtests; i++)
		put_backtest(p->b, t->backtests[i], width);
}

static void
put_money(const struct page *p, const struct story_money *m)
{
	struct buf month = { 0 };

	words_month(&month, m->until - 1);
	label(p, "spent");
	buf_printf(p->b, "%.2f %s in %s", m->spent, m->currency,
	    month.s != NULL ? month.s : "");
	if (isfinite(m->budget))
		buf_printf(p->b, ", of %.2f a month", m->budget);
	if (isfinite(m->month))
		buf_printf(p->b, "; %.2f by its end", m->month);
	buf_char(p->b, '\n');
	buf_free(&month);
}

/* Earlier forecasts against what came */
static void
put_held(const struct page *p, const struct view_target *t)
{
	struct story_load *l;
	size_t n_loads;

	if (story_loads(p->v, t, &l, &n_loads) != 0)
		return;
	for (size_t k = 0; k < n_loads; k++) {
		struct story_seen *s;
		struct story_held h;
		size_t n;

		if (story_seen(t, &l[k], &s, &n) != 0)
			break;
		h = story_held(s, n);
		free(s);
		if (n == 0 || !isfinite(h.error))
			continue;
		label(p, "came true");
		buf_printf(p->b, "%s: %zu forecasts off by ", l[k].name, n);
		put_share(p->b, h.error);
		if (isfinite(h.within)) {
			buf_str(p->b, "; ");
			put_share(p->b, h.within);
			buf_str(p->b, " kept their 95 %");
		}
		buf_char(p->b, '\n');
	}
	story_loads_free(l, n_loads);
}

static void
put_target(const struct page *p, const struct view_target *t)
{
	const struct view_run *r = story_pending(p->v, t);
	struct story_money m;
	char when[CLOCK_SIZE];

	say(p, BOLD, t->name);
	if (t->has_state && t->state.known) {
		buf_printf(p->b, "  %ld instances", t->state.instances);
		if (t->state.ready >= 0)
			buf_printf(p->b, ", %ld ready", t->state.ready);
		buf_printf(p->b, " (%s)", t->state.driver);
	} else if (t->has_state) {
		buf_str(p->b, "  count not known: ");
		say(p, RED, t->state.error);
	}
	buf_char(p->b, '\n');
	put_series(p, t);
	for (size_t i = 0; i < t->n_forecasts; i++)
		put_forecast(p, &t->forecasts[i]);
	if (t->n_runs > 0)
		put_newest(p, &t->runs[t->n_runs - 1]);
	if (r != NULL) {
		label(p, "waits");
		say(p, YELLOW, "for a person: ");
		buf_printf(p->b, "as-approve%s grant ",
		    p->v->access != NULL ? p->v->access : "");
		shell_word(p->b, r->id);
		if (r->expires > 0)
			buf_printf(p->b, " (until %s)",
			    clock_format(when, r->expires));
		buf_char(p->b, '\n');
	}
	if (story_money(p->v, t, &m) == 0)
		put_money(p, &m);
	put_held(p, t);
	if (t->n_runs > 1)
		put_runs(p, t);
	if (t->n_backtests > 0)
		put_backtests(p, t);
	for (size_t i = 0; i < t->n_anomalies; i++) {
		const struct json *j = t->anomalies[i];
		const char *time = json_get_str(j, "time");
		const char *kind = json_get_str(j, "kind");
		const char *reason = json_get_str(j, "reason");

		label(p, i == 0 ? "abnormal" : "");
		buf_printf(p->b, "%s %s: %s\n", time ? time : "",
		    kind ? kind : "", reason ? reason : "");
	}
}

void
view_table(const struct view *v, int width, int colour, struct buf *out)
{
	struct buf text = { 0 };
	struct page p = { v, out, &text, width, colour };

	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_char(&text, '\n');
		put_target(&p, &v->targets[i]);
		flush(&p);
	}
	buf_free(&text);
	if (v->n > 0)
		return;
	buf_str(out, "nothing to show: no records\n");
}
