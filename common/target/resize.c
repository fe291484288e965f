#include "target/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "record/record.h"
#include "target/work.h"

enum { FRESH_PARTS = 4096 }; /* more are not one service's */

struct run { /* one look, and what follows from it */
	struct work *w;
	unsigned ways;
	const char
	    *look; /* the word for it where nothing is changed, or NULL */
	struct size_parts parts;
	struct size *to; /* of each part */
	char *sent; /* of each part: it was, and was taken */
	struct buf unsure; /* of what no answer came */
	int64_t until;
};

static void
bar(struct resize *r, unsigned ways, const char *why)
{
	if ((r->ways & ~ways) != 0 && r->bar == NULL)
		r->bar = why;
	r->ways &= ways;
}

/* What the decision, the journal and the file leave open */
static void
find_ways(struct work *w, const struct target_sizing *z)
{
	const struct conf_resources *c = &w->s->resources;
	const struct decision *d = w->d;
	struct resize *r = &w->resize;
	int stays = d->action == ACTION_MAINTAIN || d->action == ACTION_HOLD;
	double since = (double)(w->now - w->past.resized_at) / 1000;

	r->ways = SIZE_BOTH;
	if (d->action != ACTION_EMERGENCY &&
	    (work_is(w, "paused") || work_is(w, "frozen")))
		bar(r, 0, "the target is paused or frozen");
	if (z->settled != NULL && c->apply != GIVE_YES) {
		bar(r, 0,
		    "its instances would restart; 'apply = yes' of the section "
		    "'resources' allows that");
		r->blind = 1; /* which may not be allowed, either */
	}
	if (z->settled != NULL && !stays)
		bar(r, d->action == ACTION_SCALE_DOWN ? SIZE_UP : 0,
		    "its instances would restart while their count changes");
	if (c->max_changes_per_day >= 0 &&
	    w->past.resized >= c->max_changes_per_day)
		bar(r, 0, "max_changes_per_day of the section 'resources'");
	if (w->past.resized_at > 0 && since < c->cooldown)
		bar(r, z->settled != NULL ? 0 : SIZE_UP,
		    "cooldown of the section 'resources'");
	if (d->action == ACTION_HOLD || d->action == ACTION_EMERGENCY)
		bar(r, SIZE_UP, "nothing is lowered in a hold or an emergency");
}

void
resize_begin(struct work *w)
{
	const struct decision_resources *d = &w->d->resources;
	const struct target_sizing *z;
	struct resize *r = &w->resize;

	r->confirmed = -1;
	r->wish = (struct size){ { d->cpus, d->memory, d->cpus_reserved,
	    d->memory_reserved } };
	for (int k = 0; k < SIZE_AMOUNTS; k++)
		r->asked |= r->wish.x[k] > 0;
	z = w->target != NULL ? target_sizing(w->target) : NULL;
	r->asked &= z != NULL && w->s->resources.apply != GIVE_NO;
	if (r->asked)
		find_ways(w, z);
}

void
resize_fail(struct resize *r, int how, const char *text)
{
	if ((int)r->worst < how)
		r->worst = how;
	if (r->error.len > 0)
		buf_str(&r->error, "; ");
	buf_str(&r->error, text != NULL ? text : "out of memory");
}

static void
close_run(struct run *run)
{
	free(run->to);
	free(run->sent);
	buf_free(&run->unsure);
	size_free(&run->parts);
}

/* What there is. 0, or -1 with the error told */
static int
open_run(struct run *run)
{
	struct buf why = { 0 };
	int r = target_sizes(run->w->target, &run->parts, &why);

	if (r == 0 && run->parts.n > FRESH_PARTS) {
		buf_str(&why, "too many instances");
		r = -1;
	}
	if (r == 0) {
		run->to = calloc(run->parts.n + 1, sizeof(*run->to));
		run->sent = calloc(run->parts.n + 1, 1);
	}
	if (r == 0 && (run->to == NULL || run->sent == NULL)) {
		buf_str(&why, "out of memory");
		r = -1;
	}
	if (r != 0) {
		resize_fail(&run->w->resize, RESIZE_FAILED, why.s);
		close_run(run);
	}
	buf_free(&why);
	return r;
}

/* Where the k-th part is to go. 0: it stays */
static unsigned
plan(struct run *run, size_t k, struct buf *held)
{
	const struct conf_resources *c = &run->w->s->resources;
	const struct target_sizing *z = target_sizing(run->w->target);
	struct size_part *p = &run->parts.all[k];
	struct resize *r = &run->w->resize;
	struct buf ignored = { 0 };
	unsigned all;

	if ((run->ways & SIZE_DOWN) != 0 && isnan(p->used) &&
	    size_needs_used(&r->wish, p))
		p->used = target_used(run->w->target, p);
	all = size_plan(c, &r->wish, p, run->ways, &run->to[k], &ignored);
	r->wanted |= all != 0;
	if ((all & ~r->ways) != 0 && r->bar != NULL &&
	    (held->s == NULL || strstr(held->s, r->bar) == NULL))
		buf_printf(held, "%s%s", held->len > 0 ? "; " : "", r->bar);
	buf_free(&ignored);
	all = size_plan(c, &r->wish, p, run->ways & r->ways, &run->to[k], held);
	if (all != 0 && z->round != NULL)
		z->round(&run->to[k]);
	return size_same(&run->to[k], &p->has) ? 0 : all;
}

