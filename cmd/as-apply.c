/*
 * as-apply - carry out decisions, or say what that would do
 * Use: as-apply(1). Shapes on the pipe: as-records(5).
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "io/out.h"
#include "io/report.h"
#include "target/apply.h"
#include "target/tune.h"

enum {
	KEY_MODE = ARGS_OWN,
	KEY_DRIVER,
	KEY_SERVICE,
	KEY_HOST,
	KEY_TIMEOUT,
	KEY_NO_VERIFY,
	KEY_NO_ROLLBACK,
	KEY_STATE,
	KEY_TARGET_NAME,
	KEY_INTERVAL,
	KEY_RESOURCES
};

struct options {
	struct args_common common;
	int dry_run, no_verify, no_rollback;
	enum apply_mode mode;
	char *driver, *service, *host, *state, *target_name;
	int resources; /* an enum conf_giving; -1: not given */
	double timeout, interval; /* seconds; -1: not given */
	struct conf conf; /* of -c */
	struct conf_target plain; /* defaults, where there is no -c */
	char *bound; /* the one target of a run without -c */
	int status; /* the worst so far */
};

static const struct argp_option table[] = {
	{ "dry-run", 'n', NULL, 0,
	    "Change nothing; say what request would be sent", 1 },
	{ "mode", KEY_MODE, "monitor|auto", 0,
	    "Act only with auto, and where the decision says auto, too "
	    "(default: the decision's own mode)",
	    1 },
	{ "driver", KEY_DRIVER, "NAME", 0,
	    "What is scaled: compose, digitalocean, docker, exec, file, "
	    "hetzner, kubernetes, lxd, nomad or swarm",
	    2 },
	{ "service", KEY_SERVICE, "NAME", 0,
	    "What the driver calls it: the path of a file, the name of a "
	    "service",
	    2 },
	{ "host", KEY_HOST, "URL", 0,
	    "Where the driver finds it: unix:///run/docker.sock, "
	    "tcp://manager:2376",
	    2 },
	{ "target-name", KEY_TARGET_NAME, "NAME", 0,
	    "Take decisions for the target NAME only (default: for those of "
	    "-c; without it, for the one that comes first)",
	    2 },
	{ "timeout", KEY_TIMEOUT, "TIME", 0,
	    "Wait at most TIME for a change to arrive (default 120s)", 2 },
	{ "no-verify", KEY_NO_VERIFY, NULL, 0,
	    "Do not wait for a change to arrive", 2 },
	{ "no-rollback", KEY_NO_ROLLBACK, NULL, 0,
	    "Leave a change that did not arrive as it is", 2 },
	{ "decision-interval", KEY_INTERVAL, "TIME", 0,
	    "Refuse decisions older than twice TIME (default 60s)", 2 },
	{ "resources", KEY_RESOURCES, "no|live|yes", 0,
	    "Give instances the CPU and memory of the decision: not at all, "
	    "where none restarts, or also where they do (default live)",
	    2 },
	{ "state", KEY_STATE, "DIR", 0, "Keep the journal and the locks in DIR",
	    2 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static enum apply_mode
mode_of(struct argp_state *state, const char *arg)
{
	return args_either(state, "mode", arg, "monitor", "auto")
	    ? APPLY_AUTO
	    : APPLY_MONITOR;
}

static int
giving_of(struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "no") == 0)
		return GIVE_NO;
	if (strcmp(arg, "live") == 0)
		return GIVE_LIVE;
	if (strcmp(arg, "yes") != 0)
		argp_error(state,
		    "--resources: '%s' is none of no, live and yes", arg);
	return GIVE_YES;
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case 'n':
		o->dry_run = 1;
		return 0;
	case KEY_MODE:
		o->mode = mode_of(state, arg);
		return 0;
	case KEY_DRIVER:
		o->driver = arg;
		return 0;
	case KEY_SERVICE:
		o->service = arg;
		return 0;
	case KEY_HOST:
		o->host = arg;
		return 0;
	case KEY_TARGET_NAME:
		o->target_name = arg;
		return 0;
	case KEY_TIMEOUT:
		o->timeout = args_duration(state, "timeout", arg);
		return 0;
	case KEY_INTERVAL:
		o->interval = args_duration(state, "decision-interval", arg);
		return 0;
	case KEY_NO_VERIFY:
		o->no_verify = 1;
		return 0;
	case KEY_RESOURCES:
		o->resources = giving_of(state, arg);
		return 0;
	case KEY_NO_ROLLBACK:
		o->no_rollback = 1;
		return 0;
	case KEY_STATE:
		o->state = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A signal that comes while something is being done lets it be finished. */
static volatile sig_atomic_t busy, stopped;

static void
on_signal(int number)
{
	stopped = number;
	if (busy)
		return;
	signal(number, SIG_DFL);
	raise(number);
}

static void
catch_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction a = { .sa_handler = on_signal };

	sigemptyset(&a.sa_mask);
	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
		struct sigaction old;

		/* nohup(1) and background jobs have them ignored */
		if (sigaction(numbers[k], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(numbers[k], &a, NULL);
	}
}

static void
settle(const struct options *o, const struct conf_target *t,
    struct apply_settings *s)
{
	*s = (struct apply_settings){ .apply = t->apply,
		.mode = o->mode,
		.decision_interval = t->decision_interval,
		.approval_expires = t->approval.expires,
		.state_dir = o->state != NULL ? o->state : t->state_dir,
		.dry_run = o->dry_run,
		.stop = &stopped,
		.tunes = t->tunes,
		.n_tunes = t->n_tunes,
		.resources = t->resources };
	if (o->resources >= 0)
		s->resources.apply = (enum conf_giving)o->resources;
	s->apply.billing = t->cost.billing;
	s->apply.minimum = t->cost.minimum;
	if (o->mode == APPLY_AS_SAID && t->mode_set)
		s->mode = t->mode == CONF_AUTO ? APPLY_AUTO : APPLY_MONITOR;
	if (o->driver != NULL)
		s->apply.driver = o->driver;
	if (o->service != NULL)
		s->apply.service = o->service;
	if (o->host != NULL)
		s->apply.host = o->host;
	if (o->timeout >= 0)
		s->apply.timeout = o->timeout;
	if (o->interval >= 0)
		s->decision_interval = o->interval;
	if (o->no_verify)
		s->apply.verify = 0;
	if (o->no_rollback)
		s->apply.rollback = 0;
}

/* The settings for a target, or what is wrong with it */
static const char *
find_settings(struct options *o, const char *target, struct apply_settings *s)
{
	const struct conf_target *t = &o->plain;

	if (o->target_name != NULL && strcmp(o->target_name, target) != 0)
		return "not the target of --target-name";
	if (o->common.n_conf > 0) {
		t = conf_find(&o->conf, target);
		if (t == NULL)
			return "no file of -c has this target";
	} else if (o->target_name == NULL && o->bound == NULL) {
		o->bound = strdup(target);
		if (o->bound == NULL)
			die("out of memory");
	} else if (o->target_name == NULL && strcmp(o->bound, target) != 0) {
		return "a second target; without -c there is but one";
	}
	settle(o, t, s);
	return NULL;
}

static void
say(const struct decision *d, const struct apply_result *r)
{
	const char *file;
	char *line, *rest = r->notes.s;
	size_t number;

	filter_where(&file, &number);
	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			warn_at(file, number, "%s", line);
	if (r->exit != STATUS_OK && r->error.len > 0)
		warn_at(file, number, "'%s': %s: %s", d->target,
		    apply_statuses[r->status], r->error.s);
	else if (r->error.len > 0)
		note("'%s': %s: %s", d->target, apply_statuses[r->status],
		    r->error.s);
}

/* The result leaves at once, before a signal that waits may end us. */
static void
deliver(struct options *o, const struct record *r, const struct decision *d,
    const struct apply_result *result)
{
	struct buf out = { 0 };

	apply_line(&out, r->line, r->len, result);
	buf_char(&out, '\n');
	if (out.failed)
		die("out of memory");
	say(d, result);
	o->status = status_worse(o->status, result->exit);
	if (out_write(out.s, out.len) != 0 || out_flush() != 0)
		exit(STATUS_FAILED);
	buf_free(&out);
}

static void
carry_out(struct options *o, const struct record *r, const struct decision *d)
{
	struct apply_result result = { .from = d->current,
		.to = d->recommended,
		.took_ms = -1,
		.confirmed = -1,
		.restored = -1,
		.expected = -1,
		.ready_s = NAN,
		.at = d->time };
	struct apply_settings s;
	const char *wrong = find_settings(o, d->target, &s);

	if (wrong == NULL) {
		apply_decision(&s, d, r, &result);
	} else {
		result.status = APPLY_REFUSED;
		result.exit = STATUS_REFUSED;
		buf_str(&result.error, wrong);
	}
	deliver(o, r, d, &result);
	apply_result_free(&result);
}

static enum take
each(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct options *o = ctx;
	struct decision d;
	const char *text, *file;
	size_t number;

	(void)out;
	if (r->type == RECORD_RESULT) {
		filter_where(&file, &number);
		warn_at(file, number,
		    "'%s': a result already, nothing is done for it",
		    record_target(r->json));
		o->status = status_worse(o->status, STATUS_REFUSED);
	}
	if (r->type != RECORD_DECISION)
		return TAKE_PASS;
	if (json_get(r->json, "result") != NULL) {
		buf_str(why, "a decision with a 'result' in it");
		return TAKE_BAD;
	}
	if (decision_read(&d, r->json, &text) != 0) {
		buf_str(why, text);
		return TAKE_BAD;
	}
	busy = 1;
	carry_out(o, r, &d);
	busy = 0;
	if (stopped) {
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return TAKE_DONE;
}

static int
at_end(void *ctx, struct buf *out)
{
	const struct options *o = ctx;

	(void)out;
	return o->status;
}

/* A driver that cannot work is an error of the options or of the file, found
 * before any decision comes. */
static void
try_driver(const struct options *o, const struct conf_target *t)
{
	struct apply_settings s;
	struct buf why = { 0 };
	struct target *target;

	settle(o, t, &s);
	if (tune_check(t->tunes, t->n_tunes, &why) != 0)
		die("target '%s': %s", t->name, why.s);
	if (s.apply.driver == NULL || *s.apply.driver == '\0')
		return;
	target = target_open(t->name, &s.apply, &why);
	if (target == NULL)
		die("target '%s': %s", t->name, why.s);
	target_close(target);
	buf_free(&why);
}

static void
load(struct options *o)
{
	const char *name = o->target_name != NULL ? o->target_name : "default";
	struct buf why = { 0 };
	size_t n = o->common.n_conf;

	if (n > 0 && conf_load(&o->conf, o->common.conf, n, &why) != 0)
		die("%s", why.s);
	if (n == 0 && conf_default(&o->plain, name, &why) != 0)
		die("%s", why.s);
	if (n > 0 && o->target_name != NULL &&
	    conf_find(&o->conf, o->target_name) == NULL)
		die("--target-name: the files have no target '%s'",
		    o->target_name);
	if (o->conf.n > 1 && o->target_name == NULL &&
	    (o->driver != NULL || o->service != NULL || o->host != NULL))
		die("--driver, --service and --host are for one target, and "
		    "the files have %zu",
		    o->conf.n);
	for (size_t k = 0; k < o->conf.n; k++)
		if (o->target_name == NULL ||
		    strcmp(o->target_name, o->conf.targets[k].name) == 0)
			try_driver(o, &o->conf.targets[k]);
	if (n == 0)
		try_driver(o, &o->plain);
	buf_free(&why);
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Carry out decisions: change the count of the target, read it "
		"back, write what came of it.",
		args_children, NULL, NULL };
	static const struct filter filter = { each, at_end };
	struct options o = { .common = { .stop_on_bad = 1 },
		.resources = -1,
		.timeout = -1,
		.interval = -1 };
	char **files = args_parse(&argp, ARGS_ACTOR, argc, argv, &o);
	int status;

	load(&o);
	catch_signals();
	status = filter_run(&filter, files, &o.common, &o);
	if (o.common.n_conf > 0)
		conf_free(&o.conf);
	else
		conf_target_free(&o.plain);
	free(o.common.conf);
	free(o.bound);
	return status;
}
