#include "model/predict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/number.h"
#include "model/extend.h"
#include "model/predict_job.h"

enum {
	HOUR_MS = 3600 * 1000,
	LEARN_S = PREDICT_LEARN_H * 3600,
	USE_S = PREDICT_USE_H * 3600,
	CLOCK_MS = 30 * 1000 /* how far a source's clock may be ahead */
};

static void
say(char *to, size_t size, const char *s)
{
	struct buf b = { 0 };

	buf_excerpt(&b, s, strlen(s), size - sizeof("..."));
	snprintf(to, size, "%s", b.s != NULL ? b.s : "");
	buf_free(&b);
}

static void
too_little(struct forecast *f, double seconds, double least)
{
	snprintf(f->no_forecast, sizeof(f->no_forecast),
	    "too little history: %.3g h of %.4g h", seconds / 3600,
	    least / 3600);
}

/* The labels, and the samples of the last hour as they came */
static int
describe(struct forecast *f, const struct series *s)
{
	size_t from = s->n;

	f->metric = strdup(s->metric);
	snprintf(f->name, sizeof(f->name), "%s", s->name);
	snprintf(f->target, sizeof(f->target), "%s", s->target);
	snprintf(f->unit, sizeof(f->unit), "%s", s->unit);
	if (s->error != NULL)
		say(f->error, sizeof(f->error), s->error);
	while (from > 0 && s->t[from - 1] > s->t[s->n - 1] - HOUR_MS)
		from--;
	f->observed_t = malloc((s->n - from + 1) * sizeof(*f->observed_t));
	f->observed_v = malloc((s->n - from + 1) * sizeof(*f->observed_v));
	if (f->metric == NULL || f->observed_t == NULL || f->observed_v == NULL)
		return -1;
	f->n_observed = s->n - from;
	for (size_t i = from; i < s->n; i++) {
		f->observed_t[i - from] = s->t[i];
		f->observed_v[i - from] = s->v[i];
	}
	return 0;
}

static void
judge_quality(struct forecast *f, const struct grid *g, int64_t now)
{
	f->age_s = fmax(0, (double)(now - f->origin) / 1000);
	f->coverage = (double)grid_observed(g) / (double)g->n;
	f->longest_gap_s = (double)grid_longest_gap(g) * g->step;
}

/* The table of a track, and point and scale at the newest origins */
static int
put_window(struct job *j, enum track_use use, const char *name, double from_s)
{
	struct forecast *f = j->f;
	struct forecast_window *w = &f->windows[f->n_windows];
	const struct view *v = job_view(j, use);
	struct track t = job_follow(j, use);
	size_t n = j->stable < v->rows.count ? j->stable : v->rows.count;

	*w = (struct forecast_window){ .from_s = from_s, .n = (double)t.pool };
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->to_s = j->o->boot + j->o->interval;
	if (j->late > 0) /* to where the steps of the window end */
		w->to_s = (double)t.to * j->g->step;
	w->errors = malloc((t.n + 1) * sizeof(*w->errors));
	w->levels = malloc((t.n + 1) * sizeof(*w->levels));
	w->at = calloc(n, sizeof(*w->at));
	f->n_windows++;
	if (w->errors == NULL || w->levels == NULL || w->at == NULL)
		return -1;
	w->n_errors = t.n;
	memcpy(w->errors, t.error, t.n * sizeof(*t.error));
	memcpy(w->levels, t.level, t.n * sizeof(*t.level));
	for (size_t i = 0; i < n; i++) {
		size_t row = v->rows.count - n + i;
		double back = (double)(n - 1 - i) * f->step_s * 1000;

		w->at[i].time = f->origin - (int64_t)llround(back);
		w->at[i].point = track_point(&t, &v->rows, row);
		w->at[i].scale = v->scale[row];
		job_put_point(
		    j, &t, &v->rows, row, &w->at[i].point, &w->at[i].scale);
	}
	w->n_at = n;
	return 0;
}

/* One-step errors of late: is one of them below what 0.5 % were? */
static void
put_drop(struct job *j)
{
	const struct view *v = job_view(j, TRACK_NEXT);
	const struct rows *r = &v->rows;
	const struct grid *g = j->g;
	struct forecast *f = j->f;
	struct track t = job_follow(j, TRACK_NEXT);

	if (t.pool < 100)
		return;
	for (size_t i = 0; i + 1 < r->count; i++) {
		size_t o = r->origin[i];
		double y = track_actual(&t, g, g->n, o), z;

		if (o + 1 + j->held < g->n || isnan(y))
			continue;
		z = (y - track_point(&t, r, i)) / v->scale[i];
		f->drop_z = z;
		f->has_drop = 1;
		if (z < t.drop)
			f->drop_since = f->origin -
			    (int64_t)llround(
				(double)(g->n - 2 - o) * g->step * 1000);
	}
	f->drop_threshold = t.drop;
}

