#include "channel/notice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/shell.h"
#include "channel/facts.h"
#include "io/digest.h"

enum { TEXT_MAX = 2000 };

void
notice_free(struct notice *n)
{
	if (n == NULL)
		return;
	free(n->target);
	free(n->key);
	free(n->action);
	free(n->grant);
	free(n->file);
	buf_free(&n->text);
	buf_free(&n->record);
	buf_free(&n->left);
	free(n);
}

/* All that makes a notice whole is there */
static int
is_whole(const struct notice *n)
{
	return n->target != NULL && n->key != NULL && n->action != NULL &&
	    !n->text.failed && !n->record.failed && !n->left.failed;
}

struct notice *
notice_copy(const struct notice *from)
{
	struct notice *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->events = from->events;
	memcpy(n->plan, from->plan, sizeof(n->plan));
	n->target = strdup(from->target);
	n->key = strdup(from->key);
	n->action = strdup(from->action);
	n->since = from->since;
	n->told = from->told;
	n->marked = from->marked;
	n->grant = from->grant != NULL ? strdup(from->grant) : NULL;
	n->file = from->file != NULL ? strdup(from->file) : NULL;
	buf_add(&n->left, from->left.s, from->left.len);
	buf_add(&n->text, from->text.s, from->text.len);
	buf_add(&n->record, from->record.s, from->record.len);
	if (is_whole(n) && (n->grant != NULL) == (from->grant != NULL) &&
	    (n->file != NULL) == (from->file != NULL))
		return n;
	notice_free(n);
	return NULL;
}

static unsigned
events_of(const struct facts *f)
{
	unsigned action = facts_event(f->action),
		 status = facts_event(f->status);

	if (f->blind)
		action |= EVENT_STOPPED;
	if (f->elsewhere)
		action |= EVENT_ELSEWHERE;
	if (status == EVENT_UNCHANGED)
		action &= ~(unsigned)(EVENT_SCALE_UP | EVENT_SCALE_DOWN |
		    EVENT_EMERGENCY);
	return action | status | facts_event(f->size);
}

static void
put_count(struct buf *b, double x)
{
	if (isfinite(x))
		buf_printf(b, "%.0f", x);
	else
		buf_char(b, '?');
}

/* "no-data, stale", or nothing */
static void
put_states(struct buf *b, const struct json *states)
{
	const char *before = " (";
	const struct json *e;

	for (e = json_first(states); e != NULL; e = json_next(e)) {
		if (json_str(e) == NULL)
			continue;
		buf_str(b, before);
		buf_excerpt(b, json_str(e), strlen(json_str(e)), 60);
		before = ", ";
	}
	if (*before == ',')
		buf_char(b, ')');
}

static void
put_kept(struct buf *b, const struct facts *f)
{
	if (facts_event(f->action) == EVENT_HOLD) {
		buf_str(b, "holds at ");
		put_count(b, f->from);
		put_states(b, f->states);
	} else {
		buf_str(b, "stays at ");
		put_count(b, f->from);
		if (f->elsewhere)
			buf_str(b, " (changed elsewhere)");
	}
}

/* How a change is spoken of before it was done, and after it */
struct verb {
	const char *will, *did;
};

static struct verb
verb_of(const struct facts *f)
{
	static const struct verb up = { "scale up", "scaled up" },
				 down = { "scale down", "scaled down" },
				 fast = { "emergency scale-up",
					 "emergency: scaled up" };

	switch ((int)facts_event(f->action)) {
	case EVENT_SCALE_UP:
		return up;
	case EVENT_SCALE_DOWN:
		return down;
	default:
		return fast;
	}
}

/* "scaled up 3 -> 5", "scale up 3 -> 5 failed" */
static void
put_change(struct buf *b, const struct facts *f)
{
	static const struct {
		unsigned status;
		const char *after;
	} table[] = { { EVENT_APPLIED, "" },
		{ EVENT_UNCHANGED, ": there is nothing to change" },
		{ EVENT_DRY_RUN, " would be done (dry run)" },
		{ EVENT_MONITOR, " advised (monitor only: not done)" },
		{ EVENT_PENDING, " waits for approval" },
		{ EVENT_REFUSED, " refused" } };
	unsigned status = facts_event(f->status);
	struct verb v = verb_of(f);

	buf_str(b, status == EVENT_APPLIED ? v.did : v.will);
	buf_char(b, ' ');
	put_count(b, f->from);
	buf_str(b, " -> ");
	put_count(b, f->to);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].status == status) {
			buf_str(b, table[i].after);
			return;
		}
	}
	buf_char(b, ' ');
	if (strcmp(f->status, "timeout") == 0)
		buf_str(b, "not there in time");
	else
		buf_excerpt(b, f->status, strlen(f->status), 60);
}

