/*
 * as-fetch - fetch load, and the count of instances, as records
 * Use: as-fetch(1). Shapes on the pipe: as-records(5). Settings: as.conf(5).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/status.h"
#include "cli/args.h"
#include "conf/conf.h"
#include "io/out.h"
#include "io/report.h"
#include "json/json.h"
#include "record/series.h"
#include "record/state.h"
#include "source/source.h"
#include "target/target.h"

enum {
	KEY_AGGREGATE = ARGS_OWN,
	KEY_BEARER,
	KEY_CA,
	KEY_CSV,
	KEY_DRIVER,
	KEY_END,
	KEY_HEADER,
	KEY_HOST,
	KEY_NAME,
	KEY_PASSWORD,
	KEY_RANGE,
	KEY_RETRIES,
	KEY_SERVICE,
	KEY_SOURCE,
	KEY_STEP,
	KEY_TARGET_NAME,
	KEY_TIMEOUT,
	KEY_UNIT,
	KEY_USERNAME
};

struct options {
	struct args_common common;
	const char *query, *name, *target_name, *unit;
	enum conf_aggregate aggregate;
	double range, step, timeout; /* s; NAN: as the settings say */
	int64_t end; /* ms; -1: now */
	long retries;
	const char *url, *source, *csv;
	const char *bearer_token_file, *ca_file, *username, *password_file;
	char **headers;
	size_t n_headers;
	const char *driver, *service, *host;
};

static const struct argp_option table[] = {
	{ NULL, 0, NULL, 0, "What to fetch:", 1 },
	{ "query", 'q', "QUERY", 0,
	    "Fetch what QUERY gives; with --csv the column of the value", 1 },
	{ "aggregate", KEY_AGGREGATE, "sum|avg|max", 0,
	    "Make one series of several", 1 },
	{ "range", KEY_RANGE, "DURATION", 0, "How far back (default 14d)", 1 },
	{ "step", KEY_STEP, "DURATION", 0, "Distance of samples (default 5m)",
	    1 },
	{ "end", KEY_END, "TIME", 0, "Up to TIME (default now)", 1 },
	{ "name", KEY_NAME, "NAME", 0,
	    "Label __name__ of the series (default load); with -c: only the "
	    "signal NAME",
	    1 },
	{ "target-name", KEY_TARGET_NAME, "NAME", 0,
	    "What the load is of (default default); with -c: only the target "
	    "NAME",
	    1 },
	{ "unit", KEY_UNIT, "UNIT", 0, "Label unit of the series", 1 },
	{ NULL, 0, NULL, 0, "Where from:", 2 },
	{ "url", 'u', "URL", 0,
	    "The server (default PROMETHEUS_URL, else "
	    "http://localhost:9090)",
	    2 },
	{ "csv", KEY_CSV, "FILE", 0, "Read time,value lines of FILE", 2 },
	{ "source", KEY_SOURCE, "TYPE", 0,
	    "prometheus (default), scrape, proc or csv", 2 },
	{ "timeout", KEY_TIMEOUT, "DURATION", 0,
	    "Longest wait for one answer (default 10s)", 2 },
	{ "retries", KEY_RETRIES, "N", 0,
	    "Try again N times, with growing pauses (default 2)", 2 },
	{ "bearer-token-file", KEY_BEARER, "FILE", 0, "Send the token in FILE",
	    2 },
	{ "username", KEY_USERNAME, "NAME", 0, "Basic authentication", 2 },
	{ "password-file", KEY_PASSWORD, "FILE", 0,
	    "The password that goes with --username", 2 },
	{ "header", KEY_HEADER, "NAME: VALUE", 0,
	    "Send this header too; may be given several times", 2 },
	{ "ca-file", KEY_CA, "FILE", 0,
	    "Trust the authorities in FILE (PEM) only", 2 },
	{ NULL, 0, NULL, 0, "Present count of instances:", 3 },
	{ "driver", KEY_DRIVER, "DRIVER", 0,
	    "Ask DRIVER for it: see as-apply(1)", 3 },
	{ "service", KEY_SERVICE, "NAME", 0, "What the driver calls the target",
	    3 },
	{ "host", KEY_HOST, "URL", 0, "Where the driver reaches it", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void
take_aggregate(struct argp_state *state, struct options *o, const char *arg)
{
	if (strcmp(arg, "sum") == 0)
		o->aggregate = AGGREGATE_SUM;
	else if (strcmp(arg, "avg") == 0)
		o->aggregate = AGGREGATE_AVG;
	else if (strcmp(arg, "max") == 0)
		o->aggregate = AGGREGATE_MAX;
	else
		argp_error(
		    state, "--aggregate: '%s' is none of sum, avg, max", arg);
}

static void
check(struct argp_state *state, const struct options *o)
{
	if (o->query == NULL && o->csv == NULL && o->driver == NULL &&
	    o->common.n_conf == 0)
		argp_error(state,
		    "nothing to fetch: --query, --csv, --driver or --config "
		    "is needed");
	if (o->csv != NULL && (o->url != NULL || o->source != NULL))
		argp_error(state, "--csv goes with neither --url nor --source");
}

/* Options that hold a text; 1 if key was one */
static int
take_text(int key, char *arg, struct options *o)
{
	const struct {
		int key;
		const char **to;
	} texts[] = { { 'q', &o->query }, { 'u', &o->url },
		{ KEY_BEARER, &o->bearer_token_file }, { KEY_CA, &o->ca_file },
		{ KEY_CSV, &o->csv }, { KEY_DRIVER, &o->driver },
		{ KEY_HOST, &o->host }, { KEY_NAME, &o->name },
		{ KEY_PASSWORD, &o->password_file },
		{ KEY_SERVICE, &o->service }, { KEY_SOURCE, &o->source },
		{ KEY_TARGET_NAME, &o->target_name }, { KEY_UNIT, &o->unit },
		{ KEY_USERNAME, &o->username } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].key != key)
			continue;
		*texts[i].to = arg;
		return 1;
	}
	return 0;
}

