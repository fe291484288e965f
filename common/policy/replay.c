#include "policy/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/calibrate.h"
#include "policy/slide.h"
#include "policy/walk.h"
#include "record/record.h"

enum { DROP_PERMILLE = 5, DROP_POOL = 3000 };

static void
track_clear(struct replay_track *t)
{
	free(t->point);
	free(t->scale);
	free(t->error);
	*t = (struct replay_track){ 0 };
}

void
replay_free(struct replay *r)
{
	track_clear(&r->ahead);
	track_clear(&r->keep);
	track_clear(&r->next);
	free(r->drop);
	r->drop = NULL;
	rows_free(&r->rows);
}

/* Points, scales and errors of one window at every origin */
static int
fill_track(
    struct replay_track *out, const struct replay *r, size_t from, size_t to)
{
	struct track t = { .kind = TRACK_PEAK, .from = from, .to = to };
	size_t n = r->g->n;

	out->from = from;
	out->to = to;
	out->point = malloc(n * sizeof(double));
	out->scale = malloc(n * sizeof(double));
	out->error = malloc(n * sizeof(double));
	if (out->point == NULL || out->scale == NULL || out->error == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		out->point[i] = track_point(&t, &r->rows, i);
	return track_learn(&t, r->g, n, &r->rows, out->error, out->scale);
}

/* The drop guard's threshold at every origin */
static int
fill_drop(struct replay *r)
{
	size_t n = r->g->n, day = (size_t)lround(86400 / r->g->step);
	struct slide pool;

	r->drop = malloc(n * sizeof(*r->drop));
	if (r->drop == NULL ||
	    slide_init(&pool, TRACK_DAYS * day, DROP_POOL) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		r->drop[i] = slide_count(&pool) >= NEED_POOL
		    ? slide_quantile(&pool, DROP_PERMILLE / 1000.0)
		    : (double)NAN;
		if (i >= 1 && isfinite(r->next.error[i - 1]))
			slide_add(&pool, i - 1, r->next.error[i - 1]);
	}
	slide_free(&pool);
	return 0;
}

static double
dynamics(const struct grid *g, size_t k)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i + k < g->n; i++)
		if (g->ok[i] && g->ok[i + k]) {
			sum += fabs(g->y[i + k] - g->y[i]);
			n++;
		}
	return n > 0 ? sum / (double)n : (double)NAN;
}

int
replay_prepare(struct replay *r, const struct grid *g,
    const struct conf_target *t, const struct replay_options *o,
    const char **why)
{
	struct window_steps w = window_steps(t->policy.boot_time,
	    t->decision_interval, (double)o->late * g->step, g->step);
	size_t hour = g->step < 3600 ? (size_t)lround(3600 / g->step) : 1;
	size_t day = g->step < 86400 ? (size_t)lround(86400 / g->step) : 1;
	struct method_options mo = { .H = w.to > hour ? w.to : hour,
		.rows_only = 1 };
	struct walk_options wo = { o->method, o->from, day, o->threads,
		o->progress };
	void *m;

	*r = (struct replay){ .g = g, .late = o->late };
	r->method = o->method != NULL ? o->method->name : method_online.name;
	r->stab = (size_t)lround(t->policy.stabilisation / g->step);
	r->stab = r->stab > 0 ? r->stab : 1;
	r->dynamics = dynamics(g, w.to);
	m = method_online.fit(g, g->n, &mo, &r->rows, why);
	if (m == NULL)
		return -1;
	method_online.free(m);
	*why = "too little history";
	if (r->rows.count != g->n)
		goto fail;
	if (o->method != NULL && o->method != &method_online &&
	    walk_forward(&r->rows, g, &wo, why) != 0)
		goto fail;
	*why = "out of memory";
	if (fill_track(&r->ahead, r, w.from, w.to) != 0 ||
	    fill_track(&r->keep, r, 1, w.to) != 0 ||
	    fill_track(&r->next, r, 1, 1) != 0 || fill_drop(r) != 0)
		goto fail;
	return 0;
fail:
	replay_free(r);
	return -1;
}

void
replay_mean_1h(const struct replay *r, double *mean)
{
	size_t hour = r->g->step < 3600 ? (size_t)lround(3600 / r->g->step) : 1;

	for (size_t i = 0; i < r->g->n; i++) {
		double sum = 0;

		for (size_t k = 1; k <= hour; k++)
			sum += rows_at(&r->rows, r->rows.median, i, k);
		mean[i] = sum / (double)hour;
	}
}

struct replay_run {
	const struct replay *r;
	const struct conf_target *t;
	replay_fn *on_decision;
	void *ctx;
	struct schedule *schedule;
	struct slide pool[2]; /* errors of ahead and keep */
	size_t fed; /* origins whose errors the pools were offered */
	struct history history;
	long last_n;
	int64_t last_time;
	struct forecast f;
	struct state state;
};

