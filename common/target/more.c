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

void
more_alone(struct work *w, int may)
{
	struct buf why = { 0 };
	int lock = -1;

	if (w->s->n_tunes == 0)
		return;
	if (!may || w->s->dry_run) {
		more_do(w, "monitor");
		return;
	}
	if (may_fresh(w, &why) != 0)
		w->out->exit = STATUS_REFUSED;
	else if (w->s->state_dir != NULL &&
	    (lock = journal_lock(
		 w->s->state_dir, w->d->target, LOCK_WAIT, &why)) < 0)
		w->out->exit = STATUS_REFUSED;
	else
		more_do(w, NULL);
	if (why.len > 0)
		buf_printf(&w->out->notes, "no file is written: %s\n", why.s);
	if (w->tuned.changed)
		work_keep_result(w, w->r->line, w->r->len, w->out);
	if (lock >= 0)
		close(lock);
	buf_free(&why);
}
