#include "view/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/chart.h"
#include "view/marks.h"
#include "view/style.h"
#include "view/words.h"

enum { DAY_MS = 86400000 };

/* A chart in the making, with all that it needs memory for */
struct canvas {
	struct chart c;
	struct buf labels, title, about;
};

static void
canvas_open(struct canvas *a, int page, struct buf *out)
{
	*a = (struct canvas){ 0 };
	a->c = chart_frame(out, page ? &a->labels : NULL);
}

static void
canvas_begin(struct canvas *a)
{
	buf_str(&a->title, "");
	buf_str(&a->about, "");
	chart_open(&a->c, a->title.s != NULL ? a->title.s : "",
	    a->about.s != NULL ? a->about.s : "");
}

static void
canvas_close(struct canvas *a)
{
	chart_close(&a->c);
	a->c.out->failed |=
	    a->labels.failed | a->title.failed | a->about.failed;
	buf_free(&a->labels);
	buf_free(&a->title);
	buf_free(&a->about);
}

/* A page has its legend before the picture, a picture has it within. */
struct legend {
	const char *kind, *class, *text;
};

static void
put_legends(struct canvas *a, const struct legend *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].text != NULL)
			chart_legend(&a->c, l[i].kind, l[i].class, l[i].text);
}

static void
begin_with(struct canvas *a, const struct legend *l, size_t n)
{
	if (a->c.labels != NULL) {
		chart_legend_open(&a->c);
		put_legends(a, l, n);
		chart_legend_close(&a->c);
	}
	canvas_begin(a);
	/* from the right to the left */
	if (a->c.labels == NULL)
		for (size_t i = n; i-- > 0;)
			put_legends(a, &l[i], 1);
}

/* --- the load --- */

static const struct forecast *
forecast_of(const struct view_target *t, const struct story_load *l)
{
	for (size_t k = 0; k < t->n_forecasts; k++)
		if (strcmp(t->forecasts[k].name, l->name) == 0 &&
		    t->forecasts[k].H > 0)
			return &t->forecasts[k];
	return NULL;
}

static void
put_forecast(const struct chart *c, const struct forecast *f)
{
	int64_t *t = malloc((f->H + 1) * sizeof(*t));

	if (t == NULL)
		return;
	for (size_t i = 0; i < f->H; i++)
		t[i] = f->origin +
		    (int64_t)llround((double)(i + 1) * f->step_s * 1000);
	chart_band(c, "band", t, f->median, f->q[3], f->H, 0);
	chart_line(c, "ahead", t, f->median, f->H, 0);
	chart_vertical(c, "now", f->origin);
	free(t);
}

/* What the instances that there were carried, run by run. Room for n_runs. */
static size_t
carried(const struct view *v, const struct view_target *t, const char *signal,
    int64_t from, int64_t *at, double *x)
{
	const struct conf_target *c = story_settings(v, t);
	double capacity = (double)NAN;
	size_t n = 0;

	for (size_t i = 0; c != NULL && i < c->n_signals; i++)
		if (strcmp(c->signals[i].name, signal) == 0)
			capacity = c->signals[i].capacity;
	if (!isfinite(capacity))
		return 0;
	for (size_t i = 0; i < t->n_runs; i++) {
		const struct view_run *r = &t->runs[i];
		long ready = r->ready >= 0 ? r->ready : r->from;

		if (ready < 0 || r->time < from)
			continue;
		at[n] = r->time;
		x[n++] = capacity * (double)ready;
	}
	if (n == 0 && t->has_state && t->state.known && t->state.ready >= 0) {
		at[n] = from;
		x[n++] = capacity * (double)t->state.ready;
	}
	return n;
}

static void
describe_load(struct canvas *a, const struct view_target *t,
    const struct story_load *l, const struct forecast *f)
{
	buf_printf(&a->title, "Load of %s: %s", t->name, l->name);
	words_number(&a->about, l->v[l->n - 1]);
	buf_printf(&a->about, " %s at ", l->unit);
	words_moment(&a->about, l->t[l->n - 1]);
	if (f == NULL || f->n_peaks == 0)
		return;
	buf_str(&a->about, "; forecast: at most ");
	words_number(&a->about, f->peak[3][f->n_peaks - 1]);
	buf_printf(&a->about, " in the next %.0f minutes, 95 times of 100",
	    f->peak_s[f->n_peaks - 1] / 60);
}

