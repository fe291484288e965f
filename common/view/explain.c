#include "view/explain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "view/words.h"

enum { LABEL = 12 }; /* columns before the text */

static const struct {
	const char *word, *means;
} states[] = {
	{ "count-unknown", "the present count was not known" },
	{ "stale", "the newest load was too old to remove anything on" },
	{ "no-data", "there was no load at all" },
	{ "window-mismatch",
	    "the forecast was made for another boot time or interval" },
	{ "suspected-outage",
	    "the load fell faster than it does by itself: something may be "
	    "down" },
	{ "paused", "the target is paused" },
	{ "frozen", "a freeze was in force: no change but emergencies" },
	{ "missing-signal", "a signal was missing, which blocks a removal" },
	{ "guard-signal", "a guard signal was above its limit" },
	{ "capped-by-max", "max_instances stood in the way" },
	{ "above-max", "more than max_instances, as over_max allows" },
	{ "tolerance", "the difference is within the tolerance" },
	{ "step-limited", "the step is limited by max_step_up or _down" },
	{ "cooldown", "too little time since the last change" },
	{ "change-budget", "as many changes as an hour or a day may have" },
	{ "billing-edge", "what would be removed is paid for a while yet" },
	{ "budget-ok", "the month's money suffices" },
	{ "budget-tight", "money is short: it goes where it does most" },
	{ "budget-hold", "the month's money is spent" },
	{ "budget-ask", "it would cost more than the month's money" },
	{ "awaiting-approval", "a person has to grant it" },
	{ "reactive-only", "there was no forecast to go by" },
	{ "changed-elsewhere",
	    "the count was not what was last applied: somebody else changed "
	    "it, and nothing is removed for one stabilisation" },
	{ "cold", "the journal is new: nothing is removed yet" },
	{ "type-unknown", "nobody says what some of the machines are worth" },
	{ "out-of-memory", "there was no memory to choose machines in" },
};

static const struct {
	const char *name, *means;
} votes[] = {
	{ "now", "the load as it is" },
	{ "panic", "a load at its limit, which hides how much is wanted" },
	{ "ahead", "the forecast until more could be ready" },
	{ "sched", "the schedule" },
	{ "floor", "the smallest count allowed" },
	{ "keep", "the forecast for what would be removed" },
	{ "drop", "the guard against a sudden drop" },
};

/* A line's label; the text follows */
static void
label(struct buf *b, const char *text)
{
	buf_printf(b, "%-*s", LABEL, text);
}

static void
put_number(struct buf *b, double x)
{
	buf_printf(b, "%.4g", x);
}

static const char *
text_of(const struct json *j, const char *name)
{
	const char *s = json_get_str(j, name);

	return s != NULL ? s : "?";
}

static double
number_of(const struct json *j, const char *name)
{
	double x = NAN;

	json_get_num(j, name, &x);
	return x;
}

static void
put_heading(const struct json *d, struct buf *b)
{
	static const struct {
		const char *action, *words;
	} actions[] = {
		{ "scale_up", "scale up" },
		{ "scale_down", "scale down" },
		{ "maintain", "leave as it is" },
		{ "emergency_scale", "scale up at once" },
		{ "hold", "hold" },
	};
	const char *action = text_of(d, "action");
	double from = number_of(d, "current_instances");
	double to = number_of(d, "recommended_instances");

	for (size_t k = 0; k < sizeof(actions) / sizeof(actions[0]); k++)
		if (strcmp(action, actions[k].action) == 0)
			action = actions[k].words;
	buf_printf(
	    b, "%s, %s: %s", text_of(d, "target"), text_of(d, "time"), action);
	if (from >= 0 && to >= 0 && from != to)
		buf_printf(b, " from %.0f to %.0f", from, to);
	else if (to >= 0)
		buf_printf(b, " at %.0f", to);
	buf_printf(b, ", mode %s\n", text_of(d, "mode"));
	if (json_get_str(d, "reason") != NULL) {
		label(b, "why");
		buf_printf(b, "%s\n", json_get_str(d, "reason"));
	}
}

