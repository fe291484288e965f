#include "policy/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/journal.h"

enum {
	AHEAD_MS = 300000
}; /* a line from later than that is of another clock */

static const int64_t MONTH_MS = INT64_C(31) * 86400000; /* the longest one */

void
history_clear(struct history *h)
{
	*h = (struct history){
		.born = -1, .spent = NAN, .spent_today = NAN, .spent_rate = NAN
	};
}

void
history_changed(struct history *h, int64_t time, long from, long to)
{
	if (h->n_changes == HISTORY_CHANGES) {
		memmove(h->changes, h->changes + 1,
		    (HISTORY_CHANGES - 1) * sizeof(h->changes[0]));
		h->n_changes--;
	}
	h->changes[h->n_changes++] = (struct history_change){ time, from, to };
}

int
history_elsewhere(const struct history *h, long n)
{
	return !h->open && h->expects &&
	    (n < h->expected_lo || n > h->expected_hi);
}

int64_t
history_last(const struct history *h)
{
	return h->n_changes > 0 ? h->changes[h->n_changes - 1].time : 0;
}

long
history_count(const struct history *h, int64_t since)
{
	long n = 0;

	for (size_t i = h->n_changes; i > 0; i--)
		n += h->changes[i - 1].time >= since;
	return n;
}

long
history_least(const struct history *h, long n, int64_t from, int64_t until)
{
	int64_t end = INT64_MAX; /* of the time in which there were n */
	long least = -1;

	for (size_t i = h->n_changes + 1; i > 0; i--) {
		int64_t begin = i > 1 ? h->changes[i - 2].time : INT64_MIN;

		if (begin <= until && end > from && (least < 0 || n < least))
			least = n;
		if (i > 1)
			n = h->changes[i - 2].from;
		end = begin;
	}
	return least;
}

int64_t
history_missing(const struct history *h, const char *signal)
{
	for (size_t i = 0; i < h->n_seen; i++)
		if (strcmp(h->seen[i].signal, signal) == 0)
			return h->seen[i].missing;
	return 0;
}

int64_t
history_pending_since(const struct history *h, const char *plan)
{
	for (size_t i = 0; i < h->n_pending; i++)
		if (strcmp(h->pending[i].plan, plan) == 0)
			return h->pending[i].since;
	return 0;
}

/* --- paid periods --- */

/* The time up to which one that began at start is paid for */
static int64_t
edge(int64_t start, int64_t now, const struct billing *b)
{
	double age = now > start ? (double)(now - start) / 1000 : 0;

	return start + (int64_t)llround(billing_edge(b, age) * 1000);
}

/* Takes n units away, those nearest to their edge first. Seconds for which they
 * were paid and not used */
static double
take_away(
    int64_t *start, size_t *units, long n, int64_t now, const struct billing *b)
{
	double unused = 0;

	for (; n > 0 && *units > 0; n--) {
		size_t best = 0;

		for (size_t i = 1; i < *units; i++)
			if (edge(start[i], now, b) < edge(start[best], now, b))
				best = i;
		unused += (double)(edge(start[best], now, b) - now) / 1000;
		start[best] = start[--*units];
	}
	return unused;
}

/* Goes through the changes up to now. What was unused of those that went since
 * `since` */
static double
follow(const struct history *h, int64_t since, int64_t now,
    const struct billing *b, int64_t *start, size_t *units)
{
	double unused = 0;

	*units = h->n_started;
	memcpy(start, h->started, *units * sizeof(*start));
	for (size_t i = 0; i < h->n_changes; i++) {
		const struct history_change *c = &h->changes[i];
		long known = (long)*units, more = c->to - c->from;
		long unknown = c->from > known ? c->from - known : 0;
		double rest;

		/* a decision comes before the change that it makes */
		if (c->time < h->started_time || c->time > now)
			continue;
		for (; more > 0 && *units < HISTORY_UNITS; more--)
			start[(*units)++] = c->time;
		/* what is not known to have begun is the nearest of all */
		if (more >= -unknown)
			continue;
		rest = take_away(start, units, -more - unknown, c->time, b);
		if (c->time >= since)
			unused += rest;
	}
	return unused;
}

