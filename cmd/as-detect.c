/*
 * as-detect - name what is abnormal in a load and what repeats
 * Use: as-detect(1). Shapes on the pipe: as-records(5).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/number.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "io/file.h"
#include "io/report.h"
#include "model/detect.h"
#include "model/grid.h"
#include "model/pattern.h"
#include "record/series.h"

enum { KEY_THRESHOLD = ARGS_OWN, KEY_STEP, KEY_SINCE, KEY_MASK, KEY_DROP };

struct options {
	struct args_common common;
	double threshold; /* share */
	double step, since; /* seconds, NAN: not given */
	const char *mask; /* path, or NULL */
	int only; /* series do not pass */
	struct series_set set;
	struct buf masked;
};

static const struct argp_option table[] = {
	{ "threshold", KEY_THRESHOLD, "SHARE", 0,
	    "Report what scores at least SHARE, 0 to 1 (default 0.15)", 1 },
	{ "since", KEY_SINCE, "DURATION", 0,
	    "Report only what began within DURATION before now (default: all)",
	    1 },
	{ "step", KEY_STEP, "DURATION", 0,
	    "Look at the load in steps of DURATION (default: its own)", 1 },
	{ "mask", KEY_MASK, "FILE", 0,
	    "Write the spans of passing anomalies to FILE, a FROM/UNTIL a "
	    "line, "
	    "for as-train --mask",
	    1 },
	{ "only", KEY_DROP, NULL, 0,
	    "Print anomalies and patterns only, do not pass series on", 1 },
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
	case KEY_THRESHOLD:
		o->threshold = args_share(state, "threshold", arg);
		if (o->threshold >= 1)
			argp_error(
			    state, "--threshold: '%s' is not below 1", arg);
		return 0;
	case KEY_SINCE:
		o->since = args_duration(state, "since", arg);
		return 0;
	case KEY_STEP:
		o->step = args_duration(state, "step", arg);
		if (o->step <= 0)
			argp_error(state, "--step: '%s' is not above 0", arg);
		return 0;
	case KEY_MASK:
		o->mask = arg;
		return 0;
	case KEY_DROP:
		o->only = 1;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum take
on_record(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct options *o = ctx;
	enum take taken = filter_series(&o->set, r, why);

	(void)out;
	return taken == TAKE_DONE && !o->only ? TAKE_PASS : taken;
}

static void
put_reason(struct buf *b, const struct detect_event *e, double step)
{
	static const char *const said[] = {
		[DETECT_SPIKE] = "higher than ever at this level",
		[DETECT_DROP] = "lower than ever at this level",
		[DETECT_LEVEL] = "the last hour is off what this time of day "
				 "has shown",
		[DETECT_FLAT] = "the load stirs less than it has ever done",
	};
	char span[NUMBER_SIZE];
	struct buf text = { 0 };

	if (e->kind == DETECT_MISSING)
		buf_printf(&text, "no samples for %s",
		    duration_format(span, e->until * step));
	else if (e->stirs)
		buf_printf(&text,
		    "the load stirs more than it has ever done, within its "
		    "usual %.4g to %.4g",
		    e->lo, e->hi);
	else
		buf_printf(&text, "%s: %.4g where %.4g to %.4g was usual",
		    said[e->kind], e->value, e->lo, e->hi);
	record_put_str(b, "reason", text.s);
	buf_free(&text);
}

static void
put_event(struct buf *b, const char *metric, const struct grid *g,
    const struct detect_event *e)
{
	int critical = e->kind == DETECT_MISSING ? e->until * g->step >= 3600
						 : e->score >= 0.5;

	buf_printf(b, "{\"type\":\"anomaly\",\"metric\":%s", metric);
	record_put_time(b, "time", grid_time(g, e->at));
	record_put_str(b, "kind", detect_kinds[e->kind]);
	record_put_num(b, "value", e->value);
	record_put_num(b, "expected", e->expected);
	record_put_num(b, "lo", e->lo);
	record_put_num(b, "hi", e->hi);
	record_put_num(b, "score", e->score);
	record_put_str(b, "severity", critical ? "critical" : "warning");
	put_reason(b, e, g->step);
	buf_str(b, "}\n");
}

static void
put_pattern(struct buf *b, const char *metric, const struct grid *g,
    const struct pattern *p)
{
	static const char *const days[] = { "Monday", "Tuesday", "Wednesday",
		"Thursday", "Friday", "Saturday", "Sunday" };

	buf_printf(
	    b, "{\"type\":\"pattern\",\"metric\":%s,\"seasons\":[", metric);
	if (p->daily) {
		buf_str(b, "{\"period_s\":86400");
		record_put_num(b, "strength", p->daily_strength);
		buf_printf(b, ",\"peak_at\":\"%02d:%02d\"}",
		    p->peak_minute / 60, p->peak_minute % 60);
	}
	if (p->weekly) {
		buf_printf(b, "%s{\"period_s\":604800", p->daily ? "," : "");
		record_put_num(b, "strength", p->weekly_strength);
		record_put_str(b, "peak_at", days[p->peak_weekday]);
		buf_char(b, '}');
	}
	buf_char(b, ']');
	record_put_num(b, "trend_per_day", p->trend_per_day);
	record_put_key(b, "level_shifts");
	buf_char(b, '[');
	for (size_t i = 0; i < p->n_shifts; i++) {
		buf_str(b, i ? ",{" : "{");
		record_put_time(b, "time", grid_time(g, p->shifts[i].at));
		record_put_num(b, "delta", p->shifts[i].delta);
		buf_char(b, '}');
	}
	buf_char(b, ']');
	record_put_num(b, "noise", p->noise);
	buf_str(b, "}\n");
}

/* The sample at which an anomaly is over: the first of an hour within its
 * band. 0: not within a day, so that it is a new level and no incident. */
static size_t
over_at(const struct grid *g, const struct detect_event *e)
{
	size_t hour = g->step < 3600 ? (size_t)lround(3600 / g->step) : 1;
	size_t day = g->step < 86400 ? (size_t)lround(86400 / g->step) : 1;
	size_t calm = 0;

	if (e->kind == DETECT_MISSING)
		return e->at + (size_t)e->until;
	for (size_t i = e->at; i < g->n && i < e->at + day; i++) {
		calm = g->y[i] <= e->hi && g->y[i] >= e->lo ? calm + 1 : 0;
		if (calm == hour)
			return i + 1 - hour;
	}
	return 0;
}

static void
put_mask(struct buf *b, const struct series *s, const struct grid *g,
    const struct detect_event *e)
{
	char from[CLOCK_SIZE], until[CLOCK_SIZE];
	int64_t step = (int64_t)llround(g->step * 1000);
	size_t end = over_at(g, e);

	if (end <= e->at || e->kind == DETECT_FLAT || e->stirs)
		return;
	buf_printf(b, "%s/%s # ",
	    clock_format(from, grid_time(g, e->at) - step),
	    clock_format(until, grid_time(g, end - 1)));
	/* on one line, whatever they hold */
	buf_excerpt(b, s->name, strlen(s->name), 200);
	buf_str(b, " of ");
	buf_excerpt(b, s->target, strlen(s->target), 200);
	buf_printf(b, ": %s\n", detect_kinds[e->kind]);
}

/* 0, or -1 where the series cannot be looked at */
static int
look_at(struct options *o, const struct series *s, struct buf *out)
{
	struct detect_options d = { .threshold = o->threshold };
	struct detect_event *events = NULL;
	int64_t since = INT64_MIN;
	const char *why;
	struct pattern p;
	struct grid g;
	size_t n = 0;

	if (s->n < 2) {
		warn("series '%s' of '%s': fewer than two samples", s->name,
		    s->target);
		return -1;
	}
	d.step = isfinite(o->step) ? o->step : grid_step(s);
	if (grid_make(&g, s, d.step, &why) != 0) {
		warn("series '%s' of '%s': %s", s->name, s->target, why);
		return -1;
	}
	d.step = g.step;
	if (detect_run(g.y, g.ok, g.n, &d, &events, &n) != 0 ||
	    pattern_find(g.y, g.ok, g.n, g.step, g.t0, &p) != 0)
		die("out of memory");
	if (isfinite(o->since))
		since = clock_now() - (int64_t)llround(o->since * 1000);
	for (size_t i = 0; i < n; i++) {
		if (grid_time(&g, events[i].at) < since)
			continue;
		put_event(out, s->metric, &g, &events[i]);
		put_mask(&o->masked, s, &g, &events[i]);
	}
	put_pattern(out, s->metric, &g, &p);
	free(events);
	grid_free(&g);
	return 0;
}

static int
at_end(void *ctx, struct buf *out)
{
	struct options *o = ctx;
	int status = STATUS_OK;

	if (series_set_finish(&o->set) != 0)
		die("out of memory");
	for (size_t i = 0; i < o->set.n; i++) {
		progress(i, o->set.n, "series");
		if (look_at(o, &o->set.s[i], out) != 0)
			status = STATUS_REFUSED;
	}
	progress_end();
	if (o->mask != NULL &&
	    (o->masked.failed ||
		file_replace(o->mask, o->masked.len ? o->masked.s : "",
		    o->masked.len, 0644) != 0))
		die("cannot write '%s': %s", o->mask, strerror(errno));
	return status;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Name what is abnormal in a load, and what repeats. Series "
		"pass "
		"through; anomaly and pattern records follow them.",
		args_children, NULL, NULL };
	static const struct filter filter = { on_record, at_end };
	struct options o = { .threshold = DETECT_DEFAULT_PERCENT / 100.0,
		.step = (double)NAN,
		.since = (double)NAN };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status;

	args_conf_there(&o.common);
	status = filter_run(&filter, files, &o.common, &o);
	series_set_free(&o.set);
	free(o.common.conf);
	buf_free(&o.masked);
	return status;
}
