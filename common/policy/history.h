/*
 * history.h - what a decision must know of earlier ones
 *
 * Pure data: filled from the journal by history_read, or by a replay through
 * history_changed and the members.
 */
#ifndef POLICY_HISTORY_H
#define POLICY_HISTORY_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "policy/billing.h"
#include "record/state.h"

enum {
	HISTORY_CHANGES = 512, /* of the last day; the oldest are forgotten */
	HISTORY_PENDING = 8,
	HISTORY_UNITS = STATE_STARTED,
	HISTORY_SIGNALS = 16
};

struct history_change { /* one that was carried out */
	int64_t time; /* ms */
	long from, to;
};

struct history_pending { /* a plan that waits for a person */
	char plan[17];
	int64_t since;
};

struct history_seen { /* of one signal, by the decisions' inputs */
	char signal[128];
	int64_t missing; /* the first of those without a value that came after
			  * all with one; 0: the newest had one */
};

struct history {
	int64_t born; /* when the journal was begun, ms; -1: there is none */
	struct history_change changes[HISTORY_CHANGES]; /* oldest first */
	size_t n_changes;
	int64_t panic_time; /* of the newest panic vote; 0: none */
	long panic;
	struct history_pending pending[HISTORY_PENDING];
	size_t n_pending;
	struct history_seen seen[HISTORY_SIGNALS];
	size_t n_seen;
	/* money: what the month has cost up to spent_time, as the newest
	 * decision had it, and the count since; NAN: not known */
	double spent, spent_today; /* today: NAN where no day has a budget */
	int64_t spent_time, spent_since; /* since: what it was counted from */
	long spent_count;
	double spent_rate; /* what that count costs an hour; NAN: by count */
	/* when those instances began that ran at started_time, as the newest
	 * decision had it, as far as it is known; 0: it said nothing */
	int64_t started[HISTORY_UNITS], started_time;
	size_t n_started;
	/* the count that what we know of leaves: one of these, for a change
	 * that was not seen to arrive may yet, or fall back */
	int expects; /* it is known */
	long expected_lo, expected_hi;
	int open; /* a change was begun, and nobody knows what became of it */
	/* the newest change of the count by somebody else; time 0: none */
	struct history_change elsewhere;
};

/* history_clear: nothing is known, the journal is new (born -1) */
void history_clear(struct history *);

/* history_changed(h, time, from, to): a change was carried out */
void history_changed(struct history *h, int64_t time, long from, long to);

/*
 * history_read(h, t, now, why): from the journal of target t in its state_dir
 * (not NULL). Reads back as far as the policy's limits ask for, and where a
 * budget is set to the newest decision that knew what was spent, a month at
 * the most. Lines of later than now were written before the clock was set back:
 * the journal counts as begun after the last of them. 0, or -1 with a message
 * in *why.
 */
int history_read(struct history *h, const struct conf_target *t, int64_t now,
    struct buf *why);

/* history_elsewhere(h, n): a count of n is neither what we last applied nor
 * what it was when a decision was last made to be carried out */
int history_elsewhere(const struct history *h, long n);

/* history_last(h): when something was changed last, 0: never */
int64_t history_last(const struct history *h);

/* history_count(h, since): how many changes at since (ms) or later */
long history_count(const struct history *h, int64_t since);

/*
 * history_started(h, n, now, b, start): when those of n instances began of
 * which it is known, in order: by the newest decision and the changes after it.
 * Removals are taken to have hit those whose paid time was nearest to its end,
 * those that began at a time nobody knows before all others. How many.
 */
size_t history_started(const struct history *h, long n, int64_t now,
    const struct billing *b, int64_t start[static HISTORY_UNITS]);

/* history_unused(h, since, now, b): for how many seconds the instances that
 * went since then, as history_started has it, were paid and not used */
double history_unused(const struct history *h, int64_t since, int64_t now,
    const struct billing *b);

/* history_bound(start, units, now, until, b): how many of those are paid for
 * until later than `until` (ms) */
long history_bound(const int64_t *start, size_t units, int64_t now,
    int64_t until, const struct billing *b);

/* history_least(h, n, from, until): the smallest count within that time, ms,
 * as far as changes are known; n is the present one */
long history_least(
    const struct history *h, long n, int64_t from, int64_t until);

/* history_missing(h, signal): since when decisions have been made without it;
 * 0: they have not, as far as is known */
int64_t history_missing(const struct history *h, const char *signal);

/* history_pending_since(h, plan): since when it waits; 0: it does not */
int64_t history_pending_since(const struct history *h, const char *plan);

#endif
