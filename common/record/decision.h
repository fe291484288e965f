/*
 * decision.h - a decision record: as-records(5), decision and result
 *
 * Loads are percent of what the ready instances carry at full capacity.
 */
#ifndef RECORD_DECISION_H
#define RECORD_DECISION_H

#include <stdint.h>

#include "record/record.h"
#include "record/state.h"

enum decision_action {
	ACTION_SCALE_UP,
	ACTION_SCALE_DOWN,
	ACTION_MAINTAIN,
	ACTION_EMERGENCY,
	ACTION_HOLD
};
extern const char *const decision_actions[]; /* names, NULL at the end */

enum decision_approval {
	APPROVAL_NONE,
	APPROVAL_REQUIRED,
	APPROVAL_GRANTED,
	APPROVAL_DENIED
};
extern const char *const decision_approvals[];

enum {
	VOTE_NOW,
	VOTE_PANIC,
	VOTE_AHEAD,
	VOTE_SCHED,
	VOTE_FLOOR,
	VOTE_KEEP,
	VOTE_DROP,
	VOTE_COUNT
};
extern const char *const decision_votes[]; /* "now", "panic", ... */

enum { DECISION_INPUTS = 16, DECISION_STATES = 24 };

struct decision_input { /* one signal */
	char signal[128], unit[64];
	double value; /* newest observation; NAN: missing */
	double age_s, coverage; /* NAN: not known */
	long needed_now, needed_ahead; /* instances; -1: no vote */
	/* of the peak from from_s to to_s after the observation: the point
	 * forecast, and what is not passed 95 times of 100; NAN: no forecast */
	double expected, at_most, from_s, to_s;
	char note[128]; /* "no forecast: ..." or "" */
};

struct decision_resources { /* for each instance; 0: nothing is wished */
	double cpus, cpus_reserved; /* cores; reserved <= limit */
	double memory, memory_reserved; /* bytes, whole */
	char reason[512];
};

struct decision {
	char id[17], plan[17]; /* hex; see decision_plan */
	int64_t time; /* ms */
	char target[256];
	int automatic; /* mode auto; else monitor */
	enum decision_action action;
	double current_load, predicted_load; /* percent; NAN: not known */
	double confidence; /* NAN: not known */
	long current, recommended; /* instances; -1: not known */
	struct mix mix; /* those recommended by type; empty: all are alike */
	double cost_impact; /* money a month; NAN: no price given */
	char currency[8];
	double spent; /* money, this month, up to now; NAN: no budget */
	double spent_today; /* the same of this day; NAN: it has no budget */
	double rate; /* money that what runs costs an hour; NAN: by count */
	int64_t spent_since; /* ms: since when it was counted */
	struct decision_resources resources;
	char reason[1024];
	const char *states[DECISION_STATES]; /* static words */
	size_t n_states;
	double risk_ahead, risk_keep; /* P(overload) with recommended; NAN */
	struct decision_input inputs[DECISION_INPUTS];
	size_t n_inputs;
	long votes[VOTE_COUNT]; /* instances; -1: no vote, written as null */
	long lower, hold, want; /* -1: not known */
	const char *by; /* the vote that decided; static */
	struct state observed; /* what the driver said */
	enum decision_approval approval;
	int64_t expires; /* ms; 0: does not expire */
};

/* decision_plan(d): fills plan = first 16 hex digits of SHA-256 over target,
 * observed count and version (empty where the count is not known),
 * recommendation, each ended by LF, and its mix, if there is one, a line for
 * each type; and id = the same over plan and time. Deterministic. */
void decision_plan(struct decision *);

/* decision_state(d, word): adds a state once. word is static. */
void decision_state(struct decision *, const char *word);

void decision_write(struct buf *, const struct decision *); /* without LF */

/*
 * decision_read: what as-apply, as-approve and as-notify need: id, plan, time,
 * target, mode, action, counts, mix, reason, cost, resources, observed,
 * approval, expires; states and votes are not read. Checks plan and id against
 * the content. 0, or -1 with a static text in *why.
 */
int decision_read(struct decision *, const struct json *, const char **why);

#endif
