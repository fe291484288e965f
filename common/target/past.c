#include "target/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/journal.h"

struct scan {
	struct past *p;
	const struct decision *d;
	int64_t now;
	int failed; /* no memory */
};

/* Written while the clock was ahead: it says nothing of when it was */
static int
is_ahead(const struct scan *s, long long at)
{
	return at > s->now + 300000;
}

static int
is(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void
forget_open(struct past *p)
{
	free(p->open);
	p->open = NULL;
	p->n_open = 0;
	p->open_id[0] = '\0';
}

void
past_free(struct past *p)
{
	forget_open(p);
}

static void
see_intent(struct scan *s, const struct record *r)
{
	const char *id = json_get_str(r->json, "id");

	forget_open(s->p);
	s->p->open = malloc(r->len + 1);
	if (s->p->open == NULL) {
		s->failed = 1;
		return;
	}
	memcpy(s->p->open, r->line, r->len);
	s->p->open[r->len] = '\0';
	s->p->n_open = r->len;
	snprintf(
	    s->p->open_id, sizeof(s->p->open_id), "%s", id != NULL ? id : "");
}

/* Something was written to the target under this record's plan. A plan without
 * a version of the target in it may come again with the same count, so only
 * what was done after the decision counts as its doing. */
static void
see_done(struct scan *s, const struct record *r, long long at)
{
	const struct decision *d = s->d;

	if (is(json_get_str(r->json, "id"), d->id) ||
	    (is(json_get_str(r->json, "plan"), d->plan) &&
		(d->observed.version[0] != '\0' ||
		    (at >= d->time && !is_ahead(s, at))))) {
		s->p->done = 1;
		s->p->done_at = at;
	}
	/* a word is good for one action */
	if (is(json_get_str(r->json, "plan"), d->plan))
		s->p->granted = 0;
}

/* A count that stands in a record; what it does not say stays as it was */
static void
expect(struct past *p, const struct json *j, const char *name)
{
	double x;

	if (json_get_num(j, name, &x) == 0 && x >= 0 && x <= 1e6)
		p->expected = (long)x;
}

/* Another size, given or perhaps given */
static void
see_resized(struct scan *s, const struct json *resized, long long at)
{
	if (json_get(resized, "confirmed") == NULL)
		return;
	s->p->resized++;
	if (at > s->p->resized_at && !is_ahead(s, at))
		s->p->resized_at = at;
}

/* A row of failures in the direction of this decision; what arrived, or was
 * taken at least, ends it */
static void
see_failure(struct scan *s, const struct json *result, int64_t at)
{
	const char *status = json_get_str(result, "status");
	double from, to;

	if (json_get_num(result, "from", &from) != 0 ||
	    json_get_num(result, "to", &to) != 0 || from == to ||
	    (to > from) != (s->d->recommended > s->d->current))
		return;
	if (is(status, "failed") && !is_ahead(s, at)) {
		s->p->failures++;
		s->p->failed_at = at;
	} else if (is(status, "applied") || is(status, "timeout")) {
		s->p->failures = 0;
	}
}

static void
see_result(struct scan *s, const struct record *r)
{
	const struct json *result = json_get(r->json, "result");
	const char *id = json_get_str(r->json, "id");
	long long at = 0;

	if (s->p->open != NULL && is(id, s->p->open_id))
		forget_open(s->p);
	if (json_get_time(result, "at", &at) != 0)
		at = 0;
	see_resized(s, json_get(result, "resized"), at);
	see_failure(s, result, at);
	/* only what was written has been read back, or not */
	if (json_get(result, "confirmed") != NULL) {
		see_done(s, r, at);
		expect(s->p, result, "to");
		expect(s->p, result, "restored");
	}
}

static void
see_word(struct scan *s, const struct record *r, int granted)
{
	const char *who = json_get_str(r->json, "who");
	long long ms = 0;

	if (!is(json_get_str(r->json, "plan"), s->d->plan))
		return;
	/* a grant ends with what it was given for, so that it cannot meet the
	 * same plan on another day */
	if (granted && json_get_time(r->json, "expires", &ms) == 0 &&
	    s->now > ms)
		return;
	ms = 0;
	s->p->granted = granted;
	s->p->denied = !granted;
	if (json_get_time(r->json, "time", &ms) != 0)
		ms = 0;
	s->p->said_at = ms;
	snprintf(
	    s->p->who, sizeof(s->p->who), "%s", who != NULL ? who : "somebody");
}

static int
see(void *ctx, const struct record *r, int64_t logged)
{
	struct scan *s = ctx;
	const char *type = json_get_str(r->json, "type");

	(void)logged;
	if (is(type, "decision") && !is(json_get_str(r->json, "id"), s->d->id))
		expect(s->p, r->json, "current_instances");
	else if (is(type, "intent"))
		see_intent(s, r);
	else if (is(type, "result"))
		see_result(s, r);
	else if (is(type, "grant") || is(type, "denial"))
		see_word(s, r, *type == 'g');
	return s->failed;
}

int
past_read(struct past *p, const char *dir, const struct decision *d,
    int64_t now, struct buf *why)
{
	struct scan s = { p, d, now, 0 };
	int64_t since = d->time < now ? d->time : now;

	*p = (struct past){ .expected = -1 };
	if (dir == NULL)
		return 0;
	since -= (int64_t)PAST_DAYS * 86400 * 1000;
	if (journal_each(dir, d->target, since, see, &s, why) < 0)
		return -1;
	if (!s.failed)
		return 0;
	buf_str(why, "out of memory");
	return -1;
}