static int
by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

size_t
history_started(const struct history *h, long n, int64_t now,
    const struct billing *b, int64_t start[static HISTORY_UNITS])
{
	size_t units;

	follow(h, now, now, b, start, &units);
	/* somebody else may have taken some */
	if ((long)units > n)
		take_away(start, &units, (long)units - n, now, b);
	qsort(start, units, sizeof(*start), by_time);
	return units;
}

double
history_unused(const struct history *h, int64_t since, int64_t now,
    const struct billing *b)
{
	int64_t start[HISTORY_UNITS];
	size_t units;

	return follow(h, since, now, b, start, &units);
}

long
history_bound(const int64_t *start, size_t units, int64_t now, int64_t until,
    const struct billing *b)
{
	long bound = 0;

	for (size_t i = 0; i < units; i++)
		bound += edge(start[i], now, b) > until;
	return bound;
}

/* --- from the journal --- */

static void
note_input(struct history *h, const struct json *in, int64_t time)
{
	const char *signal = json_get_str(in, "signal");
	size_t i = 0;
	double x;

	if (signal == NULL || strlen(signal) >= sizeof(h->seen[i].signal))
		return;
	while (i < h->n_seen && strcmp(h->seen[i].signal, signal) != 0)
		i++;
	if (i == HISTORY_SIGNALS)
		return;
	if (i == h->n_seen) {
		h->seen[i].missing = 0;
		memcpy(h->seen[i].signal, signal, strlen(signal) + 1);
		h->n_seen++;
	}
	if (json_get_num(in, "value", &x) == 0)
		h->seen[i].missing = 0;
	else if (h->seen[i].missing == 0)
		h->seen[i].missing = time;
}

static void
note_pending(struct history *h, const char *plan, int64_t time)
{
	if (strlen(plan) != 16 || history_pending_since(h, plan) != 0)
		return;
	if (h->n_pending == HISTORY_PENDING) {
		memmove(h->pending, h->pending + 1,
		    (HISTORY_PENDING - 1) * sizeof(h->pending[0]));
		h->n_pending--;
	}
	h->pending[h->n_pending].since = time;
	memcpy(h->pending[h->n_pending].plan, plan, 17);
	h->n_pending++;
}

static void
note_spent(struct history *h, const struct json *j, int64_t time)
{
	const struct json *spent = json_get(j, "spent");
	double count;
	long long since;

	h->spent_today = NAN;
	if (json_get_num(spent, "value", &h->spent) != 0 ||
	    json_get_time(spent, "since", &since) != 0) {
		h->spent = NAN;
		return;
	}
	h->spent_since = since;
	h->spent_time = time;
	/* where the count was not known it is taken to be as it was */
	if (json_get_num(j, "current_instances", &count) == 0)
		h->spent_count = (long)count;
	h->spent_rate = NAN;
	json_get_num(spent, "today", &h->spent_today);
	json_get_num(spent, "per_hour", &h->spent_rate);
}

static void
expect(struct history *h, long a, long b)
{
	h->expects = a >= 0 && b >= 0;
	h->expected_lo = a < b ? a : b;
	h->expected_hi = a < b ? b : a;
	h->open = 0;
}

/* The count that a decision found. One that is only advice finds what a person
 * made of the advice before it. */