static void
draw_load(struct canvas *a, const struct view_target *t,
    const struct story_load *l, const struct forecast *f, size_t from,
    const int64_t *at, const double *carry, size_t n)
{
	const struct legend legend[] = {
		{ "line", "load", "load" },
		{ "line", "ahead", f != NULL ? "forecast" : NULL },
		{ "band", "band", f != NULL ? "up to 95 of 100" : NULL },
		{ "line", "carry", n > 0 ? "what instances carry" : NULL },
	};

	chart_settle(&a->c);
	a->c.unit = l->unit;
	describe_load(a, t, l, f);
	begin_with(a, legend, sizeof(legend) / sizeof(legend[0]));
	if (n > 0)
		chart_steps(&a->c, "carry", at, carry, n, a->c.until);
	if (f != NULL)
		put_forecast(&a->c, f);
	chart_line(&a->c, "load", l->t + from, l->v + from, l->n - from,
	    (int64_t)(3500 * l->step_s));
	canvas_close(a);
}

int
picture_load(const struct view *v, const struct view_target *t,
    const struct story_load *l, int64_t span, int page, struct buf *out)
{
	const struct forecast *f = forecast_of(t, l);
	int64_t *at = malloc((t->n_runs + 1) * sizeof(*at));
	double *carry = malloc((t->n_runs + 1) * sizeof(*carry));
	struct canvas a;
	size_t from = 0, n = 0;

	canvas_open(&a, page, out);
	if (l->n < 2 || at == NULL || carry == NULL) {
		free(at);
		free(carry);
		return 0;
	}
	a.c.until = l->t[l->n - 1];
	a.c.from = a.c.until - span;
	if (a.c.from < l->t[0])
		a.c.from = l->t[0];
	while (from < l->n && l->t[from] < a.c.from)
		from++;
	chart_stretch(&a.c, l->v + from, l->n - from);
	if (f != NULL) {
		chart_stretch(&a.c, f->q[3], f->H);
		a.c.until = f->origin +
		    (int64_t)llround((double)f->H * f->step_s * 1000);
	}
	n = carried(v, t, l->name, a.c.from, at, carry);
	/* where they carry far more, the load would be a line at the bottom */
	if (n > 0) {
		struct chart wide = a.c;

		chart_stretch(&wide, carry, n);
		if (wide.hi <= 4 * a.c.hi)
			a.c.hi = wide.hi;
		else
			n = 0;
	}
	draw_load(&a, t, l, f, from, at, carry, n);
	free(at);
	free(carry);
	return 1;
}

/* --- instances --- */

enum kind { KIND_UP, KIND_DOWN, KIND_URGENT, KIND_HELD };

static const char *const kind_class[] = { "up", "down", "urgent", "held" };

static enum kind
kind_of(const struct view_run *r)
{
	if (strcmp(r->action, "emergency_scale") == 0)
		return KIND_URGENT;
	if (strcmp(r->action, "hold") == 0)
		return KIND_HELD;
	return r->to > r->from ? KIND_UP : KIND_DOWN;
}

/* A mark that stands for others says so. */
static void
put_mark(const struct chart *c, const char *class, const struct mark *m,
    struct buf *text)
{
	if (m->others > 0)
		buf_printf(text, " (and %zu more about that time)", m->others);
	chart_mark(c, class, m->t, m->v, text->s != NULL ? text->s : "");
}

static void
put_marks(const struct chart *c, const struct view_target *t,
    const struct story_span *s, size_t n)
{
	struct mark *m = malloc((n + 1) * sizeof(*m));
	size_t n_marks = 0;

	if (m == NULL) {
		c->out->failed = 1;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct view_run *r = &t->runs[s[i].first];

		if (!s[i].news || r->from < 0 || r->to < 0)
			continue;
		m[n_marks++] = (struct mark){ .t = r->time,
			.v = (double)r->to,
			.kind = (int)kind_of(r),
			.weight = fabs((double)(r->to - r->from)),
			.of = s[i].first };
	}
	n_marks = marks_thin(c, m, n_marks);
	for (size_t i = 0; i < n_marks; i++) {
		const struct view_run *r = &t->runs[m[i].of];
		struct buf text = { 0 };

		words_moment(&text, r->time);
		buf_printf(&text, ", %s, %ld to %ld%s%s: %s",
		    words_action(r->action), r->from, r->to,
		    r->status[0] ? ", " : "", r->status, r->reason);
		put_mark(c, kind_class[m[i].kind], &m[i], &text);
		buf_free(&text);
	}
	free(m);
}

