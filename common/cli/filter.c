#include "cli/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "io/line.h"
#include "io/out.h"
#include "io/report.h"

static const char *where_file = "stdin";
static size_t where_line;

enum take
filter_series(struct series_set *set, const struct record *r, struct buf *why)
{
	const char *text;

	if (r->type != RECORD_SERIES)
		return TAKE_PASS;
	if (series_set_add(set, r->json, &text) == 0)
		return TAKE_DONE;
	buf_str(why, text);
	return TAKE_BAD;
}

void
filter_where(const char **file, size_t *line)
{
	*file = where_file;
	*line = where_line;
}

static void
emit(struct buf *out)
{
	if (out->failed)
		die("out of memory");
	if (out->len > 0 && out_write(out->s, out->len) != 0)
		exit(STATUS_FAILED); /* the check at exit says why */
	buf_clear(out);
}

static int
is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r')
			return 0;
	return 1;
}

/* One line: 0, or -1 where it is bad */
static int
take_line(
    const struct filter *f, char *line, size_t n, void *ctx, struct buf *out)
{
	struct buf why = { 0 };
	const char *text;
	struct record r;
	enum take t;

	if (record_read(&r, line, n, &text) != 0) {
		warn_at(where_file, where_line, "%s", text);
		return -1;
	}
	t = f->line(ctx, &r, out, &why);
	if (t == TAKE_PASS &&
	    (out_write(line, n) != 0 || out_write("\n", 1) != 0))
		exit(STATUS_FAILED);
	if (t == TAKE_BAD)
		warn_at(where_file, where_line, "%s",
		    why.len > 0 ? why.s : "bad record");
	record_free(&r);
	buf_free(&why);
	emit(out);
	return t == TAKE_BAD ? -1 : 0;
}

/* All lines of one file; the number of bad ones, or at the first bad one
 * where stop is 1 */
static size_t
take_file(const struct filter *f, int fd, int stop, void *ctx, struct buf *out)
{
	struct lines l = { .fd = fd, .keep_cr = 1 };
	size_t n, bad = 0;
	char *line;

	for (;;) {
		enum line_result r = lines_next(&l, &line, &n);

		where_line = l.number;
		if (r == LINE_END)
			break;
		if (r == LINE_ERROR && out_failed())
			exit(STATUS_FAILED);
		if (r == LINE_ERROR)
			die("cannot read '%s': %s", where_file,
			    strerror(errno));
		if (r == LINE_LONG) {
			warn_at(where_file, where_line,
			    "a line of more than %d MiB",
			    LINE_MAX_BYTES / 1048576);
			bad++;
		} else if (!is_blank(line, n) &&
		    take_line(f, line, n, ctx, out) != 0) {
			bad++;
		}
		if (bad > 0 && stop)
			break;
	}
	lines_free(&l);
	return bad;
}

int
filter_run(const struct filter *f, char **files,
    const struct args_common *common, void *ctx)
{
	static char dash[] = "-";
	char *just_stdin[] = { dash, NULL };
	struct buf out = { 0 };
	size_t bad = 0;
	int status;

	if (*files == NULL)
		files = just_stdin;
	for (; *files != NULL; files++) {
		int fd = STDIN_FILENO;

		where_file = "stdin";
		if (strcmp(*files, "-") != 0) {
			where_file = *files;
			fd = open(*files, O_RDONLY | O_CLOEXEC);
		}
		if (fd < 0)
			die("cannot open '%s': %s", *files, strerror(errno));
		bad += take_file(f, fd, common->stop_on_bad, ctx, &out);
		if (fd != STDIN_FILENO)
			close(fd);
		if (bad > 0 && common->stop_on_bad) {
			buf_free(&out);
			return STATUS_FAILED;
		}
	}
	status = bad > 0 ? STATUS_REFUSED : STATUS_OK;
	if (f->end != NULL)
		status = status_worse(status, f->end(ctx, &out));
	emit(&out);
	buf_free(&out);
	return status;
}
