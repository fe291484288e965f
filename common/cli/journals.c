#include "cli/journals.h"

#include <string.h>

#include "io/report.h"
#include "record/journal.h"

struct walk {
	struct journals *j;
	const char *dir;
	int (*fn)(void *ctx, const char *dir, const char *target);
	void *ctx;
};

static const char *
folder_of(const struct journals *j, const struct conf_target *t)
{
	return j->state != NULL ? j->state : t->state_dir;
}

void
journals_open(struct journals *j, const struct args_common *common)
{
	struct buf why = { 0 };

	if (common->n_conf == 0 && j->state == NULL)
		die("no state folder: give --state or -c");
	if (common->n_conf == 0)
		return;
	if (conf_load(&j->conf, common->conf, common->n_conf, &why) != 0)
		die("%s", why.s);
	for (size_t k = 0; k < j->conf.n; k++)
		if (folder_of(j, &j->conf.targets[k]) == NULL)
			die("target '%s' has no state folder: give --state, "
			    "or dir in its section state",
			    j->conf.targets[k].name);
	if (j->target_name != NULL &&
	    conf_find(&j->conf, j->target_name) == NULL)
		die("--target-name: the files have no target '%s'",
		    j->target_name);
	buf_free(&why);
}

void
journals_close(struct journals *j)
{
	if (j->conf.n > 0)
		conf_free(&j->conf);
}

static int
each_target(void *ctx, const char *target)
{
	const struct walk *w = ctx;

	if (w->j->target_name != NULL && strcmp(w->j->target_name, target) != 0)
		return 0;
	return w->fn(w->ctx, w->dir, target);
}

int
journals_each(struct journals *j,
    int (*fn)(void *ctx, const char *dir, const char *target), void *ctx)
{
	struct walk w = { j, j->state, fn, ctx };
	struct buf why = { 0 };
	int r = 0;

	for (size_t k = 0; k < j->conf.n && r == 0; k++) {
		const struct conf_target *t = &j->conf.targets[k];

		w.dir = folder_of(j, t);
		r = each_target(&w, t->name);
	}
	if (j->conf.n == 0)
		r = journal_targets(j->state, each_target, &w, &why);
	if (why.len > 0)
		die("%s", why.s);
	buf_free(&why);
	return r;
}