static void
put_hour(struct job *j)
{
	struct track t = job_follow(j, TRACK_HOUR);
	size_t last = j->own.rows.count - 1;
	double v = track_point(&t, &j->own.rows, last), s = j->own.scale[last];

	j->f->mean_1h = v;
	j->f->mean_1h_lo = v + fmin(track_reach(&t, s, 0.05), 0);
	j->f->mean_1h_hi = v + fmax(track_reach(&t, s, 0.95), 0);
}

/* Between leads everything is on a straight line */
static void
join(double *x, size_t from, size_t to, size_t H, double a, double b)
{
	for (size_t k = from + 1; k <= to && k <= H; k++) {
		double w =
		    from == 0 ? 1 : (double)(k - from) / (double)(to - from);

		x[k - 1] = (1 - w) * a + w * b;
	}
}

/* Quantiles and mean of each step from the errors at the leads */
static void
make_quantiles(struct job *j)
{
	struct path *p = &j->path;
	double before[FORECAST_LEVELS + 1] = { 0 };
	size_t last = 0;

	for (size_t i = 0; i < j->t->steps && last < j->H; i++) {
		struct track t = job_follow(j, TRACK_STEPS + (unsigned)i);
		double s = j->own.scale[j->own.rows.count - 1];

		for (int k = 1; k < FORECAST_LEVELS; k++) {
			double q = track_reach(&t, s, forecast_levels[k]);

			q = fmax(q, 0);
			join(p->q[k], last, t.to, p->H, before[k], q);
			before[k] = q;
		}
		join(p->mean, last, t.to, p->H, before[FORECAST_LEVELS],
		    track_shift(&t, s));
		before[FORECAST_LEVELS] = track_shift(&t, s);
		last = t.to;
	}
	for (size_t i = 0; i < j->H; i++) {
		p->q[0][i] = p->median[i];
		p->mean[i] += p->median[i];
		for (int k = 1; k < FORECAST_LEVELS; k++)
			p->q[k][i] =
			    fmax(p->q[k][i] + p->median[i], p->q[k - 1][i]);
	}
}

static int
put_path(struct job *j)
{
	struct forecast *f = j->f;
	const struct path *p = &j->path;
	size_t bytes = j->H * sizeof(double);

	if (!p->has_q)
		make_quantiles(j);
	f->median = malloc(bytes);
	f->mean = malloc(bytes);
	if (f->median == NULL || f->mean == NULL)
		return -1;
	memcpy(f->median, p->median, bytes);
	memcpy(f->mean, p->mean, bytes);
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		f->q[k] = malloc(bytes);
		if (f->q[k] == NULL)
			return -1;
		memcpy(f->q[k], p->q[k], bytes);
	}
	f->H = j->H;
	return 0;
}

/* The method's own quantiles of a window's peak, or those of past errors */
static void
put_peak(struct job *j, size_t window)
{
	const struct path *p = &j->path;
	struct forecast *f = j->f;
	size_t w = j->t->peak_w[window], own = 0, n = f->n_peaks;
	size_t last = j->own.rows.count - 1;
	struct track t;

	while (own < p->peaks && p->peak_w[own] != w)
		own++;
	if (own == p->peaks)
		t = job_follow(j, TRACK_PEAKS + (unsigned)window);
	for (int k = 0; k < FORECAST_LEVELS; k++) {
		double q;

		if (own < p->peaks)
			q = p->peak[k][own];
		else
			q = track_point(&t, &j->own.rows, last) +
			    track_reach(
				&t, j->own.scale[last], forecast_levels[k]);
		if (k > 0)
			q = fmax(q, f->peak[k - 1][n]);
		if (n > 0) /* a longer window's peak is no lower */
			q = fmax(q, f->peak[k][n - 1]);
		f->peak[k][n] = q;
	}
	f->peak_s[n] = (double)w * j->g->step;
	f->n_peaks++;
}

static void
put_model(struct job *j)
{
	const struct validation *v = &j->t->validation;
	const struct grid *g = j->g;
	struct forecast *f = j->f;
	size_t k = trained_window(j->t, 0).to, n = 0;
	double sum = 0, from = (double)g->n - TRACK_DAYS * 86400 / g->step;

	say(f->method, sizeof(f->method), j->t->method->name);
	f->trained = j->t->end;
	f->error_1h = v->error_1h;
	f->skill_vs_last = v->skill_vs_last;
	f->confidence = v->within_15pct;
	for (size_t i = from > 0 ? (size_t)from : 0; i + k < g->n; i++) {
		if (!g->ok[i] || !g->ok[i + k])
			continue;
		sum += fabs(g->y[i + k] - g->y[i]);
		n++;
	}
	f->dynamics = n > 0 ? sum / (double)n : (double)NAN;
}