static void
put_load(const struct json *d, struct buf *b)
{
	double now = number_of(d, "current_load");
	double ahead = number_of(d, "predicted_load");
	double sure = number_of(d, "confidence");

	if (!isnan(now) || !isnan(ahead))
		label(b, "load");
	if (!isnan(now)) {
		put_number(b, now);
		buf_str(b, " % of what the ready instances carry");
	}
	if (!isnan(ahead)) {
		buf_str(b, isnan(now) ? "" : ", ");
		put_number(b, ahead);
		buf_str(b, " % forecast");
	}
	if (!isnan(now) || !isnan(ahead))
		buf_char(b, '\n');
	if (!isnan(sure)) {
		label(b, "confidence");
		put_number(b, sure * 100);
		buf_str(b, " % of such forecasts were within 15 %\n");
	}
}

static void
put_inputs(const struct json *d, struct buf *b)
{
	const char *head = "inputs";

	for (const struct json *in = json_first(json_get(d, "inputs"));
	     in != NULL; in = json_next(in)) {
		double value = number_of(in, "value");
		double age = number_of(in, "age_s");
		double now = number_of(in, "needed_now");
		double ahead = number_of(in, "needed_ahead");
		const char *unit = json_get_str(in, "unit");
		char span[NUMBER_SIZE];

		label(b, head);
		head = "";
		buf_printf(b, "%s: ", text_of(in, "signal"));
		if (isnan(value))
			buf_str(b, "missing");
		else
			put_number(b, value);
		if (!isnan(value) && unit != NULL)
			buf_printf(b, " %s", unit);
		if (age >= 0)
			buf_printf(b, ", %s old", duration_format(span, age));
		if (now >= 0)
			buf_printf(b, ", needs %.0f now", now);
		if (ahead >= 0)
			buf_printf(b, ", %.0f ahead", ahead);
		if (json_get_str(in, "note") != NULL)
			buf_printf(b, " (%s)", json_get_str(in, "note"));
		buf_char(b, '\n');
	}
}

/* keep and drop do not raise: they hold what is there. */
static int
only_holds(const char *vote)
{
	return strcmp(vote, "keep") == 0 || strcmp(vote, "drop") == 0;
}

static void
put_vote(const char *name, const char *means, double vote, double to,
    int prevailed, struct buf *b)
{
	label(b, "");
	buf_printf(b, "%s, %s: ", name, means);
	if (isnan(vote)) {
		buf_str(b, "had nothing to say\n");
		return;
	}
	buf_printf(b, "%.0f", vote);
	if (prevailed)
		buf_str(b, ", which prevailed");
	else if (isnan(to))
		buf_str(b, "");
	else if (vote == to)
		buf_str(b, ", the same");
	else if (only_holds(name))
		buf_str(b,
		    vote > to ? ", but it can only hold, not raise"
			      : ", which holds nothing above the result");
	else if (vote < to)
		buf_str(b, ", less than the result");
	else
		buf_str(b, ", more than the limits allowed");
	buf_char(b, '\n');
}

static void
put_votes(const struct json *d, struct buf *b)
{
	const struct json *v = json_get(d, "votes");
	const char *by = json_get_str(v, "by");
	double lower = number_of(v, "lower"), hold = number_of(v, "hold");
	double want = number_of(v, "want");
	double to = number_of(d, "recommended_instances");

	if (v == NULL)
		return;
	label(b, "votes");
	if (isnan(want))
		buf_str(b, "none that could be trusted\n");
	else if (by != NULL)
		buf_printf(b, "%.0f wanted, by '%s'\n", want, by);
	else
		buf_printf(b, "%.0f wanted\n", want);
	for (size_t k = 0; k < sizeof(votes) / sizeof(votes[0]); k++)
		put_vote(votes[k].name, votes[k].means,
		    number_of(v, votes[k].name), to,
		    by != NULL && strcmp(by, votes[k].name) == 0, b);
	if (lower < hold) {
		label(b, "");
		buf_printf(b,
		    "nothing moves between %.0f, which is needed, and %.0f, "
		    "which is held\n",
		    lower, hold);
	}
	if (!isnan(want) && !isnan(to) && want != to) {
		label(b, "");
		buf_printf(
		    b, "%.0f was wanted, and %.0f recommended\n", want, to);
	}
}

static void
put_states(const struct json *d, struct buf *b)
{
	const char *head = "states";

	for (const struct json *s = json_first(json_get(d, "states"));
	     s != NULL; s = json_next(s)) {
		const char *word = json_str(s), *means = NULL;

		if (word == NULL)
			continue;
		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++)
			if (strcmp(states[k].word, word) == 0)
				means = states[k].means;
		label(b, head);
		head = "";
		buf_printf(b, "%s%s%s\n", word, means != NULL ? ": " : "",
		    means != NULL ? means : "");
	}
}

