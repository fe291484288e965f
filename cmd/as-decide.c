/*
 * as-decide - decide how many instances are wanted, and say why
 * Use: as-decide(1). Shapes on the pipe: as-records(5). Settings: as.conf(5).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "io/out.h"
#include "io/report.h"
#include "policy/inbox.h"

enum {
	KEY_INSTANCES = ARGS_OWN,
	KEY_TARGET_NAME,
	KEY_CHECK,
	KEY_EXPLAIN,
	KEY_SATURATES,
	KEY_SETTING /* settings by their name, as conf_set knows them */
};

struct options {
	struct args_common common;
	long instances; /* -1: not given */
	const char *target_name;
	int check, explain;
	char **settings; /* name, value, name, value, ... */
	size_t n_settings;
	struct conf conf;
	struct inbox *inbox;
};

#define SET(NAME, ARG, DOC, GROUP)                                             \
	{                                                                      \
		NAME, KEY_SETTING + __COUNTER__, ARG, 0, DOC, GROUP            \
	}

static const struct argp_option table[] = {
	{ NULL, 0, NULL, 0, "The target:", 1 },
	{ "instances", KEY_INSTANCES, "COUNT", 0,
	    "So many run now, unless a state record says how many (default: "
	    "not "
	    "known)",
	    1 },
	{ "target-name", KEY_TARGET_NAME, "NAME", 0,
	    "Decide for this target (default: all of -c; without -c the one "
	    "that records are about, else 'default')",
	    1 },
	SET("mode", "monitor|auto",
	    "Whether as-apply may act (default monitor)", 1),
	SET("paused", "no|both|up|down", "Change nothing that way (default no)",
	    1),
	SET("state", "DIR", "The journal is in DIR: what was changed of late",
	    1),
	{ NULL, 0, NULL, 0, "The one signal of a one-liner:", 2 },
	SET("capacity", "LOAD", "What one instance carries, in the load's unit",
	    2),
	SET("target", "SHARE", "Share of that to plan for (default 60%)", 2),
	SET("emergency", "SHARE",
	    "Share of what the ready carry at which to act at once (default "
	    "90%)",
	    2),
	{ "saturates", KEY_SATURATES, NULL, 0,
	    "The load cannot be measured beyond the capacity (CPU)", 2 },
	{ NULL, 0, NULL, 0, "The policy:", 3 },
	SET("min-instances", "COUNT", "Never fewer (default 1)", 3),
	SET("max-instances", "COUNT", "Never more (default 10)", 3),
	SET("slo", "SHARE", "Share of time within capacity (default 99%)", 3),
	SET("forecast", "yes|no",
	    "By the forecast, or by the load alone (default yes)", 3),
	SET("quantile", "SHARE", "Of past errors (default: what --slo says)",
	    3),
	SET("overload-price", "MONEY",
	    "Instead of --slo: what an overloaded hour costs", 3),
	SET("boot-time", "DURATION",
	    "Until a new instance serves (default 60s)", 3),
	SET("decision-interval", "DURATION",
	    "How often decisions are made (default 1m)", 3),
	SET("stabilisation", "DURATION",
	    "Proposals of so long must agree on a removal (default 10m)", 3),
	SET("drop-hold", "DURATION",
	    "No removal for so long after a suspicious drop (default 30m)", 3),
	SET("panic", "FACTOR",
	    "Times as many where a load that saturates does (default 1.5)", 3),
	SET("scale-down-cooldown", "DURATION",
	    "No removal for so long after a change (default 5m)", 3),
	SET("max-step-up", "COUNT|SHARE",
	    "Most to add at once, but in an emergency (default 100%)", 3),
	SET("max-step-down", "COUNT|SHARE",
	    "Most to remove at once (default 100%)", 3),
	SET("max-changes-per-hour", "COUNT",
	    "Then only what load needs now (default none)", 3),
	SET("max-changes-per-day", "COUNT", "The same in a day (default none)",
	    3),
	SET("min-ready", "COUNT", "Keep so many in service (default 1)", 3),
	SET("stale-after", "DURATION",
	    "No removal on older samples (default 3m or 3 steps)", 3),
	SET("missing-deadline", "DURATION",
	    "How long a missing signal keeps instances (default 30m)", 3),
	SET("fallback-target", "SHARE",
	    "Share to plan for without a forecast (default 70%)", 3),
	SET("fallback-instances", "COUNT",
	    "Have so many where nothing is known (default none)", 3),
	SET("tolerance-up", "SHARE",
	    "Add nothing for so much more than what runs carries (default 0%)",
	    3),
	SET("tolerance-down", "SHARE",
	    "Remove nothing that is no more than this share (default 0%)", 3),
	SET("over-max", "clamp|ask|raise",
	    "Where more than the maximum is wanted (default clamp)", 3),
	SET("max-raise", "COUNT|SHARE", "How far beyond it, then (default 20%)",
	    3),
	SET("raise-until", "TIME",
	    "Until when it may be raised, in UTC (default: not at all)", 3),
	{ NULL, 0, NULL, 0, "Money and consent:", 4 },
	SET("cost-per-instance", "MONEY",
	    "A month of one instance (default: not known)", 4),
	SET("cost-per-hour", "MONEY",
	    "An hour of one instance, instead of a month", 4),
	SET("monthly-cap", "MONEY",
	    "The most that such hours cost in a month (default none)", 4),
	SET("currency", "CODE", "Of all money (default USD)", 4),
	SET("max-monthly-cost", "MONEY", "The budget of a month (default none)",
	    4),
	SET("max-daily-cost", "MONEY", "The budget of a day (default none)", 4),
	SET("over-budget", "hold|ask|protect",
	    "What to do where it does not suffice (default hold)", 4),
	SET("billing", "second|minute|hour|month",
	    "What is paid for when begun (default second)", 4),
	SET("billing-minimum", "DURATION",
	    "What is paid for at the least (default none)", 4),
	SET("scale-up-above", "COUNT",
	    "A person has to agree to more (default none)", 4),
	SET("step-above", "COUNT",
	    "A person has to agree to larger steps (default none)", 4),
	SET("cost-above", "MONEY",
	    "... to more money a month at once (default none)", 4),
	SET("approve-emergency", "automatic|required",
	    "... to emergencies too (default automatic)", 4),
	SET("approval-expires", "DURATION",
	    "How long consent is waited for (default 15m)", 4),
	{ NULL, 0, NULL, 0, "Looking:", 5 },
	{ "check", KEY_CHECK, NULL, 0,
	    "Check the settings, show them and where each comes from, and end",
	    5 },
	{ "explain", KEY_EXPLAIN, NULL, 0,
	    "Say every vote in words on standard error", 5 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char *
name_of(int key)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) - 1; i++)
		if (table[i].key == key)
			return table[i].name;
	return NULL;
}