static size_t
steps_wanted(const struct job *j)
{
	double steps = ceil(j->o->horizon / j->g->step - 1e-9);

	return steps > 1 ? (size_t)fmin(steps, GRID_MAX) : 1;
}

/* No load is forecast below zero, or below what was the least ever */
static void
keep_above(struct job *j)
{
	struct forecast *f = j->f;
	double least = 0;

	for (size_t i = 0; i < j->g->n; i++)
		least = fmin(least, j->g->y[i]);
	for (size_t i = 0; i < f->H; i++) {
		f->median[i] = fmax(f->median[i], least);
		f->mean[i] = fmax(f->mean[i], least);
		for (int k = 0; k < FORECAST_LEVELS; k++)
			f->q[k][i] = fmax(f->q[k][i], least);
	}
	for (size_t i = 0; i < f->n_peaks; i++)
		for (int k = 0; k < FORECAST_LEVELS; k++)
			f->peak[k][i] = fmax(f->peak[k][i], least);
	if (isnan(f->mean_1h))
		return;
	f->mean_1h = fmax(f->mean_1h, least);
	f->mean_1h_lo = fmax(f->mean_1h_lo, least);
	f->mean_1h_hi = fmax(f->mean_1h_hi, least);
}

/* Everything that a model says of a grid. 0, or -1: out of memory. */
static int
forecast_by(struct job *j)
{
	unsigned late = 2 * (unsigned)j->late;
	int r = -1;

	j->stable = job_steps(j->o->stabilisation, j->g->step);
	j->held = job_steps(j->o->drop_hold, j->g->step);
	if (job_ask(j) != 0 || put_path(j) != 0)
		goto end;
	for (size_t i = 0; i < j->t->peaks; i++)
		if (j->t->peak_w[i] <= j->H)
			put_peak(j, i);
	if (put_window(j, TRACK_AHEAD + late, "ahead", j->o->boot) != 0 ||
	    put_window(j, TRACK_KEEP + late, "keep", 0) != 0)
		goto end;
	put_drop(j);
	put_hour(j);
	j->f->model_s = (double)j->H * j->g->step;
	if (!isnan(j->o->horizon) && steps_wanted(j) > j->H &&
	    extend(j->f, j->g, steps_wanted(j)) != 0)
		goto end;
	keep_above(j);
	job_put_events(j);
	put_model(j);
	r = 0;
end:
	job_free(j);
	return r;
}

/* The method online learns up to the oldest origin that is asked about, so
 * that what it says there owes nothing to what came later. */
static int
forecast_on_the_spot(struct job *j, const char **why)
{
	const struct grid *g = j->g;
	struct train_options o = { .horizon = 3600,
		.boot = j->o->boot,
		.interval = j->o->interval,
		.brief = 1 };
	size_t stable = job_steps(j->o->stabilisation, g->step);
	size_t near = job_steps(j->o->drop_hold, g->step) + 1;
	double span = (double)g->n * g->step, least;
	struct trained t;
	int r;

	near = near > stable ? near : stable;
	least = fmax(LEARN_S, (double)(near + 24) * g->step);
	if (span < least - g->step / 2) {
		too_little(j->f, span, least);
		return 0;
	}
	if (!isnan(j->o->horizon))
		o.horizon = j->o->horizon;
	o.late = j->late;
	*why = "out of memory";
	if (trained_fit(&t, &method_online, g, g->n - near, &o, why) != 0)
		return -1;
	t.end = grid_time(g, g->n - near - 1);
	j->t = &t;
	j->H = t.H;
	r = forecast_by(j);
	j->f->trained = j->f->origin; /* it has learnt on up to there */
	j->t = NULL;
	trained_free(&t);
	return r;
}

/* The same by what came after the last pause that ends history */
static int
forecast_without(struct job *j, const char **why)
{
	const struct grid *all = j->g;
	struct grid recent = grid_tail(all, grid_recent(all));
	int r;

	j->g = &recent;
	r = forecast_on_the_spot(j, why);
	j->g = all;
	return r;
}

/* How many steps further the windows end because the sample is not fresh; the
 * tables go so far and no further */
