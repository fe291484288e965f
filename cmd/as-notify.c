/*
 * as-notify - tell people what was decided and done
 * Use: as-notify(1). Shapes on the pipe: as-records(5).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "channel/dispatch.h"
#include "channel/memory.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "conf/event.h"
#include "io/file.h"
#include "io/out.h"
#include "io/report.h"
#include "record/journal.h"

#define URL_VARIABLE "ALERT_WEBHOOK_URL"

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
	KEY_STATE
};

struct options {
	struct args_common common;
	int dry_run, records, digest;
	unsigned on; /* 0: not given */
	char *channel, *url_env, *url_file, *state;
	double repeat_after, timeout; /* s; repeat_after -1: not given */
	long retries;
};

/* One channel of one target, or of all */
struct way {
	const char *target; /* NULL: whatever the target */
	const char *name, *kind, *state;
	unsigned on;
	double repeat_after;
	int digest;
	struct channel *channel; /* NULL: it cannot be used */
	char *said; /* the newest failure that was reported */
	size_t unsent;
};

struct run {
	struct options o;
	struct conf conf;
	struct way *ways;
	size_t n_ways;
	int seen; /* a record came */
	size_t untold; /* of interest, but there is nobody to tell */
	struct dispatch *dispatch;
	struct memory *memory;
	int status;
};

