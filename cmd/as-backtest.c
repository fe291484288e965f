/*
 * as-backtest - replay history through scaling strategies
 * Use: as-backtest(1). Shapes on the pipe: as-records(5). Settings: as.conf(5).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "io/out.h"
#include "io/report.h"
#include "math/quantile.h"
#include "policy/contest.h"
#include "policy/outcome.h"
#include "record/decision.h"
#include "record/series.h"
#include "record/state.h"

enum {
	KEY_STRATEGIES = ARGS_OWN,
	KEY_FORMAT,
	KEY_TRAIN,
	KEY_PEAK,
	KEY_STEP,
	KEY_STAMP,
	KEY_DELAY,
	KEY_DECISIONS,
	KEY_INPUTS,
	KEY_FRONTIER,
	KEY_METHOD,
	KEY_SETTING /* and above: the settings, in the order of `settings` */
};

/* Settings of the policy that a replay honours */
static const char *const settings[] = { "capacity", "target", "slo",
	"overload-price", "min-instances", "max-instances", "boot-time",
	"decision-interval", "stabilisation", "drop-hold", "fallback-target",
	"cost-per-instance", "currency", "billing", "target-name",
	"cost-per-hour", "monthly-cap", "billing-minimum", NULL };

struct options {
	struct args_common common;
	int strategy[STRATEGIES]; /* 1: asked for */
	int chosen; /* any was named */
	int table, decisions, inputs, frontier, stamp_start;
	double train, peak, step, delay;
	const struct method *method; /* NULL: online */
	int any; /* by online or the forest, whichever did better */
	long threads;
	const char *set[32]; /* values of `settings`, NULL: not given */
	struct conf conf;
	struct series_set set_of_series;
};