static size_t
steps_late(const struct predict_options *o, double age, double step)
{
	size_t fresh = window_steps(o->boot, o->interval, 0, step).to;
	size_t now = window_steps(o->boot, o->interval, age, step).to;

	/* what is older than that is stale, and decisions say so */
	return now - fresh <= TRACK_LATE ? now - fresh : 0;
}

/* Why a model cannot be used for this; 0: it can */
static int
unfit(const struct job *j, const struct trained *t, char *note, size_t size)
{
	struct window_steps want, has = trained_window(t, 0);
	char a[NUMBER_SIZE], b[NUMBER_SIZE];

	want = window_steps(j->o->boot, j->o->interval, 0, j->g->step);
	if (fabs(t->step - j->g->step) > 1e-6 * t->step)
		snprintf(note, size, "the model's step is %s, the series' %s",
		    duration_format(a, t->step),
		    duration_format(b, j->g->step));
	else if (!t->accepted)
		snprintf(
		    note, size, "the model is no better than the last value");
	else if (want.from != has.from || want.to != has.to)
		snprintf(note, size,
		    "the model is for a boot time of %s and an interval of %s",
		    duration_format(a, t->boot),
		    duration_format(b, t->interval));
	else
		return 0;
	return -1;
}

static int
forecast_grid(struct job *j, const struct trained *t, const char **why)
{
	double span = (double)j->g->n * j->g->step;
	char note[256];

	*why = "out of memory";
	j->late = steps_late(j->o, j->f->age_s, j->g->step);
	if (t == NULL)
		return forecast_without(j, why);
	if (unfit(j, t, note, sizeof(note)) != 0) {
		snprintf(j->f->note, sizeof(j->f->note),
		    "%s: 'online' is used instead", note);
		return forecast_without(j, why);
	}
	if (span < USE_S - j->g->step / 2) {
		too_little(j->f, span, USE_S);
		return 0;
	}
	j->t = t;
	j->H = t->H;
	if (!isnan(j->o->horizon))
		j->H = steps_wanted(j) < t->H ? steps_wanted(j) : t->H;
	return forecast_by(j);
}

/* Everything that is known of a series with samples */
static int
forecast_samples(struct job *j, const struct trained *t, const struct series *s,
    const char **why)
{
	struct forecast *f = j->f;
	double step = j->o->step;
	struct grid g;
	int r;

	if (isnan(step))
		step = t != NULL ? t->step : grid_step(s);
	if (isnan(step)) {
		too_little(f, 0, LEARN_S);
		return 0;
	}
	if (grid_make(&g, s, step, why) != 0)
		return -1;
	f->step_s = g.step;
	judge_quality(f, &g, j->o->now);
	grid_keep(&g, TRAIN_POINTS);
	if (t != NULL && calendar_used(&t->calendar)) {
		calendar_remove(&t->calendar, &g);
		j->calendar = &t->calendar;
	}
	j->g = &g;
	r = forecast_grid(j, t, why);
	j->g = NULL;
	grid_free(&g);
	return r;
}

int
predict_series(struct forecast *f, const struct trained *t,
    const struct series *all, const struct predict_options *options,
    const char **why)
{
	struct predict_options o = *options;
	struct job j = { .f = f, .o = &o };
	struct series s = *all;

	*f = (struct forecast){ .time = o.now, .error_1h = NAN };
	f->mean_1h = f->mean_1h_lo = f->mean_1h_hi = (double)NAN;
	f->confidence = f->dynamics = f->skill_vs_last = (double)NAN;
	f->age_s = f->coverage = f->longest_gap_s = (double)NAN;
	*why = "out of memory";
	if (isnan(o.boot))
		o.boot = t != NULL ? t->boot : 60;
	if (isnan(o.interval))
		o.interval = t != NULL ? t->interval : 60;
	/* what came after now does not count; clocks differ by seconds */
	while (s.n > 0 && s.t[s.n - 1] > o.now + CLOCK_MS)
		s.n--;
	if (describe(f, &s) != 0)
		goto fail;
	if (s.n == 0) {
		say(f->no_forecast, sizeof(f->no_forecast),
		    all->n > 0		  ? "all samples are ahead of the clock"
			: s.error != NULL ? s.error
					  : "no samples");
		return 0;
	}
	while (s.n > 0 && !grid_is_load(s.v[s.n - 1]))
		s.n--;
	if (s.n == 0) {
		say(f->no_forecast, sizeof(f->no_forecast),
		    "no sample is within 1e100 of zero");
		return 0;
	}
	f->origin = s.t[s.n - 1];
	if (forecast_samples(&j, t, &s, why) == 0)
		return 0;
fail:
	forecast_free(f);
	return -1;
}
