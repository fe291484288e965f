#include "record/decision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "io/digest.h"

const char *const decision_actions[] = { [ACTION_SCALE_UP] = "scale_up",
	[ACTION_SCALE_DOWN] = "scale_down",
	[ACTION_MAINTAIN] = "maintain",
	[ACTION_EMERGENCY] = "emergency_scale",
	[ACTION_HOLD] = "hold",
	NULL };

const char *const decision_approvals[] = { [APPROVAL_NONE] = "none",
	[APPROVAL_REQUIRED] = "required",
	[APPROVAL_GRANTED] = "granted",
	[APPROVAL_DENIED] = "denied",
	NULL };

const char *const decision_votes[] = { [VOTE_NOW] = "now",
	[VOTE_PANIC] = "panic",
	[VOTE_AHEAD] = "ahead",
	[VOTE_SCHED] = "sched",
	[VOTE_FLOOR] = "floor",
	[VOTE_KEEP] = "keep",
	[VOTE_DROP] = "drop",
	NULL };

/* A count on a line of its own; what is not known is null there. */
static int
count_line(char *to, size_t size, long n)
{
	return n < 0 ? snprintf(to, size, "null\n")
		     : snprintf(to, size, "%ld\n", n);
}

static void
digest16(const char *s, size_t n, char to[static 17])
{
	char hex[DIGEST_HEX];

	digest_sha256(s, n, hex);
	memcpy(to, hex, 16);
	to[16] = '\0';
}

void
decision_plan(struct decision *d)
{
	char s[sizeof(d->target) + sizeof(d->observed.version) +
	    MIX_TYPES * (MIX_NAME + 24) + 64];
	char time[CLOCK_SIZE];
	size_t n;

	n = (size_t)snprintf(s, sizeof(s), "%s\n", d->target);
	n += (size_t)count_line(s + n, sizeof(s) - n,
	    d->observed.known ? d->observed.instances : -1);
	/* a count that is not known has no version: none is written either */
	n += (size_t)snprintf(s + n, sizeof(s) - n, "%s\n",
	    d->observed.known ? d->observed.version : "");
	n += (size_t)count_line(s + n, sizeof(s) - n, d->recommended);
	for (size_t i = 0; i < d->mix.n; i++)
		n += (size_t)snprintf(s + n, sizeof(s) - n, "%ld %s\n",
		    d->mix.part[i].count, d->mix.part[i].type);
	digest16(s, n, d->plan);
	n = (size_t)snprintf(
	    s, sizeof(s), "%s\n%s\n", d->plan, clock_format(time, d->time));
	digest16(s, n, d->id);
}

void
decision_state(struct decision *d, const char *word)
{
	for (size_t i = 0; i < d->n_states; i++)
		if (strcmp(d->states[i], word) == 0)
			return;
	if (d->n_states < DECISION_STATES)
		d->states[d->n_states++] = word;
}

/* --- writing --- */

static void
put_count(struct buf *b, const char *name, long n)
{
	if (n >= 0)
		record_put_num(b, name, (double)n);
}

/* A vote is written where there is none, too: as null */
static void
put_vote(struct buf *b, const char *name, long n)
{
	record_put_key(b, name);
	if (n >= 0)
		buf_printf(b, "%ld", n);
	else
		buf_str(b, "null");
}

/* What was foreseen, to be held against what comes */
static void
put_expected(struct buf *b, const struct decision_input *in)
{
	if (!isfinite(in->expected))
		return;
	record_put_key(b, "expected");
	buf_char(b, '{');
	record_put_num(b, "value", in->expected);
	record_put_num(b, "at_most", in->at_most);
	record_put_num(b, "from_s", in->from_s);
	record_put_num(b, "to_s", in->to_s);
	buf_char(b, '}');
}