static void
add_setting(struct options *o, const char *name, char *value)
{
	char *copy = strdup(name);

	if (copy == NULL)
		die("out of memory");
	args_list(&o->settings, &o->n_settings, copy);
	args_list(&o->settings, &o->n_settings, value);
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	static char yes[] = "yes";

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case KEY_INSTANCES:
		o->instances =
		    args_count(state, "instances", arg, 0, NEED_MOST);
		return 0;
	case KEY_TARGET_NAME:
		o->target_name = arg;
		return 0;
	case KEY_CHECK:
		o->check = 1;
		return 0;
	case KEY_EXPLAIN:
		o->explain = 1;
		return 0;
	case KEY_SATURATES:
		add_setting(o, "saturates", yes);
		return 0;
	default:
		if (key < KEY_SETTING || name_of(key) == NULL)
			return ARGP_ERR_UNKNOWN;
		add_setting(o, name_of(key), arg);
		return 0;
	}
}

/* Is this setting one that makes sense for several targets at once? */
static int
is_common(const char *name)
{
	return strcmp(name, "mode") == 0 || strcmp(name, "paused") == 0 ||
	    strcmp(name, "state") == 0;
}

static void
set_all(struct options *o, struct conf_target *t)
{
	struct buf why = { 0 };

	for (size_t i = 0; i < o->n_settings; i += 2) {
		const char *name = o->settings[i];

		if (o->conf.n > 1 && !is_common(name))
			die("--%s is for one target, and the files have %zu: "
			    "choose with --target-name",
			    name, o->conf.n);
		if (conf_set(t, name, o->settings[i + 1], &why) != 0)
			die("%s", why.len > 0 ? why.s : "out of memory");
	}
	if (conf_check(t, &why) != 0)
		die("%s", why.len > 0 ? why.s : "out of memory");
	buf_free(&why);
}

/* With --target-name only that one stays */
static void
choose(struct options *o)
{
	struct conf *c = &o->conf;
	size_t kept = 0;

	if (o->target_name == NULL)
		return;
	if (conf_find(c, o->target_name) == NULL)
		die("no target '%s' in the files", o->target_name);
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->targets[i].name, o->target_name) == 0)
			c->targets[kept++] = c->targets[i];
		else
			conf_target_free(&c->targets[i]);
	c->n = kept;
}

