/*
 * tune.h - configuration files written from templates, and read again
 *
 * For each file that the sections name the one in force is taken: of those
 * whose time it is the first, or else the one that has no times. The file is
 * written beside, looked at by the section's own check, put in its place in one
 * step, and the program told. What it was stands in ".undo.NAME" until then:
 * where that is found, an earlier run was cut off, and the program is told
 * although the bytes are the same.
 */
#ifndef TARGET_TUNE_H
#define TARGET_TUNE_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "json/json.h"

struct tune_job {
	const struct conf_tune *tunes;
	size_t n;
	const struct json *record; /* the decision: where values are from */
	int64_t now; /* ms: which sections are in force */
	double timeout; /* s, for a check or a reload */
	const char *look; /* "dry-run", "monitor": change nothing, and say so */
};

struct tune_report {
	struct buf json; /* an array, an object for each file; or empty */
	struct buf wrong; /* lines, for a person */
	int exit; /* enum status */
	int changed; /* something was, or was tried */
	char **undo; /* private: what tune_done removes */
	size_t n_undo;
};

/* tune_check(t, n, why): what can be said of the sections before any decision
 * comes: 0, or -1 with a message */
int tune_check(const struct conf_tune *t, size_t n, struct buf *why);

/*
 * tune_run(job, report): fills report, which is { 0 } before. An object has
 * name, output, changed, status, and where they are known added and removed
 * (lines), reload, error. status is
 *
 *	unchanged	the file has these bytes
 *	reloaded	it has now, and the program was told
 *	written		the same, without anybody to tell
 *	refused		the template or the check would not: nothing was done
 *	rolled-back	the check of what was in place, or the reload, failed:
 *			the old file is back, and the program told again
 *	failed		a file could not be read or written, or not put back
 *
 * or the job's own word. tune_done once the report is kept.
 */
void tune_run(const struct tune_job *job, struct tune_report *report);
void tune_done(struct tune_report *);

#endif