static int
draw_counts(struct canvas *a, const struct view_target *t, const int64_t *at,
    const double *paid, const double *want, size_t n)
{
	static const struct legend legend[] = {
		{ "line", "paid", "running" },
		{ "line", "wanted", "wanted" },
		{ "mark", "up", "more" },
		{ "mark", "down", "fewer" },
		{ "mark", "held", "held" },
	};
	struct story_span *s;
	size_t n_spans;

	if (story_spans(t, &s, &n_spans) != 0)
		return 0;
	a->c.from = at[0];
	a->c.until = at[n - 1];
	chart_stretch(&a->c, paid, n);
	chart_stretch(&a->c, want, n);
	chart_settle(&a->c);
	a->c.unit = "instances";
	buf_printf(&a->title, "Instances of %s", t->name);
	buf_printf(&a->about,
	    "Between %.0f and %.0f; %.0f at the end, of which %.0f were "
	    "wanted.",
	    a->c.lo, a->c.hi, paid[n - 1], want[n - 1]);
	begin_with(a, legend, a->c.labels != NULL ? 5 : 2);
	chart_steps(&a->c, "wanted", at, want, n, a->c.until);
	chart_steps(&a->c, "paid", at, paid, n, a->c.until);
	put_marks(&a->c, t, s, n_spans);
	canvas_close(a);
	free(s);
	return 1;
}

int
picture_counts(const struct view_target *t, int page, struct buf *out)
{
	double *paid = malloc(2 * (t->n_runs + 1) * sizeof(*paid));
	int64_t *at = malloc((t->n_runs + 1) * sizeof(*at));
	double *want = paid + t->n_runs;
	struct canvas a;
	size_t n = 0;
	int drawn = 0;

	canvas_open(&a, page, out);
	for (size_t i = 0; paid != NULL && at != NULL && i < t->n_runs; i++) {
		if (t->runs[i].from < 0 || t->runs[i].to < 0)
			continue;
		at[n] = t->runs[i].time;
		paid[n] = (double)t->runs[i].from;
		want[n++] = (double)t->runs[i].to;
	}
	if (n > 1 && at[n - 1] > at[0])
		drawn = draw_counts(&a, t, at, paid, want, n);
	free(paid);
	free(at);
	return drawn;
}

/* --- money --- */

static void
describe_money(
    struct canvas *a, const struct view_target *t, const struct story_money *m)
{
	buf_printf(&a->title, "Cost of %s in ", t->name);
	words_month(&a->title, m->until - 1);
	words_money(&a->about, m->spent, 0, m->currency);
	buf_str(&a->about, " so far");
	if (isfinite(m->budget)) {
		buf_str(&a->about, " of a budget of ");
		words_money(&a->about, m->budget, 0, m->currency);
	}
	if (isfinite(m->month)) {
		buf_str(&a->about, "; at the present count it will be ");
		words_money(&a->about, m->month, 0, m->currency);
	}
}

static void
draw_money(struct canvas *a, const struct view_target *t,
    const struct story_money *m, const int64_t *at, const double *cost,
    size_t n)
{
	const int64_t ahead_t[] = { at[n - 1], m->until };
	const double ahead_v[] = { m->spent, m->month };
	const struct legend legend[] = {
		{ "line", "paid", "cost to date" },
		{ "line", "ahead",
		    isfinite(m->month) ? "at this count" : NULL },
		{ "line", "budget", isfinite(m->budget) ? "budget" : NULL },
	};

	chart_stretch(&a->c, cost, n);
	chart_stretch(&a->c, &m->month, 1);
	chart_stretch(&a->c, &m->budget, 1);
	chart_settle(&a->c);
	a->c.unit = m->currency;
	describe_money(a, t, m);
	begin_with(a, legend, 3);
	if (isfinite(m->budget))
		chart_level(&a->c, "budget", m->budget);
	if (isfinite(m->month))
		chart_line(&a->c, "ahead", ahead_t, ahead_v, 2, 0);
	chart_line(&a->c, "paid", at, cost, n, 0);
	chart_vertical(&a->c, "now", at[n - 1]);
	canvas_close(a);
}

int
picture_money(const struct view *v, const struct view_target *t, int page,
    struct buf *out)
{
	int64_t *at = malloc((t->n_runs + 1) * sizeof(*at));
	double *cost = malloc((t->n_runs + 1) * sizeof(*cost));
	struct story_money m;
	struct canvas a;
	size_t n = 0;

	canvas_open(&a, page, out);
	if (at != NULL && cost != NULL && story_money(v, t, &m) == 0)
		n = story_cost(v, t, at, cost);
	if (n > 1) {
		words_month_ends(at[0], &a.c.from, &a.c.until);
		draw_money(&a, t, &m, at, cost, n);
	}
	free(at);
	free(cost);
	return n > 1;
}

