#include "io/line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/out.h"

void
lines_free(struct lines *l)
{
	free(l->s);
	l->s = NULL;
	l->start = l->end = l->cap = 0;
}

/* Room for at least one byte to read and one NUL. 0 or -1. */
static int
make_room(struct lines *l)
{
	size_t cap;
	char *s;

	if (l->start > 0) {
		memmove(l->s, l->s + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
	}
	if (l->cap - l->end > 4096)
		return 0;
	cap = l->cap ? l->cap * 2 : 65536;
	s = realloc(l->s, cap);
	if (s == NULL)
		return -1;
	l->s = s;
	l->cap = cap;
	return 0;
}

/* A descriptor that someone made non-blocking (a terminal shared over ssh):
 * waits for bytes. 1. */
static int
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, -1);
	return 1;
}

/* More bytes: 1, none left: 0, failure: -1 */
static int
fill(struct lines *l)
{
	ssize_t n;

	if (make_room(l) != 0 || out_flush() != 0)
		return -1;
	do
		n = read(l->fd, l->s + l->end, l->cap - l->end - 1);
	while (n < 0 && (errno == EINTR || (errno == EAGAIN && await(l->fd))));
	if (n < 0)
		return -1;
	if (n == 0)
		l->eof = 1;
	l->end += (size_t)n;
	return n > 0;
}

static enum line_result
give(struct lines *l, size_t len, char **line, size_t *n)
{
	*line = l->s + l->start;
	l->start += len;
	if (l->start < l->end)
		l->start++; /* the LF */
	(*line)[len] = '\0';
	if (!l->keep_cr && len > 0 && (*line)[len - 1] == '\r')
		(*line)[--len] = '\0';
	*n = len;
	l->number++;
	return LINE_OK;
}

enum line_result
lines_next(struct lines *l, char **line, size_t *n)
{
	size_t seen = 0;

	for (;;) {
		size_t have = l->end - l->start;
		char *lf = NULL;
		int r;

		if (have > seen)
			lf = memchr(l->s + l->start + seen, '\n', have - seen);
		if (lf != NULL &&
		    (l->skipping || lf - (l->s + l->start) > LINE_MAX_BYTES)) {
			l->start = (size_t)(lf + 1 - l->s);
			l->skipping = 0;
			l->number++;
			return LINE_LONG;
		}
		if (lf != NULL)
			return give(l, (size_t)(lf - l->s) - l->start, line, n);
		if (l->skipping || have > LINE_MAX_BYTES) {
			l->skipping = 1;
			l->start = l->end = 0;
			have = 0;
		}
		seen = have;
		r = l->eof ? 0 : fill(l);
		if (r < 0)
			return LINE_ERROR;
		if (r > 0)
			continue;
		if (l->skipping) {
			l->skipping = 0;
			l->number++;
			return LINE_LONG;
		}
		return have > 0 ? give(l, have, line, n) : LINE_END;
	}
}