static void
put_title(struct buf *b, const char *target, const struct facts *f)
{
	unsigned e = facts_event(f->action), status = facts_event(f->status);

	buf_excerpt(b, target, strlen(target), 255);
	buf_str(b, ": ");
	if (e == EVENT_MAINTAIN || e == EVENT_HOLD) {
		put_kept(b, f);
		if (status == EVENT_FAILED || status == EVENT_REFUSED)
			buf_printf(b, ", %s", f->status);
	} else {
		put_change(b, f);
	}
	if (f->error != NULL) {
		buf_str(b, ": ");
		buf_excerpt(b, f->error, strlen(f->error), TEXT_MAX);
	}
	if (f->size != NULL)
		buf_printf(b, "; another size %s",
		    strcmp(f->size, "timeout") == 0 ? "not there in time"
						    : f->size);
	if (f->size != NULL && f->size_error != NULL) {
		buf_str(b, ": ");
		buf_excerpt(b, f->size_error, strlen(f->size_error), TEXT_MAX);
	}
}

static void
put_time(struct buf *b, const struct json *j, int64_t otherwise)
{
	char s[CLOCK_SIZE];
	long long ms;

	if (json_get_time(j, "time", &ms) != 0)
		ms = otherwise;
	buf_str(b, clock_format(s, ms));
}

/* The command that grants a plan. Only one as as-decide writes it goes into a
 * command that somebody will copy. */
static void
put_grant(struct buf *b, const char *plan, const char *state)
{
	if (plan == NULL || strlen(plan) != 16 ||
	    strspn(plan, "0123456789abcdef") != 16)
		return;
	buf_str(b, "as-approve ");
	if (state != NULL) {
		buf_str(b, "--state ");
		shell_word(b, state);
		buf_char(b, ' ');
	}
	buf_printf(b, "grant %s", plan);
}

/* How to grant it, and until when */
static void
put_pending(struct buf *b, const struct facts *f, const char *grant)
{
	if (grant != NULL)
		buf_printf(b, "Grant it: %s\n", grant);
	if (f->expires != NULL) {
		buf_str(b, "Expires: ");
		buf_excerpt(b, f->expires, strlen(f->expires), 40);
		buf_str(b, ".\n");
	}
}

static void
put_text(struct buf *b, const struct json *j, const struct facts *f,
    const char *grant)
{
	const char *reason = json_get_str(j, "reason");

	put_title(b, record_target(j), f);
	buf_char(b, '\n');
	if (reason != NULL && *reason != '\0') {
		buf_excerpt(b, reason, strlen(reason), TEXT_MAX);
		buf_char(b, '\n');
	}
	if (facts_event(f->status) == EVENT_PENDING)
		put_pending(b, f, grant);
	if (isfinite(f->cost)) {
		buf_printf(b, "Cost: %+.2f ", f->cost + 0.0);
		if (f->currency != NULL && *f->currency != '\0') {
			buf_excerpt(b, f->currency, strlen(f->currency), 8);
			buf_char(b, ' ');
		}
		buf_str(b, "a month. ");
	}
	if (f->mode != NULL) {
		buf_str(b, "Mode: ");
		buf_excerpt(b, f->mode, strlen(f->mode), 16);
		buf_str(b, ". ");
	}
	put_time(b, j, clock_now());
}

static int
take_decision(
    struct notice *n, const struct json *j, const char *state, const char **why)
{
	const char *plan = json_get_str(j, "plan");
	struct buf key = { 0 }, grant = { 0 };
	struct facts f;

	if (facts_take(&f, j, why) != 0)
		return -1;
	if (plan != NULL)
		snprintf(n->plan, sizeof(n->plan), "%s", plan);
	n->events = events_of(&f);
	n->action = strdup(f.action);
	buf_printf(&key, "%s %s ", f.action, f.status);
	if (plan != NULL) {
		buf_str(&key, n->plan);
	} else { /* written by hand: the counts are what a plan rests on */
		put_count(&key, f.from);
		buf_char(&key, ' ');
		put_count(&key, f.to);
	}
	n->key = key.s;
	if (facts_event(f.status) == EVENT_PENDING)
		put_grant(&grant, plan, state);
	n->grant = grant.s;
	put_text(&n->text, j, &f, n->grant);
	return key.failed || grant.failed ? -1 : 0;
}