static void
put_inputs(struct buf *b, const struct decision *d)
{
	record_put_key(b, "inputs");
	buf_char(b, '[');
	for (size_t i = 0; i < d->n_inputs; i++) {
		const struct decision_input *in = &d->inputs[i];

		buf_str(b, i > 0 ? ",{" : "{");
		record_put_str(b, "signal", in->signal);
		record_put_num(b, "value", in->value);
		if (in->unit[0] != '\0')
			record_put_str(b, "unit", in->unit);
		record_put_num(b, "age_s", in->age_s);
		record_put_num(b, "coverage", in->coverage);
		put_count(b, "needed_now", in->needed_now);
		put_count(b, "needed_ahead", in->needed_ahead);
		put_expected(b, in);
		if (in->note[0] != '\0')
			record_put_str(b, "note", in->note);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static void
put_votes(struct buf *b, const struct decision *d)
{
	record_put_key(b, "votes");
	buf_char(b, '{');
	for (int i = 0; i < VOTE_COUNT; i++)
		put_vote(b, decision_votes[i], d->votes[i]);
	put_vote(b, "lower", d->lower);
	put_vote(b, "hold", d->hold);
	put_vote(b, "want", d->want);
	record_put_key(b, "by");
	if (d->by != NULL)
		buf_json_str(b, d->by);
	else
		buf_str(b, "null");
	buf_char(b, '}');
}

static void
put_mix(struct buf *b, const struct mix *m)
{
	if (m->n == 0)
		return;
	record_put_key(b, "mix");
	mix_write(b, m);
}

static void
put_observed(struct buf *b, const struct state *s)
{
	record_put_key(b, "observed");
	buf_char(b, '{');
	record_put_str(b, "driver", s->driver);
	if (s->known) {
		put_count(b, "instances", s->instances);
		put_count(b, "ready", s->ready);
		put_mix(b, &s->mix);
		record_put_str(b, "version", s->version);
	} else {
		record_put_str(
		    b, "error", s->error[0] != '\0' ? s->error : "unknown");
	}
	state_put_started(b, s->started, s->n_started);
	if (s->time != 0)
		record_put_time(b, "time", s->time);
	buf_char(b, '}');
}

/* What the next decision of this month counts on from */
static void
put_spent(struct buf *b, const struct decision *d)
{
	if (!isfinite(d->spent))
		return;
	record_put_key(b, "spent");
	buf_char(b, '{');
	record_put_num(b, "value", d->spent);
	record_put_time(b, "since", d->spent_since);
	record_put_num(b, "today", d->spent_today);
	record_put_num(b, "per_hour", d->rate);
	buf_char(b, '}');
}

static void
put_wish(struct buf *b, const char *name, double x)
{
	if (x > 0)
		record_put_num(b, name, x);
}

static void
put_resources(struct buf *b, const struct decision_resources *r)
{
	if (!(r->cpus > 0 || r->cpus_reserved > 0 || r->memory > 0 ||
		r->memory_reserved > 0))
		return;
	record_put_key(b, "resources");
	buf_char(b, '{');
	put_wish(b, "cpus", r->cpus);
	put_wish(b, "memory", r->memory);
	put_wish(b, "cpus_reserved", r->cpus_reserved);
	put_wish(b, "memory_reserved", r->memory_reserved);
	record_put_str(b, "reason", r->reason);
	buf_char(b, '}');
}

static void
put_states(struct buf *b, const struct decision *d)
{
	record_put_key(b, "states");
	buf_char(b, '[');
	for (size_t i = 0; i < d->n_states; i++) {
		buf_str(b, i > 0 ? "," : "");
		buf_json_str(b, d->states[i]);
	}
	buf_str(b, "]");
	record_put_key(b, "risk");
	buf_char(b, '{');
	record_put_num(b, "ahead", d->risk_ahead);
	record_put_num(b, "keep", d->risk_keep);
	buf_char(b, '}');
}

void
decision_write(struct buf *b, const struct decision *d)
{
	buf_str(b, "{\"type\":\"decision\"");
	record_put_str(b, "id", d->id);
	record_put_str(b, "plan", d->plan);
	record_put_time(b, "time", d->time);
	record_put_str(b, "target", d->target);
	record_put_str(b, "mode", d->automatic ? "auto" : "monitor");
	record_put_str(b, "action", decision_actions[d->action]);
	record_put_num(b, "current_load", d->current_load);
	record_put_num(b, "predicted_load", d->predicted_load);
	record_put_num(b, "confidence", d->confidence);
	put_count(b, "current_instances", d->current);
	put_count(b, "recommended_instances", d->recommended);
	put_mix(b, &d->mix);
	record_put_num(b, "cost_impact", d->cost_impact);
	if (isfinite(d->cost_impact))
		record_put_str(b, "currency", d->currency);
	put_spent(b, d);
	put_resources(b, &d->resources);
	record_put_str(b, "reason", d->reason);
	put_states(b, d);
	put_inputs(b, d);
	put_votes(b, d);
	put_observed(b, &d->observed);
	record_put_str(b, "approval", decision_approvals[d->approval]);
	if (d->expires != 0)
		record_put_time(b, "expires", d->expires);
	buf_char(b, '}');
}

/* --- reading --- */

/* A text that fits, or -1; one that is missing is empty */
static int
take_text(char *to, size_t size, const struct json *j, const char *name)
{
	const struct json *m = json_get(j, name);
	const char *s = json_str(m);

	to[0] = '\0';
	if (m == NULL || json_type(m) == JSON_NULL)
		return 0;
	if (s == NULL || strlen(s) >= size)
		return -1;
	memcpy(to, s, strlen(s) + 1);
	return 0;
}

/* A text for people may be cut, but not within a character. */
static void
take_message(char *to, size_t size, const struct json *j, const char *name)
{
	const char *s = json_get_str(j, name);
	size_t n = s != NULL ? strlen(s) : 0;

	if (n >= size)
		n = utf8_cut(s, size - 1);
	if (n > 0)
		memcpy(to, s, n);
	to[n] = '\0';
}

/* Which of the words; the default where it is missing; -1: none of them */
static int
take_word(const struct json *j, const char *name, const char *const *words,
    int missing)
{
	const struct json *m = json_get(j, name);
	const char *s = json_str(m);

	if (m == NULL)
		return missing;
	for (int i = 0; s != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], s) == 0)
			return i;
	return -1;
}

