#include "channel/day.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/journal.h"

struct walk {
	struct day *x;
	int64_t now;
	int failed;
};

void
day_free(struct day *x)
{
	free(x->p);
	*x = (struct day){ 0 };
}

static int
is_decision(const struct json *j)
{
	const char *type = json_get_str(j, "type");

	return type != NULL &&
	    (strcmp(type, "decision") == 0 || strcmp(type, "result") == 0);
}

/* The input that asks for most; the first of several that do */
static void
choose_signal(struct day *x, const struct json *j)
{
	const struct json *e, *best = NULL;
	double most = -1;

	for (e = json_first(json_get(j, "inputs")); e; e = json_next(e)) {
		double now = 0, ahead = 0, value;

		if (json_get_str(e, "signal") == NULL ||
		    json_get_num(e, "value", &value) != 0)
			continue;
		json_get_num(e, "needed_now", &now);
		json_get_num(e, "needed_ahead", &ahead);
		if (fmax(now, ahead) > most) {
			most = fmax(now, ahead);
			best = e;
		}
	}
	if (best != NULL) {
		const char *unit = json_get_str(best, "unit");

		snprintf(x->signal, sizeof(x->signal), "%s",
		    json_get_str(best, "signal"));
		snprintf(
		    x->unit, sizeof(x->unit), "%s", unit != NULL ? unit : "");
	}
}

static int
choose(void *ctx, const struct record *r, int64_t logged)
{
	struct walk *w = ctx;
	long long time;

	(void)logged;
	if (is_decision(r->json) &&
	    json_get_time(r->json, "time", &time) == 0 && time <= w->now)
		choose_signal(w->x, r->json);
	return 0;
}

static const struct json *
input_of(const struct json *j, const char *signal)
{
	const struct json *e;

	for (e = json_first(json_get(j, "inputs")); e; e = json_next(e)) {
		const char *s = json_get_str(e, "signal");

		if (s != NULL && strcmp(s, signal) == 0)
			return e;
	}
	return NULL;
}

static double
number(const struct json *j, const char *name)
{
	double x = (double)NAN;

	json_get_num(j, name, &x);
	return x;
}

static void
take_point(struct day_point *p, const struct json *j, const char *signal)
{
	const struct json *in = input_of(j, signal);
	const struct json *expected = json_get(in, "expected");
	double age = number(in, "age_s"), from = number(expected, "from_s"),
	       to = number(expected, "to_s");

	p->load = number(in, "value");
	p->seen = p->time;
	if (age > 0 && age * 1000 < DAY_MS)
		p->seen -= (int64_t)(age * 1000);
	p->expected = number(expected, "value");
	p->at_most = number(expected, "at_most");
	if (!isfinite(p->at_most))
		p->at_most = p->expected;
	if (!(from >= 0 && to >= from && to * 1000 < DAY_MS)) {
		p->expected = p->at_most = (double)NAN;
	} else {
		p->from = p->seen + (int64_t)(from * 1000);
		p->to = p->seen + (int64_t)(to * 1000);
	}
	p->instances = number(json_get(j, "observed"), "instances");
	if (!isfinite(p->instances))
		p->instances = number(j, "current_instances");
}

/* Of several records of one time, a decision and its result, the last that
 * knows the load stays.
 * One that is older than the newest, from a run with --now, is passed over. */
static int
add(struct walk *w, const struct json *j)
{
	struct day *x = w->x;
	struct day_point p = { 0 };
	long long time;

	if (!is_decision(j) || json_get_time(j, "time", &time) != 0 ||
	    time <= w->now - DAY_MS || time > w->now)
		return 0;
	p.time = time;
	take_point(&p, j, x->signal);
	if (x->n > 0 && x->p[x->n - 1].time > p.time)
		return 0;
	if (x->n > 0 && x->p[x->n - 1].time == p.time) {
		if (isfinite(p.load) || !isfinite(x->p[x->n - 1].load))
			x->p[x->n - 1] = p;
		return 0;
	}
	if (x->n == DAY_MAX) {
		x->n--;
		memmove(x->p, x->p + 1, x->n * sizeof(*x->p));
	}
	x->p[x->n++] = p;
	return 0;
}

static int
take(void *ctx, const struct record *r, int64_t logged)
{
	(void)logged;
	return add(ctx, r->json);
}

int
day_read(struct day *x, const char *dir, const char *target,
    const struct json *last, int64_t now, struct buf *why)
{
	struct walk w = { .x = x, .now = now };
	int64_t since = now - DAY_MS;
	int status = 0;

	*x = (struct day){ .p = calloc(DAY_MAX, sizeof(*x->p)) };
	if (x->p == NULL) {
		buf_str(why, "out of memory");
		return -1;
	}
	if (last != NULL)
		choose_signal(x, last);
	if (dir != NULL && x->signal[0] == '\0')
		status = journal_each(dir, target, since, choose, &w, why);
	if (dir != NULL && status == 0)
		status = journal_each(dir, target, since, take, &w, why);
	if (last != NULL)
		add(&w, last);
	return status;
}