static void
run_free(struct replay_run *run)
{
	slide_free(&run->pool[0]);
	slide_free(&run->pool[1]);
	schedule_free(run->schedule);
	for (int w = 0; w < 2; w++) {
		free(run->f.windows[w].errors);
		free(run->f.windows[w].levels);
		free(run->f.windows[w].at);
	}
	free(run->f.observed_t);
	free(run->f.observed_v);
	free(run->f.median);
	free(run->f.metric);
	free(run);
}

void
replay_end(struct replay_run *run)
{
	if (run != NULL)
		run_free(run);
}

static int
window_init(struct forecast_window *w, const char *name, const struct replay *r,
    const struct conf_target *t)
{
	double late = (double)r->late * r->g->step;

	snprintf(w->name, sizeof(w->name), "%s", name);
	w->from_s = strcmp(name, "ahead") == 0 ? t->policy.boot_time + late : 0;
	w->to_s = t->policy.boot_time + t->decision_interval + late;
	w->errors = malloc(TRACK_LEVELS * sizeof(double));
	w->levels = malloc(TRACK_LEVELS * sizeof(double));
	w->at = malloc(r->stab * sizeof(*w->at));
	return w->errors && w->levels && w->at ? 0 : -1;
}

/* The metric that as-decide knows the forecast by; NULL: out of memory */
static char *
metric_of(const struct conf_target *t)
{
	struct buf b = { 0 };

	buf_char(&b, '{');
	record_put_str(&b, "__name__", t->signals[0].name);
	record_put_str(&b, "target", t->name);
	buf_char(&b, '}');
	if (b.failed) {
		buf_free(&b);
		return NULL;
	}
	return b.s;
}

struct replay_run *
replay_begin(const struct replay *r, const struct conf_target *t,
    replay_fn *on_decision, void *ctx)
{
	size_t day = (size_t)lround(86400 / r->g->step);
	size_t hour = r->g->step < 3600 ? (size_t)lround(3600 / r->g->step) : 1;
	struct replay_run *run = calloc(1, sizeof(*run));
	struct forecast *f;

	if (run == NULL)
		return NULL;
	run->r = r;
	run->t = t;
	run->on_decision = on_decision;
	run->ctx = ctx;
	run->last_n = -1;
	run->schedule = schedule_make(t);
	history_clear(&run->history);
	run->history.born = 0; /* the journal is as old as need be */
	f = &run->f;
	f->n_windows = 2;
	f->H = hour;
	f->step_s = r->g->step;
	f->has_drop = 1;
	f->dynamics = r->dynamics;
	f->confidence = f->mean_1h = f->mean_1h_lo = f->mean_1h_hi =
	    (double)NAN;
	f->error_1h = f->skill_vs_last = (double)NAN;
	f->coverage = 1;
	snprintf(f->method, sizeof(f->method), "%s", r->method);
	snprintf(f->name, sizeof(f->name), "%s", t->signals[0].name);
	snprintf(f->target, sizeof(f->target), "%s", t->name);
	f->metric = metric_of(t);
	f->observed_t = malloc(hour * sizeof(*f->observed_t));
	f->observed_v = malloc(hour * sizeof(*f->observed_v));
	f->median = malloc(hour * sizeof(*f->median));
	f->mean = f->q[0] = f->median;
	if (run->schedule == NULL || f->metric == NULL ||
	    f->observed_t == NULL || f->observed_v == NULL ||
	    f->median == NULL ||
	    window_init(&f->windows[0], "ahead", r, t) != 0 ||
	    window_init(&f->windows[1], "keep", r, t) != 0 ||
	    slide_init(&run->pool[0], TRACK_DAYS * day, TRACK_POOL) != 0 ||
	    slide_init(&run->pool[1], TRACK_DAYS * day, TRACK_POOL) != 0) {
		run_free(run);
		return NULL;
	}
	return run;
}

/* Errors of origins whose windows are over at i join the pools. */
static void
feed(struct replay_run *run, size_t i)
{
	const struct replay_track *t[2] = { &run->r->ahead, &run->r->keep };

	for (; run->fed <= i; run->fed++)
		for (int w = 0; w < 2; w++) {
			size_t o;

			if (run->fed < t[w]->to)
				continue;
			o = run->fed - t[w]->to;
			if (isfinite(t[w]->error[o]))
				slide_add(&run->pool[w], o, t[w]->error[o]);
		}
}

