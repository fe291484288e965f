/*
 * as-train - learn how a load goes, and how far off that is
 * Use: as-train(1). Shapes on the pipe: as-records(5), as-model(5).
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
#include "io/file.h"
#include "io/report.h"
#include "model/mask.h"
#include "model/stored.h"
#include "model/train.h"
#include "record/series.h"

enum {
	KEY_BOOT = ARGS_OWN,
	KEY_CALENDAR,
	KEY_HORIZON,
	KEY_INTERVAL,
	KEY_MASK,
	KEY_MAX_ERROR,
	KEY_METHOD,
	KEY_REPORT,
	KEY_SEED,
	KEY_STAMP,
	KEY_STEP
};

enum { CALENDAR_BYTES = 1 << 24 };
/* memory that reading a month takes, and learning from each point */
enum { BYTES_TO_READ = 2 << 20, BYTES_A_POINT = 2464 };

struct options {
	struct args_common common;
	const char *output, *report, *method;
	const char *calendar; /* path; NULL: none */
	double horizon, step, boot, interval; /* s; NAN: unset */
	double max_error; /* share; NAN: only a warning, at 15 % */
	long seed, threads;
	int stamp_start;
	struct mask *mask;
	size_t masks;
};

static const struct argp_option table[] = {
	{ "output", 'o', "FILE", 0,
	    "Replace FILE by the models (default: standard output)", 1 },
	{ "method", KEY_METHOD, "METHOD", 0,
	    "auto (default: forest or online, whichever does better on "
	    "held-out data), forest, online, article, last, seasonal-naive; "
	    "xgboost, where that is built in",
	    1 },
	{ "horizon", KEY_HORIZON, "DURATION", 0,
	    "Learn to look so far ahead (default 1h)", 1 },
	{ "step", KEY_STEP, "DURATION", 0,
	    "Distance of points; closer samples are averaged (default: that "
	    "of the samples, a minute at least)",
	    1 },
	{ "boot-time", KEY_BOOT, "DURATION", 0,
	    "Time until a new instance serves (default 60s)", 1 },
	{ "decision-interval", KEY_INTERVAL, "DURATION", 0,
	    "Time between decisions (default 60s)", 1 },
	{ "mask", KEY_MASK, "FROM/UNTIL", 0,
	    "Leave samples between two times out; or a FILE of such lines; "
	    "may be given several times",
	    1 },
	{ "calendar", KEY_CALENDAR, "FILE", 0,
	    "Learn what the holidays and sales in FILE do, by name: iCalendar, "
	    "or lines such as '2026-11-27 black-friday'",
	    1 },
	{ "stamp", KEY_STAMP, "start|end", 0,
	    "What a sample's time is of its interval (default end)", 1 },
	{ "max-error", KEY_MAX_ERROR, "SHARE", 0,
	    "Refuse a model whose forecast of the next hour's mean is further "
	    "off on held-out data (default: warn above 15%)",
	    1 },
	{ "report", KEY_REPORT, "FILE", 0,
	    "Write what was measured on held-out data, as records", 1 },
	{ "seed", KEY_SEED, "N", 0, "Seed of what is drawn (default 1)", 1 },
	{ "jobs", 'j', "N", 0,
	    "Threads (default: processors, 4 at most); the models do not "
	    "depend on it",
	    1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void
add_mask(struct options *o, const struct mask *m)
{
	struct mask *a = realloc(o->mask, (o->masks + 1) * sizeof(*a));

	if (a == NULL)
		die("out of memory");
	a[o->masks++] = *m;
	o->mask = a;
}

static void
read_masks(struct argp_state *state, struct options *o, const char *path)
{
	struct buf text = { 0 };
	size_t number = 0;
	struct mask m;
	char *s, *line;

	if (file_read(path, 1 << 20, &text) != 0)
		argp_error(state,
		    "--mask: '%s' is neither FROM/UNTIL nor a "
		    "file: %s",
		    path, strerror(errno));
	for (s = text.s; s != NULL && (line = strsep(&s, "\n")) != NULL;) {
		number++;
		if (strchr("#", line[strspn(line, " \t\r")]) != NULL)
			continue;
		if (mask_parse(line, &m) != 0)
			argp_error(state, "--mask: %s:%zu: not FROM/UNTIL",
			    path, number);
		add_mask(o, &m);
	}
	buf_free(&text);
}

static double
take_duration(struct argp_state *state, const char *name, const char *arg)
{
	double s = args_duration(state, name, arg);

	if (s <= 0)
		argp_error(state, "--%s: '%s' is not above 0", name, arg);
	return s;
}

static void
take_method(struct argp_state *state, struct options *o, const char *arg)
{
	if (method_absent(arg) != NULL)
		argp_error(state, "--method: %s", method_absent(arg));
	if (strcmp(arg, "auto") != 0 && method_find(arg) == NULL)
		argp_error(state, "--method: '%s' is no method", arg);
	o->method = arg;
}

static error_t
take_more(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct mask m;

	switch (key) {
	case KEY_MASK:
		if (mask_parse(arg, &m) == 0)
			add_mask(o, &m);
		else
			read_masks(state, o, arg);
		return 0;
	case KEY_CALENDAR:
		o->calendar = arg;
		return 0;
	case KEY_STAMP:
		o->stamp_start =
		    args_either(state, "stamp", arg, "end", "start");
		return 0;
	case KEY_MAX_ERROR:
		o->max_error = args_share(state, "max-error", arg);
		return 0;
	case KEY_SEED:
		o->seed = args_count(state, "seed", arg, 0, 1L << 52);
		return 0;
	case 'j':
		o->threads = args_count(state, "jobs", arg, 1, 256);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case KEY_REPORT:
		o->report = arg;
		return 0;
	case KEY_METHOD:
		take_method(state, o, arg);
		return 0;
	case KEY_HORIZON:
		o->horizon = take_duration(state, "horizon", arg);
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
	default:
		return take_more(key, arg, state);
	}
}

struct train {
	const struct options *o;
	struct conf conf;
	struct series_set set;
	struct buf calendar; /* text */
	struct events events;
	struct buf models, report;
};

static enum take
take_record(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct train *t = ctx;

	(void)out;
	return filter_series(&t->set, r, why);
}

static double
first_set(double a, double b, double otherwise)
{
	return !isnan(a) ? a : !isnan(b) ? b : otherwise;
}

/* What holds for a series: options, then the file of its target */
static struct train_task
settings(const struct train *t, const struct series *s)
{
	const struct options *o = t->o;
	const struct conf_target *c = conf_find(&t->conf, s->target);
	double step = NAN, boot = NAN, interval = NAN;

	if (c != NULL) {
		step = c->step;
		boot = c->policy.boot_time;
		interval = c->decision_interval;
	}
	return (struct train_task){ .step = first_set(o->step, step, NAN),
		.options = { .horizon = first_set(o->horizon, NAN, 3600),
		    .boot = first_set(o->boot, boot, 60),
		    .interval = first_set(o->interval, interval, 60),
		    .seed = (uint64_t)o->seed,
		    .threads = (unsigned)o->threads },
		.method = o->method != NULL ? o->method
		    : c != NULL ? conf_method_names[c->policy.method]
				: "auto",
		.mask = o->mask,
		.masks = o->masks,
		.events = o->calendar != NULL ? &t->events : NULL,
		.stamp_start = o->stamp_start };
}

static void
say_history(const struct series *s, const struct train_report *r)
{
	char span[NUMBER_SIZE], step[NUMBER_SIZE], gap[NUMBER_SIZE];
	const struct pattern *p = &r->pattern;

	warn("'%s' of '%s': %zu points over %s, one every %s; %.1f %% "
	     "observed, longest gap %s%s; %s",
	    s->name, s->target, r->points, duration_format(span, r->span_s),
	    duration_format(step, r->step), 100 * r->coverage,
	    duration_format(gap, r->longest_gap_s),
	    r->masked > 0 ? ", masked samples left out" : "",
	    p->daily && p->weekly ? "a daily and a weekly season"
		: p->daily	  ? "a daily season"
		: p->weekly	  ? "a weekly season"
				  : "no season");
}

/* Percent that an error is smaller by, or larger */
static double
by(double skill)
{
	return fabs(100 * skill);
}

static const char *
better(double skill)
{
	return skill < 0 ? "worse" : "better";
}

static void
say_model(const struct series *s, const struct trained *t,
    const struct train_report *r, double limit)
{
	const struct validation *v = &t->validation;
	char hour[64] = "not known as a share of it, which is zero,";

	if (!isnan(v->error_1h))
		snprintf(
		    hour, sizeof(hour), "off by %.1f %%", 100 * v->error_1h);
	warn("'%s' of '%s': '%s': the next hour's mean is %s on "
	     "%zu held-out origins, %.0f %% of them below 15 %%; %.0f %% "
	     "%s than the last value%s%s",
	    s->name, s->target, t->method->name, hour, v->origins,
	    100 * v->within_15pct, by(v->skill_vs_last),
	    better(v->skill_vs_last), r->choice.why[0] != '\0' ? "; " : "",
	    r->choice.why);
	if (isfinite(v->wape + v->mase + v->skill_vs_seasonal + v->coverage[4]))
		warn("'%s' of '%s': WAPE %.1f %%, MASE %.2f, %.0f %% %s than "
		     "yesterday's value; below the quantiles .9 .95 .99 were "
		     "%.1f "
		     "%.1f %.1f %% of the loads, pinball losses %.3g %.3g %.3g",
		    s->name, s->target, 100 * v->wape, v->mase,
		    by(v->skill_vs_seasonal), better(v->skill_vs_seasonal),
		    100 * v->coverage[2], 100 * v->coverage[3],
		    100 * v->coverage[4], v->pinball[2], v->pinball[3],
		    v->pinball[4]);
	if (isfinite(v->coverage[3]) && fabs(v->coverage[3] - 0.95) > 0.05)
		warn("'%s' of '%s': what should hold 95 %% of the time held "
		     "%.1f %% of it",
		    s->name, s->target, 100 * v->coverage[3]);
	if (!t->accepted)
		warn("'%s' of '%s': no better than the last value: not "
		     "accepted, as-predict uses 'online'",
		    s->name, s->target);
	else if (isnan(limit) && v->error_1h > 0.15)
		warn("'%s' of '%s': the error of the next hour is above 15 %%",
		    s->name, s->target);
}

/* What events do to a series, and which of them nobody knows yet */
static void
say_events(const struct series *s, const struct calendar *c)
{
	for (size_t i = 0; i < c->effects; i++) {
		const struct effect *e = &c->effect[i];

		if (!(e->share > 0))
			warn("'%s' of '%s': event '%s': %zu in history, no "
			     "different from other days: ignored",
			    s->name, s->target, e->name, e->seen);
		else
			warn("'%s' of '%s': event '%s': %zu in history, load "
			     "%+.0f %%%s; %zu to come",
			    s->name, s->target, e->name, e->seen,
			    100 * (exp(e->share * e->size) - 1),
			    e->own_kind ? ", a kind of day of its own" : "",
			    e->to_come);
	}
	for (size_t i = 0; i < c->unseen; i++)
		warn("'%s' of '%s': event '%s' was never seen in history: "
		     "ignored",
		    s->name, s->target, c->unseen_name[i]);
}

static void
put_report(struct buf *b, const struct series *s, const char *method,
    const struct validation *v, int chosen, const struct trained *t)
{
	buf_printf(b, "{\"type\":\"validation\",\"metric\":%s", s->metric);
	record_put_time(b, "trained", t->end);
	record_put_num(b, "step_s", t->step);
	record_put_num(b, "span_s", t->span_s);
	record_put_str(b, "method", method);
	buf_printf(b, ",\"chosen\":%s", chosen ? "true" : "false");
	record_put_key(b, "validation");
	stored_validation(v, b);
	buf_str(b, "}\n");
}

static void
report(struct train *t, const struct series *s, const struct trained *m,
    const struct train_report *r)
{
	const char *name = m->method->name;

	put_report(&t->report, s, name, &m->validation, 1, m);
	for (size_t i = 0; i < m->calendar.effects; i++) {
		buf_printf(&t->report,
		    "{\"type\":\"event-effect\",\"metric\":%s,\"event\":",
		    s->metric);
		stored_effect(&m->calendar.effect[i], &t->report);
		buf_str(&t->report, "}\n");
	}
	for (int i = 0; i < 2 && r->choice.compared; i++)
		if (strcmp(r->choice.name[i], name) != 0)
			put_report(&t->report, s, r->choice.name[i],
			    &r->choice.v[i], 0, m);
}

/* Whether --max-error refuses a model: an error that is not known is not known
 * to be small */
static int
too_far_off(const struct trained *m, const struct series *s, double limit)
{
	double error = m->validation.error_1h;

	if (isnan(limit) || error <= limit)
		return 0;
	if (isnan(error))
		warn("'%s' of '%s' refused: the error of the next hour is not "
		     "known as a share of a load that is zero",
		    s->name, s->target);
	else
		warn("'%s' of '%s' refused: the error of the next hour is "
		     "%.1f %%, above %.4g %%",
		    s->name, s->target, 100 * error, 100 * limit);
	return 1;
}

/* One series into a line of the model file, or a word on why not */
static int
train_one(struct train *t, struct series *s)
{
	struct train_task task = settings(t, s);
	struct train_report r;
	struct buf why = { 0 };
	struct trained m;

	/* of a longer series no more is learnt at once */
	memory_ready((s->n < 8064 ? s->n : 8064) * BYTES_A_POINT);
	if (train_series(&m, s, &task, &r, &why) != 0) {
		progress_end();
		warn("'%s' of '%s' refused: %s", s->name, s->target,
		    why.len > 0 ? why.s : "out of memory");
		buf_free(&why);
		return STATUS_REFUSED;
	}
	progress_end();
	say_history(s, &r);
	say_events(s, &m.calendar);
	say_model(s, &m, &r, t->o->max_error);
	report(t, s, &m, &r);
	if (too_far_off(&m, s, t->o->max_error)) {
		trained_free(&m);
		return STATUS_REFUSED;
	}
	if (stored_write(&m, s->metric, &t->models) != 0)
		die("out of memory");
	buf_char(&t->models, '\n');
	trained_free(&m);
	return STATUS_OK;
}

static void
replace(const char *path, const struct buf *b)
{
	if (b->failed)
		die("out of memory");
	if (file_replace(path, b->len > 0 ? b->s : "", b->len, 0644) != 0)
		die("cannot write '%s': %s", path, strerror(errno));
}

/* Events as far as any series needs them */
static void
read_events(struct train *t)
{
	int64_t since = INT64_MAX, to = 0;
	struct buf why = { 0 };

	for (size_t i = 0; i < t->set.n; i++) {
		const struct series *s = &t->set.s[i];

		if (s->n == 0)
			continue;
		since = s->t[0] / 1000 < since ? s->t[0] / 1000 : since;
		if (s->t[s->n - 1] / 1000 > to)
			to = s->t[s->n - 1] / 1000;
	}
	events_free(&t->events);
	if (t->o->calendar != NULL && since <= to &&
	    events_read(&t->events, t->o->calendar, &t->calendar, since,
		to + CALENDAR_AHEAD_S, &why) != 0)
		die("%s", why.s);
	buf_free(&why);
}

static int
end(void *ctx, struct buf *out)
{
	struct train *t = ctx;
	int status = STATUS_OK;

	if (series_set_finish(&t->set) != 0)
		die("out of memory");
	if (t->set.n == 0) {
		warn("no series to learn from");
		return STATUS_FAILED;
	}
	read_events(t);
	for (size_t i = 0; i < t->set.n; i++) {
		progress(i, t->set.n, "series");
		status = status_worse(status, train_one(t, &t->set.s[i]));
	}
	progress_end();
	if (t->o->report != NULL)
		replace(t->o->report, &t->report);
	/* nothing learnt is no reason to lose what was learnt before */
	if (t->o->output != NULL && (t->models.len > 0 || t->models.failed))
		replace(t->o->output, &t->models);
	else if (t->o->output == NULL)
		buf_add(out, t->models.s, t->models.len);
	return status;
}

static void
load_conf(struct train *t)
{
	struct buf why = { 0 };

	if (t->o->common.n_conf > 0 &&
	    conf_load(&t->conf, t->o->common.conf, t->o->common.n_conf, &why) !=
		0)
		die("%s", why.len > 0 ? why.s : "out of memory");
	buf_free(&why);
}

/* A calendar that is wrong is said before anything is waited for; nothing of
 * it is kept until it is known for when */
static void
load_calendar(struct train *t)
{
	struct buf why = { 0 };
	const char *path = t->o->calendar;

	if (path == NULL)
		return;
	if (file_read(path, CALENDAR_BYTES, &t->calendar) != 0)
		die("cannot read '%s': %s", path, strerror(errno));
	if (events_read(&t->events, path, &t->calendar, 0, 1, &why) != 0)
		die("%s", why.s);
	buf_free(&why);
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Learn how loads go, check it on held-out data, write models.",
		args_children, NULL, NULL };
	static const struct filter filter = { take_record, end };
	struct options o = { .common.stop_on_bad = 1,
		.horizon = NAN,
		.step = NAN,
		.boot = NAN,
		.interval = NAN,
		.max_error = NAN,
		.seed = 1,
		.threads = args_processors() };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	struct train t = { .o = &o };
	int status;

	memory_ready(BYTES_TO_READ);
	load_conf(&t);
	load_calendar(&t);
	status = filter_run(&filter, files, &o.common, &t);
	series_set_free(&t.set);
	events_free(&t.events);
	buf_free(&t.calendar);
	buf_free(&t.models);
	buf_free(&t.report);
	conf_free(&t.conf);
	free(o.mask);
	free(o.common.conf);
	return status;
}
