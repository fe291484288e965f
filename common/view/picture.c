/*
 * picture.c - load with its forecast, and counts, as charts
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/chart.h"
#include "view/picture.h"
#include "view/style.h"

enum { WIDTH = 900, HEIGHT = 300 };

/* The forecast of a series, if there is one */
static const struct forecast *
forecast_of(const struct view *v, const struct series *s)
{
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->targets[i].n_forecasts; k++) {
			const struct forecast *f = &v->targets[i].forecasts[k];

			if (strcmp(v->targets[i].name, s->target) == 0 &&
			    strcmp(f->name, s->name) == 0 && f->H > 0)
				return f;
		}
	return NULL;
}

static void
stretch(struct chart *c, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c->lo = fmin(c->lo, x[i]);
		c->hi = fmax(c->hi, x[i]);
	}
}

/* The range of a load begins at 0 unless the load goes below it. */
static void
settle(struct chart *c)
{
	c->lo = fmin(c->lo, 0);
	if (!(c->hi > c->lo))
		c->hi = c->lo + 1;
	c->hi += (c->hi - c->lo) * 0.05;
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
	chart_band(c, "band", t, f->median, f->q[3], f->H);
	chart_line(c, "ahead", t, f->median, f->H, 0);
	chart_vertical(c, "now", f->origin);
	free(t);
}

static struct chart
frame(struct buf *out, double height)
{
	return (struct chart){ .out = out,
		.x = 60,
		.y = 24,
		.width = WIDTH - 76,
		.height = height - 52,
		.lo = INFINITY,
		.hi = -INFINITY };
}

void
picture_load(
    const struct view *v, const struct series *s, int64_t span, struct buf *out)
{
	const struct forecast *f = forecast_of(v, s);
	struct chart c = frame(out, HEIGHT);
	struct buf title = { 0 }, about = { 0 };
	size_t from = 0;

	if (s->n < 2)
		return;
	c.until = s->t[s->n - 1];
	c.from = c.until - span;
	if (c.from < s->t[0])
		c.from = s->t[0];
	while (from < s->n && s->t[from] < c.from)
		from++;
	stretch(&c, s->v + from, s->n - from);
	if (f != NULL) {
		stretch(&c, f->q[3], f->H);
		c.until = f->origin +
		    (int64_t)llround((double)f->H * f->step_s * 1000);
	}
	settle(&c);
	buf_printf(&title, "Load of %s: %s", s->target, s->name);
	buf_printf(&about, "%.4g %s now", s->v[s->n - 1], s->unit);
	if (f != NULL && f->n_peaks > 0)
		buf_printf(&about,
		    "; forecast: at most %.4g in the next %.0f minutes, 95 "
		    "times of 100",
		    f->peak[3][f->n_peaks - 1], f->peak_s[f->n_peaks - 1] / 60);
	chart_open(
	    out, WIDTH, HEIGHT, title.s ? title.s : "", about.s ? about.s : "");
	chart_axes(&c, s->unit);
	if (f != NULL)
		put_forecast(&c, f);
	chart_line(&c, "load", s->t + from, s->v + from, s->n - from,
	    (int64_t)(3500 * series_step(s)));
	chart_close(out);
	buf_free(&title);
	buf_free(&about);
}

static const char *
class_of(const struct view_run *r)
{
	if (strcmp(r->action, "emergency_scale") == 0)
		return "urgent";
	return r->to > r->from ? "up" : "down";
}

void
picture_counts(const struct view_target *t, struct buf *out)
{
	struct chart c = frame(out, HEIGHT * 2 / 3);
	double *paid = malloc(2 * (t->n_runs + 1) * sizeof(*paid));
	int64_t *at = malloc((t->n_runs + 1) * sizeof(*at));
	struct buf title = { 0 };
	size_t n = 0;

	if (paid == NULL || at == NULL)
		goto out;
	for (size_t i = 0; i < t->n_runs; i++) {
		if (t->runs[i].from < 0 || t->runs[i].to < 0)
			continue;
		at[n] = t->runs[i].time;
		paid[n] = (double)t->runs[i].from;
		paid[t->n_runs + n++] = (double)t->runs[i].to;
	}
	if (n < 2 || at[n - 1] <= at[0])
		goto out;
	c.from = at[0];
	c.until = at[n - 1];
	stretch(&c, paid, n);
	stretch(&c, paid + t->n_runs, n);
	settle(&c);
	buf_printf(&title, "Instances of %s", t->name);
	chart_open(out, WIDTH, HEIGHT * 2 / 3, title.s ? title.s : "",
	    "Line: instances paid for. Dashed: instances wanted. Dots: "
	    "changes.");
	chart_axes(&c, "instances");
	chart_steps(&c, "wanted", at, paid + t->n_runs, n);
	chart_steps(&c, "paid", at, paid, n);
	for (size_t i = 0; i < t->n_runs; i++) {
		const struct view_run *r = &t->runs[i];

		if (r->from >= 0 && r->to >= 0 && r->from != r->to)
			chart_mark(
			    &c, class_of(r), r->time, (double)r->to, r->reason);
	}
	chart_close(out);
out:
	buf_free(&title);
	free(paid);
	free(at);
}

void
view_svg(const struct view *v, struct buf *out)
{
	struct buf b = { 0 };

	if (v->series.n > 0)
		picture_load(v, &v->series.s[0], 3 * 86400000LL, &b);
	if (b.len == 0)
		buf_str(&b,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
		    "400 40\"><text x=\"8\" y=\"24\">nothing to show: no "
		    "series</text></svg>\n");
	/* a picture on its own carries the page's style */
	if (b.s != NULL) {
		char *after = strchr(b.s, '>');

		buf_add(out, b.s, (size_t)(after - b.s) + 1);
		buf_str(out, "\n<style>" STYLE_COLOURS STYLE_CHART "</style>");
		buf_str(out, after + 1);
	}
	out->failed |= b.failed;
	buf_free(&b);
}
