#include "policy/inbox.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/series.h"
#include "record/state.h"

enum { HOUR_MS = 3600 * 1000 };

struct slot { /* of one target */
	struct forecast forecast[DECISION_INPUTS]; /* by signal */
	int has_forecast[DECISION_INPUTS];
	struct state state;
	int has_state;
	int64_t outage;
};

struct inbox {
	struct conf *conf;
	int single, named;
	int has_name; /* single: its signal goes by the name of its records */
	long instances; /* -1: not given */
	int recalled; /* journals are not read: past is what they say */
	const struct history *past;
	struct slot *slots; /* conf->n */
	struct series_set series;
	int finished; /* the set is sorted */
};

struct inbox *
inbox_new(struct conf *c, int single, int named)
{
	struct inbox *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->conf = c;
	b->single = single;
	b->named = named;
	b->instances = -1;
	b->slots = calloc(c->n > 0 ? c->n : 1, sizeof(*b->slots));
	if (b->slots == NULL) {
		free(b);
		return NULL;
	}
	return b;
}

void
inbox_free(struct inbox *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->conf->n; i++)
		for (size_t k = 0; k < DECISION_INPUTS; k++)
			forecast_free(&b->slots[i].forecast[k]);
	series_set_free(&b->series);
	free(b->slots);
	free(b);
}

void
inbox_count(struct inbox *b, long instances)
{
	b->instances = instances;
}

void
inbox_outage(struct inbox *b, size_t i, int64_t since)
{
	b->slots[i].outage = since;
}

void
inbox_recall(struct inbox *b, const struct history *h)
{
	b->recalled = 1;
	b->past = h;
}

/* Which target a record is about; -1 with why: none of ours */
static int
find_target(struct inbox *b, const char *name, size_t *at, struct buf *why)
{
	struct conf_target *only = &b->conf->targets[0];

	for (*at = 0; *at < b->conf->n; ++*at)
		if (strcmp(b->conf->targets[*at].name, name) == 0) {
			b->named = 1;
			return 0;
		}
	*at = 0;
	if (!b->single) {
		buf_printf(why, "no file of -c has the target '%s'", name);
		return -1;
	}
	if (b->named) {
		buf_printf(why,
		    "for '%s', and the target is '%s': without -c there is "
		    "but one",
		    name, only->name);
		return -1;
	}
	free(only->name);
	only->name = strdup(name);
	b->named = 1;
	return only->name != NULL ? 0 : -1;
}

/* Which of the target's signals that is; -1 with why */
static int
find_signal(struct inbox *b, size_t target, const char *name, size_t *at,
    struct buf *why)
{
	struct conf_target *t = &b->conf->targets[target];
	char *copy;

	*at = 0;
	if (b->single && !b->has_name && (copy = strdup(name)) != NULL) {
		free(t->signals[0].name);
		t->signals[0].name = copy;
		b->has_name = 1;
	}
	for (*at = 0; *at < t->n_signals; ++*at)
		if (strcmp(t->signals[*at].name, name) == 0)
			return 0;
	if (b->single)
		buf_printf(why,
		    "a second signal, '%s' beside '%s': without -c there is "
		    "but one",
		    name, t->signals[0].name);
	else
		buf_printf(
		    why, "the target '%s' has no signal '%s'", t->name, name);
	return -1;
}

static int
take_forecast(struct inbox *b, const struct record *r, struct buf *why)
{
	struct forecast f;
	const char *text;
	size_t target, signal;

	if (forecast_read(&f, r->json, &text) != 0) {
		buf_str(why, text);
		return -1;
	}
	if (find_target(b, f.target, &target, why) != 0 ||
	    find_signal(b, target, f.name, &signal, why) != 0) {
		forecast_free(&f);
		return -1;
	}
	forecast_free(&b->slots[target].forecast[signal]);
	b->slots[target].forecast[signal] = f;
	b->slots[target].has_forecast[signal] = 1;
	return 1;
}

static int
take_series(struct inbox *b, const struct record *r, struct buf *why)
{
	const struct json *m = json_get(r->json, "metric");
	const char *name = json_get_str(m, "__name__");
	size_t target, signal;
	const char *text;

	if (find_target(b, record_target(r->json), &target, why) != 0 ||
	    find_signal(
		b, target, name != NULL ? name : "load", &signal, why) != 0)
		return -1;
	if (series_set_add(&b->series, r->json, &text) != 0) {
		buf_str(why, text);
		return -1;
	}
	return 1;
}

static int
take_state(struct inbox *b, const struct record *r, struct buf *why)
{
	struct state s;
	const char *text;
	struct slot *slot;
	size_t target;

	if (state_read(&s, r->json, &text) != 0) {
		buf_str(why, text);
		return -1;
	}
	if (find_target(b, s.target, &target, why) != 0)
		return -1;
	slot = &b->slots[target];
	if (!slot->has_state || s.time >= slot->state.time)
		slot->state = s;
	slot->has_state = 1;
	return 1;
}

/* Only what may be an outage keeps instances; the line goes on, for people */
static int
take_anomaly(struct inbox *b, const struct record *r, struct buf *why)
{
	const char *kind = json_get_str(r->json, "kind");
	const char *severity = json_get_str(r->json, "severity");
	long long time;
	size_t target;

	if (kind == NULL || severity == NULL ||
	    json_get_time(r->json, "time", &time) != 0) {
		buf_str(why, "an anomaly without kind, severity or time");
		return -1;
	}
	if (strcmp(severity, "critical") != 0 ||
	    (strcmp(kind, "drop") != 0 && strcmp(kind, "missing") != 0))
		return 0;
	if (find_target(b, record_target(r->json), &target, why) != 0)
		return -1;
	if (time > b->slots[target].outage)
		b->slots[target].outage = time;
	return 0;
}

