#include "target/tune.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "conf/span.h"
#include "io/file.h"
#include "record/record.h"
#include "target/difference.h"
#include "target/reload.h"
#include "target/template.h"

enum {
	TEMPLATE_MAX = 1 << 20,
	OUTPUT_MAX = 16 << 20,
	LOCK_WAIT = 5 /* seconds for another that writes the same file */
};

struct one { /* one file in hand */
	const struct tune_job *job;
	const struct conf_tune *t;
	struct tune_report *report;
	struct buf fresh, old; /* what it is to hold, and what it held */
	int there; /* the file is; else old is empty */
	int cut_off; /* an earlier run was, and old is from before that */
	char *undo; /* path */
	int changed;
	long added, removed; /* lines */
	const char *status;
	int exit;
	struct buf error;
};

int
tune_check(const struct conf_tune *t, size_t n, struct buf *why)
{
	for (size_t k = 0; k < n; k++) {
		if (t[k].reload == NULL)
			continue;
		if (reload_check(t[k].reload, why) == 0)
			continue;
		buf_printf(why, ", in tune '%s'", t[k].when.name);
		return -1;
	}
	return 0;
}

static void
end(struct one *o, const char *status, int exit)
{
	o->status = status;
	o->exit = exit;
}

/* A file's bytes. 1; 0: it is not there; -1 with the error said */
static int
take(struct one *o, const char *path, size_t max, struct buf *out)
{
	struct stat st;

	buf_clear(out);
	buf_str(out, "");
	if (stat(path, &st) != 0 && errno == ENOENT)
		return 0;
	/* a FIFO would be waited for */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		buf_printf(&o->error, "'%s' is no plain file", path);
		return -1;
	}
	if (file_read(path, max, out) == 0 && !out->failed)
		return 1;
	buf_printf(&o->error, "cannot read '%s': %s", path, strerror(errno));
	return -1;
}

/* What the file is to hold. 0, or -1 with the end */
static int
fill(struct one *o)
{
	const char *path = o->t->template;
	struct buf text = { 0 };
	int r = -1;

	switch (take(o, path, TEMPLATE_MAX, &text)) {
	case 1:
		r = 0;
		break;
	case 0:
		buf_printf(&o->error, "there is no template '%s'", path);
		break;
	default:
		break;
	}
	if (r != 0) {
		end(o, "failed", STATUS_FAILED);
	} else {
		buf_printf(&o->error, "%s:", path);
		buf_str(&o->fresh, "");
		r = template_fill(text.s, text.len, o->t->set, o->t->n_set,
		    o->job->record, &o->fresh, &o->error);
		if (r != 0)
			end(o, "refused", STATUS_REFUSED);
		else
			buf_clear(&o->error);
	}
	buf_free(&text);
	return r;
}

/* The file as it is, and as it was before a run that was cut off. 0, or -1 with
 * the end. */
static int
compare(struct one *o)
{
	struct buf now = { 0 };
	int there = take(o, o->t->output, OUTPUT_MAX, &now), r = -1;
	char *real = realpath(o->t->output, NULL);

	free(o->undo);
	o->undo = file_beside(real != NULL ? real : o->t->output, ".undo.");
	free(real);
	if (there < 0 || o->undo == NULL)
		goto out;
	o->changed = !there || now.len != o->fresh.len ||
	    memcmp(now.s, o->fresh.s, now.len) != 0;
	difference(
	    now.s, now.len, o->fresh.s, o->fresh.len, &o->added, &o->removed);
	o->cut_off = take(o, o->undo, OUTPUT_MAX, &o->old);
	if (o->cut_off < 0)
		goto out;
	/* where there was no file there was nothing in it either */
	o->there = o->cut_off ? o->old.len > 0 : there;
	if (!o->cut_off) {
		buf_free(&o->old);
		o->old = now;
		now = (struct buf){ 0 };
	}
	r = 0;
out:
	buf_free(&now);
	if (r != 0)
		end(o, "failed", STATUS_FAILED);
	return r;
}

/* The old file takes its place again. 0 or -1 */
static int
put_back(struct one *o)
{
	int r = o->there
	    ? file_replace(o->t->output, o->old.s, o->old.len, 0644)
	    : unlink(o->t->output);

	if (r == 0)
		return 0;
	buf_printf(&o->error, "; and '%s' could not be put back: %s",
	    o->t->output, strerror(errno));
	end(o, "failed", STATUS_FAILED);
	return -1;
}

/* What the program would not take goes, and it reads the old file again */
static void
roll_back(struct one *o, int told)
{
	struct buf again = { 0 };

	end(o, "rolled-back", told ? STATUS_REMOTE : STATUS_REFUSED);
	if (put_back(o) != 0)
		return;
	if (!told && !o->cut_off) {
		buf_str(&o->error, "; the old file is back");
	} else if (reload(o->t->reload, o->job->timeout, &again) == 0) {
		buf_str(
		    &o->error, "; the old file is back, and was read again");
	} else {
		buf_printf(&o->error, "; the old file is back, and then: %s",
		    again.s != NULL ? again.s : "out of memory");
		o->exit = STATUS_REMOTE;
	}
	buf_free(&again);
}

static int
says_file(const char *check)
{
	return strstr(check, "{file}") != NULL;
}

