#include "record/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "io/file.h"

enum { HOLD_S = 60 }; /* what a lock's owner promises at first */

enum {
	JOURNAL_MAX = 1 << 30, /* bytes of one file that are read */
	JOURNAL_HEAD = 4096, /* bytes in which its first line stands */
	JOURNAL_PIECE = 262144 /* bytes looked at in one go from the end */
};

int64_t
journal_clock(void)
{
	static int64_t began;

	if (began == 0)
		began = clock_monotonic() - clock_now();
	return clock_monotonic() - began;
}

void
journal_path(
    struct buf *out, const char *dir, const char *target, const char *suffix)
{
	buf_str(out, dir);
	buf_char(out, '/');
	for (const char *s = target; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
		    (c == '.' && s != target))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	buf_str(out, suffix);
}

/* The path as a text of its own, or NULL */
static char *
path_of(const char *dir, const char *target, const char *suffix)
{
	struct buf b = { 0 };

	journal_path(&b, dir, target, suffix);
	if (b.failed)
		buf_free(&b);
	return b.s;
}

/* The "created" of the first line of one file, or -1 */
static int64_t
born_of(const char *dir, const char *target, const char *suffix)
{
	char *path = path_of(dir, target, suffix), *end;
	char head[JOURNAL_HEAD];
	const char *why, *type;
	struct json *j = NULL;
	long long ms = -1;
	ssize_t n = -1;
	int fd;

	if (path == NULL)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return -1;
	n = read(fd, head, sizeof(head));
	close(fd);
	if (n <= 0 || (end = memchr(head, '\n', (size_t)n)) == NULL)
		return -1;
	j = json_parse(head, (size_t)(end - head), &why);
	type = json_get_str(j, "type");
	if (type == NULL || strcmp(type, "journal") != 0 ||
	    json_get_time(j, "created", &ms) != 0)
		ms = -1;
	json_free(j);
	return ms;
}

int64_t
journal_born(const char *dir, const char *target)
{
	int64_t ms = born_of(dir, target, ".ndjson");

	return ms >= 0 ? ms : born_of(dir, target, ".ndjson.1");
}

/* The first line of a new file, with its LF */
static void
put_head(struct buf *b, const char *dir, const char *target)
{
	int64_t born = journal_born(dir, target);

	buf_str(b, "{\"type\":\"journal\",\"version\":1");
	record_put_time(b, "created", born >= 0 ? born : journal_clock());
	buf_str(b, "}\n");
}

int
journal_append(const char *dir, const char *target, const char *line, size_t n,
    struct buf *why)
{
	char time[CLOCK_SIZE], quoted[CLOCK_SIZE + 2];
	struct buf path = { 0 }, head = { 0 }, text = { 0 };
	int r = -1;

	if (file_make_dirs(dir) != 0) {
		buf_printf(why, "cannot make the state folder '%s': %s", dir,
		    strerror(errno));
		return -1;
	}
	journal_path(&path, dir, target, ".ndjson");
	put_head(&head, dir, target);
	clock_format(time, journal_clock());
	snprintf(quoted, sizeof(quoted), "\"%s\"", time);
	if (json_replace(line, n, "logged", quoted, &text) != 0) {
		buf_str(why, "not an object for the journal");
		goto out;
	}
	buf_char(&text, '\n');
	if (path.failed || head.failed || text.failed) {
		buf_str(why, "out of memory");
		goto out;
	}
	r = file_append_head(path.s, head.s, head.len, text.s, text.len);
	if (r != 0)
		buf_printf(why, "cannot write the journal '%s': %s", path.s,
		    strerror(errno));
out:
	buf_free(&text);
	buf_free(&head);
	buf_free(&path);
	return r;
}

/* When a line says at its very end that it was logged; 0: it does not there.
 * Spares the parsing of what is too old to matter. */
static int64_t
logged_at_end(const char *s, size_t n)
{
	static const char key[] = "\"logged\":\"";
	size_t k = sizeof(key) - 1, len;
	char time[CLOCK_SIZE];
	const char *p;
	int64_t ms;

	if (n < k + 2 || s[n - 1] != '}' || s[n - 2] != '"')
		return 0;
	p = memrchr(s, '"', n - 2);
	if (p == NULL || (size_t)(p + 1 - s) < k ||
	    memcmp(p + 1 - k, key, k) != 0)
		return 0;
	len = (size_t)(s + n - 2 - (p + 1));
	if (len >= sizeof(time))
		return 0;
	memcpy(time, p + 1, len);
	time[len] = '\0';
	return clock_parse(time, &ms) == 0 ? ms : 0;
}

