#include "target/apply.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"
#include "record/journal.h"
#include "target/result.h"
#include "target/work.h"

void
work_end(struct apply_result *r, enum apply_status status)
{
	r->status = status;
	if (status == APPLY_REFUSED)
		r->exit = STATUS_REFUSED;
	else if (status == APPLY_FAILED || status == APPLY_TIMEOUT)
		r->exit = STATUS_REMOTE;
	else
		r->exit = STATUS_OK;
}

int
work_has_driver(const struct work *w)
{
	return w->s->apply.driver != NULL && *w->s->apply.driver != '\0';
}

int
work_is(const struct work *w, const char *state)
{
	const struct json *s = json_first(json_get(w->r->json, "states"));

	for (; s != NULL; s = json_next(s))
		if (json_str(s) != NULL && strcmp(json_str(s), state) == 0)
			return 1;
	return 0;
}

/* One line to the journal. Where that fails nothing may be done: -1. */
static int
keep(struct work *w, const char *line, size_t n)
{
	struct buf why = { 0 };
	int r = 0;

	if (w->s->state_dir == NULL || w->s->dry_run)
		return 0;
	if (journal_append(w->s->state_dir, w->d->target, line, n, &why) != 0) {
		buf_printf(&w->out->notes, "%s\n",
		    why.s != NULL ? why.s : "out of memory");
		r = -1;
	}
	buf_free(&why);
	return r;
}

void
work_keep_result(struct work *w, const char *line, size_t n,
    const struct apply_result *result)
{
	struct buf b = { 0 };

	apply_line(&b, line, n, result);
	if (b.failed)
		buf_str(&w->out->notes, "out of memory\n");
	if (b.failed || keep(w, b.s, b.len) != 0)
		w->out->exit = STATUS_FAILED;
	buf_free(&b);
}

int
work_keep_intent(struct work *w, const struct buf *sizes)
{
	struct buf b = { 0 }, value = { 0 };
	const struct decision *d = w->d;
	int r = -1;

	buf_char(&value, '{');
	record_put_str(&value, "driver", w->out->driver);
	record_put_num(&value, "from", (double)d->current);
	record_put_num(&value, "to", (double)d->recommended);
	record_put_str(&value, "version", d->observed.version);
	if (sizes->len > 0) {
		record_put_key(&value, "resize");
		buf_str(&value, sizes->s);
	}
	value.failed |= sizes->failed;
	if (w->sweeping)
		buf_str(&value, ",\"sweep\":true");
	record_put_num(&value, "process", (double)getpid());
	record_put_time(&value, "at", journal_clock());
	buf_char(&value, '}');
	result_retype(
	    &b, w->r->line, w->r->len, "\"intent\"", "intent", &value);
	if (!b.failed)
		r = keep(w, b.s, b.len);
	buf_free(&value);
	buf_free(&b);
	return r;
}

/* Writes the missing result of an intent. Called with the right to act, so
 * that it cannot be one that is still being worked on. 0; -1: not known. */
static int
mend(struct work *w)
{
	struct apply_result cut = { .took_ms = -1,
		.confirmed = -1,
		.restored = -1,
		.expected = -1,
		.ready_s = NAN };
	const struct json *intent;
	struct buf line = { 0 };
	struct state state;
	const char *text;
	struct json *j;
	double x = -1;

	j = json_parse(w->past.open, w->past.n_open, &text);
	intent = json_get(j, "intent");
	if (target_read(w->target, &state) != 0) {
		buf_printf(&w->out->error, "%s", state.error);
		json_free(j);
		return -1;
	}
	cut.status = result_judge(intent, &state, &cut.error);
	if (cut.status != APPLY_FAILED && cut.status != APPLY_UNCHANGED)
		cut.confirmed = cut.status == APPLY_APPLIED;
	if (json_get(intent, "resize") != NULL)
		buf_str(&cut.resized,
		    "{\"status\":\"timeout\",\"confirmed\":false,\"error\":"
		    "\"cut off; what is there now is read anew\"}");
	snprintf(cut.driver, sizeof(cut.driver), "%s", w->out->driver);
	cut.from = json_get_num(intent, "from", &x) == 0 ? (long)x : -1;
	cut.to = json_get_num(intent, "to", &x) == 0 ? (long)x : -1;
	cut.at = journal_clock();
	buf_printf(&w->out->notes,
	    "an earlier run was cut off while it changed '%s' from %ld to %ld: "
	    "%s\n",
	    w->d->target, cut.from, cut.to, cut.error.s);
	/* when that was logged is not when this is */
	journal_unlogged(&line, w->past.open, w->past.n_open);
	if (line.failed)
		w->out->exit = STATUS_FAILED;
	else
		work_keep_result(w, line.s, line.len, &cut);
	buf_free(&line);
	apply_result_free(&cut);
	json_free(j);
	return 0;
}