/* In its place: now the program is to read it */
static void
tell(struct one *o)
{
	const struct conf_tune *t = o->t;
	double seconds = o->job->timeout;

	if (t->check != NULL && !says_file(t->check) &&
	    reload_run(t->check, NULL, seconds, &o->error) != 0)
		roll_back(o, 0);
	else if (t->reload == NULL)
		end(o, "written", STATUS_OK);
	else if (reload(t->reload, seconds, &o->error) != 0)
		roll_back(o, 1);
	else
		end(o, "reloaded", STATUS_OK);
}

/* The undo file is there until the end is known, and kept (tune_done) */
static int
remember(struct one *o)
{
	struct tune_report *r = o->report;
	char **more = realloc(r->undo, (r->n_undo + 1) * sizeof(*more));

	if (more == NULL)
		return -1;
	r->undo = more;
	if (!o->cut_off &&
	    file_replace(o->undo, o->old.s, o->old.len, 0600) != 0)
		return -1;
	more[r->n_undo++] = o->undo;
	o->undo = NULL;
	return 0;
}

static void
cannot_write(struct one *o)
{
	if (errno == EWOULDBLOCK)
		buf_printf(
		    &o->error, "another process writes '%s'", o->t->output);
	else
		buf_printf(&o->error, "cannot write '%s': %s", o->t->output,
		    strerror(errno));
	end(o, "failed", STATUS_FAILED);
}

static void
replace(struct one *o)
{
	const char *check = o->t->check;
	struct file_stage s = { 0 };

	if (file_stage(&s, o->t->output, o->fresh.s, o->fresh.len, 0644,
		LOCK_WAIT) != 0) {
		cannot_write(o);
		return;
	}
	/* with the lock: another may have been at it until now */
	if (compare(o) == 0) {
		if (check != NULL && says_file(check) &&
		    reload_run(check, s.fresh, o->job->timeout, &o->error) !=
			0) {
			end(o, "refused", STATUS_REFUSED);
		} else if (remember(o) != 0 || file_stage_place(&s) != 0) {
			cannot_write(o);
		} else {
			tell(o);
		}
		o->report->changed = 1;
	}
	file_stage_end(&s);
}

static void
write_one(const struct one *o)
{
	struct buf *b = &o->report->json, *wrong = &o->report->wrong;

	buf_str(b, b->len == 0 ? "[{" : ",{");
	record_put_str(b, "name", o->t->when.name);
	record_put_str(b, "output", o->t->output);
	buf_printf(b, ",\"changed\":%s", o->changed ? "true" : "false");
	record_put_str(b, "status", o->status);
	if (o->changed && (o->added > 0 || o->removed > 0)) {
		record_put_num(b, "added", (double)o->added);
		record_put_num(b, "removed", (double)o->removed);
	}
	if (o->changed || o->cut_off)
		record_put_str(b, "reload", o->t->reload);
	if (o->error.len > 0)
		record_put_str(b, "error", o->error.s);
	buf_char(b, '}');
	if (o->exit != STATUS_OK)
		buf_printf(wrong, "tune '%s': %s: %s\n", o->t->when.name,
		    o->status, o->error.len > 0 ? o->error.s : "out of memory");
	o->report->exit = status_worse(o->report->exit, o->exit);
}

static void
do_one(const struct tune_job *job, const struct conf_tune *t,
    struct tune_report *report)
{
	struct one o = {
		.job = job, .t = t, .report = report, .status = "unchanged"
	};

	if (fill(&o) == 0 && compare(&o) == 0 && (o.changed || o.cut_off)) {
		if (job->look != NULL)
			o.status = job->look;
		else
			replace(&o);
	}
	write_one(&o);
	free(o.undo);
	buf_free(&o.fresh);
	buf_free(&o.old);
	buf_free(&o.error);
}

/* Whether it is the section's time; a section without times is for the rest */
static int
its_time(const struct conf_tune *t, int64_t now)
{
	const struct conf_span *w = &t->when;
	struct span s;
	int yes = 0;

	if (w->from == NULL && w->until == NULL && w->days == 0)
		return 0;
	if (span_make(&s, w) == 0)
		yes = span_meets(&s, now, now);
	span_free(&s);
	return yes;
}

/* The section in force for the file that the k-th is the first to name; NULL:
 * another named it before, or it is left as it is */
static const struct conf_tune *
choose(const struct tune_job *job, size_t k)
{
	const char *output = job->tunes[k].output;
	const struct conf_tune *rest = NULL;

	for (size_t i = 0; i < k; i++)
		if (strcmp(job->tunes[i].output, output) == 0)
			return NULL;
	for (size_t i = k; i < job->n; i++) {
		const struct conf_tune *t = &job->tunes[i];

		if (strcmp(t->output, output) != 0)
			continue;
		if (its_time(t, job->now))
			return t;
		if (t->when.from == NULL && t->when.days == 0)
			rest = t;
	}
	return rest;
}

void
tune_run(const struct tune_job *job, struct tune_report *report)
{
	for (size_t k = 0; k < job->n; k++) {
		const struct conf_tune *t = choose(job, k);

		if (t != NULL)
			do_one(job, t, report);
	}
	if (report->json.len > 0)
		buf_char(&report->json, ']');
}

void
tune_done(struct tune_report *r)
{
	for (size_t k = 0; k < r->n_undo; k++) {
		unlink(r->undo[k]);
		free(r->undo[k]);
	}
	free(r->undo);
	buf_free(&r->json);
	buf_free(&r->wrong);
	*r = (struct tune_report){ 0 };
}
