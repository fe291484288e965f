/*
 * view.h - records gathered for people to look at, and the ways to show them
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "record/forecast.h"
#include "record/record.h"
#include "record/series.h"
#include "record/state.h"

/* One signal as a decision saw it; NAN: not known */
struct view_input {
	char *signal, *unit;
	double value;
	int64_t origin; /* ms: when the value was observed */
	/* of the peak between origin + from_s and origin + to_s */
	double expected, at_most, from_s, to_s;
};

/* One decision, and what came of it where that is known. Money a month,
 * loads in percent; NAN and -1: not known; texts are never NULL. */
struct view_run {
	int64_t time; /* ms */
	char *id, *plan, *action, *mode, *reason, *states, *currency;
	char *approval, *status, *error, *driver;
	double load, ahead, cost, confidence;
	double risk; /* the chance of overload ahead, 0..1 */
	double spent; /* money since spent_since, a time of the same month */
	int64_t spent_since;
	long from, to, ready;
	int64_t expires; /* ms; 0: never */
	struct view_input *inputs;
	size_t n_inputs;
	size_t place; /* among the records of its target: later ones win */
};

/* What a person said of a plan */
struct view_word {
	char *plan, *who;
	int64_t time; /* ms */
	int granted;
};

struct view_target {
	char *name;
	struct view_run *runs; /* by time after view_finish */
	size_t n_runs;
	struct view_word *words;
	size_t n_words;
	struct forecast *forecasts; /* newest of each signal */
	size_t n_forecasts;
	struct state state;
	int has_state;
	/* whole records: models, anomalies, patterns, backtests */
	struct json **models, **anomalies, **patterns, **backtests;
	size_t n_models, n_anomalies, n_patterns, n_backtests;
};

struct view {
	int64_t now; /* ms; what is pending is pending then */
	const struct conf *conf; /* prices and capacities; NULL: none */
	const char *access; /* options by which as-approve finds the journal,
			     * each with a space before it; NULL: none */
	struct series_set series;
	struct view_target *targets; /* by name after view_finish */
	size_t n;
};

/* view_add(v, r, why): takes a record in. 1: taken, 0: none that is shown, -1:
 * wrong, with a static text in *why. */
int view_add(struct view *, const struct record *, const char **why);

/* view_finish: sorts, and makes a target of each series that is none. 0, or
 * -1: out of memory. view_free releases. */
int view_finish(struct view *);
void view_free(struct view *);

/*
 * The ways to show it; each adds to out.
 * view_table: for a terminal of `width` columns, with colour if colour is 1
 * view_html: one page that needs nothing else
 * view_svg: the picture of load and forecast of the first series
 * view_metrics: Prometheus text exposition
 */
void view_table(const struct view *v, int width, int colour, struct buf *out);
void view_html(const struct view *, struct buf *out);
void view_svg(const struct view *, struct buf *out);
void view_metrics(const struct view *, struct buf *out);

#endif