static void
note_count(struct history *h, const struct json *j, int64_t time)
{
	const char *mode = json_get_str(j, "mode");
	long long read;
	double n;

	if (json_get_num(j, "current_instances", &n) != 0 ||
	    !(n >= 0 && n <= 1e6))
		return;
	if (json_get_time(json_get(j, "observed"), "time", &read) == 0 &&
	    read < history_last(h))
		return;
	if (mode != NULL && strcmp(mode, "auto") == 0 &&
	    history_elsewhere(h, (long)n))
		h->elsewhere = (struct history_change){ time,
			(long)n > h->expected_hi ? h->expected_hi
						 : h->expected_lo,
			(long)n };
	else if (!h->open && h->expects && !history_elsewhere(h, (long)n))
		return; /* what is under way stays so */
	expect(h, (long)n, (long)n);
}

/* When those began that ran at a decision, as far as it knew */
static void
note_started(struct history *h, const struct json *j, int64_t time)
{
	const struct json *list = json_get(json_get(j, "observed"), "started");

	h->n_started = state_started(h->started, list);
	h->started_time = h->n_started > 0 ? time : 0;
}

static void
note_decision(struct history *h, const struct json *j)
{
	const char *approval = json_get_str(j, "approval");
	const char *plan = json_get_str(j, "plan");
	long long time;
	double x;

	if (json_get_time(j, "time", &time) != 0)
		return;
	for (const struct json *in = json_first(json_get(j, "inputs"));
	     in != NULL; in = json_next(in))
		note_input(h, in, time);
	/* the vote is repeated while it is young: its first time counts */
	if (json_get_num(json_get(j, "votes"), "panic", &x) != 0) {
		h->panic_time = 0;
	} else if (h->panic_time == 0 || (long)x != h->panic) {
		h->panic_time = time;
		h->panic = (long)x;
	}
	if (approval != NULL && plan != NULL &&
	    strcmp(approval, "required") == 0)
		note_pending(h, plan, time);
	note_spent(h, j, time);
	note_started(h, j, time);
	note_count(h, j, time);
}

/* What was carried out. A time-out changed what is asked for, and maybe more;
 * what failed, was refused or was as wanted already changed nothing. */
static void
note_result(struct history *h, const struct json *j, int64_t logged)
{
	const struct json *r = json_get(j, "result");
	const char *status = json_get_str(r, "status");
	long long at = logged;
	double from, to;

	if (status == NULL || json_get_num(r, "from", &from) != 0 ||
	    json_get_num(r, "to", &to) != 0 || from == to ||
	    !(from >= 0 && from <= 1e6 && to >= 0 && to <= 1e6))
		return;
	if (strcmp(status, "applied") != 0 && strcmp(status, "timeout") != 0)
		return;
	json_get_time(r, "at", &at);
	history_changed(h, at, (long)from, (long)to);
	from = to;
	if (json_get_num(r, "restored", &to) == 0 && to >= 0 && to <= 1e6)
		history_changed(h, at, (long)from, (long)to);
}

/* What a change leaves: what it was put back to; what was asked for where that
 * has arrived; else that, or any part of it. One that failed after it was begun
 * leaves nobody knows what. */
static void
note_outcome(struct history *h, const struct json *j)
{
	const struct json *r = json_get(j, "result");
	const char *status = json_get_str(r, "status");
	int arrived = 0;
	double from, to, back;

	if (json_get_num(r, "restored", &back) == 0 && back >= 0 && back <= 1e6)
		expect(h, (long)back, (long)back);
	else if (json_bool(json_get(r, "confirmed"), &arrived) == 0 &&
	    json_get_num(r, "from", &from) == 0 &&
	    json_get_num(r, "to", &to) == 0 && from >= 0 && from <= 1e6 &&
	    to >= 0 && to <= 1e6)
		expect(h, arrived ? (long)to : (long)from, (long)to);
	else if (h->open && status != NULL && strcmp(status, "refused") != 0)
		expect(h, -1, -1);
	h->open = 0;
}

/* Lines of the one journal as they come */
struct reading {
	struct history *h;
	int64_t now;
	int ahead; /* some were written while the clock was ahead */
	int64_t resumed; /* the first after those; -1: none yet */
};

