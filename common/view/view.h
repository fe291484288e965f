/*
 * view.h - records gathered for people to look at, and the ways to show them
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include <stdint.h>

#include "base/buf.h"
#include "record/forecast.h"
#include "record/record.h"
#include "record/series.h"
#include "record/state.h"

/* One decision, and what came of it where that is known. Money a month,
 * loads in percent; NAN and -1: not known; texts are never NULL. */
struct view_run {
	int64_t time; /* ms */
	char *id, *plan, *action, *mode, *reason, *states, *currency;
	char *approval, *status, *error;
	double load, ahead, cost;
	long from, to;
	int64_t expires; /* ms; 0: never */
};

struct view_target {
	char *name;
	struct view_run *runs; /* by time after view_finish */
	size_t n_runs;
	struct forecast *forecasts; /* newest of each signal */
	size_t n_forecasts;
	struct state state;
	int has_state;
	/* whole records, as text: models, anomalies, patterns, backtests */
	struct json **models, **anomalies, **patterns, **backtests;
	size_t n_models, n_anomalies, n_patterns, n_backtests;
};

struct view {
	int64_t now; /* ms; what is pending is pending then */
	double max_monthly; /* budget; NAN: none */
	double per_instance; /* money a month; NAN: not known */
	char *currency; /* or NULL */
	struct series_set series;
	struct view_target *targets;
	size_t n;
};

/* view_add(v, r, why): takes a record in. 1: taken, 0: none that is shown, -1:
 * wrong, with a static text in *why. */
int view_add(struct view *, const struct record *, const char **why);

/* view_finish: sorts. 0, or -1: out of memory. view_free releases. */
int view_finish(struct view *);
void view_free(struct view *);

/* view_pending(v, t): the newest run of t that waits for a person, or NULL */
const struct view_run *view_pending(
    const struct view *, const struct view_target *);

/*
 * view_spent(v, t, cost, share): what the instances of t cost between its first
 * and its last run, by the counts that the runs saw, and how much of a month
 * that was. 0, or -1: no price, or fewer than two runs.
 */
int view_spent(const struct view *, const struct view_target *, double *cost,
    double *share);

/*
 * The ways to show it; each adds to out.
 * view_table: for a terminal of `width` columns, with colour if colour is 1
 * view_html: one page that needs nothing else
 * view_svg: the picture of load and forecast of the first target
 * view_metrics: Prometheus text exposition
 */
void view_table(const struct view *, int width, int colour, struct buf *out);
void view_html(const struct view *, struct buf *out);
void view_svg(const struct view *, struct buf *out);
void view_metrics(const struct view *, struct buf *out);

#endif