static const struct argp_option table[] = {
	{ "strategies", KEY_STRATEGIES, "LIST", 0,
	    "Only these, with commas between them (default: all)", 1 },
	{ "format", KEY_FORMAT, "records|table", 0,
	    "What to print (default records)", 1 },
	{ "train", KEY_TRAIN, "SHARE", 0,
	    "Share of the history to learn and tune on (default 60%)", 1 },
	{ "peak-instances", KEY_PEAK, "N", 0,
	    "Take for the capacity of one instance what makes the load's 99.5 "
	    "% quantile on the training part need N of them (default: as "
	    "the settings say)",
	    1 },
	{ "step", KEY_STEP, "DURATION", 0,
	    "Replay in steps of DURATION (default: the series' own)", 1 },
	{ "stamp", KEY_STAMP, "start|end", 0,
	    "What a sample's time is of the interval that it covers (default "
	    "end)",
	    1 },
	{ "metric-delay", KEY_DELAY, "DURATION", 0,
	    "Samples are seen so late (default 0)", 1 },
	{ "decisions", KEY_DECISIONS, NULL, 0,
	    "Print every decision of ours, too", 1 },
	{ "inputs", KEY_INPUTS, NULL, 0,
	    "Print before each of them what as-decide would make it of", 1 },
	{ "frontier", KEY_FRONTIER, NULL, 0,
	    "Print cost and overload of every setting that a strategy may "
	    "choose from, on the training part and on the test part",
	    1 },
	{ "method", KEY_METHOD, "NAME", 0,
	    "Forecast by online (default), forest, seasonal-naive, last or "
	    "article; all but online are trained anew every day of the "
	    "replay; auto: let tuning choose between online and the forest",
	    1 },
	{ "jobs", 'j', "N", 0,
	    "Threads to train with (default: processors, 4 at most)", 1 },
	{ "capacity", KEY_SETTING, "LOAD", 0,
	    "What one instance carries, in the unit of the load", 2 },
	{ "target", KEY_SETTING + 1, "SHARE", 0,
	    "Share of the capacity that may be planned for (default 60%)", 2 },
	{ "slo", KEY_SETTING + 2, "SHARE", 0,
	    "Share of time that the load is to be carried (default 99%)", 2 },
	{ "overload-price", KEY_SETTING + 3, "MONEY", 0,
	    "What an overloaded hour costs", 2 },
	{ "min-instances", KEY_SETTING + 4, "N", 0, "(default 1)", 2 },
	{ "max-instances", KEY_SETTING + 5, "N", 0, "(default 10)", 2 },
	{ "boot-time", KEY_SETTING + 6, "DURATION", 0,
	    "Until a new instance serves (default 60s)", 2 },
	{ "decision-interval", KEY_SETTING + 7, "DURATION", 0,
	    "Time between decisions (default 1m, at least the step)", 2 },
	{ "stabilisation", KEY_SETTING + 8, "DURATION", 0,
	    "How long all proposals must agree before a removal (default 10m)",
	    2 },
	{ "drop-hold", KEY_SETTING + 9, "DURATION", 0,
	    "No removal after a suspicious drop (default 30m)", 2 },
	{ "fallback-target", KEY_SETTING + 10, "SHARE", 0,
	    "Target without a forecast, and of the strategy reactive (default "
	    "70%)",
	    2 },
	{ "cost-per-instance", KEY_SETTING + 11, "MONEY", 0,
	    "A month of one instance", 2 },
	{ "currency", KEY_SETTING + 12, "CODE", 0, "(default USD)", 2 },
	{ "cost-per-hour", KEY_SETTING + 15, "MONEY", 0,
	    "Instead of it, an hour of one instance", 2 },
	{ "monthly-cap", KEY_SETTING + 16, "MONEY", 0,
	    "The most that such hours cost in a month (default none)", 2 },
	{ "billing", KEY_SETTING + 13, "second|minute|hour|month", 0,
	    "What is paid for at once (default second)", 2 },
	{ "billing-minimum", KEY_SETTING + 17, "DURATION", 0,
	    "What is paid for at the least (default none)", 2 },
	{ "target-name", KEY_SETTING + 14, "NAME", 0,
	    "Only the series of this target", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void
take_strategies(struct options *o, struct argp_state *state, char *list)
{
	char *save = NULL;

	o->chosen = 1;
	for (char *s = strtok_r(list, ", ", &save); s != NULL;
	     s = strtok_r(NULL, ", ", &save)) {
		int k = 0;

		while (strategy_names[k] != NULL &&
		    strcmp(strategy_names[k], s) != 0)
			k++;
		if (strategy_names[k] == NULL)
			argp_error(state, "--strategies: no strategy '%s'", s);
		o->strategy[k] = 1;
	}
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		o->train = 0.6;
		o->peak = o->step = (double)NAN;
		state->child_inputs[0] = &o->common;
		return 0;
	case KEY_STRATEGIES:
		take_strategies(o, state, arg);
		return 0;
	case KEY_FORMAT:
		o->table =
		    args_either(state, "format", arg, "records", "table");
		return 0;
	case KEY_STAMP:
		o->stamp_start =
		    args_either(state, "stamp", arg, "end", "start");
		return 0;
	case KEY_TRAIN:
		o->train = args_share(state, "train", arg);
		if (o->train <= 0 || o->train >= 1)
			argp_error(
			    state, "--train: '%s' is not within 0 to 1", arg);
		return 0;
	case KEY_PEAK:
		o->peak = args_positive(state, "peak-instances", arg);
		return 0;
	case KEY_STEP:
		o->step = args_duration(state, "step", arg);
		return 0;
	case KEY_DELAY:
		o->delay = args_duration(state, "metric-delay", arg);
		return 0;
	case KEY_DECISIONS:
		o->decisions = 1;
		return 0;
	case KEY_INPUTS:
		o->inputs = 1;
		return 0;
	case KEY_FRONTIER:
		o->frontier = 1;
		return 0;
	case KEY_METHOD:
		o->any = strcmp(arg, "auto") == 0;
		o->method = method_find(o->any ? "forest" : arg);
		if (o->method == NULL)
			argp_error(state, "--method: no method '%s'", arg);
		return 0;
	case 'j':
		o->threads = args_count(state, "jobs", arg, 1, 256);
		return 0;
	default:
		if (key < KEY_SETTING || key >= KEY_SETTING + 18)
			return ARGP_ERR_UNKNOWN;
		o->set[key - KEY_SETTING] = arg;
		return 0;
	}
}

static enum take
on_record(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct options *o = ctx;

	(void)out;
	return filter_series(&o->set_of_series, r, why);
}

/* The target's settings with the options' on top, its one signal that of s */
static void
settings_for(struct conf_target *t, const struct options *o,
    const struct series *s, const struct grid *g)
{
	struct buf why = { 0 };
	char text[NUMBER_SIZE];

	if (o->common.n_conf > 0) {
		/* loaded anew: conf_set changes what it is given */
		struct conf c;

		if (conf_load(&c, o->common.conf, o->common.n_conf, &why) != 0)
			die("%s", why.s);
		if (conf_find(&c, s->target) == NULL)
			die("no settings for target '%s'", s->target);
		*t = *conf_find(&c, s->target);
		free(c.targets); /* the other targets live on: few and small */
	} else if (conf_default(t, s->target, &why) != 0) {
		die("%s", why.s);
	}
	for (int k = 0; settings[k] != NULL; k++)
		if (o->set[k] != NULL &&
		    strcmp(settings[k], "target-name") != 0 &&
		    conf_set(t, settings[k], o->set[k], &why) != 0)
			die("--%s: %s", settings[k], why.s);
	if (isfinite(o->peak)) {
		size_t n = (size_t)(o->train * (double)g->n), k = 0;
		double *x = malloc((n + 1) * sizeof(*x));

		if (x == NULL)
			die("out of memory");
		for (size_t i = 0; i < n; i++)
			if (g->ok[i])
				x[k++] = g->y[i];
		math_sort(x, k);
		if (k == 0 || math_quantile(x, k, 0.995) <= 0)
			die("--peak-instances: no load on the training part");
		number_format(text, math_quantile(x, k, 0.995) / o->peak);
		free(x);
		if (conf_set(t, "capacity", text, &why) != 0)
			die("%s", why.s);
	}
	for (size_t i = 1; i < t->n_signals; i++)
		if (strcmp(t->signals[i].name, s->name) == 0) {
			struct conf_signal swap = t->signals[0];

			t->signals[0] = t->signals[i];
			t->signals[i] = swap;
		}
	if (t->n_signals == 0 || !isfinite(t->signals[0].capacity))
		die("the capacity of one instance is not known: give "
		    "--capacity, in the unit of the load");
	if (conf_check(t, &why) != 0)
		die("%s", why.s);
	buf_free(&why);
}

/* What a replay would leave out must not be thought to have been replayed. */
static void
refuse_unreplayed(const struct conf_target *t)
{
	const char *what = NULL;

	if (isfinite(t->cost.max_monthly) || isfinite(t->cost.max_daily))
		what = isfinite(t->cost.max_monthly) ? "max_monthly_cost"
						     : "max_daily_cost";
	else if (t->approval.scale_up_above >= 0 ||
	    t->approval.step_above >= 0 || isfinite(t->approval.cost_above))
		what = "approval";
	else if (t->paused != PAUSE_NO)
		what = "paused";
	else if (t->policy.over_max != OVER_MAX_CLAMP)
		what = "over_max";
	else if (t->n_types > 0)
		what = "type";
	if (what != NULL)
		die("target '%s': '%s' cannot be replayed", t->name, what);
}

static void
put_frontier(struct buf *b, const struct series *s, enum strategy k,
    const struct contest_point *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(
		    b, "{\"type\":\"frontier\",\"metric\":%s", s->metric);
		record_put_str(b, "strategy", strategy_names[k]);
		record_put_str(b, "setting", p[i].setting);
		record_put_num(b, "train_instances", p[i].train_cost);
		record_put_num(b, "train_overload", p[i].train_over);
		record_put_num(b, "test_instances", p[i].test_cost);
		record_put_num(b, "test_overload", p[i].test_over);
		buf_str(b, "}\n");
	}
}