void
journal_unlogged(struct buf *out, const char *line, size_t n)
{
	static const char key[] = "\"logged\":\"";
	size_t end = n;

	if (logged_at_end(line, n) != 0) {
		/* the value's first quote is the last but one of all */
		const char *p = memrchr(line, '"', n - 2);

		end = (size_t)(p + 1 - line) - (sizeof(key) - 1);
		while (end > 0 && line[end - 1] == ' ')
			end--;
		if (end > 0 && line[end - 1] == ',')
			end--;
	}
	buf_add(out, line, end);
	if (end < n)
		buf_char(out, '}');
}

struct walk {
	int64_t since;
	int (*fn)(void *ctx, const struct record *r, int64_t logged);
	void *ctx;
};

static int
walk_line(const struct walk *w, const char *s, size_t n)
{
	int64_t logged = logged_at_end(s, n);
	const char *why;
	struct record r;
	long long ms;
	int result = 0;

	if (n == 0 || (logged != 0 && logged < w->since) ||
	    record_read(&r, s, n, &why) != 0)
		return 0;
	if (logged == 0 && json_get_time(r.json, "logged", &ms) == 0)
		logged = ms;
	if (logged == 0 || logged >= w->since)
		result = w->fn(w->ctx, &r, logged);
	record_free(&r);
	return result;
}

static int
walk_text(const struct walk *w, const char *s, size_t n)
{
	const char *end = s + n, *lf;
	int r = 0;

	for (; s < end && r == 0; s = lf + 1) {
		lf = memchr(s, '\n', (size_t)(end - s));
		if (lf == NULL)
			lf = end; /* torn, or just being written */
		r = walk_line(w, s, (size_t)(lf - s));
	}
	return r;
}

/* The piece has whole lines, and all of them were logged before since */
static int
all_older(const char *s, size_t n, int64_t since)
{
	const char *end = s + n, *lf = memchr(s, '\n', n);
	int lines = 0;

	while (lf != NULL) {
		int64_t logged;

		s = lf + 1;
		lf = memchr(s, '\n', (size_t)(end - s));
		if (lf == NULL)
			break;
		logged = logged_at_end(s, (size_t)(lf - s));
		if (logged == 0 || logged >= since)
			return 0;
		lines++;
	}
	return lines > 0;
}

/* Where to begin to read: lines come in the order of time, but for clocks that
 * were set. So it goes back until a whole piece is too old. */
static off_t
where_since(int fd, int64_t since)
{
	off_t end = since > 0 ? lseek(fd, 0, SEEK_END) : 0, begin = 0;
	char *piece = end > JOURNAL_PIECE ? malloc(JOURNAL_PIECE) : NULL;

	for (; piece != NULL && end > JOURNAL_PIECE; end = begin) {
		begin = end - JOURNAL_PIECE;
		if (pread(fd, piece, JOURNAL_PIECE, begin) != JOURNAL_PIECE) {
			begin = 0;
			break;
		}
		if (all_older(piece, JOURNAL_PIECE, since))
			break;
	}
	if (end <= JOURNAL_PIECE)
		begin = 0;
	free(piece);
	return begin;
}

/* One file from fd; -1 with errno in *error */
static int
walk_file(const struct walk *w, int fd, int *error)
{
	struct buf text = { 0 };
	int r;

	*error = 0;
	r = lseek(fd, where_since(fd, w->since), SEEK_SET) < 0 ? -1 : 0;
	if (r == 0)
		r = file_read_fd(fd, JOURNAL_MAX, &text);
	if (r != 0)
		*error = errno;
	else if (text.len > 0)
		r = walk_text(w, text.s, text.len);
	buf_free(&text);
	return r;
}

/* -1 and no message: there is no such file */
static int
open_one(const char *dir, const char *target, const char *suffix,
    struct buf *why, int *bad)
{
	char *path = path_of(dir, target, suffix);
	int fd;

	if (path == NULL) {
		buf_str(why, "out of memory");
		*bad = 1;
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
		buf_printf(why, "cannot read the journal '%s': %s", path,
		    strerror(errno));
		*bad = 1;
	}
	free(path);
	return fd;
}

static int
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	    x.st_dev == y.st_dev;
}

int
journal_each(const char *dir, const char *target, int64_t since,
    int (*fn)(void *ctx, const struct record *r, int64_t logged), void *ctx,
    struct buf *why)
{
	struct walk w = { since, fn, ctx };
	int fd[2], bad = 0, r = 0, error = 0;

	/* The present one is opened first: should it be renamed right now,
	 * both are the same file, and it is read once. */
	fd[1] = open_one(dir, target, ".ndjson", why, &bad);
	fd[0] = open_one(dir, target, ".ndjson.1", why, &bad);
	if (fd[0] >= 0 && fd[1] >= 0 && same_file(fd[0], fd[1])) {
		close(fd[0]);
		fd[0] = -1;
	}
	for (int k = 0; k < 2 && !bad && r == 0; k++) {
		if (fd[k] < 0)
			continue;
		r = walk_file(&w, fd[k], &error);
		if (error != 0) {
			buf_printf(why,
			    "cannot read the journal of '%s' in '%s': %s",
			    target, dir, strerror(error));
			bad = 1;
		}
	}
	for (int k = 0; k < 2; k++)
		if (fd[k] >= 0)
			close(fd[k]);
	return bad ? -1 : r;
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c - 'A' + 10;
}