/* --- forecasts and what came --- */

static void
put_misses(const struct chart *c, const int64_t *at, const double *came,
    const double *most, size_t n)
{
	struct mark *m = malloc((n + 1) * sizeof(*m));
	size_t n_marks = 0;

	if (m == NULL) {
		c->out->failed = 1;
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (came[i] > most[i])
			m[n_marks++] = (struct mark){ .t = at[i],
				.v = came[i],
				.weight = came[i] - most[i],
				.of = i };
	n_marks = marks_thin(c, m, n_marks);
	for (size_t i = 0; i < n_marks; i++) {
		struct buf text = { 0 };

		words_moment(&text, m[i].t);
		buf_printf(&text, ": %.4g came, at most %.4g was foreseen",
		    m[i].v, most[m[i].of]);
		put_mark(c, "miss", &m[i], &text);
		buf_free(&text);
	}
	free(m);
}

static void
draw_seen(struct canvas *a, const struct story_seen *s, size_t n,
    const struct story_load *l, int64_t *at, double *x)
{
	static const struct legend legend[] = {
		{ "line", "load", "what came" },
		{ "line", "ahead", "foreseen" },
		{ "band", "band", "up to 95 of 100" },
		{ "mark", "miss", "more came" },
	};
	double *came = x, *foreseen = x + n, *most = x + 2 * n;
	int64_t gap;

	for (size_t i = 0; i < n; i++) {
		at[i] = s[i].time;
		came[i] = s[i].came;
		foreseen[i] = s[i].expected;
		most[i] = isfinite(s[i].at_most) ? s[i].at_most : s[i].expected;
	}
	/* the loop may decide less often than there are samples */
	gap = (int64_t)(3500 * fmax(l->step_s, story_step(at, n)));
	a->c.from = at[0];
	a->c.until = at[n - 1];
	chart_stretch(&a->c, x, 3 * n);
	chart_settle(&a->c);
	a->c.unit = l->unit;
	begin_with(a, legend, a->c.labels != NULL ? 4 : 3);
	chart_band(&a->c, "band", at, foreseen, most, n, gap);
	chart_line(&a->c, "ahead", at, foreseen, n, gap);
	chart_line(&a->c, "load", at, came, n, gap);
	put_misses(&a->c, at, came, most, n);
	canvas_close(a);
}

int
picture_seen(const struct view_target *t, const struct story_load *l,
    const struct story_seen *s, size_t n, int page, struct buf *out)
{
	struct story_held h = story_held(s, n);
	int64_t *at = malloc((n + 1) * sizeof(*at));
	double *x = malloc(3 * (n + 1) * sizeof(*x));
	struct canvas a;
	int drawn = 0;

	canvas_open(&a, page, out);
	if (n > 1 && at != NULL && x != NULL && s[n - 1].time > s[0].time) {
		buf_printf(&a.title, "Forecast of %s and what came: %s",
		    t->name, l->name);
		buf_printf(&a.about, "%zu forecasts; off by ", n);
		words_share(&a.about, h.error);
		buf_str(&a.about, " in the mean; ");
		words_share(&a.about, h.within);
		buf_str(&a.about, " came to no more than the upper edge.");
		draw_seen(&a, s, n, l, at, x);
		drawn = 1;
	}
	free(at);
	free(x);
	return drawn;
}

/* --- a picture of its own --- */

void
view_svg(const struct view *v, struct buf *out)
{
	struct buf b = { 0 };
	int drawn = 0;

	for (size_t i = 0; i < v->n && !drawn; i++) {
		struct story_load *l;
		size_t n;

		if (story_loads(v, &v->targets[i], &l, &n) != 0)
			continue;
		for (size_t k = 0; k < n && !drawn; k++)
			drawn = picture_load(v, &v->targets[i], &l[k],
			    (int64_t)3 * DAY_MS, 0, &b);
		story_loads_free(l, n);
	}
	if (!drawn)
		buf_str(&b,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
		    "400 40\"><text class=\"tick\" x=\"8\" y=\"24\">nothing to "
		    "show: no series</text></svg>\n");
	/* a picture on its own carries the page's style */
	if (b.s != NULL) {
		char *after = strchr(b.s, '>');

		buf_add(out, b.s, (size_t)(after - b.s) + 1);
		buf_str(out,
		    "\n<style>" STYLE_COLOURS STYLE_CHART STYLE_PICTURE
		    "</style>");
		buf_str(out, after + 1);
	}
	out->failed |= b.failed;
	buf_free(&b);
}
