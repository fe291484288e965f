#include "record/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/journal.h"

enum { PENDING_DAYS = 7 };

struct scan {
	struct pending_set *set;
	size_t from; /* entries of this target begin here */
	int failed; /* no memory */
};

static int
is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

void
pending_free(struct pending_set *set)
{
	for (size_t k = 0; k < set->n; k++)
		free(set->p[k].line);
	free(set->p);
	*set = (struct pending_set){ NULL, 0, 0 };
}

/* The newest entry of a plan, or NULL */
static struct pending *
of_plan(const struct scan *s, const char *plan)
{
	for (size_t k = s->set->n; k > s->from; k--)
		if (is(plan, s->set->p[k - 1].plan))
			return &s->set->p[k - 1];
	return NULL;
}

static struct pending *
add(struct scan *s)
{
	struct pending_set *set = s->set;

	if (set->n == set->cap) {
		size_t cap = set->cap ? set->cap * 2 : 16;
		struct pending *p = realloc(set->p, cap * sizeof(*p));

		if (p == NULL) {
			s->failed = 1;
			return NULL;
		}
		set->p = p;
		set->cap = cap;
	}
	set->p[set->n] = (struct pending){ .line = NULL };
	return &set->p[set->n++];
}

/* The entry becomes what the decision says of it. */
static void
renew(struct scan *s, struct pending *p, const struct decision *d,
    const struct record *r)
{
	char *line = malloc(r->len + 1);

	if (line == NULL) {
		s->failed = 1;
		return;
	}
	memcpy(line, r->line, r->len);
	line[r->len] = '\0';
	free(p->line);
	p->line = line;
	p->n = r->len;
	memcpy(p->id, d->id, sizeof(p->id));
	memcpy(p->plan, d->plan, sizeof(p->plan));
	memcpy(p->target, d->target, sizeof(p->target));
	memcpy(p->reason, d->reason, sizeof(p->reason));
	p->from = d->current;
	p->to = d->recommended;
	p->time = d->time;
	p->expires = d->expires;
}

/* What was true of the target when older entries were made is no longer. */
static void
overtake(struct scan *s, const struct decision *d)
{
	for (size_t k = s->from; k < s->set->n; k++) {
		struct pending *p = &s->set->p[k];

		if ((p->fate == PENDING_WAITS || p->fate == PENDING_GRANTED) &&
		    strcmp(p->plan, d->plan) != 0)
			p->fate = PENDING_OVERTAKEN;
	}
}

static void
see_decision(struct scan *s, const struct record *r)
{
	struct pending *p;
	struct decision d;
	const char *why;

	if (decision_read(&d, r->json, &why) != 0)
		return;
	/* one that knows nothing of the target overtakes nothing */
	if (d.current >= 0)
		overtake(s, &d);
	if (d.approval != APPROVAL_REQUIRED)
		return;
	p = of_plan(s, d.plan);
	/* the same plan after its end is an entry of its own */
	if (p == NULL || p->fate == PENDING_DONE ||
	    p->fate == PENDING_OVERTAKEN ||
	    (p->expires != d.expires && p->expires != 0 && d.time > p->expires))
		p = add(s);
	if (p != NULL)
		renew(s, p, &d, r);
}

static void
see_word(struct scan *s, const struct record *r, enum pending_fate fate)
{
	struct pending *p = of_plan(s, json_get_str(r->json, "plan"));
	const char *who = json_get_str(r->json, "who");

	if (p == NULL)
		return;
	p->fate = fate;
	snprintf(p->who, sizeof(p->who), "%s", who != NULL ? who : "somebody");
}

static int
see(void *ctx, const struct record *r, int64_t logged)
{
	struct scan *s = ctx;
	const char *type = json_get_str(r->json, "type");
	struct pending *p;

	(void)logged;
	if (r->type == RECORD_DECISION) {
		see_decision(s, r);
	} else if (r->type == RECORD_RESULT &&
	    json_get(json_get(r->json, "result"), "confirmed") != NULL) {
		p = of_plan(s, json_get_str(r->json, "plan"));
		if (p != NULL)
			p->fate = PENDING_DONE;
	} else if (is(type, "grant")) {
		see_word(s, r, PENDING_GRANTED);
	} else if (is(type, "denial")) {
		see_word(s, r, PENDING_DENIED);
	}
	return s->failed;
}

int
pending_read(struct pending_set *set, const char *dir, const char *target,
    int64_t now, struct buf *why)
{
	struct scan s = { set, set->n, 0 };
	int64_t since = now - (int64_t)PENDING_DAYS * 86400 * 1000;

	if (journal_each(dir, target, since, see, &s, why) < 0)
		return -1;
	if (s.failed) {
		buf_str(why, "out of memory");
		return -1;
	}
	for (size_t k = s.from; k < set->n; k++) {
		struct pending *p = &set->p[k];

		if (p->expires != 0 && now > p->expires &&
		    (p->fate == PENDING_WAITS || p->fate == PENDING_GRANTED))
			p->fate = PENDING_EXPIRED;
	}
	return 0;
}

struct pending *
pending_find(const struct pending_set *set, const char *word)
{
	for (size_t k = set->n; k > 0; k--)
		if (strcmp(set->p[k - 1].id, word) == 0 ||
		    strcmp(set->p[k - 1].plan, word) == 0)
			return &set->p[k - 1];
	return NULL;
}

void
pending_fate_text(const struct pending *p, struct buf *out)
{
	char time[CLOCK_SIZE];

	switch (p->fate) {
	case PENDING_WAITS:
		buf_str(out, "waiting");
		break;
	case PENDING_GRANTED:
		buf_printf(out, "granted already, by %s", p->who);
		break;
	case PENDING_DENIED:
		buf_printf(out, "denied already, by %s", p->who);
		break;
	case PENDING_DONE:
		buf_str(out, "carried out already");
		break;
	case PENDING_OVERTAKEN:
		buf_str(out, "overtaken by a newer decision");
		break;
	case PENDING_EXPIRED:
		buf_printf(
		    out, "expired at %s", clock_format(time, p->expires));
		break;
	}
}