static void
on_decision(void *ctx, const struct decision *d, const struct forecast *f)
{
	(void)f;
	decision_write(ctx, d);
	buf_char(ctx, '\n');
}

/* What as-decide would have been given, too */
static void
on_inputs(void *ctx, const struct decision *d, const struct forecast *f)
{
	struct forecast bare = *f;

	bare.H = 0; /* decisions rest on the windows alone */
	state_write(ctx, &d->observed);
	buf_char(ctx, '\n');
	forecast_write(ctx, &bare);
	buf_char(ctx, '\n');
	on_decision(ctx, d, f);
}

/* 0, or -1 with *why: too little history */
static int
replay_series(const struct options *o, const struct series *s,
    const struct replay *r, const struct replay *also,
    const struct conf_target *t, struct buf *out, const char **why)
{
	struct contest_result res;
	struct contest c;

	if (contest_shape(&c, r, t, o->train, why) != 0)
		return -1;
	c.also = also;
	if (o->table)
		outcome_head(out, s, &c);
	for (int k = 0; k < STRATEGIES; k++) {
		struct contest_point *p = NULL;
		enum strategy which = (enum strategy)k;
		size_t n = 0;

		if (o->chosen && !o->strategy[k])
			continue;
		progress((size_t)k, STRATEGIES, strategy_names[k]);
		if (o->frontier && contest_frontier(&c, which, &p, &n) != 0)
			die("out of memory");
		put_frontier(out, s, which, p, n);
		free(p);
		if (contest_run(&c, which, &res,
			o->inputs	   ? on_inputs
			    : o->decisions ? on_decision
					   : NULL,
			out) != 0)
			die("strategy '%s': out of memory, or too many "
			    "instances",
			    strategy_names[k]);
		if (o->table)
			outcome_row(out, &c, &res);
		else
			outcome_write(out, s, &c, &res);
		if (out->failed || out_write(out->s, out->len) != 0)
			exit(STATUS_FAILED);
		buf_clear(out);
	}
	progress_end();
	return 0;
}

