#include "target/work.h"

#include <unistd.h>

#include "base/status.h"
#include "record/journal.h"

void
more_do(struct work *w, const char *look)
{
	const struct apply_settings *s = w->s;
	struct tune_job job = { .tunes = s->tunes,
		.n = s->n_tunes,
		.record = w->r->json,
		.now = w->now,
		.timeout = s->apply.timeout,
		.look = s->dry_run ? "dry-run" : look };
	struct apply_result *out = w->out;

	if (s->n_tunes == 0 || (s->stop != NULL && *s->stop))
		return;
	tune_run(&job, &w->tuned);
	if (w->tuned.json.len > 0)
		buf_add(&out->tuned, w->tuned.json.s, w->tuned.json.len);
	if (w->tuned.wrong.len > 0)
		buf_add(&out->notes, w->tuned.wrong.s, w->tuned.wrong.len);
	out->exit = status_worse(out->exit, w->tuned.exit);
}

/* With the right to act. None of its troubles keeps the rest from being done.
 */
static void
sweep_alone(struct work *w)
{
	const struct buf none = { 0 };
	struct apply_result *out = w->out;
	struct buf planned = { 0 }, why = { 0 };

	if (work_recall(w) != 0) {
		buf_clear(&out->error); /* told before */
	} else if (w->past.open == NULL &&
	    target_sweep(w->target, 0, &planned, &why) == 0 &&
	    planned.len > 0) {
		w->sweeping = 1;
		if (work_keep_intent(w, &none) != 0) {
			out->exit = STATUS_FAILED;
		} else if (target_sweep(w->target, 1, &out->request, &why) !=
		    0) {
			buf_str(&out->error, why.s != NULL ? why.s : "");
			out->exit = STATUS_REMOTE;
		}
		if (out->exit != STATUS_FAILED)
			work_keep_result(w, w->r->line, w->r->len, out);
		w->sweeping = 0;
	} else if (why.len > 0) {
		buf_printf(&out->notes,
		    "what may never have served was not looked for: %s\n",
		    why.s);
	}
	buf_free(&planned);
	buf_free(&why);
}

void
more_sweep(struct work *w)
{
	struct buf why = { 0 };
	int lock = -1;

	if (!work_has_driver(w) || w->d->current < 0 || work_is(w, "paused") ||
	    work_is(w, "frozen") || may_fresh(w, &why) != 0) {
		buf_free(&why);
		return;
	}
	if (work_open_target(w) != 0)
		buf_clear(&w->out->error);
	else if (target_sweeps(w->target)) {
		/* whoever is acting will sweep, or the next turn does */
		if (w->s->state_dir != NULL)
			lock = journal_lock(
			    w->s->state_dir, w->d->target, 0, &why);
		if (lock >= 0 || w->s->state_dir == NULL)
			sweep_alone(w);
		if (lock >= 0)
			close(lock);
	}
	buf_free(&why);
}

/* The sizes alone. The count has to be the one that they were made for. */
static void
give_sizes(struct work *w, const char *look)
{
	const struct decision *d = w->d;
	struct resize *r = &w->resize;
	struct buf sizes = { 0 };
	struct state now;

	if (!work_has_driver(w) || work_open_target(w) != 0) {
		buf_clear(&w->out->error);
		return;
	}
	resize_begin(w);
	if (!r->asked)
		return;
	if (d->current < 0) {
		buf_str(&r->held, "the count is not known");
	} else if (w->past.open != NULL) {
		buf_str(&r->held, "an earlier change is not settled yet");
	} else if (target_read(w->target, &now) != 0) {
		resize_fail(r, RESIZE_FAILED, now.error);
	} else if (now.instances != d->current) {
		resize_fail(r, RESIZE_REFUSED,
		    "the count is another than when this was decided");
	} else if (look != NULL) {
		resize_do(w, SIZE_BOTH, look);
	} else {
		resize_intent(w, &sizes);
		if (sizes.len > 0 && work_keep_intent(w, &sizes) != 0)
			resize_fail(
			    r, RESIZE_FAILED, "the journal cannot be written");
		else
			resize_do(w, SIZE_BOTH, NULL);
	}
	buf_free(&sizes);
	resize_end(w, look);
}

static int
wishes_sizes(const struct work *w)
{
	const struct decision_resources *d = &w->d->resources;

	return (d->cpus > 0 || d->memory > 0 || d->cpus_reserved > 0 ||
		   d->memory_reserved > 0) &&
	    w->s->resources.apply != GIVE_NO && work_has_driver(w);
}

/* With the right to act */
static void
do_alone(struct work *w)
{
	struct apply_result *out = w->out;

	if (wishes_sizes(w)) {
		if (work_recall(w) == 0)
			give_sizes(w, NULL);
		else
			out->exit = STATUS_FAILED;
		if (out->error.len > 0) /* of the journal */
			buf_printf(&out->notes, "%s\n", out->error.s);
		buf_clear(&out->error);
	}
	more_do(w, NULL);
}

void
more_alone(struct work *w, int may)
{
	struct buf why = { 0 };
	int lock = -1;

	if (w->s->n_tunes == 0 && !wishes_sizes(w))
		return;
	if (!may || w->s->dry_run) {
		if (wishes_sizes(w))
			give_sizes(w, w->s->dry_run ? "dry-run" : "monitor");
		more_do(w, "monitor");
		return;
	}
	if (may_fresh(w, &why) != 0)
		w->out->exit = STATUS_REFUSED;
	else if (w->s->state_dir != NULL &&
	    (lock = journal_lock(
		 w->s->state_dir, w->d->target, LOCK_WAIT, &why)) < 0)
		w->out->exit = STATUS_REFUSED;
	else {
		if (lock >= 0)
			journal_hold(lock, work_longest(w));
		do_alone(w);
	}
	if (why.len > 0)
		buf_printf(&w->out->notes, "%s: %s\n",
		    w->s->n_tunes > 0 ? "no file is written"
				      : "no size is changed",
		    why.s);
	if (w->tuned.changed || w->resize.tried)
		work_keep_result(w, w->r->line, w->r->len, w->out);
	if (lock >= 0)
		close(lock);
	buf_free(&why);
}