static void
put_number(
    struct buf *b, const char *before, const struct json *j, const char *name)
{
	double x;

	if (json_get_num(j, name, &x) == 0)
		buf_printf(b, "%s%.4g", before, x);
}

static void
put_anomaly(struct buf *b, const struct json *j, const char *kind)
{
	const char *name = json_get_str(json_get(j, "metric"), "__name__");
	const char *severity = json_get_str(j, "severity");

	buf_excerpt(b, record_target(j), strlen(record_target(j)), 255);
	buf_str(b, ": ");
	buf_excerpt(b, kind, strlen(kind), 40);
	if (name != NULL) {
		buf_str(b, " in '");
		buf_excerpt(b, name, strlen(name), 128);
		buf_char(b, '\'');
	}
	put_number(b, ": ", j, "value");
	if (json_get(j, "expected") != NULL) {
		put_number(b, " where ", j, "expected");
		buf_str(b, " was expected");
	}
	if (json_get(j, "lo") != NULL && json_get(j, "hi") != NULL) {
		put_number(b, " (", j, "lo");
		put_number(b, " to ", j, "hi");
		buf_char(b, ')');
	}
	buf_char(b, '\n');
	if (severity != NULL) {
		buf_str(b, "Severity: ");
		buf_excerpt(b, severity, strlen(severity), 16);
		buf_str(b, ". ");
	}
	put_time(b, j, clock_now());
}

/* The same thing seen again is the same kind in the same series. */
static int
take_anomaly(struct notice *n, const struct json *j, const char **why)
{
	const struct json *metric = json_get(j, "metric");
	const char *kind = json_get_str(j, "kind");
	struct buf labels = { 0 };
	char hex[DIGEST_HEX];

	if (kind == NULL) {
		*why = "an anomaly without 'kind'";
		return -1;
	}
	n->events = EVENT_ANOMALY;
	n->action = strdup("anomaly");
	buf_str(&labels, "");
	if (metric != NULL)
		json_write(metric, &labels);
	if (labels.failed) {
		buf_free(&labels);
		return -1;
	}
	digest_sha256(labels.s, labels.len, hex);
	buf_free(&labels);
	if (asprintf(&n->key, "anomaly %.40s %.16s", kind, hex) < 0)
		n->key = NULL;
	put_anomaly(&n->text, j, kind);
	return 0;
}

struct notice *
notice_new(const struct record *r, const char *state, const char **why)
{
	struct notice *n;
	int status;

	*why = NULL;
	if (r->type != RECORD_DECISION && r->type != RECORD_RESULT &&
	    r->type != RECORD_ANOMALY)
		return NULL;
	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		*why = "out of memory";
		return NULL;
	}
	n->target = strdup(record_target(r->json));
	status = r->type == RECORD_ANOMALY
	    ? take_anomaly(n, r->json, why)
	    : take_decision(n, r->json, state, why);
	buf_add(&n->record, r->line, r->len);
	if (status == 0 && is_whole(n))
		return n;
	if (*why == NULL)
		*why = "out of memory";
	notice_free(n);
	return NULL;
}

struct notice *
notice_alarm(
    const char *target, const char *word, unsigned event, const char *text)
{
	struct notice *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->events = event;
	n->target = strdup(target);
	n->key = strdup(word);
	n->action = strdup(word);
	buf_str(&n->text, text);
	if (is_whole(n))
		return n;
	notice_free(n);
	return NULL;
}

struct notice *
notice_silence(const char *target, int64_t now)
{
	struct notice *n = NULL;
	struct buf text = { 0 };
	char s[CLOCK_SIZE];

	buf_excerpt(&text, target, strlen(target), 255);
	buf_printf(&text,
	    ": stopped: no decision was made\nNothing came down the "
	    "pipe: a command before this one has failed. %s",
	    clock_format(s, now));
	if (!text.failed)
		n = notice_alarm(target, "stopped", EVENT_STOPPED, text.s);
	buf_free(&text);
	return n;
}
