/*
 * line.h - lines from a file descriptor, standard output before each read
 */
#ifndef IO_LINE_H
#define IO_LINE_H

#include <stddef.h>

enum { LINE_MAX_BYTES = 256 * 1024 * 1024 };

enum line_result {
	LINE_END, /* no more */
	LINE_OK, /* a line */
	LINE_LONG, /* a line of more than LINE_MAX_BYTES was passed over */
	LINE_ERROR /* read failed, see errno */
};

struct lines {
	int fd;
	int keep_cr; /* 1: a CR before the LF stays, as part of the line */
	size_t number; /* of the line given last, from 1 */
	char *s; /* private from here on */
	size_t start, end, cap;
	int eof, skipping;
};

/* A struct lines with fd set (keep_cr as wanted) and the rest 0 is ready. */

/*
 * lines_next(l, &line, &n): the next line, without its LF (nor a CR before
 * it, but for keep_cr), NUL-ended; it may hold NULs of its own. It is valid
 * until the next call. A last line without LF counts. Standard output is
 * flushed before every read(2): a failure there gives LINE_ERROR with errno
 * EPIPE or the like and out_failed() true.
 */
enum line_result lines_next(struct lines *l, char **line, size_t *n);

void lines_free(struct lines *l); /* does not close fd */

#endif
