/*
 * journals.h - the journals that a command reads: which, and one after another
 *
 * With -c those of the files' targets, each in its own state folder; else
 * those in the folder of --state.
 */
#ifndef CLI_JOURNALS_H
#define CLI_JOURNALS_H

#include "cli/args.h"
#include "conf/conf.h"
#include "record/record.h"

struct journals {
	const char *state; /* --state, or NULL */
	const char *target_name; /* --target-name: only this one, or NULL */
	struct conf conf; /* private: what -c gave */
};

/* journals_open: reads the files of -c; dies where they are wrong, or where
 * neither they nor --state name a folder. */
void journals_open(struct journals *, const struct args_common *);
void journals_close(struct journals *);

/*
 * journals_each(j, fn, ctx): fn gets every target that has a journal, and its
 * folder. A value other than 0 ends it and is returned. Dies where a folder
 * cannot be read.
 */
int journals_each(struct journals *j,
    int (*fn)(void *ctx, const char *dir, const char *target), void *ctx);

#endif
