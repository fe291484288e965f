/*
 * as-predict - forecast load with calibrated quantiles
 * Use: as-predict(1). Shapes on the pipe: as-records(5), as-model(5).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "io/report.h"
#include "model/extend.h"
#include "model/predict.h"
#include "model/stored.h"
#include "record/forecast.h"
#include "record/model.h"
#include "record/series.h"

enum {
	KEY_BOOT = ARGS_OWN,
	KEY_EXPLAIN,
	KEY_HORIZON,
	KEY_INTERVAL,
	KEY_KEEP,
	KEY_STABILISATION,
	KEY_STEP
};

/* bytes that a model and two weeks of history take */
enum { MEMORY = 2 << 20 };

struct options {
	struct args_common common;
	const char *model; /* path, NULL: learn on the spot */
	double horizon, step, boot, interval, stabilisation; /* s; NAN: unset */
	int keep, explain;
};

static const struct argp_option table[] = {
	{ "model", 'm', "FILE", 0,
	    "Forecast by the model in FILE, see as-train(1); without one the "
	    "method online learns on the spot",
	    1 },
	{ "horizon", KEY_HORIZON, "DURATION", 0,
	    "Look so far ahead, up to 7d; beyond what the model looks by "
	    "what was at that time of day and week (default: as the model, "
	    "else 1h)",
	    1 },
	{ "step", KEY_STEP, "DURATION", 0,
	    "Distance of the forecast's points (default: as the model, else "
	    "that of the samples, a minute at least)",
	    1 },
	{ "boot-time", KEY_BOOT, "DURATION", 0,
	    "Time until a new instance serves (default: as the model, else "
	    "60s)",
	    1 },
	{ "decision-interval", KEY_INTERVAL, "DURATION", 0,
	    "Time between decisions (default: as the model, else 60s)", 1 },
	{ "stabilisation", KEY_STABILISATION, "DURATION", 0,
	    "Say also what was forecast over the last DURATION (default 10m)",
	    1 },
	{ "keep", KEY_KEEP, NULL, 0, "Pass the series on too", 1 },
	{ "explain", KEY_EXPLAIN, NULL, 0,
	    "Say on standard error what each forecast rests on", 1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static double
take_duration(struct argp_state *state, const char *name, const char *arg)
{
	double s = args_duration(state, name, arg);

	if (s <= 0)
		argp_error(state, "--%s: '%s' is not above 0", name, arg);
	return s;
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case 'm':
		o->model = arg;
		return 0;
	case KEY_HORIZON:
		o->horizon = take_duration(state, "horizon", arg);
		if (o->horizon > EXTEND_DAYS * 86400)
			argp_error(
			    state, "--horizon: '%s' is more than 7d", arg);
		return 0;
	case KEY_STEP:
		o->step = take_duration(state, "step", arg);
		return 0;
	case KEY_BOOT:
		o->boot = args_duration(state, "boot-time", arg);
		return 0;
	case KEY_INTERVAL:
		o->interval = take_duration(state, "decision-interval", arg);
		return 0;
	case KEY_STABILISATION:
		o->stabilisation = args_duration(state, "stabilisation", arg);
		return 0;
	case KEY_KEEP:
		o->keep = 1;
		return 0;
	case KEY_EXPLAIN:
		o->explain = 1;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct predict {
	const struct options *o;
	struct conf conf;
	struct conf_target fallback; /* defaults, for what no file names */
	struct series_set set;
	struct model_file models;
};

static enum take
take_record(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct predict *p = ctx;
	enum take taken = filter_series(&p->set, r, why);

	(void)out;
	return taken == TAKE_DONE && p->o->keep ? TAKE_PASS : taken;
}

static double
first_set(double a, double b)
{
	return isnan(a) ? b : a;
}

/* What holds for a series: options, then the file of its target */
static struct predict_options
settings(const struct predict *p, const struct series *s)
{
	const struct options *o = p->o;
	const struct conf_target *t = conf_find(&p->conf, s->target);
	struct predict_options r = { .now = clock_now(),
		.horizon = o->horizon,
		.step = o->step,
		.boot = o->boot,
		.interval = o->interval };

	if (t != NULL) {
		r.step = first_set(r.step, t->step);
		r.boot = first_set(r.boot, t->policy.boot_time);
		r.interval = first_set(r.interval, t->decision_interval);
	} else {
		t = &p->fallback;
	}
	r.stabilisation = first_set(o->stabilisation, t->policy.stabilisation);
	r.drop_hold = t->policy.drop_hold;
	return r;
}

/* The line of the model file that is for a series: its index, -1: none. What
 * differs in its unit only is named. */
static int
find_line(const struct predict *p, const struct series *s, struct buf *why)
{
	for (size_t i = 0; i < p->models.n; i++)
		if (p->models.line[i].key != NULL &&
		    strcmp(p->models.line[i].key, s->key) == 0)
			return (int)i;
	for (size_t i = 0; i < p->models.n; i++) {
		const struct model_line *l = &p->models.line[i];

		if (l->key == NULL)
			buf_printf(why, "%sline %zu is no whole model",
			    why->len > 0 ? "; " : "", l->number);
		else if (strcmp(l->name, s->name) == 0 &&
		    strcmp(l->target, s->target) == 0 &&
		    strcmp(l->unit, s->unit) != 0)
			buf_printf(why, "%sits unit is '%s', the series' '%s'",
			    why->len > 0 ? "; " : "", l->unit, s->unit);
	}
	if (why->len == 0)
		buf_str(why, "it holds no model of this series");
	return -1;
}

/* The model of a series: 1, *m and *t, which is made of it; 0: there is none to
 * look for; -1: it was refused, *why says why */
static int
find_model(struct predict *p, const struct series *s, struct model *m,
    struct trained *t, struct buf *why)
{
	const char *text;
	int i;

	if (p->o->model == NULL)
		return 0;
	i = find_line(p, s, why);
	if (i < 0)
		return -1;
	if (model_file_read(&p->models, (size_t)i, m, &text) == 0) {
		if (stored_read(t, m, &text) == 0)
			return 1;
		model_free(m);
	}
	buf_printf(why, "line %zu: %s", p->models.line[i].number, text);
	return -1;
}

static void
explain_windows(const struct forecast *f)
{
	for (size_t i = 0; i < f->n_windows; i++) {
		const struct forecast_window *w = &f->windows[i];
		const struct forecast_at *now = &w->at[w->n_at - 1];
		size_t k = 0;

		while (k + 1 < w->n_errors && w->levels[k] < 0.99)
			k++;
		if (w->n_errors > 0)
			warn("  from %.4g s to %.4g s (%s): %.4g, with 99 %% "
			     "below %.4g, by %.0f past errors",
			    w->from_s, w->to_s, w->name, now->point,
			    now->point + now->scale * w->errors[k], w->n);
	}
}

static void
explain(const struct forecast *f)
{
	char span[NUMBER_SIZE], gap[NUMBER_SIZE], at[CLOCK_SIZE];

	if (f->no_forecast[0] != '\0') {
		warn("'%s' of '%s': no forecast: %s", f->name, f->target,
		    f->no_forecast);
		return;
	}
	warn("'%s' of '%s': the method '%s', which knows samples up to %s, "
	     "looks %s ahead of the newest one; %.1f %% of the samples are "
	     "there, the longest gap is %s",
	    f->name, f->target, f->method, clock_format(at, f->trained),
	    duration_format(span, (double)f->H * f->step_s), 100 * f->coverage,
	    duration_format(gap, f->longest_gap_s));
	if (f->model_s > 0 &&
	    f->model_s < (double)f->H * f->step_s - f->step_s / 2)
		warn("  what is more than %s ahead is by what was at that time "
		     "of day and week",
		    duration_format(span, f->model_s));
	if (isfinite(f->mean_1h))
		warn("  the next hour's mean: %.4g (%.4g to %.4g in 9 of 10 "
		     "cases); such means were off by %.1f %% on held-out "
		     "data, below 15 %% in %.0f %% of all hours",
		    f->mean_1h, f->mean_1h_lo, f->mean_1h_hi, 100 * f->error_1h,
		    100 * f->confidence);
	explain_windows(f);
	if (f->drop_since != 0)
		warn("  a drop at %s that is rarer than 1 in 200",
		    clock_format(at, f->drop_since));
}

/* That a model was not accepted was said when it was trained; one that does not
 * fit is refused here. */
static int
forecast_one(struct predict *p, const struct series *s, struct buf *out)
{
	struct predict_options o = settings(p, s);
	struct buf why = { 0 };
	struct trained t;
	struct forecast f;
	struct model m;
	const char *text;
	int found = find_model(p, s, &m, &t, &why), status = STATUS_OK;

	if (predict_series(&f, found > 0 ? &t : NULL, s, &o, &text) != 0)
		die("%s", text);
	if (found < 0)
		snprintf(f.note, sizeof(f.note),
		    "the model is refused, %.300s: 'online' is used instead",
		    why.s);
	if (found < 0 || (found > 0 && f.note[0] != '\0' && t.accepted)) {
		warn("'%s' of '%s': %s", s->name, s->target, f.note);
		status = STATUS_REFUSED;
	} else if (f.note[0] != '\0') {
		note("'%s' of '%s': %s", s->name, s->target, f.note);
	}
	if (p->o->explain)
		explain(&f);
	forecast_write(out, &f);
	buf_char(out, '\n');
	forecast_free(&f);
	if (found > 0) {
		trained_free(&t);
		model_free(&m);
	}
	buf_free(&why);
	return status;
}

static int
end(void *ctx, struct buf *out)
{
	struct predict *p = ctx;
	int status = STATUS_OK;

	if (series_set_finish(&p->set) != 0)
		die("out of memory");
	for (size_t i = 0; i < p->set.n; i++)
		status =
		    status_worse(status, forecast_one(p, &p->set.s[i], out));
	return status;
}

static void
load_files(struct predict *p)
{
	struct buf why = { 0 };

	if (conf_default(&p->fallback, "default", &why) != 0 ||
	    (p->o->common.n_conf > 0 &&
		conf_load(&p->conf, p->o->common.conf, p->o->common.n_conf,
		    &why) != 0))
		die("%s", why.len > 0 ? why.s : "out of memory");
	buf_free(&why);
	if (p->o->model != NULL &&
	    model_file_open(&p->models, p->o->model) != 0)
		die("cannot read '%s': %s", p->o->model, strerror(errno));
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Forecast load with calibrated quantiles.", args_children, NULL,
		NULL };
	static const struct filter filter = { take_record, end };
	struct options o = { .horizon = NAN,
		.step = NAN,
		.boot = NAN,
		.interval = NAN,
		.stabilisation = NAN };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	struct predict p = { .o = &o, .models = { .from = { NULL, -1 } } };
	int status;

	memory_ready(MEMORY);
	load_files(&p);
	status = filter_run(&filter, files, &o.common, &p);
	series_set_free(&p.set);
	model_file_close(&p.models);
	conf_target_free(&p.fallback);
	conf_free(&p.conf);
	free(o.common.conf);
	return status;
}
