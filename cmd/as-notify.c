/*
 * as-notify - tell people what was decided and done
 * Use: as-notify(1). Shapes on the pipe: as-records(5).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "channel/address.h"
#include "channel/channel.h"
#include "channel/desk.h"
#include "channel/heartbeat.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "conf/event.h"
#include "io/out.h"
#include "io/report.h"
#include "record/journal.h"

enum {
	KEY_CHANNEL = ARGS_OWN,
	KEY_URL_ENV,
	KEY_URL_FILE,
	KEY_ON,
	KEY_RECORDS,
	KEY_DIGEST,
	KEY_REPEAT,
	KEY_TIMEOUT,
	KEY_RETRIES,
	KEY_STATE,
	KEY_HEARTBEAT,
	KEY_AFTER,
	KEY_CHECK
};

struct options {
	struct args_common common;
	struct desk_options desk;
	char *channel, *url_env, *url_file;
	int heartbeat, check;
	double after; /* s; 0: not given */
};

struct run {
	struct options o;
	struct conf conf;
	struct conf_notify plain; /* what options and the environment name */
	struct desk *desk;
	int seen; /* a record came */
	size_t untold; /* of interest, but there is nobody to tell */
	int status;
};

static const struct argp_option table[] = {
	{ "dry-run", 'n', NULL, 0,
	    "Send nothing; say on standard error what would be sent", 1 },
	{ "on", KEY_ON, "LIST", 0,
	    "Tell of these only, with commas between them: scale_up, "
	    "scale_down, emergency_scale, maintain, hold, applied, unchanged, "
	    "dry-run, monitor, pending, refused, failed, stopped, resumed, "
	    "changed-elsewhere, anomaly, all (default: scale_up,scale_down,"
	    "emergency_scale,pending,failed,stopped,resumed,"
	    "changed-elsewhere)",
	    1 },
	{ "repeat-after", KEY_REPEAT, "TIME", 0,
	    "Tell the same again only after TIME (default 1h)", 1 },
	{ "digest", KEY_DIGEST, NULL, 0,
	    "One message for all, at the end of the input", 1 },
	{ "channel", KEY_CHANNEL, "NAME", 0,
	    "The way to tell people: webhook (default), slack, discord, "
	    "dingtalk, ntfy, telegram, alertmanager, email, exec",
	    2 },
	{ "url-env", KEY_URL_ENV, "NAME", 0,
	    "The environment variable that holds the address (default "
	    "ALERT_WEBHOOK_URL)",
	    2 },
	{ "url-file", KEY_URL_FILE, "FILE", 0,
	    "A file that holds the address and that only its owner can read",
	    2 },
	{ "records", KEY_RECORDS, NULL, 0,
	    "Send the whole record along with the text", 2 },
	{ "timeout", KEY_TIMEOUT, "TIME", 0,
	    "How long one message may take, all tries together, and the end "
	    "of the run (default 10s)",
	    2 },
	{ "retries", KEY_RETRIES, "COUNT", 0,
	    "How often to try again (default 2)", 2 },
	{ "state", KEY_STATE, "DIR", 0,
	    "Keep in the journal in DIR what was sent, and in DIR/spool what "
	    "could not be",
	    3 },
	{ "heartbeat", KEY_HEARTBEAT, NULL, 0,
	    "Read no records: tell where nobody has decided of late, or does "
	    "again; exit 1 if somebody stopped",
	    4 },
	{ "heartbeat-after", KEY_AFTER, "TIME", 0,
	    "How old the newest decision may be (default three decision "
	    "intervals)",
	    4 },
	{ "check", KEY_CHECK, NULL, 0,
	    "Read no records and send nothing: check settings, templates, "
	    "addresses and secrets",
	    4 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

/* The words of a list with commas. Returns what is no event, or NULL. */
static const char *
read_events(const char *list, unsigned *events, size_t *len)
{
	*events = 0;
	for (const char *s = list;; s += *len + 1) {
		s += strspn(s, " ");
		*len = strcspn(s, ", ");
		if (event_word(s, *len, events) != 0)
			return s;
		if (s[*len] == '\0')
			return NULL;
	}
}

static void
set_on(struct argp_state *state, struct options *o, const char *arg)
{
	struct buf words = { 0 };
	const char *bad;
	size_t len;

	bad = read_events(arg, &o->desk.on, &len);
	if (bad == NULL)
		return;
	event_words(&words);
	argp_error(state, "--on: '%.*s' is none of %s", (int)len, bad,
	    words.failed ? "the events" : words.s);
}

static void
set_channel(struct argp_state *state, struct options *o, char *arg)
{
	struct buf kinds = { 0 };

	o->channel = arg;
	if (channel_known(arg))
		return;
	channel_kinds(&kinds);
	argp_error(state, "--channel: there is no '%s'; there is: %s", arg,
	    kinds.failed ? "webhook" : kinds.s);
}

static void
set_url_env(struct argp_state *state, struct options *o, char *arg)
{
	o->url_env = arg;
	if (*arg == '\0' || arg[strcspn(arg, "/:= ")] != '\0')
		argp_error(state,
		    "--url-env takes the name of an environment variable, "
		    "never an address: others could read it");
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = &((struct run *)state->input)->o;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case 'n':
		o->desk.dry_run = 1;
		return 0;
	case KEY_ON:
		set_on(state, o, arg);
		return 0;
	case KEY_REPEAT:
		o->desk.repeat_after =
		    args_duration(state, "repeat-after", arg);
		return 0;
	case KEY_DIGEST:
		o->desk.digest = 1;
		return 0;
	case KEY_CHANNEL:
		set_channel(state, o, arg);
		return 0;
	case KEY_URL_ENV:
		set_url_env(state, o, arg);
		return 0;
	case KEY_URL_FILE:
		o->url_file = arg;
		return 0;
	case KEY_RECORDS:
		o->desk.records = 1;
		return 0;
	case KEY_TIMEOUT:
		o->desk.timeout = args_duration(state, "timeout", arg);
		if (!(o->desk.timeout > 0))
			argp_error(state, "--timeout: not above 0");
		return 0;
	case KEY_RETRIES:
		o->desk.retries = args_count(state, "retries", arg, 0, 100);
		return 0;
	case KEY_STATE:
		o->desk.state = arg;
		return 0;
	case KEY_HEARTBEAT:
		o->heartbeat = o->desk.alarms = 1;
		return 0;
	case KEY_CHECK:
		o->check = 1;
		return 0;
	case KEY_AFTER:
		o->after = args_duration(state, "heartbeat-after", arg);
		if (!(o->after > 0))
			argp_error(state, "--heartbeat-after: not above 0");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The channel that options and the environment name, if they name one */
static int
plain_channel(const struct options *o, struct conf_notify *n)
{
	static char webhook[] = "webhook";
	char *name = o->channel != NULL ? o->channel : webhook;

	*n = (struct conf_notify){ .name = name,
		.channel = name,
		.url_env = o->url_env,
		.url_file = o->url_file,
		.repeat_after = 3600,
		.timeout = 10,
		.keep_unsent = 86400,
		.html = 1 };
	return o->channel != NULL || o->url_env != NULL || o->url_file != NULL;
}

static void
add(struct run *r, const struct conf_target *t, const struct conf_notify *n)
{
	if (desk_add(r->desk, t, n) != 0)
		die("out of memory");
}

static void
find_channels(struct run *r)
{
	const char *url = getenv(ADDRESS_VARIABLE);
	int chosen = plain_channel(&r->o, &r->plain);
	int known =
	    chosen || r->o.desk.dry_run || (url != NULL && *url != '\0');

	if (r->conf.n == 0 && known)
		add(r, NULL, &r->plain);
	for (size_t i = 0; i < r->conf.n; i++) {
		const struct conf_target *t = &r->conf.targets[i];

		if (chosen || (t->n_notifies == 0 && known)) {
			add(r, t, &r->plain);
			continue;
		}
		for (size_t k = 0; k < t->n_notifies; k++)
			add(r, t, &t->notifies[k]);
	}
}

static void
tell(struct run *r, struct notice *n)
{
	if (desk_channels(r->desk) == 0 &&
	    (n->events & (unsigned)EVENT_USUAL) != 0)
		r->untold++;
	desk_tell(r->desk, n);
}

static enum take
line(void *ctx, const struct record *rec, struct buf *out, struct buf *why)
{
	struct run *r = ctx;
	const char *text, *state = r->o.desk.state;
	struct notice *n;

	(void)out;
	for (size_t i = 0; i < r->conf.n; i++) {
		const struct conf_target *t = &r->conf.targets[i];

		if (state == NULL &&
		    strcmp(t->name, record_target(rec->json)) == 0)
			state = t->state_dir;
	}
	r->seen = 1;
	n = notice_new(rec, state, &text);
	if (text != NULL) {
		buf_str(why, text);
		return TAKE_BAD;
	}
	if (n == NULL)
		return TAKE_PASS;
	/* the record first, then people; once the reader has left, nothing */
	if (out_write(rec->line, rec->len) == 0 && out_write("\n", 1) == 0 &&
	    out_flush() == 0)
		tell(r, n);
	else
		notice_free(n);
	return TAKE_DONE;
}

static void
say_untold(const struct run *r)
{
	if (r->untold > 0 && r->conf.n == 0)
		warn("nobody was told of %zu: set %s, or give a file with a "
		     "section 'notify' by -c",
		    r->untold, ADDRESS_VARIABLE);
}

static int
end(void *ctx, struct buf *out)
{
	struct run *r = ctx;
	int status;

	(void)out;
	for (size_t i = 0; i < r->conf.n && !r->seen; i++) {
		struct notice *n =
		    notice_silence(r->conf.targets[i].name, clock_now());

		if (n == NULL)
			die("out of memory");
		tell(r, n);
	}
	status = desk_finish(r->desk, 0);
	say_untold(r);
	return status;
}

/* One target: does its heart beat? Its pulse is as long as the loop's. */
static int
feel(void *ctx, const char *dir, const char *target)
{
	struct run *r = ctx;
	const struct conf_target *t = conf_find(&r->conf, target);
	double after = r->o.after;
	struct buf why = { 0 };
	struct notice *n;
	int stopped;

	if (!(after > 0))
		after = t == NULL		? 180
		    : isnan(t->heartbeat_after) ? 3 * t->decision_interval
						: t->heartbeat_after;
	stopped = heartbeat_check(dir, target, after, &n, &why);
	if (stopped < 0)
		die("%s", why.s != NULL ? why.s : "out of memory");
	if (stopped) {
		r->status = STATUS_REFUSED;
		warn("%.*s", (int)strcspn(n->text.s, "\n"), n->text.s);
	}
	if (stopped || desk_channels(r->desk) > 0)
		tell(r, n);
	else
		notice_free(n);
	return 0;
}

static int
feel_one(void *ctx, const char *target)
{
	struct run *r = ctx;

	return feel(r, r->o.desk.state, target);
}

/* Of every target of the files, or of those that ever had a journal */
static int
heartbeat(struct run *r, char **files)
{
	const char *state = r->o.desk.state;
	struct buf why = { 0 };
	int status;

	if (*files != NULL)
		die("--heartbeat reads no records: '%s'", *files);
	if (r->conf.n == 0 && state == NULL)
		die("--heartbeat needs a state folder: --state, or -c");
	if (r->conf.n == 0 && journal_targets(state, feel_one, r, &why) != 0)
		die("%s", why.s != NULL ? why.s : "out of memory");
	for (size_t i = 0; i < r->conf.n; i++) {
		const struct conf_target *t = &r->conf.targets[i];

		if (state == NULL && t->state_dir == NULL)
			die("--heartbeat: target '%s' has no state folder: "
			    "give --state, or dir in its section state",
			    t->name);
		feel(r, state != NULL ? state : t->state_dir, t->name);
	}
	status = desk_finish(r->desk, 0);
	say_untold(r);
	return status_worse(status, r->status);
}

/* At every exit: what is in hand is finished first. */
static struct run run = { .o.desk = { .repeat_after = -1, .retries = 2 } };

static void
finish(void)
{
	if (run.desk != NULL)
		desk_finish(run.desk, 1);
}

static void
prepare(struct run *r)
{
	struct buf why = { 0 };

	if (r->o.common.n_conf > 0 &&
	    conf_load(&r->conf, r->o.common.conf, r->o.common.n_conf, &why) !=
		0)
		die("%s", why.s != NULL ? why.s : "out of memory");
	journal_clock(); /* begins here, before there are threads */
	r->desk = desk_new(&r->o.desk);
	if (r->desk == NULL)
		die("out of memory");
	find_channels(r);
	if (!r->o.check)
		desk_begin(r->desk);
}

static int
release(struct run *r)
{
	int status = desk_finish(r->desk, 1);

	desk_free(r->desk);
	r->desk = NULL;
	conf_free(&r->conf);
	free(r->o.common.conf);
	return status;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Pass records on and tell people of decisions, results and "
		"anomalies.",
		args_children, NULL, NULL };
	static const struct filter f = { line, end };
	char **files = args_parse(&argp, ARGS_ACTOR, argc, argv, &run);
	int status;

	prepare(&run);
	atexit(finish);
	if (run.o.check)
		status = STATUS_OK; /* or what was wrong: release says it */
	else if (run.o.heartbeat)
		status = heartbeat(&run, files);
	else
		status = filter_run(&f, files, &run.o.common, &run);
	return status_worse(status, release(&run));
}