static void
look_at(const struct options *o, const struct conf_target *t)
{
	size_t capacity = 0;

	for (size_t i = 0; i < t->n_signals; i++)
		if (!isnan(t->signals[i].capacity))
			capacity++;
	if (capacity == 0 && o->common.n_conf == 0)
		die("--capacity is needed: what one instance carries, in the "
		    "unit of the load; or a file with -c");
	if (capacity == 0)
		die("target '%s' has no signal with 'capacity': what one "
		    "instance carries, in the unit of the load",
		    t->name);
	if (t->n_signals > DECISION_INPUTS)
		die("target '%s' has more than %d signals", t->name,
		    DECISION_INPUTS);
	if (t->state_dir == NULL &&
	    (t->policy.max_changes_per_hour >= 0 ||
		t->policy.max_changes_per_day >= 0))
		warn("target '%s': without a state folder changes cannot be "
		     "counted: no limit per hour or day",
		    t->name);
}

static void
load(struct options *o)
{
	struct buf why = { 0 };
	struct conf *c = &o->conf;
	int status;

	if (o->common.n_conf > 0) {
		status = conf_load(c, o->common.conf, o->common.n_conf, &why);
	} else {
		c->targets = calloc(1, sizeof(*c->targets));
		if (c->targets == NULL)
			die("out of memory");
		status = conf_default(c->targets,
		    o->target_name != NULL ? o->target_name : "default", &why);
		c->n = 1;
	}
	if (status != 0)
		die("%s", why.len > 0 ? why.s : "out of memory");
	buf_free(&why);
	choose(o);
	for (size_t i = 0; i < c->n; i++) {
		set_all(o, &c->targets[i]);
		look_at(o, &c->targets[i]);
	}
	if (o->instances >= 0 && c->n > 1)
		die("--instances is for one target, and the files have %zu",
		    c->n);
}

static void
show_settings(const struct options *o)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < o->conf.n; i++)
		conf_print(&o->conf.targets[i], &out);
	if (out.failed)
		die("out of memory");
	if (out_write(out.s, out.len) != 0)
		exit(STATUS_FAILED); /* the check at exit says why */
	buf_free(&out);
}

static enum take
take_record(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct options *o = ctx;
	int taken = inbox_take(o->inbox, r, why);

	(void)out;
	return taken > 0 ? TAKE_DONE : taken == 0 ? TAKE_PASS : TAKE_BAD;
}

static void
explain(const struct decision *d, const struct decide_trace *trace)
{
	struct buf words = { 0 };
	char *rest, *line;

	decide_explain(d, trace, &words);
	for (rest = words.s; rest != NULL &&
	     (line = strsep(&rest, "\n")) != NULL && *line != '\0';)
		warn("%s: %s", d->target, line);
	buf_free(&words);
}

static int
end(void *ctx, struct buf *out)
{
	struct options *o = ctx;
	struct decide_trace trace;
	struct buf why = { 0 }, line = { 0 }, basis = { 0 };
	const struct inbox_basis to = {
		{ o->settings, o->n_settings, o->common.n_conf > 0 }, &basis
	};
	struct decision d;

	for (size_t i = 0; i < o->conf.n; i++) {
		if (inbox_decide(
			o->inbox, i, clock_now(), &d, &trace, &to, &why) != 0)
			die("%s", why.s);
		if (why.len > 0)
			warn("%s", why.s);
		buf_clear(&why);
		if (o->explain)
			explain(&d, &trace);
		decision_write(&line, &d);
		if (line.failed || basis.failed)
			die("out of memory");
		json_splice(line.s, line.len, basis.s, out);
		buf_char(out, '\n');
		buf_clear(&line);
		buf_clear(&basis);
	}
	buf_free(&basis);
	buf_free(&line);
	buf_free(&why);
	return STATUS_OK;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Decide how many instances are wanted, and say why.",
		args_children, NULL, NULL };
	static const struct filter filter = { take_record, end };
	struct options o = { .instances = -1 };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status = STATUS_OK;

	load(&o);
	if (o.check) {
		show_settings(&o);
	} else {
		o.inbox = inbox_new(
		    &o.conf, o.common.n_conf == 0, o.target_name != NULL);
		if (o.inbox == NULL)
			die("out of memory");
		inbox_count(o.inbox, o.instances);
		status = filter_run(&filter, files, &o.common, &o);
	}
	inbox_free(o.inbox);
	conf_free(&o.conf);
	for (size_t i = 0; i < o.n_settings; i += 2)
		free(o.settings[i]);
	free(o.settings);
	free(o.common.conf);
	return status;
}