static void
fill_window(struct forecast_window *w, const struct replay_track *t,
    const struct slide *pool, const struct grid *g, size_t i, size_t stab)
{
	size_t first = i + 1 > stab ? i + 1 - stab : 0;

	w->n_errors = slide_table(pool, w->errors, w->levels);
	w->n = (double)slide_count(pool);
	w->n_at = i + 1 - first;
	for (size_t o = first; o <= i; o++)
		w->at[o - first] = (struct forecast_at){ grid_time(g, o),
			t->point[o], t->scale[o] };
}

/* A drop below the threshold within drop_hold of i, the newest of them */
static void
fill_drop_guard(struct replay_run *run, size_t i)
{
	const struct replay *r = run->r;
	struct forecast *f = &run->f;
	size_t back =
	    (size_t)floor(run->t->policy.drop_hold / r->g->step + 1e-9);

	f->drop_since = 0;
	f->drop_z = i > 0 ? r->next.error[i - 1] : (double)NAN;
	f->drop_threshold = r->drop[i];
	f->has_drop = isfinite(f->drop_z) && isfinite(f->drop_threshold);
	for (size_t k = 0; k < (back > 0 ? back : 1) && k + 1 <= i; k++) {
		size_t o = i - k;

		if (r->next.error[o - 1] < r->drop[o] - 1e-12) {
			f->drop_since = grid_time(r->g, o);
			break;
		}
	}
}

static void
fill_forecast(struct replay_run *run, size_t i, int64_t now)
{
	const struct replay *r = run->r;
	const struct grid *g = r->g;
	struct forecast *f = &run->f;
	size_t first = i + 1 > f->H ? i + 1 - f->H : 0;

	f->time = now;
	f->origin = grid_time(g, i);
	f->age_s = (double)(now - f->origin) / 1000;
	f->longest_gap_s = 0;
	f->n_observed = 0;
	for (size_t o = first; o <= i; o++) {
		if (!g->ok[o] && o < i)
			continue;
		f->observed_t[f->n_observed] = grid_time(g, o);
		f->observed_v[f->n_observed++] = g->y[o];
	}
	for (size_t k = 1; k <= f->H; k++)
		f->median[k - 1] = rows_at(&r->rows, r->rows.median, i, k);
	fill_drop_guard(run, i);
	if (!run->t->policy.forecast)
		return;
	feed(run, i);
	fill_window(&f->windows[0], &r->ahead, &run->pool[0], g, i, r->stab);
	fill_window(&f->windows[1], &r->keep, &run->pool[1], g, i, r->stab);
}

/* Those that run when the replay begins began with it. */
static void
begin_all(struct replay_run *run, long n, int64_t time)
{
	struct history *h = &run->history;

	while (h->n_started < HISTORY_UNITS && (long)h->n_started < n)
		h->started[h->n_started++] = time;
	h->started_time = time;
}

/* As the journal would carry them on */
static void
keep_starts(struct replay_run *run, const struct decision *d, int64_t time)
{
	struct history *h = &run->history;

	if (d->observed.n_started == 0)
		return;
	h->n_started = d->observed.n_started;
	memcpy(h->started, d->observed.started,
	    h->n_started * sizeof(*h->started));
	h->started_time = time;
}

long
replay_wanted(void *ctx, const struct simulate_now *now)
{
	struct replay_run *run = ctx;
	/* sample i is stamped at its end: now is late steps after it */
	int64_t time = grid_time(run->r->g, now->i) +
	    (int64_t)llround((double)run->r->late * run->r->g->step * 1000);
	struct decide_signal signal = { &run->t->signals[0], &run->f };
	struct decide_input in = { .target = run->t,
		.now = time,
		.signals = &signal,
		.n_signals = 1,
		.state = &run->state,
		.history = &run->history,
		.schedule = run->schedule,
		.brief = run->on_decision == NULL };
	struct decision d;

	if (run->last_n >= 0 && now->n != run->last_n)
		history_changed(
		    &run->history, run->last_time, run->last_n, now->n);
	if (run->last_n < 0)
		begin_all(run, now->n, time);
	run->last_n = now->n;
	run->last_time = time;
	run->state = (struct state){ .time = time,
		.known = 1,
		.instances = now->n,
		.ready = now->ready };
	snprintf(
	    run->state.target, sizeof(run->state.target), "%s", run->t->name);
	snprintf(run->state.driver, sizeof(run->state.driver), "replay");
	fill_forecast(run, now->i, time);
	decide(&in, &d, NULL);
	if (run->on_decision != NULL)
		run->on_decision(run->ctx, &d, &run->f);
	keep_starts(run, &d, time);
	if (d.votes[VOTE_PANIC] >= 0 &&
	    d.votes[VOTE_PANIC] != run->history.panic) {
		run->history.panic = d.votes[VOTE_PANIC];
		run->history.panic_time = time;
	}
	return d.recommended >= 0 ? d.recommended : now->n;
}