static void
put_part(struct buf *b, const struct size_part *p, const struct size *to,
    const char *status)
{
	buf_char(b, b->len == 0 ? '[' : ',');
	buf_char(b, '{');
	record_put_str(b, "name", p->name);
	record_put_key(b, "before");
	size_write(b, &p->has);
	record_put_key(b, "after");
	size_write(b, to);
	if (!isnan(p->used))
		record_put_num(b, "memory_used", p->used);
	record_put_str(b, "status", status);
	buf_char(b, '}');
}

void
resize_intent(struct work *w, struct buf *out)
{
	struct run run = { .w = w, .ways = SIZE_BOTH };
	struct resize *r = &w->resize;
	struct buf ignored = { 0 };

	if (!r->asked || r->blind)
		return;
	if (open_run(&run) != 0) { /* resize_do will tell */
		buf_clear(&r->error);
		r->worst = RESIZE_FINE;
		return;
	}
	for (size_t k = 0; k < run.parts.n; k++)
		if (plan(&run, k, &ignored) != 0)
			put_part(out, &run.parts.all[k], &run.to[k], NULL);
	if (out->len > 0)
		buf_char(out, ']');
	buf_free(&ignored);
	close_run(&run);
}

/* One request. -1: no more of them */
static int
give(struct run *run, size_t k)
{
	static const struct {
		const char *word;
		int worst;
	} ends[] = { [TARGET_WRITTEN] = { "applied", RESIZE_FINE },
		[TARGET_DRY] = { NULL, RESIZE_FINE },
		[TARGET_CHANGED] = { "refused", RESIZE_REFUSED },
		[TARGET_REFUSED] = { "failed", RESIZE_FAILED },
		[TARGET_AWAY] = { "failed", RESIZE_FAILED },
		[TARGET_UNSURE] = { "timeout", RESIZE_FINE } };
	struct size_change c = { &run->parts.all[k], run->to[k],
		run->look != NULL,
		(double)(run->until - clock_monotonic()) / 1000 };
	struct resize *r = &run->w->resize;
	struct buf why = { 0 }, request = { 0 };
	enum target_outcome o =
	    target_resize(run->w->target, &c, &request, &why);

	if (request.len > 0)
		buf_printf(&r->request, "%s%s", r->request.len > 0 ? "; " : "",
		    request.s);
	if (ends[o].worst != RESIZE_FINE)
		resize_fail(r, ends[o].worst, why.s);
	if (o == TARGET_UNSURE)
		buf_printf(&run->unsure, "%s%s",
		    run->unsure.len > 0 ? "; " : "",
		    why.s != NULL ? why.s : "out of memory");
	run->sent[k] = o == TARGET_WRITTEN || o == TARGET_UNSURE;
	r->changed += run->sent[k];
	r->tried |= run->look == NULL;
	put_part(&r->parts, &run->parts.all[k], &run->to[k],
	    o == TARGET_DRY ? run->look : ends[o].word);
	buf_free(&why);
	buf_free(&request);
	return o == TARGET_AWAY ? -1 : 0;
}

/* Whether a part has by now what it was sent */
static int
arrived(const struct run *run, size_t k, const struct size_parts *now,
    struct buf *why)
{
	const struct size_part *p = &run->parts.all[k];

	for (size_t i = 0; i < now->n; i++)
		if (strcmp(now->all[i].name, p->name) == 0) {
			if (size_same(&now->all[i].has, &run->to[k]))
				return 1;
			buf_printf(why, "'%s' has ", p->name);
			size_write(why, &now->all[i].has);
			buf_str(why, ", not what it was given");
			return 0;
		}
	buf_printf(why, "'%s' is gone", p->name);
	return 0;
}

/* What did not come about is put back, so that instances that cannot start are
 * not left waiting. */
static void
put_back(struct run *run, size_t k)
{
	struct work *w = run->w;
	struct resize *r = &w->resize;
	struct size_part now = run->parts.all[k];
	struct size_change c = { &now, now.has, 0, w->s->apply.timeout };
	struct buf request = { 0 }, why = { 0 };

	if (!w->s->apply.rollback)
		return;
	now.has = run->to[k];
	if (target_resize(w->target, &c, &request, &why) == TARGET_WRITTEN)
		buf_str(&r->error, "; put back to what it had");
	else
		buf_printf(&r->error, "; not put back: %s",
		    why.s != NULL ? why.s : "");
	if (request.len > 0)
		buf_printf(&r->request, "; %s", request.s);
	buf_free(&request);
	buf_free(&why);
}