static double
take_duration(struct argp_state *state, const char *name, const char *arg)
{
	double s = args_duration(state, name, arg);

	if (s < 0.001)
		argp_error(state, "--%s: '%s' is too short", name, arg);
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
	case KEY_AGGREGATE:
		take_aggregate(state, o, arg);
		return 0;
	case KEY_RANGE:
		o->range = take_duration(state, "range", arg);
		return 0;
	case KEY_STEP:
		o->step = take_duration(state, "step", arg);
		return 0;
	case KEY_TIMEOUT:
		o->timeout = take_duration(state, "timeout", arg);
		return 0;
	case KEY_RETRIES:
		o->retries = args_count(state, "retries", arg, 0, 100);
		return 0;
	case KEY_END:
		if (clock_parse(arg, &o->end) != 0)
			argp_error(state, "--end: '%s' is no time", arg);
		return 0;
	case KEY_HEADER:
		args_list(&o->headers, &o->n_headers, arg);
		return 0;
	case ARGP_KEY_SUCCESS:
		check(state, o);
		return 0;
	default:
		return take_text(key, arg, o) ? 0 : ARGP_ERR_UNKNOWN;
	}
}

/* A line leaves at once: who reads it need not wait for the next signal. A
 * reader that has left, or a full disk, ends the command here. */
static void
emit(struct buf *line)
{
	buf_char(line, '\n');
	if (line->failed)
		die("out of memory");
	if (out_write(line->s, line->len) != 0 || out_flush() != 0)
		exit(STATUS_FAILED); /* the check at exit says why */
	buf_clear(line);
}

/* What one signal gave, as a line: samples, or none and the reason */
static void
put_series(const struct conf_target *t, const struct conf_signal *g,
    const struct source_answer *a)
{
	size_t n = a->error.len > 0 ? 0 : a->samples.n;
	int64_t *times = malloc((n + 1) * sizeof(*times));
	double *values = malloc((n + 1) * sizeof(*values));
	struct buf metric = { 0 }, line = { 0 }, more = { 0 }, text = { 0 };

	if (times == NULL || values == NULL)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		times[i] = a->samples.s[i].t;
		values[i] = a->samples.s[i].v;
	}
	buf_char(&metric, '{');
	record_put_str(&metric, "__name__", g->name);
	record_put_str(&metric, "target", t->name);
	if (g->unit != NULL && *g->unit != '\0')
		record_put_str(&metric, "unit", g->unit);
	buf_char(&metric, '}');
	if (a->error.len > 0)
		buf_excerpt(&text, a->error.s, a->error.len, 2000);
	else
		buf_excerpt(&text, a->doubt.s, a->doubt.len, 2000);
	series_write(
	    &line, metric.s, times, values, n, text.len > 0 ? text.s : NULL);
	if (a->warnings.len > 0) {
		buf_clear(&text);
		buf_excerpt(&text, a->warnings.s, a->warnings.len, 2000);
		record_put_str(&more, "warning", text.s);
		buf_clear(&text);
		json_splice(line.s, line.len, more.s, &text);
		emit(&text);
	} else {
		emit(&line);
	}
	buf_free(&text);
	buf_free(&more);
	buf_free(&line);
	buf_free(&metric);
	free(values);
	free(times);
}

