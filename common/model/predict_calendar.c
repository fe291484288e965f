/*
 * predict_calendar.c - effects of events put back on a forecast that was made
 * without them
 */
#include "model/predict_job.h"

#include <math.h>
#include <stdio.h>

/* Of the standard normal distribution: how far the unknown part of an effect
 * moves each level */
static const double normal[FORECAST_LEVELS] = { 0, 0.8416212335729143,
	1.2815515655446004, 1.6448536269514722, 2.3263478740408408 };

static double
seconds(const struct job *j, size_t origin, size_t k)
{
	return (double)j->g->t0 + (double)(origin + k) * j->g->step;
}

/* x, at a median of middle and at level k, with the effect */
static double
put_level(const struct calendar *c, double middle, double x, int k,
    double effect, double spread)
{
	double from = transform_to(c->transform, middle);
	double off = transform_to(c->transform, x) - from;

	off = sqrt(off * off + spread * spread * normal[k] * normal[k]);
	return fmax(c->transform.base,
	    transform_from(c->transform, from + effect + off));
}

/* The path, step by step. Returns how many steps have an effect. */
static size_t
put_path(struct job *j)
{
	struct forecast *f = j->f;
	size_t n = 0;

	for (size_t i = 0; i < f->H; i++) {
		double spread, middle = f->median[i];
		double d = calendar_effect(j->calendar,
		    seconds(j, j->g->n - 1, i + 1), j->g->step, &spread);

		if (!(d < 0 || d > 0))
			continue;
		f->median[i] = calendar_put(j->calendar, middle, d);
		f->mean[i] = calendar_put(j->calendar, f->mean[i], d);
		for (int k = 0; k < FORECAST_LEVELS; k++) {
			f->q[k][i] = put_level(
			    j->calendar, middle, f->q[k][i], k, d, spread);
			if (k > 0)
				f->q[k][i] = fmax(f->q[k][i], f->q[k - 1][i]);
		}
		n++;
	}
	return n;
}

/* A window's peak moves as the step does whose median is the greatest, and is
 * at no level below one of its steps or a shorter window's */
static void
put_peaks(struct job *j)
{
	struct forecast *f = j->f;

	for (size_t n = 0; n < f->n_peaks; n++) {
		size_t steps = (size_t)(f->peak_s[n] / j->g->step + 0.5),
		       at = 0;
		double spread, d, middle = f->peak[0][n];

		for (size_t i = 1; i < steps && i < f->H; i++)
			at = f->median[i] > f->median[at] ? i : at;
		d = calendar_effect(j->calendar,
		    seconds(j, j->g->n - 1, at + 1), j->g->step, &spread);
		for (int k = 0; k < FORECAST_LEVELS; k++) {
			double v = f->peak[k][n];

			if (d < 0 || d > 0)
				v = put_level(
				    j->calendar, middle, v, k, d, spread);
			for (size_t i = 0; i < steps && i < f->H; i++)
				v = fmax(v, f->q[k][i]);
			if (n > 0)
				v = fmax(v, f->peak[k][n - 1]);
			if (k > 0)
				v = fmax(v, f->peak[k - 1][n]);
			f->peak[k][n] = v;
		}
	}
}

void
job_put_point(const struct job *j, const struct track *t, const struct rows *r,
    size_t row, double *point, double *scale)
{
	double best = -INFINITY, grow = 1, unsure = 0;
	int any = 0;

	if (j->calendar == NULL)
		return;
	for (size_t k = t->from; k <= t->to; k++) {
		double spread, v = rows_at(r, r->median, row, k), with = v;
		double d = calendar_effect(j->calendar,
		    seconds(j, r->origin[row], k), j->g->step, &spread);

		if (d < 0 || d > 0) {
			with = calendar_put(j->calendar, v, d);
			any = 1;
		}
		if (with > best) {
			best = with;
			grow = exp(d);
			unsure = (with - j->calendar->transform.base +
				     j->calendar->transform.offset) *
			    (exp(spread) - 1);
		}
	}
	if (!any)
		return;
	*point = best;
	*scale = sqrt(*scale * *scale * grow * grow + unsure * unsure);
}

/* The hour's mean by what happens to the mean of the median path */
static void
put_hour(struct job *j)
{
	struct forecast *f = j->f;
	const struct rows *r = &j->own.rows;
	size_t to = j->t->track[TRACK_HOUR].to;
	double before = 0, after = 0, spread = 0;

	for (size_t k = 1; k <= to; k++) {
		double one, v = rows_at(r, r->median, r->count - 1, k);
		double d = calendar_effect(
		    j->calendar, seconds(j, j->g->n - 1, k), j->g->step, &one);

		before += v;
		after += d < 0 || d > 0 ? calendar_put(j->calendar, v, d) : v;
		spread = fmax(spread, one);
	}
	if (!(before < after || before > after) || !isfinite(f->mean_1h))
		return;
	before /= (double)to;
	after /= (double)to;
	if (fabs(before) > 1e-12 * fabs(after)) {
		double ratio = after / before;
		double wide = fabs(f->mean_1h) * ratio *
		    (exp(1.6448536269514722 * spread) - 1);
		double low = (f->mean_1h - f->mean_1h_lo) * ratio;
		double high = (f->mean_1h_hi - f->mean_1h) * ratio;

		f->mean_1h *= ratio;
		f->mean_1h_lo = f->mean_1h - sqrt(low * low + wide * wide);
		f->mean_1h_hi = f->mean_1h + sqrt(high * high + wide * wide);
	}
}

void
job_put_events(struct job *j)
{
	if (j->calendar == NULL)
		return;
	put_hour(j);
	if (put_path(j) > 0)
		put_peaks(j);
}