/* Instances that are replaced by and by take their time. */
static void
wait_for(struct run *run, size_t k)
{
	const struct apply_settings *s = run->w->s;
	struct resize *r = &run->w->resize;
	struct buf why = { 0 };

	switch (target_resized(
	    run->w->target, &run->to[k], s->apply.timeout, s->stop, &why)) {
	case TARGET_THERE:
		break;
	case TARGET_ELSEWHERE:
		resize_fail(r, RESIZE_FAILED, why.s);
		break;
	case TARGET_STUCK:
		resize_fail(r, RESIZE_FAILED, why.s);
		put_back(run, k);
		break;
	case TARGET_LATE:
		resize_fail(r, RESIZE_LATE, why.s);
		put_back(run, k);
		break;
	case TARGET_LOST:
		resize_fail(r, RESIZE_LATE, why.s);
		break;
	case TARGET_STOPPED:
		resize_fail(r, RESIZE_LATE,
		    "ended by a signal before it was seen to have arrived");
		break;
	}
	buf_free(&why);
}

static void
read_back(struct run *run)
{
	struct resize *r = &run->w->resize;
	struct size_parts now = { .all = NULL };
	struct buf why = { 0 };
	int good = 1;

	if (r->confirmed < 0)
		r->confirmed = 1;
	for (size_t k = 0; k < run->parts.n; k++)
		if (run->sent[k] && run->w->s->apply.verify &&
		    target_sizing(run->w->target)->settled != NULL)
			wait_for(run, k);
	if (!run->w->s->apply.verify || r->worst != RESIZE_FINE) {
		good = 0;
	} else if (target_sizes(run->w->target, &now, &why) != 0) {
		resize_fail(r, RESIZE_LATE, why.s);
		good = 0;
	} else {
		for (size_t k = 0; k < run->parts.n && good; k++)
			good = !run->sent[k] || arrived(run, k, &now, &why);
		if (!good)
			resize_fail(r, RESIZE_FAILED, why.s);
	}
	/* where all is as it should be, it does not matter who never said so */
	if (!good && run->unsure.len > 0)
		resize_fail(r, RESIZE_LATE, run->unsure.s);
	r->confirmed &= good && r->worst < RESIZE_FAILED;
	size_free(&now);
	buf_free(&why);
}

void
resize_do(struct work *w, unsigned ways, const char *look)
{
	const struct apply_settings *s = w->s;
	struct resize *r = &w->resize;
	struct run run = { .w = w, .ways = ways, .look = look };
	long before = r->changed;

	if (r->asked && r->blind && r->held.len == 0)
		buf_str(&r->held, r->bar);
	if (!r->asked || r->blind || open_run(&run) != 0)
		return;
	run.until = clock_monotonic() + (int64_t)(s->apply.timeout * 1000);
	for (size_t k = 0; k < run.parts.n; k++) {
		if (s->stop != NULL && *s->stop && look == NULL)
			break;
		if (clock_monotonic() >= run.until) {
			resize_fail(r, RESIZE_LATE, "out of time");
			break;
		}
		if (plan(&run, k, &r->held) != 0 && give(&run, k) != 0)
			break;
	}
	if (r->changed > before)
		read_back(&run);
	close_run(&run);
}

static const char *
word(const struct resize *r, const char *look)
{
	static const char *const words[] = { NULL, "refused", "failed",
		"timeout" };

	if (r->worst != RESIZE_FINE)
		return words[r->worst];
	if (r->parts.len > 0)
		return look != NULL ? look : "applied";
	return r->held.len > 0 ? "held" : "unchanged";
}

void
resize_end(struct work *w, const char *look)
{
	static const int exits[] = { STATUS_OK, STATUS_REFUSED, STATUS_REMOTE,
		STATUS_REMOTE };
	struct resize *r = &w->resize;
	struct apply_result *out = w->out;
	struct buf *b = &out->resized;

	if (r->asked) {
		buf_char(b, '{');
		record_put_str(b, "status", word(r, look));
		if (r->parts.len > 0) {
			record_put_key(b, "parts");
			buf_printf(b, "%s]", r->parts.s);
		}
		if (r->request.len > 0)
			record_put_str(b, "request", r->request.s);
		if (r->confirmed >= 0)
			buf_printf(b, ",\"confirmed\":%s",
			    r->confirmed ? "true" : "false");
		if (r->held.len > 0)
			record_put_str(b, "held", r->held.s);
		if (r->error.len > 0)
			record_put_str(b, "error", r->error.s);
		buf_char(b, '}');
		b->failed |= r->parts.failed | r->request.failed |
		    r->held.failed | r->error.failed;
		out->exit = status_worse(out->exit, exits[r->worst]);
		if (r->worst != RESIZE_FINE)
			buf_printf(&out->notes, "'%s': resources: %s: %s\n",
			    w->d->target, word(r, look),
			    r->error.s != NULL ? r->error.s : "out of memory");
	}
	buf_free(&r->parts);
	buf_free(&r->request);
	buf_free(&r->held);
	buf_free(&r->error);
}