/* A count of instances; -1 where it is missing or null; -2: not a count */
static long
take_count(const struct json *j, const char *name)
{
	const struct json *m = json_get(j, name);
	double x;

	if (m == NULL || json_type(m) == JSON_NULL)
		return -1;
	if (json_num(m, &x) != 0 || x < 0 || x > 1e6 || x != floor(x))
		return -2;
	return (long)x;
}

static double
take_num(const struct json *j, const char *name)
{
	double x = NAN;

	json_get_num(j, name, &x);
	return x;
}

static int
take_observed(struct decision *d, const struct json *j, const char **why)
{
	struct state *s = &d->observed;
	long long ms = 0;

	*why = "'observed' is missing or no object";
	if (j == NULL || json_type(j) != JSON_OBJECT)
		return -1;
	*why = "'observed' holds what it should not";
	if (take_text(s->driver, sizeof(s->driver), j, "driver") != 0 ||
	    take_text(s->version, sizeof(s->version), j, "version") != 0)
		return -1;
	take_message(s->error, sizeof(s->error), j, "error");
	s->instances = take_count(j, "instances");
	s->ready = take_count(j, "ready");
	if (s->instances < -1 || s->ready < -1)
		return -1;
	s->known = s->instances >= 0 && s->error[0] == '\0';
	if (!s->known)
		s->instances = s->ready = -1;
	if (json_get(j, "time") != NULL && json_get_time(j, "time", &ms) != 0)
		return -1;
	s->time = ms;
	memcpy(s->target, d->target, sizeof(s->target));
	return 0;
}

/* A positive number up to hi; 0 where it is missing; -1: neither */
static double
take_wish(const struct json *j, const char *name, double hi)
{
	const struct json *m = json_get(j, name);
	double x;

	if (m == NULL || json_type(m) == JSON_NULL)
		return 0;
	return json_num(m, &x) == 0 && x > 0 && x <= hi ? x : -1;
}