/* What was written while the clock was ahead says nothing of when it was. Of
 * such lines the counts are believed, and the times are not. */
static int
is_ahead(struct reading *g, int64_t logged)
{
	if (logged > g->now + AHEAD_MS) {
		g->ahead = 1;
		g->resumed = -1;
		return 1;
	}
	if (g->ahead && g->resumed < 0)
		g->resumed = logged;
	return 0;
}

static int
note(void *ctx, const struct record *r, int64_t logged)
{
	const char *type = json_get_str(r->json, "type");
	struct reading *g = ctx;
	struct history *h = g->h;
	int ahead = is_ahead(g, logged);

	if (r->type == RECORD_DECISION) {
		if (!ahead)
			note_decision(h, r->json);
	} else if (r->type == RECORD_RESULT) {
		if (!ahead)
			note_result(h, r->json, logged);
		note_outcome(h, r->json);
	} else if (type != NULL && strcmp(type, "intent") == 0) {
		h->open = 1;
	}
	return 0;
}

static int
find_end(void *ctx, const struct record *r, int64_t logged)
{
	(void)r;
	is_ahead(ctx, logged);
	return 0;
}

/* How far back the limits look, s. A journal is read line by line, and every
 * line costs: no further than somebody asks for. */
static double
reach(const struct conf_target *t)
{
	const struct conf_policy *p = &t->policy;
	double s = 900;

	s = fmax(s, p->scale_down_cooldown);
	s = fmax(s, p->boot_time + 2 * t->decision_interval);
	s = fmax(s, p->stabilisation);
	s = fmax(s, p->missing_deadline + 2 * t->decision_interval);
	s = fmax(s, t->approval.expires);
	if (t->resources.memory.automatic ||
	    t->resources.memory_reserved.automatic)
		s = fmax(s, 3600 + t->step + p->boot_time);
	if (p->max_changes_per_hour >= 0 || !isnan(t->cost.max_monthly) ||
	    !isnan(t->cost.max_daily))
		s = fmax(s, 3600);
	if (p->max_changes_per_day >= 0 || t->cost.billing >= BILL_HOUR)
		s = fmax(s, 86400);
	return s;
}

/* The spending of a month is carried on from decision to decision, and nobody
 * may have decided for days. */
static int
lacks_spending(const struct history *h, const struct conf_target *t)
{
	return isnan(h->spent) &&
	    (!isnan(t->cost.max_monthly) || !isnan(t->cost.max_daily));
}

/* What the journal has from `since` on */
static int
read_since(struct reading *g, const struct conf_target *t, int64_t since,
    struct buf *why)
{
	int64_t born = g->h->born;

	history_clear(g->h);
	g->h->born = born;
	g->ahead = 0;
	g->resumed = -1;
	return journal_each(
	    t->state_dir, t->name, since > 1 ? since : 1, note, g, why);
}

int
history_read(struct history *h, const struct conf_target *t, int64_t now,
    struct buf *why)
{
	int64_t back = (int64_t)llround(reach(t) * 1000);
	struct reading g = { .h = h, .now = now };
	int r;

	history_clear(h);
	h->born = journal_born(t->state_dir, t->name);
	r = read_since(&g, t, now - back, why);
	while (r >= 0 && lacks_spending(h, t) && back < MONTH_MS &&
	    now - back > h->born) {
		back = back < MONTH_MS / 4 ? 4 * back : MONTH_MS;
		r = read_since(&g, t, now - back, why);
	}
	/* after the clock was set back it is as if the journal were new */
	if (g.ahead &&
	    r == 0) /* which may be longer ago than the limits look */
		r = journal_each(t->state_dir, t->name, 1, find_end, &g, why);
	if (g.ahead || h->born > now + AHEAD_MS)
		h->born = g.resumed >= 0 ? g.resumed : now;
	return r < 0 ? -1 : 0;
}
