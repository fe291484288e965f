/*
 * as-tune - the quantile that suits a target's history, as settings
 * Use: as-tune(1). Shapes on the pipe: as-records(5). Settings: as.conf(5).
 */
#include <errno.h>
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
#include "io/file.h"
#include "io/out.h"
#include "io/report.h"
#include "policy/tune.h"
#include "record/series.h"

enum {
	KEY_OUTPUT = 'o',
	KEY_HOLDOUT = ARGS_OWN,
	KEY_GATE,
	KEY_FORMAT,
	KEY_METHOD,
	KEY_STEP,
	KEY_STAMP,
	KEY_SETTING /* and above: settings, in the order of `settings` */
};

static const char *const settings[] = { "target-name", "capacity", "target",
	"slo", "min-instances", "max-instances", "boot-time",
	"decision-interval", "cost-per-instance", "currency", "state", NULL };
enum { SETTINGS = 11 };

/* Seconds that nobody is to wait longer than for want of a better guess: the
 * first holds up the loop, the second costs what an idle machine does. */
enum { WAIT_MOST = 1800, ORPHAN_MOST = 14400 };

struct options {
	struct args_common common;
	const char *output;
	double holdout, step;
	int gate, table, stamp_start;
	int any; /* by online or the forest, whichever does better */
	const struct method *method; /* NULL: online */
	const char *set[SETTINGS];
	struct conf conf;
	struct series_set all;
	struct buf overlay;
	const char *overlaid; /* the target that the overlay is for */
	const char *by; /* the method, where it was chosen */
	double quantile; /* the highest of its signals' */
	int tuned, refused;
};