int
inbox_take(struct inbox *b, const struct record *r, struct buf *why)
{
	if (r->type == RECORD_FORECAST)
		return take_forecast(b, r, why);
	if (r->type == RECORD_SERIES)
		return take_series(b, r, why);
	if (r->type == RECORD_STATE)
		return take_state(b, r, why);
	if (r->type == RECORD_ANOMALY)
		return take_anomaly(b, r, why);
	return 0;
}

/* The last hour of a series as a forecast that forecasts nothing */
static int
observe(struct forecast *f, const struct series *s, const struct conf_target *t)
{
	size_t from = s->n;
	double step = series_step(s);

	*f = (struct forecast){ .step_s = isnan(step) ? t->step : step,
		.confidence = NAN,
		.coverage = NAN };
	snprintf(f->unit, sizeof(f->unit), "%s", s->unit);
	snprintf(f->no_forecast, sizeof(f->no_forecast),
	    "a series came, and no forecast");
	if (s->error != NULL)
		snprintf(f->error, sizeof(f->error), "%.500s", s->error);
	if (s->n == 0)
		return 0;
	f->origin = s->t[s->n - 1];
	while (from > 0 && s->t[from - 1] > f->origin - HOUR_MS)
		from--;
	f->n_observed = s->n - from;
	f->observed_t = malloc(f->n_observed * sizeof(*f->observed_t));
	f->observed_v = malloc(f->n_observed * sizeof(*f->observed_v));
	if (f->observed_t == NULL || f->observed_v == NULL) {
		forecast_free(f);
		return -1;
	}
	memcpy(
	    f->observed_t, s->t + from, f->n_observed * sizeof(*f->observed_t));
	memcpy(
	    f->observed_v, s->v + from, f->n_observed * sizeof(*f->observed_v));
	return 0;
}

/* Series stand in where no forecast came */
static int
use_series(struct inbox *b)
{
	struct buf why = { 0 };

	if (b->finished)
		return 0;
	b->finished = 1;
	if (series_set_finish(&b->series) != 0)
		return -1;
	for (size_t i = 0; i < b->series.n; i++) {
		const struct series *s = &b->series.s[i];
		size_t target, signal;
		struct slot *slot;

		if (find_target(b, s->target, &target, &why) != 0 ||
		    find_signal(b, target, s->name, &signal, &why) != 0)
			continue;
		slot = &b->slots[target];
		if (slot->has_forecast[signal])
			continue;
		if (observe(&slot->forecast[signal], s,
			&b->conf->targets[target]) != 0)
			return -1;
		slot->has_forecast[signal] = 1;
	}
	buf_free(&why);
	return 0;
}

static void
make_state(const struct inbox *b, const struct conf_target *t, int64_t now,
    struct state *s)
{
	*s = (struct state){ .time = now,
		.known = 1,
		.instances = b->instances,
		.ready = b->instances };
	snprintf(s->target, sizeof(s->target), "%s", t->name);
}

/* What the journal says; *h stays NULL where there is none. 0, or -1: no
 * memory. */
static int
look_back(const struct inbox *b, const struct conf_target *t, int64_t now,
    struct history **h, struct buf *why)
{
	if (b->recalled || t->state_dir == NULL)
		return 0;
	*h = malloc(sizeof(**h));
	if (*h == NULL)
		return -1;
	/* what cannot be read is lost: nothing is removed then */
	if (history_read(*h, t, now, why) != 0)
		history_clear(*h);
	return 0;
}

int
inbox_decide(struct inbox *b, size_t i, int64_t now, struct decision *d,
    struct decide_trace *trace, const struct inbox_basis *basis,
    struct buf *why)
{
	const struct conf_target *t = &b->conf->targets[i];
	struct decide_signal signals[DECISION_INPUTS] = { 0 };
	struct slot *slot = &b->slots[i];
	struct decide_input in = { .target = t,
		.now = now,
		.signals = signals,
		.n_signals = t->n_signals,
		.outage = slot->outage };
	struct schedule *schedule = NULL;
	struct history *history = NULL;
	struct decide_trace own;
	struct state given;
	int status = -1;

	if (use_series(b) != 0)
		goto end;
	for (size_t k = 0; k < t->n_signals && k < DECISION_INPUTS; k++) {
		signals[k].conf = &t->signals[k];
		if (slot->has_forecast[k])
			signals[k].forecast = &slot->forecast[k];
	}
	make_state(b, t, now, &given);
	in.state = slot->has_state ? &slot->state
	    : b->instances >= 0	   ? &given
				   : NULL;
	schedule = schedule_make(t);
	if (schedule == NULL) {
		buf_printf(why, "cannot read the time zones of '%s': %s",
		    t->name, strerror(errno));
		goto end;
	}
	in.schedule = schedule;
	if (look_back(b, t, now, &history, why) != 0)
		goto end;
	in.history = b->recalled ? b->past : history;
	if (trace == NULL)
		trace = &own;
	decide(&in, d, trace);
	if (basis != NULL)
		basis_write(&in, d, trace, &basis->given, basis->out);
	status = 0;
end:
	schedule_free(schedule);
	free(history);
	if (status != 0 && why->len == 0)
		buf_str(why, "out of memory");
	return status;
}