static int
take_resources(struct decision *d, const struct json *j, const char **why)
{
	struct decision_resources *r = &d->resources;

	if (j == NULL || json_type(j) == JSON_NULL)
		return 0;
	*why = "'resources' holds what it should not";
	r->cpus = take_wish(j, "cpus", 1e6);
	r->cpus_reserved = take_wish(j, "cpus_reserved", 1e6);
	r->memory = take_wish(j, "memory", 9007199254740992.0);
	r->memory_reserved =
	    take_wish(j, "memory_reserved", 9007199254740992.0);
	if (json_type(j) != JSON_OBJECT || r->cpus < 0 ||
	    r->cpus_reserved < 0 || r->memory < 0 || r->memory_reserved < 0 ||
	    r->memory != floor(r->memory) ||
	    r->memory_reserved != floor(r->memory_reserved))
		return -1;
	*why = "'resources' reserves more than its limit";
	if ((r->cpus > 0 && r->cpus_reserved > r->cpus) ||
	    (r->memory > 0 && r->memory_reserved > r->memory))
		return -1;
	take_message(r->reason, sizeof(r->reason), j, "reason");
	return 0;
}

/* The plan and id that the content gives must be those that it says. */
static int
check_plan(struct decision *d, const struct json *j, const char **why)
{
	const char *id = json_get_str(j, "id"), *plan = json_get_str(j, "plan");

	decision_plan(d);
	*why = "'plan' does not fit the rest of the decision";
	if (plan == NULL || strcmp(plan, d->plan) != 0)
		return -1;
	*why = "'id' does not fit the rest of the decision";
	return id != NULL && strcmp(id, d->id) == 0 ? 0 : -1;
}

static int
take_words(struct decision *d, const struct json *j, const char **why)
{
	static const char *const modes[] = { "monitor", "auto", NULL };
	int mode = take_word(j, "mode", modes, -1);
	int action = take_word(j, "action", decision_actions, -1);
	int approval = take_word(j, "approval", decision_approvals, 0);

	*why = "'mode' is neither monitor nor auto";
	if (mode < 0)
		return -1;
	*why = "'action' is missing or not known";
	if (action < 0)
		return -1;
	*why = "'approval' is not known";
	if (approval < 0)
		return -1;
	d->automatic = mode == 1;
	d->action = (enum decision_action)action;
	d->approval = (enum decision_approval)approval;
	return 0;
}

int
decision_read(struct decision *d, const struct json *j, const char **why)
{
	long long ms;

	*d = (struct decision){ .risk_ahead = NAN,
		.risk_keep = NAN,
		.spent = NAN,
		.spent_today = NAN,
		.lower = -1,
		.hold = -1,
		.want = -1 };
	for (int i = 0; i < VOTE_COUNT; i++)
		d->votes[i] = -1;
	*why = "'target' is missing or too long";
	if (take_text(d->target, sizeof(d->target), j, "target") != 0 ||
	    d->target[0] == '\0')
		return -1;
	*why = "'time' is missing or no time";
	if (json_get_time(j, "time", &ms) != 0)
		return -1;
	d->time = ms;
	*why = "'expires' is no time";
	if (json_get(j, "expires") != NULL) {
		if (json_get_time(j, "expires", &ms) != 0)
			return -1;
		d->expires = ms;
	}
	*why = "'current_instances' or 'recommended_instances' is no count";
	d->current = take_count(j, "current_instances");
	d->recommended = take_count(j, "recommended_instances");
	if (d->current < -1 || d->recommended < -1)
		return -1;
	*why = "'mix' is no list of types and counts";
	if (mix_read(&d->mix, json_get(j, "mix")) != 0)
		return -1;
	*why = "'mix' has not as many as 'recommended_instances'";
	if (d->mix.n > 0 && mix_total(&d->mix) != d->recommended)
		return -1;
	d->current_load = take_num(j, "current_load");
	d->predicted_load = take_num(j, "predicted_load");
	d->confidence = take_num(j, "confidence");
	d->cost_impact = take_num(j, "cost_impact");
	*why = "'currency' is no code of three letters";
	if (take_text(d->currency, sizeof(d->currency), j, "currency") != 0)
		return -1;
	take_message(d->reason, sizeof(d->reason), j, "reason");
	if (take_words(d, j, why) != 0 ||
	    take_observed(d, json_get(j, "observed"), why) != 0 ||
	    take_resources(d, json_get(j, "resources"), why) != 0)
		return -1;
	return check_plan(d, j, why);
}
