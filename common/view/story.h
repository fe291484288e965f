/*
 * story.h - what the records of a target add up to
 * Private to the room.
 */
#ifndef VIEW_STORY_H
#define VIEW_STORY_H

#include "view/view.h"

/* story_last: the newest run, or NULL. story_settings: of the target in the
 * files given, or NULL. */
const struct view_run *story_last(const struct view_target *);
const struct conf_target *story_settings(
    const struct view *, const struct view_target *);

/* story_signal: which signal a whole record is of; lives as long as that */
const char *story_signal(const struct json *record);

/* story_pending: the newest run, if it waits for a person; else NULL */
const struct view_run *story_pending(
    const struct view *, const struct view_target *);

/* story_word: what a person said of the plan of a run, or NULL */
const struct view_word *story_word(
    const struct view_target *, const struct view_run *);

/*
 * Runs one after another that decided alike and came to the same end are one
 * span, from runs[first] to runs[last].
 */
struct story_span {
	size_t first, last;
	int news; /* it wanted another count, or something held it */
};

/* story_spans(t, s, n): all of them, oldest first; free(*s). 0, or -1: out of
 * memory. */
int story_spans(const struct view_target *t, struct story_span **s, size_t *n);

/*
 * Money: a month's, up to now. spent is counted by the newest decision (its
 * member spent), or else from the counts that the decisions saw; since is the
 * time from which it could be counted. NAN: not known.
 */
struct story_money {
	double spent, budget, month; /* month: by its end, at this count */
	double per_instance; /* a month */
	int64_t since, until; /* ms; until: the month's end */
	const char *currency; /* or "" */
};

/* 0, or -1: there is no price, or no run */
int story_money(
    const struct view *v, const struct view_target *t, struct story_money *m);

/* story_cost(v, t, at, cost): as at[i], cost[i], what was spent of the month of
 * the newest run, at each of its runs. Room for t->n_runs in both. Returns how
 * many. */
size_t story_cost(const struct view *v, const struct view_target *t,
    int64_t *at, double *cost);

/* One signal of a target as it was seen: by its series, or else by the
 * decisions' inputs */
struct story_load {
	const char *name, *unit;
	const struct series *series; /* or NULL */
	const int64_t *t;
	const double *v;
	size_t n;
	double step_s; /* NAN with fewer than two */
	void *own; /* what story_load_free frees */
};

/* story_loads(v, t, l, n): all signals of t; free each, then *l. 0 or -1. */
int story_loads(const struct view *v, const struct view_target *t,
    struct story_load **l, size_t *n);
void story_loads_free(struct story_load *l, size_t n);

/* A forecast of a past decision, and the load that came: the highest sample of
 * which the interval meets the time it was made for */
struct story_seen {
	int64_t time; /* ms: the end of the time it was made for */
	double expected, at_most, came;
};

/* story_seen(t, l, s, n): those of which the time is over, one an observation;
 * free(*s). 0 or -1. */
int story_seen(const struct view_target *t, const struct story_load *l,
    struct story_seen **s, size_t *n);

/* story_step(t, n): the median distance of the times t[0..n-1], in s; NAN with
 * fewer than two */
double story_step(const int64_t *t, size_t n);

/* What they add up to */
struct story_held {
	size_t n;
	double error; /* mean |came - expected| over mean came; NAN */
	double within; /* share of those that came to at most at_most; NAN */
};
struct story_held story_held(const struct story_seen *s, size_t n);

#endif