static void
show_progress(void *name, size_t done, size_t total)
{
	progress(done, total, name);
}

static int
status_of(enum source_outcome o, const struct source_answer *a)
{
	if (o == SOURCE_WRONG)
		return STATUS_FAILED;
	if (o != SOURCE_GOOD)
		return STATUS_REMOTE;
	return a->refused > 0 ? STATUS_REFUSED : STATUS_OK;
}

static void
say(const struct conf_target *t, const struct conf_signal *g,
    const struct source_answer *a)
{
	progress_end();
	if (a->warnings.len > 0)
		warn("'%s' of '%s': the source warns: %s", g->name, t->name,
		    a->warnings.s);
	if (a->error.len > 0)
		warn("'%s' of '%s': %s", g->name, t->name, a->error.s);
	else if (a->doubt.len > 0)
		warn("'%s' of '%s': %s", g->name, t->name, a->doubt.s);
	else
		note("'%s' of '%s': %zu samples, %zu not known and left out",
		    g->name, t->name, a->samples.n, a->unknown);
}

/* A source that cannot be reached (*away says why) is not asked again for
 * every other signal: each has its line, but none waits. */
static int
fetch_signal(const struct options *o, const struct conf_target *t,
    struct source *s, const struct conf_signal *g, struct buf *away)
{
	struct source_ask ask = { .query = g->query != NULL ? g->query : "",
		.aggregate = o->aggregate != AGGREGATE_NONE ? o->aggregate
							    : g->aggregate,
		.stop_on_bad = o->common.stop_on_bad,
		.progress = show_progress,
		.ctx = g->name };
	struct source_answer a = { 0 };
	enum source_outcome r = SOURCE_AWAY;
	int status;

	ask.whole = t->source.type != NULL &&
	    strcmp(t->source.type, "csv") == 0 && isnan(o->range);
	if (range_make(&ask.range, o->end, llround(t->history * 1000),
		llround(t->step * 1000)) != 0)
		die("'%s': %g s in steps of %g s: too many, or before 1970",
		    t->name, t->history, t->step);
	if (away->len == 0)
		r = source_ask(s, &ask, &a);
	else
		buf_printf(&a.error, "not asked: %s", away->s);
	if (r == SOURCE_AWAY && away->len == 0)
		buf_add(away, a.error.s, a.error.len);
	say(t, g, &a);
	put_series(t, g, &a);
	status = status_of(r, &a);
	source_answer_free(&a);
	return status;
}

/* Foreign text into size bytes, all of it UTF-8 */
static void
put_text(char *to, size_t size, const char *s)
{
	struct buf b = { 0 };

	buf_excerpt(&b, s, strlen(s), size - sizeof("..."));
	memcpy(to, b.len > 0 ? b.s : "", b.len + 1);
	buf_free(&b);
}

/* What the driver says of the target. Fetched last, so that it is fresh. */
static int
fetch_state(const struct conf_target *t)
{
	struct state s = { .ready = -1, .instances = -1 };
	struct buf why = { 0 }, line = { 0 };
	struct target *d = target_open(t->name, &t->apply, &why);
	int status = STATUS_FAILED;

	if (d == NULL) {
		s.time = clock_now();
		put_text(s.target, sizeof(s.target), t->name);
		put_text(s.driver, sizeof(s.driver), t->apply.driver);
		put_text(s.error, sizeof(s.error), why.s);
	} else if (target_read(d, &s) == 0) {
		status = STATUS_OK;
	} else {
		status = STATUS_REMOTE;
	}
	if (status != STATUS_OK)
		warn("count of '%s': %s", t->name, s.error);
	state_write(&line, &s);
	emit(&line);
	target_close(d);
	buf_free(&line);
	buf_free(&why);
	return status;
}