int
work_recall(struct work *w)
{
	past_free(&w->past);
	return past_read(
	    &w->past, w->s->state_dir, w->d, w->now, &w->out->error);
}

int
work_open_target(struct work *w)
{
	if (w->target == NULL)
		w->target =
		    target_open(w->d->target, &w->s->apply, &w->out->error);
	return w->target != NULL ? 0 : -1;
}

/* A count that neither we nor an earlier decision know of is somebody else's
 * doing. It is said once, and respected: the decision rests on it. */
static void
notice(struct work *w)
{
	const struct decision *d = w->d;
	struct apply_result *out = w->out;

	if (w->past.open != NULL || d->current < 0 || w->past.expected < 0 ||
	    w->past.expected == d->current)
		return;
	out->expected = w->past.expected;
	buf_printf(&out->notes,
	    "'%s' has %ld instances, and by the journal it had %ld: somebody "
	    "else changes it\n",
	    d->target, d->current, out->expected);
}

/* A decision that asks for nothing may still find that an earlier change was
 * cut off, and learns what became of it. */
static void
tend(struct work *w)
{
	struct buf why = { 0 };
	int lock;

	if (w->past.open == NULL || !work_has_driver(w) ||
	    work_open_target(w) != 0)
		return;
	lock = journal_lock(w->s->state_dir, w->d->target, 0, &why);
	if (lock >= 0) {
		if (work_recall(w) == 0 && w->past.open != NULL)
			mend(w);
		close(lock);
	}
	buf_free(&why);
}

/* What the journal has to say before anything is done. None of its troubles
 * is this decision's error, unless it is to be carried out. */
static void
look_back(struct work *w, int tending)
{
	struct apply_result *out = w->out;

	if (w->s->state_dir == NULL || w->s->dry_run)
		return;
	if (work_recall(w) == 0) {
		notice(w);
		if (tending)
			tend(w);
	}
	if (out->error.len > 0)
		buf_printf(&out->notes, "%s\n", out->error.s);
	buf_clear(&out->error);
}

/* What did not come about is put back, so that nobody counts on it. */
static void
put_back(struct work *w)
{
	struct apply_result *out = w->out;
	struct buf request = { 0 }, why = { 0 };
	long back = -1;

	if (!w->s->apply.rollback || !target_restores(w->target))
		return;
	switch (target_restore(w->target, w->d->current, w->d->recommended,
	    &back, &request, &why)) {
	case TARGET_WRITTEN:
		if (back == w->d->recommended)
			break;
		out->restored = back;
		if (request.len > 0) {
			buf_printf(&out->request, "; %s", request.s);
			buf_printf(&out->error, "; put back to %ld", back);
		}
		break;
	case TARGET_UNSURE:
		buf_printf(&out->error,
		    "; nobody knows whether it was put back to %ld: %s", back,
		    why.s != NULL ? why.s : "");
		break;
	case TARGET_DRY:
	case TARGET_CHANGED:
	case TARGET_REFUSED:
	case TARGET_AWAY:
		buf_printf(&out->error, "; not put back: %s",
		    why.s != NULL ? why.s : "");
		break;
	}
	buf_free(&request);
	buf_free(&why);
}