/* A target's name from its journal's, in place; 0, or -1: it is no journal */
static int
name_of(char *s)
{
	static const char suffix[] = ".ndjson";
	size_t n = strlen(s), k = sizeof(suffix) - 1;
	char *to = s;

	if (n < k || strcmp(s + n - k, suffix) != 0)
		return -1;
	s[n - k] = '\0';
	for (const char *p = s; *p != '\0'; p++) {
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		if (strspn(p + 1, "0123456789ABCDEF") < 2)
			return -1;
		*to++ = (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
		p += 2;
	}
	*to = '\0';
	return 0;
}

int
journal_targets(const char *dir, int (*fn)(void *ctx, const char *target),
    void *ctx, struct buf *why)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort), r = 0;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0) {
		buf_printf(why, "cannot read the state folder '%s': %s", dir,
		    strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0 && name_of(list[i]->d_name) == 0)
			r = fn(ctx, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return r;
}

/* An owner that should have been done by now: the kernel says that it lives, so
 * it is left the lock, for it may be about to change something. */
static void
put_overdue(struct buf *why, const char *text, int64_t late_ms)
{
	char host[65], span[NUMBER_SIZE];
	long pid;

	buf_printf(why, ", which is %s ago",
	    duration_format(span, (double)(late_ms / 1000)));
	if (sscanf(text, "process %ld on %64[^ ,]", &pid, host) == 2)
		buf_printf(why,
		    ": it hangs, or was stopped; 'kill -KILL %ld' on %s frees "
		    "the target",
		    pid, host);
}

/* Who has the lock, as its file says */
static void
put_owner(struct buf *why, const char *path)
{
	static const char until[] = ", at most until ";
	struct buf text = { 0 };
	const char *p;
	int64_t end;

	if (file_read(path, 4096, &text) == 0 && text.len > 0) {
		for (size_t i = 0; i < text.len; i++)
			if (text.s[i] < ' ' || text.s[i] > '~')
				text.s[i] = ' ';
		while (text.len > 0 && text.s[text.len - 1] == ' ')
			text.s[--text.len] = '\0';
		buf_printf(why, ": %s", text.s);
		p = strstr(text.s, until);
		if (p != NULL &&
		    clock_parse(p + sizeof(until) - 1, &end) == 0 &&
		    clock_wall() > end)
			put_overdue(why, text.s, clock_wall() - end);
	}
	buf_free(&text);
}

/* The text is for people only: the lock holds without it. */
void
journal_hold(int lock, double seconds)
{
	char since[CLOCK_SIZE], until[CLOCK_SIZE], host[65] = "?", text[256];
	int64_t now = clock_wall();
	size_t n;

	gethostname(host, sizeof(host) - 1);
	clock_format(since, now);
	clock_format(until, now + (int64_t)(seconds * 1000));
	snprintf(text, sizeof(text),
	    "process %ld on %s since %s, at most until %s\n", (long)getpid(),
	    host, since, until);
	n = strlen(text);
	if (ftruncate(lock, 0) != 0 || pwrite(lock, text, n, 0) != (ssize_t)n)
		return;
}

int
journal_lock(
    const char *dir, const char *target, double wait_s, struct buf *why)
{
	char *path = path_of(dir, target, ".lock");
	int fd;

	if (path == NULL) {
		buf_str(why, "out of memory");
		return -1;
	}
	if (file_make_dirs(dir) != 0) {
		buf_printf(why, "cannot make the state folder '%s': %s", dir,
		    strerror(errno));
		free(path);
		return -1;
	}
	fd = file_lock(path, wait_s);
	if (fd >= 0) {
		journal_hold(fd, HOLD_S);
	} else if (errno == EWOULDBLOCK) {
		buf_printf(why, "another as-apply is acting on '%s'", target);
		put_owner(why, path);
	} else {
		buf_printf(why, "cannot lock '%s': %s", path, strerror(errno));
	}
	free(path);
	return fd;
}

int
journal_acting(const char *dir, const char *target, double wait_s, int *lock,
    struct buf *why)
{
	char *path = path_of(dir, target, ".lock");
	int there = path == NULL || access(path, F_OK) == 0;

	free(path);
	*lock = there ? journal_lock(dir, target, wait_s, why) : -1;
	return there && *lock < 0 ? -1 : 0;
}

int
journal_words(const char *dir, double wait_s, struct buf *why)
{
	int fd = file_lock_folder(dir, wait_s);

	if (fd < 0)
		buf_printf(why, "cannot lock the state folder '%s': %s", dir,
		    errno == EWOULDBLOCK ? "another is giving a word there"
					 : strerror(errno));
	return fd;
}
