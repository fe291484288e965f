/*
 * Lines from a descriptor, and standard output before each read
 */
#include "io/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "io/out.h"

/* A descriptor from which the n bytes of s can be read, step at a time */
static int
source(const char *s, size_t n, size_t step)
{
	int p[2];

	if (pipe(p) != 0)
		exit(1);
	if (fork() == 0) {
		close(p[0]);
		while (n > 0) {
			size_t k = n < step ? n : step;

			if (write(p[1], s, k) != (ssize_t)k)
				_exit(1);
			s += k;
			n -= k;
		}
		_exit(0);
	}
	close(p[1]);
	return p[0];
}

static void
lines_of(const char *s, size_t n, int keep_cr, const char *want)
{
	static const size_t steps[] = { 1, 3, 100000 };
	char got[256];

	for (size_t i = 0; i < 3; i++) {
		struct lines l = { .fd = source(s, n, steps[i]),
			.keep_cr = keep_cr };
		enum line_result r;
		size_t len, at = 0;
		char *line;

		while ((r = lines_next(&l, &line, &len)) == LINE_OK) {
			check(line[len] == '\0');
			for (size_t k = 0; k < len; k++)
				got[at++] = line[k] == '\0' ? '0' : line[k];
			got[at++] = '|';
		}
		got[at] = '\0';
		check_row = got;
		check(r == LINE_END && strcmp(got, want) == 0);
		check(lines_next(&l, &line, &len) == LINE_END);
		close(l.fd);
		lines_free(&l);
		wait(NULL);
	}
	check_row = "";
}

static void
shapes(void)
{
	lines_of("", 0, 0, "");
	lines_of("a\nb\n", 4, 0, "a|b|");
	lines_of("a\nb", 3, 0, "a|b|");
	lines_of("\n\n", 2, 0, "||");
	lines_of("\n", 1, 0, "|");
	lines_of("a\r\nb\r\r\nc\r", 9, 0, "a|b\r|c|");
	lines_of("a\r\nb\r\n", 6, 1, "a\r|b\r|");
	lines_of("a\0b\n\0\n", 6, 0, "a0b|0|");
}

/* Lengths around those at which the buffer grows or is moved */
static void
lengths(void)
{
	static const size_t table[] = { 1, 4095, 4096, 61439, 61440, 65534,
		65535, 65536, 65537, 131071, 131072, 1000000 };
	char *text = malloc(4000000), *line;
	size_t n = 0, k = sizeof(table) / sizeof(table[0]), len;
	struct lines l = { 0 };

	if (text == NULL)
		exit(1);
	for (size_t i = 0; i < k; i++) {
		memset(text + n, 'a' + (int)i, table[i]);
		n += table[i];
		text[n++] = '\n';
	}
	l.fd = source(text, n, n);
	for (size_t i = 0; i < k; i++) {
		if (!check(lines_next(&l, &line, &len) == LINE_OK))
			break;
		check(len == table[i] && l.number == i + 1);
		check(line[0] == 'a' + (int)i && line[len - 1] == line[0]);
	}
	check(lines_next(&l, &line, &len) == LINE_END);
	close(l.fd);
	lines_free(&l);
	free(text);
	wait(NULL);
}

/* A line above the ceiling is passed over, and the next one is whole. The file
 * has holes, which read as NULs and take no room. */
static void
ceiling(void)
{
	char path[] = "/tmp/unit-line.XXXXXX";
	const off_t size = (off_t)LINE_MAX_BYTES + 70000;
	struct lines l = { .fd = mkstemp(path) };
	size_t len;
	char *line;

	unlink(path);
	check(pwrite(l.fd, "first\n", 6, 0) == 6);
	check(pwrite(l.fd, "\nlast\n", 6, size) == 6);
	check(ftruncate(l.fd, 2 * size) == 0);
	check(lines_next(&l, &line, &len) == LINE_OK && len == 5);
	check(lines_next(&l, &line, &len) == LINE_LONG && l.number == 2);
	check(lines_next(&l, &line, &len) == LINE_OK && len == 4 &&
	    l.number == 3 && strcmp(line, "last") == 0);
	check(lines_next(&l, &line, &len) == LINE_LONG && l.number == 4);
	check(lines_next(&l, &line, &len) == LINE_END);
	check(l.cap <= 2 * (size_t)LINE_MAX_BYTES);
	close(l.fd);
	lines_free(&l);
}

static void
failures(void)
{
	struct lines l = { .fd = open("/", O_RDONLY) };
	size_t len;
	char *line;

	errno = 0;
	check(lines_next(&l, &line, &len) == LINE_ERROR && errno == EISDIR);
	check(!out_failed());
	close(l.fd);
	check(lines_next(&l, &line, &len) == LINE_ERROR && errno == EBADF);
	lines_free(&l);
}

/* Someone else made the descriptor non-blocking: still nothing is lost. */
static void
patience(void)
{
	struct lines l = { 0 };
	char *line;
	size_t len;
	int p[2];

	if (pipe(p) != 0)
		exit(1);
	if (fork() == 0) {
		usleep(50000);
		_exit(write(p[1], "late\n", 5) != 5);
	}
	close(p[1]);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	l.fd = p[0];
	check(lines_next(&l, &line, &len) == LINE_OK && len == 4);
	check(lines_next(&l, &line, &len) == LINE_END);
	close(p[0]);
	lines_free(&l);
	wait(NULL);
}

/* What was written is out before a read can wait; a full disk ends the lines.
 * The last test: a failure of standard output is final. */
static void
output_first(void)
{
	struct lines l = { 0 };
	char *line, got[16];
	size_t len;
	int p[2];

	if (pipe(p) != 0)
		exit(1);
	dup2(p[1], STDOUT_FILENO);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	l.fd = source("one\n", 4, 4);
	check(out_write("before", 6) == 0);
	check(read(p[0], got, sizeof(got)) < 0 && errno == EAGAIN);
	check(lines_next(&l, &line, &len) == LINE_OK);
	check(read(p[0], got, sizeof(got)) == 6);
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	check(out_write("lost", 4) == 0);
	check(lines_next(&l, &line, &len) == LINE_ERROR && errno == ENOSPC);
	check(out_failed() && out_errno() == ENOSPC);
	check(out_write("more", 4) == -1 && out_flush() == -1);
	check(out_close() == -1 && out_errno() == ENOSPC);
	close(l.fd);
	lines_free(&l);
	wait(NULL);
}

int
main(void)
{
	shapes();
	lengths();
	ceiling();
	failures();
	patience();
	output_first();
	return check_status();
}