/* The change was taken, or may have been: waits and reads back. */
static void
verify(struct work *w, const struct state *before)
{
	struct apply_result *out = w->out;
	enum target_arrival a;
	struct buf why = { 0 };

	work_end(out, APPLY_APPLIED);
	out->confirmed = 0;
	if (!w->s->apply.verify)
		return;
	a = target_wait(w->target, w->d->recommended, w->s->apply.timeout,
	    w->s->stop, &why);
	switch (a) {
	case TARGET_THERE:
		out->confirmed = 1;
		if (w->d->recommended > w->d->current && before->ready >= 0 &&
		    !target_blind(w->target))
			out->ready_s =
			    (double)(clock_monotonic() - w->ordered) / 1000;
		break;
	case TARGET_STOPPED:
		buf_str(&out->error,
		    "ended by a signal before it was seen to "
		    "have arrived");
		break;
	case TARGET_ELSEWHERE:
		buf_printf(&out->error, "did not stay: %s",
		    why.s != NULL ? why.s : "");
		work_end(out, APPLY_FAILED);
		break;
	case TARGET_STUCK:
		buf_str(&out->error, why.s != NULL ? why.s : "");
		work_end(out, APPLY_FAILED);
		break;
	case TARGET_LATE:
	case TARGET_LOST:
		buf_str(&out->error, why.s != NULL ? why.s : "");
		work_end(out, APPLY_TIMEOUT);
		break;
	}
	if (a != TARGET_THERE && a != TARGET_STOPPED && a != TARGET_LOST)
		put_back(w);
	buf_free(&why);
}

/* The request left, and no answer came: the target is asked what it did. */
static void
read_back(struct work *w, const struct state *before)
{
	struct apply_result *out = w->out;
	struct state s;

	if (target_read(w->target, &s) != 0) {
		buf_printf(&out->error, "; and it could not be read back: %s",
		    s.error);
		work_end(out, APPLY_TIMEOUT);
		return;
	}
	if (s.instances == w->d->recommended &&
	    (before->version[0] == '\0' ||
		strcmp(s.version, before->version) != 0)) {
		buf_clear(&out->error);
		verify(w, before);
		return;
	}
	buf_printf(&out->error, "; not carried out: it has %ld", s.instances);
	work_end(out, APPLY_FAILED);
}

static void
scale(struct work *w, const struct state *before)
{
	const struct decision *d = w->d;
	struct target_change c = { d->current, d->recommended,
		d->observed.version[0] != '\0' ? before->version : "",
		w->s->dry_run, w->r->json };
	struct apply_result *out = w->out;

	w->ordered = clock_monotonic();
	switch (target_scale(w->target, &c, &out->request, &out->error)) {
	case TARGET_WRITTEN:
		verify(w, before);
		break;
	case TARGET_DRY:
		work_end(out, APPLY_DRY_RUN);
		break;
	case TARGET_CHANGED:
		work_end(out, APPLY_REFUSED);
		break;
	case TARGET_REFUSED:
	case TARGET_AWAY:
		work_end(out, APPLY_FAILED);
		break;
	case TARGET_UNSURE:
		read_back(w, before);
		break;
	}
}

/* Where the sizes changed the target's version, it is ours that counts. */
static void
scale_and_resize(struct work *w, struct state *before)
{
	const char *look = w->s->dry_run ? "dry-run" : NULL;
	struct state now;

	resize_do(w, SIZE_UP, look);
	if (w->resize.changed > 0 && before->version[0] != '\0' &&
	    target_read(w->target, &now) == 0 &&
	    now.instances == before->instances)
		*before = now;
	scale(w, before);
	if (w->out->status == APPLY_APPLIED || w->out->status == APPLY_DRY_RUN)
		resize_do(w, SIZE_DOWN, look);
	resize_end(w, look);
}

/* The target is as the decision saw it: 0; else -1 with the result ended */
static int
compare(struct work *w, struct state *now)
{
	const struct decision *d = w->d;
	struct apply_result *out = w->out;

	if (target_read(w->target, now) != 0) {
		buf_str(&out->error, now->error);
		work_end(out, APPLY_FAILED);
		return -1;
	}
	if (now->instances != d->current)
		buf_printf(&out->error,
		    "the count is %ld now, and was %ld when this was decided",
		    now->instances, d->current);
	else if (d->observed.version[0] != '\0' &&
	    strcmp(now->version, d->observed.version) != 0)
		buf_printf(&out->error,
		    "the target was changed since this was decided: version "
		    "%s, not %s",
		    now->version, d->observed.version);
	else
		return 0;
	work_end(out, APPLY_REFUSED);
	return -1;
}