/* 0, or -1: the series cannot be replayed, which was said */
static int
replay_one(const struct options *o, struct series *s, struct buf *out)
{
	double step = isfinite(o->step) ? o->step : grid_step(s);
	struct replay r = { 0 }, also = { 0 };
	struct replay_options ro;
	struct conf_target t;
	struct grid g;
	const char *why = "fewer than two samples";
	int e;

	if (o->stamp_start && isfinite(step))
		for (size_t i = 0; i < s->n; i++)
			s->t[i] += (int64_t)llround(step * 1000);
	if (s->n < 2 || grid_make(&g, s, step, &why) != 0)
		goto refuse;
	settings_for(&t, o, s, &g);
	refuse_unreplayed(&t);
	if (t.decision_interval < g.step)
		t.decision_interval = g.step;
	ro = (struct replay_options){ .late = (size_t)lround(o->delay / g.step),
		.method = o->any ? NULL : o->method,
		.from = contest_begin(&g, o->train),
		.threads = (unsigned)o->threads,
		.progress = progress };
	e = replay_prepare(&r, &g, &t, &ro, &why);
	ro.method = o->method;
	if (e == 0 && o->any)
		e = replay_prepare(&also, &g, &t, &ro, &why);
	if (e == 0)
		e = replay_series(
		    o, s, &r, o->any ? &also : NULL, &t, out, &why);
	replay_free(&r);
	replay_free(&also);
	grid_free(&g);
	conf_target_free(&t);
	if (e == 0)
		return 0;
refuse:
	warn("series '%s' of '%s': %s", s->name, s->target, why);
	return -1;
}

static int
at_end(void *ctx, struct buf *out)
{
	struct options *o = ctx;
	int status = STATUS_OK;

	if (series_set_finish(&o->set_of_series) != 0)
		die("out of memory");
	for (size_t i = 0; i < o->set_of_series.n; i++) {
		struct series *s = &o->set_of_series.s[i];

		if (o->set[14] != NULL && strcmp(o->set[14], s->target) != 0)
			continue;
		if (replay_one(o, s, out) != 0)
			status = STATUS_REFUSED;
	}
	return status;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Replay recorded load through scaling strategies, ours among "
		"them, and tell what each would have cost and how long it "
		"would have been overloaded.",
		args_children, NULL, NULL };
	static const struct filter filter = { on_record, at_end };
	struct options o = { .threads = args_processors() };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status;

	args_conf_there(&o.common);
	status = filter_run(&filter, files, &o.common, &o);
	series_set_free(&o.set_of_series);
	free(o.common.conf);
	return status;
}