/* All signals of a target, or those that the options name; then its state */
static int
fetch_target(const struct options *o, const struct conf_target *t,
    const struct conf_signal *signals, size_t n)
{
	struct source_settings set = { .conf = &t->source,
		.retries = o->retries,
		.headers = (const char *const *)o->headers };
	struct buf away = { 0 }, why = { 0 };
	struct source *s = source_open(&set, &why);
	int status = STATUS_OK;
	size_t fetched = 0;

	if (s == NULL)
		buf_add(&away, why.s, why.len);
	for (size_t i = 0; i < n; i++) {
		if (o->name != NULL && strcmp(o->name, signals[i].name) != 0)
			continue;
		fetched++;
		status = status_worse(
		    status, fetch_signal(o, t, s, &signals[i], &away));
	}
	if (fetched == 0 && o->name != NULL)
		warn("target '%s' has no signal '%s'", t->name, o->name);
	if (fetched > 0 ? s == NULL : o->name != NULL)
		status = STATUS_FAILED;
	source_close(s);
	buf_free(&away);
	buf_free(&why);
	return status;
}

static void
set_text(char **to, const char *value)
{
	if (value == NULL)
		return;
	free(*to);
	*to = strdup(value);
	if (*to == NULL)
		die("out of memory");
}

/* What stands in an option goes before what stands in a file */
static void
override(const struct options *o, struct conf_target *t)
{
	struct conf_source *c = &t->source;

	set_text(&c->type, o->csv != NULL ? "csv" : o->source);
	set_text(&c->url, o->csv != NULL ? o->csv : o->url);
	set_text(&c->bearer_token_file, o->bearer_token_file);
	set_text(&c->ca_file, o->ca_file);
	set_text(&c->username, o->username);
	set_text(&c->password_file, o->password_file);
	set_text(&t->apply.driver, o->driver);
	set_text(&t->apply.service, o->service);
	set_text(&t->apply.host, o->host);
	if (!isnan(o->timeout))
		c->timeout = o->timeout;
	if (!isnan(o->range))
		t->history = o->range;
	if (!isnan(o->step))
		t->step = o->step;
}

/* The targets: of the files, or the one that the options make */
static void
load(const struct options *o, struct conf *c)
{
	struct buf why = { 0 };
	int status;

	if (o->common.n_conf > 0) {
		status = conf_load(c, o->common.conf, o->common.n_conf, &why);
	} else {
		c->targets = calloc(1, sizeof(*c->targets));
		c->n = c->targets != NULL;
		if (c->n == 0)
			die("out of memory");
		status = conf_default(c->targets,
		    o->target_name != NULL ? o->target_name : "default", &why);
	}
	if (status != 0)
		die("%s", why.len > 0 ? why.s : "out of memory");
	if (o->target_name != NULL && conf_find(c, o->target_name) == NULL)
		die("no target '%s' in the files", o->target_name);
	if ((o->query != NULL || o->csv != NULL) && c->n > 1 &&
	    o->target_name == NULL)
		die("--target-name is needed: the files have %zu targets",
		    c->n);
}

/* One target: its signals, or the one of the options; its state unless a
 * single query was asked for */
static int
fetch(const struct options *o, struct conf_target *t)
{
	struct conf_signal own = { .aggregate = o->aggregate };
	int single = o->query != NULL || o->csv != NULL;
	int status;

	override(o, t);
	if (single) {
		set_text(&own.name, o->name != NULL ? o->name : "load");
		set_text(&own.query, o->query);
		set_text(&own.unit, o->unit);
	}
	status = fetch_target(
	    o, t, single ? &own : t->signals, single ? 1 : t->n_signals);
	free(own.name);
	free(own.query);
	free(own.unit);
	if (t->apply.driver != NULL && *t->apply.driver != '\0' &&
	    (!single || o->driver != NULL))
		status = status_worse(status, fetch_state(t));
	return status;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, NULL,
		"Fetch load, and the count of instances, as records.",
		args_children, NULL, NULL };
	struct options o = { .range = NAN,
		.step = NAN,
		.timeout = NAN,
		.end = -1,
		.retries = 2 };
	char **rest = args_parse(&argp, ARGS_ACTOR, argc, argv, &o);
	struct conf c = { 0 };
	int status = STATUS_OK;

	if (*rest != NULL)
		die("'%s': as-fetch takes no operands", *rest);
	if (o.end < 0)
		o.end = clock_now();
	load(&o, &c);
	for (size_t i = 0; i < c.n; i++)
		if (o.target_name == NULL ||
		    strcmp(o.target_name, c.targets[i].name) == 0)
			status = status_worse(status, fetch(&o, &c.targets[i]));
	conf_free(&c);
	free(o.common.conf);
	free(o.headers);
	return status;
}
