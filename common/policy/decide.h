/*
 * decide.h - from forecasts to a decision: pure, no clock, no I/O
 *
 * want = median(lower, n, hold): lower is the largest of the votes that may
 * raise (now, panic, ahead, sched, floor), hold the largest of lower and of the
 * votes that may veto a removal (keep, drop), n the present count. Limits then
 * reduce a removal or cap an addition; each leaves a state. What is missing,
 * stale or not a number never lowers the count, and neither does a wider error.
 *
 * The same input gives the same decision to the byte. With `brief` nothing is
 * allocated: for replays.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "conf/conf.h"
#include "policy/history.h"
#include "policy/need.h"
#include "policy/schedule.h"
#include "policy/types.h"
#include "record/decision.h"
#include "record/forecast.h"

struct decide_signal {
	const struct conf_signal *conf;
	const struct forecast *forecast; /* NULL: nothing came */
};

struct decide_input {
	const struct conf_target *target; /* passes conf_check */
	int64_t now; /* ms */
	const struct decide_signal *signals; /* at most DECISION_INPUTS */
	size_t n_signals;
	const struct state *state; /* NULL: none came */
	const struct history *history; /* NULL: there is no state folder */
	const struct schedule *schedule; /* NULL: none */
	int64_t outage; /* an anomaly says "drop" or "missing" since; 0: none */
	int brief; /* no reason, plan and id */
};

/* What one signal says */
struct decide_view {
	const struct conf_signal *conf;
	const struct forecast *forecast;
	const struct forecast_window *ahead_window, *keep_window; /* or NULL */
	double value; /* newest; NAN: missing */
	double age; /* s; NAN: missing */
	double unit; /* what may be planned for an instance */
	int missing; /* no value to go by */
	int blind; /* missing, and the deadline is over: it has no say */
	int stale; /* too old, too few, just back: removes nothing */
	int reactive; /* no forecast: the target rule instead */
	int mismatch; /* its windows are for another policy */
	int over_limit; /* a guard signal above its limit */
	int advice; /* only for advice: wish for nothing, and forbids nothing */
	double use; /* share of what the ready instances carry; NAN */
	int emergency, saturated;
	double wish; /* what now and ahead ask for, before rounding up; NAN */
	long now, ahead, keep; /* -1: no vote */
	char note[128];
};

/* How it came about, for reasons and explanations */
struct decide_trace {
	struct decide_view view[DECISION_INPUTS];
	size_t n_views;
	/* with types all counts are of what the machines are worth, whole
	 * instances; the decision's own counts are of machines */
	struct types types; /* n 0: all instances are alike */
	long n; /* present count, -1: not known */
	long ready; /* -1: not known */
	long to; /* recommended */
	long stay; /* machines that are paid for beyond the next decision */
	int emergency; /* load is at or above its emergency share */
	int lead; /* view with the highest need, -1: none */
	struct schedule_floor floor;
	const char *frozen; /* name of the freeze in force */
	const char *forced; /* the state that kept want from being carried out,
			     * or that kept the votes from being trusted */
	long max; /* most instances now */
	struct need_door door; /* as used */
	struct need_door set; /* as configured */
	int tuned; /* its quantile is `quantile`, not `slo` */
	int paced; /* money is short: door asks for less than set */
	struct billing billing;
	double spent, affordable; /* this month; mean count; NAN: no budget */
	double money; /* most that additions may lead to, a month; NAN: any */
	/* who else changed the count within the stabilisation; time 0: nobody
	 */
	struct history_change elsewhere;
	int by_day; /* it is the day's budget that pays for the fewest */
	double overspend; /* money a month beyond the budget; 0: none */
};

/* decide(in, d, trace): fills *d; trace may be NULL */
void decide(const struct decide_input *in, struct decision *d,
    struct decide_trace *trace);

/* decide_explain: every vote in words, a line each, with LF */
void decide_explain(const struct decision *d, const struct decide_trace *trace,
    struct buf *out);

#endif