static void
put_money(const struct json *d, struct buf *b)
{
	const struct json *risk = json_get(d, "risk");
	double ahead = number_of(risk, "ahead"), keep = number_of(risk, "keep");
	double cost = number_of(d, "cost_impact");

	if (!isnan(ahead) || !isnan(keep)) {
		label(b, "risk");
		buf_str(b, "of overload with the result:");
		if (!isnan(ahead))
			buf_printf(b, " %.3g %% until more could be ready",
			    ahead * 100);
		if (!isnan(keep))
			buf_printf(b, "%s %.3g %% after a removal",
			    isnan(ahead) ? "" : ",", keep * 100);
		buf_char(b, '\n');
	}
	if (!isnan(cost)) {
		label(b, "money");
		buf_printf(b, "%+.2f %s a month\n", cost,
		    json_get_str(d, "currency") != NULL
			? json_get_str(d, "currency")
			: "");
	}
}

static void
put_seen(const struct json *d, struct buf *b)
{
	const struct json *o = json_get(d, "observed");
	double n = number_of(o, "instances"), ready = number_of(o, "ready");
	const char *version = json_get_str(o, "version");

	if (o == NULL)
		return;
	label(b, "seen");
	buf_printf(b, "driver %s", text_of(o, "driver"));
	if (n >= 0)
		buf_printf(b, ", %.0f instances", n);
	if (ready >= 0)
		buf_printf(b, ", %.0f ready", ready);
	if (version != NULL && *version != '\0')
		buf_printf(b, ", version %s", version);
	if (json_get_str(o, "error") != NULL)
		buf_printf(b, ": %s", json_get_str(o, "error"));
	buf_char(b, '\n');
}

static void
put_word(const struct json *d, const struct json *word, struct buf *b)
{
	const char *approval = json_get_str(d, "approval");

	if (approval != NULL && strcmp(approval, "none") != 0) {
		label(b, "approval");
		buf_str(b, approval);
		if (json_get_str(d, "expires") != NULL)
			buf_printf(b, ", until %s", json_get_str(d, "expires"));
		buf_char(b, '\n');
	}
	if (word == NULL)
		return;
	label(b, "");
	buf_printf(b, "%s by %s at %s",
	    strcmp(text_of(word, "type"), "grant") == 0 ? "granted" : "denied",
	    text_of(word, "who"), text_of(word, "time"));
	if (json_get_str(word, "note") != NULL)
		buf_printf(b, ": %s", json_get_str(word, "note"));
	buf_char(b, '\n');
}

static void
put_result(const struct json *record, struct buf *b)
{
	const struct json *r = json_get(record, "result");
	double took = number_of(r, "took_ms");
	int confirmed = -1;
	char span[NUMBER_SIZE];

	label(b, "came of it");
	if (r == NULL) {
		buf_str(b, "nothing was done\n");
		return;
	}
	buf_str(b, text_of(r, "status"));
	if (took >= 0)
		buf_printf(b, " in %s", duration_format(span, took / 1000));
	if (json_bool(json_get(r, "confirmed"), &confirmed) == 0)
		buf_str(b, confirmed ? ", confirmed" : ", not confirmed");
	buf_char(b, '\n');
	if (json_get_str(r, "request") != NULL) {
		label(b, "");
		buf_printf(b, "%s\n", json_get_str(r, "request"));
	}
	if (json_get_str(r, "error") != NULL) {
		label(b, "");
		buf_printf(b, "%s\n", json_get_str(r, "error"));
	}
}

void
view_explain(const struct json *decision, const struct json *word,
    const struct json *result, struct buf *out)
{
	struct buf b = { 0 };

	put_heading(decision, &b);
	put_load(decision, &b);
	put_inputs(decision, &b);
	put_votes(decision, &b);
	put_states(decision, &b);
	put_money(decision, &b);
	put_seen(decision, &b);
	put_word(decision, word, &b);
	put_result(result, &b);
	words_clean(out, b.s != NULL ? b.s : "", b.len);
	out->failed |= b.failed;
	buf_free(&b);
}