static const struct argp_option table[] = {
	{ "output", KEY_OUTPUT, "FILE", 0,
	    "Write the settings there, all at once (default: write none, only "
	    "tell). Where -c reads it as well, it is not read here",
	    1 },
	{ "gate", KEY_GATE, NULL, 0,
	    "Let the rule without a forecast win where it is more than 1 % "
	    "cheaper",
	    1 },
	{ "holdout", KEY_HOLDOUT, "SHARE", 0,
	    "Share of the history that proves what tuning on the rest is worth "
	    "(default 40%)",
	    1 },
	{ "format", KEY_FORMAT, "records|table", 0,
	    "What to print (default records)", 1 },
	{ "method", KEY_METHOD, "NAME", 0,
	    "Forecasts to replay with: online (default), or one that is "
	    "trained anew every day, such as forest; auto: choose between "
	    "these two as well",
	    1 },
	{ "step", KEY_STEP, "DURATION", 0,
	    "Replay in steps of DURATION (default: the series' own)", 1 },
	{ "stamp", KEY_STAMP, "start|end", 0,
	    "What a sample's time is of the interval that it covers (default "
	    "end)",
	    1 },
	{ "target-name", KEY_SETTING, "NAME", 0,
	    "Only the series of this target", 2 },
	{ "capacity", KEY_SETTING + 1, "LOAD", 0,
	    "What one instance carries, in the unit of the load", 2 },
	{ "target", KEY_SETTING + 2, "SHARE", 0,
	    "Share of the capacity that may be planned for (default 60%)", 2 },
	{ "slo", KEY_SETTING + 3, "SHARE", 0,
	    "Share of time that the load is to be carried (default 99%)", 2 },
	{ "min-instances", KEY_SETTING + 4, "N", 0, "(default 1)", 2 },
	{ "max-instances", KEY_SETTING + 5, "N", 0, "(default 10)", 2 },
	{ "boot-time", KEY_SETTING + 6, "DURATION", 0,
	    "The least time until a new instance serves (default 60s)", 2 },
	{ "decision-interval", KEY_SETTING + 7, "DURATION", 0,
	    "Time between decisions (default 1m, at least the step)", 2 },
	{ "cost-per-instance", KEY_SETTING + 8, "MONEY", 0,
	    "A month of one instance", 2 },
	{ "currency", KEY_SETTING + 9, "CODE", 0, "(default USD)", 2 },
	{ "state", KEY_SETTING + 10, "DIR", 0,
	    "Where the journal is (default: none is read)", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case KEY_OUTPUT:
		o->output = arg;
		return 0;
	case KEY_GATE:
		o->gate = 1;
		return 0;
	case KEY_HOLDOUT:
		o->holdout = args_share(state, "holdout", arg);
		if (o->holdout < 0.1 || o->holdout > 0.8)
			argp_error(
			    state, "--holdout: '%s' is not 10%% to 80%%", arg);
		return 0;
	case KEY_FORMAT:
		o->table =
		    args_either(state, "format", arg, "records", "table");
		return 0;
	case KEY_METHOD:
		o->any = strcmp(arg, "auto") == 0;
		o->method = method_find(o->any ? "forest" : arg);
		if (o->method == NULL)
			argp_error(state, "--method: no method '%s'", arg);
		return 0;
	case KEY_STAMP:
		o->stamp_start =
		    args_either(state, "stamp", arg, "end", "start");
		return 0;
	case KEY_STEP:
		o->step = args_duration(state, "step", arg);
		return 0;
	default:
		if (key < KEY_SETTING || key >= KEY_SETTING + SETTINGS)
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
	return filter_series(&o->all, r, why);
}

/* The settings of the target of s, its first signal that of s. 0, or -1: s is
 * of no signal that asks for instances. */
static int
settings_for(
    struct conf_target *t, const struct options *o, const struct series *s)
{
	struct buf why = { 0 };
	struct conf c;
	size_t i = 0;

	if (o->common.n_conf == 0) {
		if (conf_default(t, s->target, &why) != 0)
			die("%s", why.s);
	} else {
		/* loaded anew: conf_set changes what it is given */
		if (conf_load_but(&c, o->common.conf, o->common.n_conf,
			o->output, &why) != 0)
			die("%s", why.s);
		if (conf_find(&c, s->target) == NULL)
			die("no settings for target '%s'", s->target);
		*t = *conf_find(&c, s->target);
		free(c.targets);
	}
	for (int k = 1; k < SETTINGS; k++)
		if (o->set[k] != NULL &&
		    conf_set(t, settings[k], o->set[k], &why) != 0)
			die("--%s: %s", settings[k], why.s);
	if (o->common.n_conf > 0)
		while (i < t->n_signals &&
		    strcmp(t->signals[i].name, s->name) != 0)
			i++;
	if (i == t->n_signals && o->common.n_conf > 0)
		return -1;
	if (t->n_signals == 0 || !isfinite(t->signals[i].capacity)) {
		if (o->common.n_conf > 0)
			return -1;
		die("the capacity of one instance is not known: give "
		    "--capacity, in the unit of the load");
	}
	if (i > 0) {
		struct conf_signal swap = t->signals[0];

		t->signals[0] = t->signals[i];
		t->signals[i] = swap;
	}
	if (conf_check(t, &why) != 0)
		die("%s", why.s);
	buf_free(&why);
	return 0;
}

/* What the journal has learnt: the boot time of t, and what may be overloaded
 */
static void
from_journal(struct conf_target *t, struct tune_boot *boot, double *allow,
    struct buf *budget)
{
	double spent = 0, left = 0, floor_s = t->policy.boot_time;
	struct buf why = { 0 };
	int e = 0;

	*boot = (struct tune_boot){ NAN, NAN, 0 };
	*allow = 0.7 * (1 - t->policy.slo);
	buf_printf(budget, "0.7 of what the slo allows: there is no journal");
	if (t->state_dir == NULL)
		return;
	if (tune_boot(t->state_dir, t->name, clock_now(), boot, &why) != 0)
		die("%s", why.s);
	if (boot->p95 > floor_s)
		t->policy.boot_time = boot->p95;
	e = tune_spent(t->state_dir, t->name, clock_now(), &spent, &left, &why);
	if (e < 0)
		die("%s", why.s);
	if (e == 1) {
		*allow = tune_budget(
		    t->policy.slo, TUNE_PERIOD_DAYS * 86400.0, left, spent);
		buf_clear(budget);
		buf_printf(budget,
		    "%.0f minutes of this month's %.0f are used up, %.1f days "
		    "are left",
		    spent / 60,
		    (1 - t->policy.slo) * TUNE_PERIOD_DAYS * 86400 / 60,
		    left / 86400);
	}
	buf_free(&why);
}

/* In words what prediction is worth here, and why */
static void
worth(struct buf *b, const struct tuned *u)
{
	if (isnan(u->saving))
		buf_str(b,
		    "what prediction saves here is not known: not both rules "
		    "kept the slo");
	else if (u->saving < 0.005)
		buf_str(b, "prediction saves nothing here");
	else
		buf_printf(
		    b, "prediction saves about %.0f %% here", 100 * u->saving);
	buf_printf(b, "; the load changes by %.2g instances while one boots%s",
	    u->dynamics,
	    u->dynamics < 0.1
		? ", and below 0.1 a target does as well as a forecast"
		: "");
}

static void
put_money(
    struct buf *b, const struct conf_target *t, const struct simulate_result *r)
{
	if (!isfinite(t->cost.per_instance))
		return;
	record_put_num(b, "cost", r->billed * 730 * billing_hour(&t->cost));
	record_put_str(b, "currency", t->cost.currency);
}

static void
put_record(struct buf *b, const struct series *s, const struct conf_target *t,
    const struct tuned *u, const struct tune_boot *boot, const char *budget)
{
	static const char *const rules[] = { "default", "quantile", "target" };
	struct buf text = { 0 };

	worth(&text, u);
	buf_printf(b, "{\"type\":\"tune\",\"metric\":%s", s->metric);
	record_put_str(b, "target", t->name);
	record_put_time(b, "time", clock_now());
	record_put_str(b, "rule", rules[u->rule]);
	record_put_num(b, "slo", t->policy.slo);
	record_put_num(b, "quantile", u->quantile);
	record_put_str(b, "method", u->method);
	if (u->rule == TUNE_TARGET) {
		record_put_num(b, "fallback_target", u->target);
		record_put_num(b, "stabilisation_s", u->stabilisation);
	}
	record_put_num(b, "allowed_overload", u->allow);
	record_put_str(b, "budget", budget);
	record_put_num(b, "boot_s", t->policy.boot_time);
	record_put_num(b, "boot_p95_s", boot->p95);
	record_put_num(b, "boot_p99_s", boot->p99);
	record_put_num(b, "boot_samples", (double)boot->n);
	record_put_num(b, "mean_instances", u->whole.instances);
	record_put_num(b, "overload_share", u->whole.overload);
	put_money(b, t, &u->whole);
	record_put_num(b, "dynamics_instances", u->dynamics);
	record_put_num(b, "saving", u->saving);
	record_put_str(b, "reason", u->why);
	record_put_str(b, "worth", text.s);
	record_put_key(b, "held_out");
	buf_char(b, '[');
	for (size_t i = 0; i < u->rows; i++) {
		const struct contest_result *r = &u->row[i];

		buf_printf(b, "%s{\"strategy\":\"%s\"", i > 0 ? "," : "",
		    strategy_names[r->strategy]);
		if (r->setting[0] != '\0')
			record_put_str(b, "setting", r->setting);
		record_put_num(b, "mean_instances", r->sim.instances);
		record_put_num(b, "overload_share", r->sim.overload);
		put_money(b, t, &r->sim);
		buf_char(b, '}');
	}
	buf_str(b, "]}\n");
	buf_free(&text);
}

static void
put_table(struct buf *b, const struct series *s, const struct conf_target *t,
    const struct tuned *u, const char *budget)
{
	buf_printf(b, "%s of %s: ", s->name, t->name);
	if (u->rule == TUNE_TARGET)
		buf_printf(b, "no forecast, target %.4g %%, held for %.0f s",
		    100 * u->target, u->stabilisation);
	else
		buf_printf(
		    b, "quantile %.5g, method %s", u->quantile, u->method);
	buf_printf(b,
	    "\n%s\n%.3g %% of the time may be overloaded: %s\n"
	    "all of the history: %.2f instances, overloaded %.3g %% of the "
	    "time\n",
	    u->why, 100 * u->allow, budget, u->whole.instances,
	    100 * u->whole.overload);
	worth(b, u);
	buf_printf(
	    b, "\n\n%-19s %9s %10s", "held out", "instances", "overloaded");
	if (isfinite(t->cost.per_instance))
		buf_printf(b, " %9s", t->cost.currency);
	buf_char(b, '\n');
	for (size_t i = 0; i < u->rows; i++) {
		const struct contest_result *r = &u->row[i];

		buf_printf(b, "%-19s %9.2f %8.2f %%",
		    strategy_names[r->strategy], r->sim.instances,
		    100 * r->sim.overload);
		if (isfinite(t->cost.per_instance))
			buf_printf(b, " %9.2f",
			    r->sim.billed * 730 * billing_hour(&t->cost));
		buf_printf(b, "  %s\n", r->setting);
	}
}

/* An order that takes longer than it is waited for would be given up and made
 * again, for ever. */
static void
put_patience(struct buf *b, const struct tune_boot *boot, const char *section,
    const char *key, double set, double most)
{
	double s = tune_patience(boot, set, most);
	char number[NUMBER_SIZE];

	if (s <= set)
		return;
	number_format(number, ceil(s * 10) / 10);
	buf_printf(b,
	    "%s {\n\t%s = %ss # 99 %% served in two thirds of that\n}\n",
	    section, key, number);
}

/* The settings of one target. With several signals the quantile is the highest
 * of theirs: every one of them has to be carried. */
static void
put_overlay(struct options *o, const struct conf_target *t,
    const struct series *s, const struct tuned *u, const struct tune_boot *boot)
{
	struct buf *b = &o->overlay, text = { 0 };
	char now[CLOCK_SIZE], number[NUMBER_SIZE];

	if (o->overlaid != NULL && strcmp(o->overlaid, s->target) != 0)
		die("-o holds one target, and there are '%s' and '%s': give "
		    "--target-name",
		    o->overlaid, s->target);
	if (o->overlaid != NULL && u->quantile <= o->quantile)
		return;
	o->overlaid = s->target;
	o->by = o->any ? u->method : NULL;
	o->quantile = u->quantile;
	buf_clear(b);
	worth(&text, u);
	buf_printf(b,
	    "# written by as-tune, %s; the next run replaces it\n"
	    "# %s: %s\n"
	    "# replayed: %.2f instances, overloaded %.3g %% of the time; "
	    "allowed %.3g %%\n"
	    "# %s\n"
	    "target %s {\n}\npolicy {\n",
	    clock_format(now, clock_now()), s->name, u->why, u->whole.instances,
	    100 * u->whole.overload, 100 * u->allow, text.s, t->name);
	if (o->by != NULL && u->rule != TUNE_TARGET)
		buf_printf(b, "\tmethod = %s\n", o->by);
	if (u->rule == TUNE_QUANTILE) {
		number_format(number, fmin(u->quantile, 0.9999));
		buf_printf(b, "\tquantile = %s\n", number);
	} else if (u->rule == TUNE_TARGET) {
		buf_str(b, "\tforecast = no\n");
		number_format(number, u->target);
		buf_printf(b, "\tfallback_target = %s\n", number);
		buf_printf(b, "\tstabilisation = %.0fs\n", u->stabilisation);
	}
	if (isfinite(boot->p95) && boot->p95 >= t->policy.boot_time) {
		number_format(number, ceil(boot->p95 * 10) / 10);
		buf_printf(b,
		    "\tboot_time = %ss # 95 %% of %zu orders served by then\n",
		    number, boot->n);
	}
	buf_str(b, "}\n");
	put_patience(b, boot, "apply", "timeout", t->apply.timeout, WAIT_MOST);
	put_patience(b, boot, "machine", "orphan_after",
	    t->apply.machine.orphan_after, ORPHAN_MOST);
	buf_free(&text);
}

/* 0, or -1: refused, which was said */
static int
tune_series(struct options *o, struct series *s, const struct grid *g,
    struct conf_target *t, struct buf *out)
{
	struct tune_options to = { .holdout = o->holdout, .gate = o->gate };
	struct replay_options ro = { .progress = progress,
		.method = o->any ? NULL : o->method,
		.from = contest_begin(g, 1 - o->holdout),
		.threads = (unsigned)args_processors() };
	struct replay r = { 0 }, also = { 0 };
	struct buf why = { 0 }, budget = { 0 };
	const char *text;
	struct tuned u;
	struct tune_boot boot;
	int e;

	from_journal(t, &boot, &to.allow, &budget);
	if (t->decision_interval < g->step)
		t->decision_interval = g->step;
	e = replay_prepare(&r, g, t, &ro, &text);
	if (e == 0 && o->any) {
		ro.method = o->method;
		e = replay_prepare(&also, g, t, &ro, &text);
		to.also = &also;
	}
	if (e != 0) {
		warn("'%s' of '%s' is not tuned: %s", s->name, s->target, text);
		buf_free(&budget);
		replay_free(&r);
		replay_free(&also);
		return -1;
	}
	e = tune(&u, &r, t, &to, &why);
	replay_free(&r);
	replay_free(&also);
	if (e != 0) {
		warn("'%s' of '%s' is not tuned, the quantile stays %.6g: %s",
		    s->name, s->target, t->policy.slo, why.s);
	} else {
		put_overlay(o, t, s, &u, &boot);
		if (o->table)
			put_table(out, s, t, &u, budget.s);
		else
			put_record(out, s, t, &u, &boot, budget.s);
	}
	buf_free(&why);
	buf_free(&budget);
	return e;
}

static int
tune_one(struct options *o, struct series *s, struct buf *out)
{
	double step = isfinite(o->step) ? o->step : grid_step(s);
	const char *text = "fewer than two samples";
	struct conf_target t;
	struct grid g;
	size_t n_types;
	int e;

	if (settings_for(&t, o, s) != 0)
		return 0; /* a guard, or advice only */
	if (o->stamp_start && isfinite(step))
		for (size_t i = 0; i < s->n; i++)
			s->t[i] += (int64_t)llround(step * 1000);
	if (s->n < 2 || grid_make(&g, s, step, &text) != 0) {
		warn("'%s' of '%s' is not tuned: %s", s->name, s->target, text);
		conf_target_free(&t);
		return -1;
	}
	/* what stops a decision from being carried out is not the rule's */
	t.cost.max_monthly = t.cost.max_daily = (double)NAN;
	t.approval.scale_up_above = t.approval.step_above = -1;
	t.approval.cost_above = (double)NAN;
	t.paused = PAUSE_NO;
	/* instances are counted, at the best price, whatever carries them */
	n_types = t.n_types;
	t.n_types = 0;
	o->tuned++;
	e = tune_series(o, s, &g, &t, out);
	t.n_types = n_types;
	grid_free(&g);
	conf_target_free(&t);
	return e;
}

static int
at_end(void *ctx, struct buf *out)
{
	struct options *o = ctx;

	if (series_set_finish(&o->all) != 0)
		die("out of memory");
	for (size_t i = 0; i < o->all.n; i++) {
		struct series *s = &o->all.s[i];

		if (o->set[0] != NULL && strcmp(s->target, o->set[0]) != 0)
			continue;
		o->refused += tune_one(o, s, out) != 0;
		if (out->failed || out_write(out->s, out->len) != 0)
			exit(STATUS_FAILED);
		buf_clear(out);
	}
	progress_end();
	if (o->output != NULL && o->refused == 0 && o->overlay.len > 0 &&
	    file_replace(o->output, o->overlay.s, o->overlay.len, 0644) != 0)
		die("cannot write '%s': %s", o->output, strerror(errno));
	if (o->output == NULL || (o->refused == 0 && o->overlay.len > 0))
		return o->refused > 0 ? STATUS_REFUSED : STATUS_OK;
	warn("'%s' stays as it was%s", o->output,
	    o->tuned == 0 ? ": no series to tune by" : "");
	return STATUS_REFUSED;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Find the quantile of past errors that keeps the slo at the "
		"least cost, by replaying recorded load, and write it as "
		"settings.",
		args_children, NULL, NULL };
	static const struct filter filter = { on_record, at_end };
	struct options o = { .holdout = 0.4, .step = (double)NAN };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status;

	args_conf_there(&o.common);
	status = filter_run(&filter, files, &o.common, &o);
	series_set_free(&o.all);
	buf_free(&o.overlay);
	free(o.common.conf);
	return status;
}
