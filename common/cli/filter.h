/*
 * filter.h - the loop over records that every command runs
 */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include "base/buf.h"
#include "cli/args.h"
#include "record/record.h"
#include "record/series.h"

enum take {
	TAKE_PASS, /* the line leaves as it came */
	TAKE_DONE, /* taken in; what is in out leaves instead, if anything */
	TAKE_BAD /* a bad line: why says what is wrong */
};

struct filter {
	/*
	 * line(ctx, r, out, why): one record. Whole lines, each with its LF,
	 * added to out leave at once, after the line itself for TAKE_PASS.
	 */
	enum take (*line)(void *ctx, const struct record *r, struct buf *out,
	    struct buf *why);
	/*
	 * end(ctx, out): the input is at its end; NULL: nothing to do. Returns
	 * the command's status; die() for what cannot be done. Where
	 * stop_on_bad ended the run early it is not called.
	 */
	int (*end)(void *ctx, struct buf *out);
};

/*
 * filter_run(f, files, common, ctx): reads the files (none: standard input;
 * "-" is standard input too), hands every record to f->line, names bad lines
 * on stderr as FILE:LINE, passes blank lines over. Standard output is flushed
 * before each read. Returns the worst of: STATUS_REFUSED for bad lines
 * (STATUS_FAILED with stop_on_bad), what end returned. Files that cannot be
 * read and output that cannot be written end the process with STATUS_FAILED.
 *
 * An actor (ARGS_ACTOR) gets no more lines once its reader has left.
 */
int filter_run(const struct filter *f, char **files,
    const struct args_common *common, void *ctx);

/* filter_series(set, r, why): for a filter's line: TAKE_DONE where r is a
 * series, which joins set, TAKE_BAD where it is none that can, else TAKE_PASS
 */
enum take filter_series(
    struct series_set *set, const struct record *r, struct buf *why);

/* filter_where(&file, &line): where the record in hand came from, for
 * messages of a command's own (warn_at) */
void filter_where(const char **file, size_t *line);

#endif