/* With the right to act, which nobody else has meanwhile */
static void
act_alone(struct work *w)
{
	struct apply_result *out = w->out;
	struct buf sizes = { 0 };
	struct state before;

	if (work_recall(w) != 0) {
		work_end(out, APPLY_FAILED);
		out->exit = STATUS_FAILED;
		return;
	}
	if (w->past.open != NULL && !w->s->dry_run && work_has_driver(w) &&
	    (mend(w) != 0 || work_recall(w) != 0)) {
		work_end(out, APPLY_FAILED);
		return;
	}
	if (may_act(w) != 0)
		return;
	if (!work_has_driver(w)) { /* files alone are to be written */
		work_end(out, APPLY_UNCHANGED);
		return;
	}
	if (compare(w, &before) != 0)
		return;
	if (w->s->stop != NULL && *w->s->stop) {
		buf_str(
		    &out->error, "ended by a signal before anything was done");
		work_end(out, APPLY_REFUSED);
		return;
	}
	if (!w->s->dry_run && may_remove(w) != 0)
		return;
	resize_begin(w);
	if (!w->s->dry_run)
		resize_intent(w, &sizes);
	if (!w->s->dry_run && work_keep_intent(w, &sizes) != 0) {
		buf_str(&out->error, "the journal cannot be written");
		work_end(out, APPLY_FAILED);
		out->exit = STATUS_FAILED;
		resize_end(w, NULL);
	} else {
		scale_and_resize(w, &before);
	}
	buf_free(&sizes);
}

/* How long it may take at most, s: each part of it waits that long, once to be
 * taken and once to arrive, and a file's check and reload likewise. */
double
work_longest(const struct work *w)
{
	double parts = 4 + 2 * (double)w->s->n_tunes;

	return 60 + parts * w->s->apply.timeout;
}

static void
act(struct work *w)
{
	struct apply_result *out = w->out;
	const char *dir = w->s->state_dir;
	int64_t began = clock_monotonic();
	int lock = -1;

	if ((work_has_driver(w) || w->s->n_tunes == 0) &&
	    work_open_target(w) != 0) {
		work_end(out, APPLY_REFUSED);
		return;
	}
	if (dir != NULL && !w->s->dry_run) {
		lock = journal_lock(dir, w->d->target, LOCK_WAIT, &out->error);
		if (lock < 0) {
			work_end(out, APPLY_REFUSED);
			return;
		}
		journal_hold(lock, work_longest(w));
	}
	act_alone(w);
	if (out->request.len > 0)
		out->took_ms = (long)(clock_monotonic() - began);
	if (out->status == APPLY_APPLIED || out->status == APPLY_DRY_RUN ||
	    out->status == APPLY_UNCHANGED)
		more_do(w, NULL);
	out->at = journal_clock();
	if (out->status != APPLY_PENDING)
		work_keep_result(w, w->r->line, w->r->len, out);
	if (lock >= 0)
		close(lock);
}

static void
decide(struct work *w)
{
	const struct decision *d = w->d;
	struct apply_result *out = w->out;
	int quiet = d->action == ACTION_MAINTAIN || d->action == ACTION_HOLD;
	int may = d->automatic && w->s->mode != APPLY_MONITOR;

	quiet = quiet && may_contradict(d) == NULL;
	look_back(w, quiet || !may);
	if (quiet || (!may && !w->s->dry_run)) {
		work_end(out, quiet ? APPLY_UNCHANGED : APPLY_MONITORED);
		if (may && !w->s->dry_run)
			more_sweep(w);
		more_alone(w, may);
	} else if (may_check(w) == 0) {
		act(w);
	} else {
		work_end(out, APPLY_REFUSED);
		work_keep_result(w, w->r->line, w->r->len, out);
	}
}

void
apply_decision(const struct apply_settings *s, const struct decision *d,
    const struct record *r, struct apply_result *out)
{
	struct work w = {
		.s = s, .d = d, .r = r, .out = out, .now = journal_clock()
	};

	*out = (struct apply_result){ .from = d->current,
		.to = d->recommended,
		.took_ms = -1,
		.confirmed = -1,
		.restored = -1,
		.expected = -1,
		.ready_s = NAN,
		.at = w.now };
	snprintf(out->driver, sizeof(out->driver), "%s",
	    s->apply.driver != NULL && *s->apply.driver != '\0'
		? s->apply.driver
		: d->observed.driver);
	if (keep(&w, r->line, r->len) != 0) {
		buf_str(&out->error, "the journal cannot be written");
		work_end(out, APPLY_FAILED);
		out->exit = STATUS_FAILED;
	} else {
		decide(&w);
	}
	tune_done(&w.tuned);
	past_free(&w.past);
	target_close(w.target);
}
