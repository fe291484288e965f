#include "policy/thin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LADDER = 8, FEW_SAMPLES = 4, FEW_ORIGINS = 2 };

/* One window in memory of its own */
struct part {
	double *errors, *levels;
	char *keep; /* of each error: it was looked at */
	struct forecast_at few[FEW_ORIGINS];
};

static void
keep_rank(struct part *p, const struct forecast_window *w, double unit, long n)
{
	size_t rank;

	if (n < 0 || !(unit > 0))
		return;
	rank = need_rank(w, w->n_at - 1, unit, n);
	if (rank > 0)
		p->keep[rank - 1] = 1;
	if (rank < w->n_errors)
		p->keep[rank] = 1;
}

/* The quantiles that doors open at, and the risks that are told */
static void
choose_errors(struct part *p, const struct forecast_window *w,
    const struct decide_view *v, const struct decide_trace *t)
{
	p->keep[0] = p->keep[w->n_errors - 1] = 1;
	p->keep[need_entry(w, 0.95)] = 1;
	p->keep[need_entry(w, t->door.q)] = 1;
	for (int k = 0; t->paced && k <= LADDER; k++)
		p->keep[need_entry(w, 1 - ldexp(1 - t->set.q, k))] = 1;
	if (t->set.price > 0)
		for (size_t i = need_entry(w, t->set.q); i < w->n_errors; i++)
			p->keep[i] = 1;
	keep_rank(p, w, v->unit, t->to);
	keep_rank(p, w, v->unit, t->n);
}

/* The newest origin, and the one that asked for most */
static void
choose_origins(struct part *p, struct forecast_window *w,
    const struct forecast_window *of, const struct decide_view *v,
    const struct need_door *door)
{
	size_t best = of->n_at - 1;
	long most = -1;

	for (size_t i = of->n_at; i-- > 0 && v->unit > 0;) {
		long n = need_propose(of, i, v->unit, door);

		if (n > most) {
			most = n;
			best = i;
		}
	}
	w->n_at = 0;
	if (best < of->n_at - 1)
		p->few[w->n_at++] = of->at[best];
	p->few[w->n_at++] = of->at[of->n_at - 1];
	w->at = p->few;
}

/* w becomes the window `of` with what was looked at. 0 or -1: no memory. */
static int
thin_window(struct part *p, struct forecast_window *w,
    const struct forecast_window *of, const struct decide_view *v,
    const struct decide_trace *t, enum thin how)
{
	*w = *of;
	if (how == THIN_LITTLE || of->n_errors == 0 || of->n_at == 0)
		return 0;
	p->errors = malloc(of->n_errors * sizeof(*p->errors));
	p->levels = malloc(of->n_errors * sizeof(*p->levels));
	p->keep = calloc(of->n_errors, 1);
	if (p->errors == NULL || p->levels == NULL || p->keep == NULL)
		return -1;
	choose_errors(p, of, v, t);
	w->errors = p->errors;
	w->levels = p->levels;
	w->n_errors = 0;
	for (size_t i = 0; i < of->n_errors; i++)
		if (p->keep[i]) {
			w->errors[w->n_errors] = of->errors[i];
			w->levels[w->n_errors++] = of->levels[i];
		}
	if (how == THIN_MOST)
		choose_origins(p, w, of, v, &t->door);
	return 0;
}

/* How many of the newest samples stay */
static size_t
samples(const struct decide_input *in, const struct forecast *f, enum thin how)
{
	double span;
	int64_t since;
	size_t n = 0;

	if (how == THIN_LITTLE || f->n_observed == 0)
		return f->n_observed;
	if (how == THIN_MOST)
		return f->n_observed < FEW_SAMPLES ? f->n_observed
						   : FEW_SAMPLES;
	span = in->target->policy.stabilisation +
	    3 * (f->step_s > 0 ? f->step_s : in->target->step);
	since = f->observed_t[f->n_observed - 1] - (int64_t)llround(span * 1e3);
	while (
	    n < f->n_observed && f->observed_t[f->n_observed - 1 - n] >= since)
		n++;
	return n;
}

static void
label(const struct decide_input *in, const struct decide_view *v,
    struct buf *metric)
{
	buf_char(metric, '{');
	record_put_str(metric, "__name__", v->conf->name);
	record_put_str(metric, "target", in->target->name);
	if (v->forecast->unit[0] != '\0')
		record_put_str(metric, "unit", v->forecast->unit);
	buf_char(metric, '}');
}

void
thin_write(const struct decide_input *in, const struct decide_trace *t,
    size_t i, enum thin how, struct buf *out)
{
	const struct decide_view *v = &t->view[i];
	struct forecast f = *v->forecast;
	struct part parts[FORECAST_WINDOWS] = { 0 };
	struct buf metric = { 0 };
	size_t n = samples(in, &f, how);
	int failed = 0;

	label(in, v, &metric);
	f.metric = metric.s;
	f.H = 0;
	if (v->conf->resource == RESOURCE_NONE)
		f.n_peaks = 0;
	f.observed_t += f.n_observed - n;
	f.observed_v += f.n_observed - n;
	f.n_observed = n;
	f.mean_1h = f.dynamics = f.age_s = f.longest_gap_s = NAN;
	f.method[0] = f.note[0] = '\0';
	for (size_t k = 0; k < f.n_windows; k++)
		failed |= thin_window(&parts[k], &f.windows[k],
			      &v->forecast->windows[k], v, t, how) != 0;
	if (failed || metric.failed)
		out->failed = 1;
	else
		forecast_write(out, &f);
	for (size_t k = 0; k < f.n_windows; k++) {
		free(parts[k].errors);
		free(parts[k].levels);
		free(parts[k].keep);
	}
	buf_free(&metric);
}

/* The record as it will be read. 0 or -1 */
static int
read_again(const struct decide_input *in, const struct decide_trace *t,
    size_t i, enum thin how, struct forecast *f)
{
	struct buf text = { 0 };
	struct json *j = NULL;
	const char *why;
	int r = -1;

	thin_write(in, t, i, how, &text);
	if (!text.failed)
		j = json_parse(text.s, text.len, &why);
	if (j != NULL)
		r = forecast_read(f, j, &why);
	json_free(j);
	buf_free(&text);
	return r;
}

int
thin_holds(const struct decide_input *in, const struct decision *d,
    const struct decide_trace *t, enum thin how)
{
	struct forecast f[DECISION_INPUTS] = { 0 };
	struct decide_signal signals[DECISION_INPUTS];
	struct decide_input again = *in;
	struct buf was = { 0 }, is = { 0 };
	struct decision other;
	int holds = 1;

	for (size_t i = 0; i < t->n_views && holds; i++) {
		signals[i] = in->signals[i];
		if (signals[i].forecast == NULL)
			continue;
		holds = read_again(in, t, i, how, &f[i]) == 0;
		signals[i].forecast = &f[i];
	}
	again.signals = signals;
	again.n_signals = t->n_views;
	if (holds) {
		decide(&again, &other, NULL);
		decision_write(&was, d);
		decision_write(&is, &other);
		holds = !was.failed && !is.failed && was.len == is.len &&
		    memcmp(was.s, is.s, was.len) == 0;
	}
	for (size_t i = 0; i < t->n_views; i++)
		forecast_free(&f[i]);
	buf_free(&was);
	buf_free(&is);
	return holds;
}