static const struct argp_option table[] = {
	{ "dry-run", 'n', NULL, 0,
	    "Send nothing; say on standard error what would be sent", 1 },
	{ "on", KEY_ON, "LIST", 0,
	    "Tell of these only, with commas between them: scale_up, "
	    "scale_down, emergency_scale, maintain, hold, applied, unchanged, "
	    "dry-run, monitor, pending, refused, failed, stopped, anomaly, all "
	    "(default: scale_up,scale_down,emergency_scale,pending,failed,"
	    "stopped)",
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
	    "How long one try, and the wait before another, may take (default "
	    "10s)",
	    2 },
	{ "retries", KEY_RETRIES, "COUNT", 0,
	    "How often to try again (default 2)", 2 },
	{ "state", KEY_STATE, "DIR", 0,
	    "Keep in the journal in DIR what was sent", 3 },
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

	bad = read_events(arg, &o->on, &len);
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
		o->dry_run = 1;
		return 0;
	case KEY_ON:
		set_on(state, o, arg);
		return 0;
	case KEY_REPEAT:
		o->repeat_after = args_duration(state, "repeat-after", arg);
		return 0;
	case KEY_DIGEST:
		o->digest = 1;
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
		o->records = 1;
		return 0;
	case KEY_TIMEOUT:
		o->timeout = args_duration(state, "timeout", arg);
		if (!(o->timeout > 0))
			argp_error(state, "--timeout: not above 0");
		return 0;
	case KEY_RETRIES:
		o->retries = args_count(state, "retries", arg, 0, 100);
		return 0;
	case KEY_STATE:
		o->state = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The address, from wherever it is kept. 0, or -1 with a message. */
static int
find_url(const struct conf_notify *from, struct buf *url, struct buf *why)
{
	const char *name = from->url_env != NULL ? from->url_env : URL_VARIABLE;
	const char *s;

	if (from->url_file != NULL) {
		if (file_secret(from->url_file, url) != 0) {
			buf_printf(why, "cannot read '%s': %s", from->url_file,
			    errno == EPERM ? "others can read or write it "
					     "(chmod 600)"
					   : strerror(errno));
			return -1;
		}
	} else if (from->url_env == NULL && from->url != NULL) {
		buf_str(url, from->url);
	} else if ((s = getenv(name)) != NULL && *s != '\0') {
		buf_str(url, s);
	} else {
		buf_printf(why, "the environment has no %s", name);
		return -1;
	}
	while (url->len > 0 && strchr(" \t\r\n", url->s[url->len - 1]) != NULL)
		url->s[--url->len] = '\0';
	return 0;
}

/* A way that cannot be used is said, but records pass all the same: who cannot
 * tell must not keep others from acting. */
static void
open_way(struct run *r, struct way *w, const struct conf_notify *from)
{
	struct channel_settings s = { .name = w->name,
		.timeout = r->o.timeout,
		.retries = r->o.retries,
		.records = r->o.records || from->body == CONF_BODY_RECORD,
		.conf = from };
	struct buf url = { 0 }, why = { 0 };

	if (!channel_wants_url(w->kind, from) ||
	    find_url(from, &url, &why) == 0) {
		s.url = url.s;
		w->channel = channel_open(w->kind, &s, &why);
	}
	if (w->channel != NULL &&
	    dispatch_add(
		r->dispatch, w->channel, w->digest, channel_patience(&s)) != 0)
		die("out of memory");
	if (w->channel == NULL && !r->o.dry_run) {
		warn("cannot tell '%s': %s", w->name,
		    why.s != NULL ? why.s : "out of memory");
		r->status = status_worse(r->status, STATUS_FAILED);
	}
	if (url.s != NULL)
		explicit_bzero(url.s, url.len);
	buf_free(&url);
	buf_free(&why);
}

/* conf_check has seen to it that they are events */
static unsigned
events_of_conf(const struct conf_notify *from)
{
	unsigned all = 0;

	for (size_t i = 0; i < from->n_on; i++)
		event_word(from->on[i], strlen(from->on[i]), &all);
	return all != 0 ? all : (unsigned)EVENT_USUAL;
}

static void
add_way(
    struct run *r, const struct conf_target *t, const struct conf_notify *from)
{
	struct way *more = realloc(r->ways, (r->n_ways + 1) * sizeof(*more));
	struct way *w;

	if (more == NULL)
		die("out of memory");
	r->ways = more;
	w = &r->ways[r->n_ways++];
	*w = (struct way){ .target = t != NULL ? t->name : NULL,
		.name = from->name,
		.kind = from->channel != NULL ? from->channel : "webhook",
		.on = r->o.on != 0 ? r->o.on : events_of_conf(from),
		.digest = r->o.digest || from->digest,
		.repeat_after = r->o.repeat_after >= 0 ? r->o.repeat_after
						       : from->repeat_after,
		.state = r->o.state };
	if (w->state == NULL && t != NULL)
		w->state = t->state_dir;
	open_way(r, w, from);
}

/* The way that options and the environment name, if they name one */
static int
plain_way(const struct options *o, struct conf_notify *n)
{
	static char webhook[] = "webhook";
	char *name = o->channel != NULL ? o->channel : webhook;

	*n = (struct conf_notify){ .name = name,
		.channel = name,
		.url_env = o->url_env,
		.url_file = o->url_file,
		.repeat_after = 3600 };
	return o->channel != NULL || o->url_env != NULL || o->url_file != NULL;
}

static void
find_ways(struct run *r)
{
	const char *url = getenv(URL_VARIABLE);
	struct conf_notify plain;
	int chosen = plain_way(&r->o, &plain);
	int known = chosen || r->o.dry_run || (url != NULL && *url != '\0');

	if (r->conf.n == 0 && known)
		add_way(r, NULL, &plain);
	for (size_t i = 0; i < r->conf.n; i++) {
		const struct conf_target *t = &r->conf.targets[i];

		if (chosen || (t->n_notifies == 0 && known)) {
			add_way(r, t, &plain);
			continue;
		}
		for (size_t k = 0; k < t->n_notifies; k++)
			add_way(r, t, &t->notifies[k]);
	}
}

/* In a thread of the dispatch's */
static void
done(void *ctx, size_t channel, const struct notice *n, const char *error)
{
	struct run *r = ctx;
	struct buf why = { 0 };
	struct way *w = NULL;

	for (size_t i = 0; i < r->n_ways; i++)
		if (r->ways[i].channel != NULL && channel-- == 0)
			w = &r->ways[i];
	if (w == NULL)
		return;
	if (error != NULL) {
		memory_failed(r->memory, w->name, n);
		w->unsent++;
		r->status = status_worse(r->status, STATUS_REMOTE);
		if (w->said == NULL || strcmp(w->said, error) != 0)
			warn("cannot tell '%s': %s", w->name, error);
		free(w->said);
		w->said = strdup(error);
	} else if (memory_sent(w->state, w->name, n, &why) != 0) {
		warn("%s", why.s != NULL ? why.s : "out of memory");
		r->status = status_worse(r->status, STATUS_FAILED);
	}
	buf_free(&why);
}

/* A dry run: what would go out */
static void
show(const struct way *w, const struct notice *n)
{
	struct buf b = { 0 };

	if (w->channel != NULL) {
		struct channel_message m = { n->text.s,
			n->record.len > 0 ? n->record.s : NULL, n };

		channel_show(w->channel, &m, &b);
	} else {
		buf_str(&b, "(no address is set) ");
		for (const char *c = n->text.s; *c != '\0'; c++)
			if (*c == '\n')
				buf_str(&b, " | ");
			else
				buf_char(&b, *c);
	}
	warn("would tell '%s': %s", w->name, b.failed ? "?" : b.s);
	buf_free(&b);
}

/* 1: w has not been told of n lately */
static int
is_news(struct run *r, const struct way *w, const struct notice *n)
{
	struct buf why = { 0 };
	int told;

	dispatch_lock(r->dispatch);
	told =
	    memory_told(r->memory, w->state, w->name, n, w->repeat_after, &why);
	if (told < 0) {
		warn("%s", why.s != NULL ? why.s : "out of memory");
		r->status = status_worse(r->status, STATUS_FAILED);
	}
	dispatch_unlock(r->dispatch);
	buf_free(&why);
	return told != 1;
}

/* The number that the dispatch has for w */
static size_t
number_of(const struct run *r, const struct way *w)
{
	size_t n = 0;

	for (const struct way *i = r->ways; i < w; i++)
		n += i->channel != NULL;
	return n;
}

/* Tells all whom it concerns; takes n. */
static void
tell(struct run *r, struct notice *n)
{
	for (size_t i = 0; i < r->n_ways; i++) {
		struct way *w = &r->ways[i];
		struct notice *copy;

		if ((w->on & n->events) == 0 ||
		    (w->target != NULL && strcmp(w->target, n->target) != 0) ||
		    !is_news(r, w, n))
			continue;
		if (r->o.dry_run) {
			show(w, n);
			continue;
		}
		if (w->channel == NULL)
			continue;
		copy = notice_copy(n);
		if (copy == NULL ||
		    dispatch_put(r->dispatch, number_of(r, w), copy) != 0) {
			notice_free(copy);
			dispatch_lock(r->dispatch);
			done(r, number_of(r, w), n, "too much waits already");
			dispatch_unlock(r->dispatch);
		}
	}
	if (r->n_ways == 0 && (n->events & (unsigned)EVENT_USUAL) != 0)
		r->untold++;
	notice_free(n);
}

static enum take
line(void *ctx, const struct record *rec, struct buf *out, struct buf *why)
{
	struct run *r = ctx;
	const char *text, *state = r->o.state;
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

static int
end(void *ctx, struct buf *out)
{
	struct run *r = ctx;

	(void)out;
	for (size_t i = 0; i < r->conf.n && !r->seen; i++) {
		struct notice *n =
		    notice_silence(r->conf.targets[i].name, clock_now());

		if (n == NULL)
			die("out of memory");
		tell(r, n);
	}
	dispatch_finish(r->dispatch, 0);
	for (size_t i = 0; i < r->n_ways; i++)
		if (r->ways[i].unsent > 0)
			warn("'%s' was not told of %zu", r->ways[i].name,
			    r->ways[i].unsent);
	if (r->untold > 0 && r->conf.n == 0)
		warn("nobody was told of %zu: set %s, or give a file with a "
		     "section 'notify' by -c",
		    r->untold, URL_VARIABLE);
	return r->status;
}

/* At every exit: what is in hand is finished first. */
static struct run run = {
	.o = { .repeat_after = -1, .timeout = 10, .retries = 2 }
};

static void
finish(void)
{
	if (run.dispatch != NULL)
		dispatch_finish(run.dispatch, 1);
}

static void
prepare(struct run *r)
{
	struct buf why = { 0 };
	double longest = 0;

	if (r->o.common.n_conf > 0 &&
	    conf_load(&r->conf, r->o.common.conf, r->o.common.n_conf, &why) !=
		0)
		die("%s", why.s != NULL ? why.s : "out of memory");
	journal_clock(); /* begins here, before there are threads */
	r->dispatch = dispatch_new(done, r);
	if (r->dispatch == NULL)
		die("out of memory");
	find_ways(r);
	for (size_t i = 0; i < r->n_ways; i++)
		if (r->ways[i].repeat_after > longest)
			longest = r->ways[i].repeat_after;
	r->memory = memory_new(longest);
	if (r->memory == NULL)
		die("out of memory");
}

static void
release(struct run *r)
{
	finish();
	dispatch_free(r->dispatch);
	r->dispatch = NULL;
	memory_free(r->memory);
	for (size_t i = 0; i < r->n_ways; i++) {
		channel_close(r->ways[i].channel);
		free(r->ways[i].said);
	}
	free(r->ways);
	conf_free(&r->conf);
	free(r->o.common.conf);
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
	status = filter_run(&f, files, &run.o.common, &run);
	release(&run);
	return status_worse(status, run.status);
}
