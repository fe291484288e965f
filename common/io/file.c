#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

int
file_read_fd(int fd, size_t max, struct buf *out)
{
	size_t had = out->len;

	for (;;) {
		ssize_t n;

		if (buf_reserve(out, 65536) != 0) {
			errno = ENOMEM;
			return -1;
		}
		n = read(fd, out->s + out->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		out->len += (size_t)n;
		out->s[out->len] = '\0';
		if (out->len - had > max) {
			errno = EFBIG;
			return -1;
		}
	}
}

int
file_read(const char *path, size_t max, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r, e;

	if (fd < 0)
		return -1;
	r = file_read_fd(fd, max, out);
	e = errno;
	close(fd);
	errno = e;
	return r;
}

int
file_secret(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r, e;
	struct stat st;

	if (fd < 0)
		return -1;
	r = fstat(fd, &st);
	if (r == 0 && (st.st_mode & (S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
		errno = EPERM;
		r = -1;
	}
	if (r == 0)
		r = file_read_fd(fd, 65536, out);
	e = errno;
	close(fd);
	errno = e;
	if (r != 0)
		return -1;
	while (out->len > 0 &&
	    (out->s[out->len - 1] == '\n' || out->s[out->len - 1] == '\r'))
		out->s[--out->len] = '\0';
	return 0;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

static int
sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd, r;

	if (copy == NULL)
		return -1;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	close(fd);
	return r == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : -1;
}

/* A device or a FIFO must not be replaced by a file: it is written into. */
static int
write_into(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC), r, e;

	if (fd < 0)
		return -1;
	r = write_all(fd, p, n);
	e = errno;
	if (close(fd) != 0 && r == 0)
		return -1;
	errno = e;
	return r;
}

/* The mode and, where we may, the owner that the file at path has; a new one
 * gets mode less the umask. 0 or -1. */
static int
dress(int fd, const struct stat *st, mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	if (st != NULL && fchown(fd, st->st_uid, st->st_gid) != 0 &&
	    errno != EPERM)
		return -1;
	return fchmod(fd, st != NULL ? st->st_mode & 07777 : mode & ~mask);
}

static int
replace_real(const char *path, const void *p, size_t n, mode_t mode)
{
	struct stat st;
	char *tmp = NULL;
	int fd = -1, e, there;

	there = stat(path, &st) == 0;
	if (there && !S_ISREG(st.st_mode))
		return write_into(path, p, n);
	if (asprintf(&tmp, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		goto fail;
	if (dress(fd, there ? &st : NULL, mode) != 0 ||
	    write_all(fd, p, n) != 0 || fsync(fd) != 0)
		goto fail_unlink;
	if (close(fd) != 0) {
		fd = -1;
		goto fail_unlink;
	}
	fd = -1;
	if (rename(tmp, path) != 0)
		goto fail_unlink;
	free(tmp);
	return sync_folder(path);
fail_unlink:
	e = errno;
	if (fd >= 0)
		close(fd);
	unlink(tmp);
	errno = e;
fail:
	free(tmp);
	return -1;
}

int
file_replace(const char *path, const void *p, size_t n, mode_t mode)
{
	char *real = realpath(path, NULL);
	int r, e;

	r = replace_real(real != NULL ? real : path, p, n, mode);
	e = errno;
	free(real);
	errno = e;
	return r;
}

/* The last byte is LF, or the file is empty: 1; a torn line: 0; error: -1 */
static int
ends_whole(int fd, off_t size)
{
	char c;

	if (size == 0)
		return 1;
	if (pread(fd, &c, 1, size - 1) != 1)
		return -1;
	return c == '\n';
}

/* The file at path, locked, and still the one that path names: it may have been
 * renamed or removed while we waited for the lock (logrotate) */
static int
open_locked(const char *path)
{
	struct stat ours, there;
	int fd, r, e;

	for (;;) {
		fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		if (fd < 0)
			return -1;
		do
			r = flock(fd, LOCK_EX);
		while (r != 0 && errno == EINTR);
		if (r != 0 || fstat(fd, &ours) != 0) {
			e = errno;
			close(fd);
			errno = e;
			return -1;
		}
		if (stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
		    ours.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
}

int
file_append(const char *path, const char *line, size_t n)
{
	return file_append_head(path, NULL, 0, line, n);
}

int
file_append_head(const char *path, const char *head, size_t n_head,
    const char *line, size_t n)
{
	int fd = open_locked(path);
	off_t size = -1;
	int r, e;

	if (fd < 0)
		return -1;
	if ((size = lseek(fd, 0, SEEK_END)) < 0 ||
	    (r = ends_whole(fd, size)) < 0)
		goto fail;
	if ((r == 0 && write_all(fd, "\n", 1) != 0) ||
	    (size == 0 && write_all(fd, head, n_head) != 0) ||
	    write_all(fd, line, n) != 0 || fdatasync(fd) != 0)
		goto fail;
	if (size == 0 && sync_folder(path) != 0)
		goto fail;
	return close(fd);
fail:
	e = errno;
	if (size >= 0)
		(void)!ftruncate(fd, size); /* a torn line is mended later */
	close(fd);
	errno = e;
	return -1;
}

/* 0, or -1 with errno; fd stays open */
static int
lock_within(int fd, double wait_s)
{
	int64_t until = clock_monotonic() + (int64_t)(wait_s * 1000);

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    clock_monotonic() >= until)
			return -1;
		clock_sleep(0.05);
	}
	return 0;
}

/* fd, locked; or -1, and it is closed */
static int
locked(int fd, double wait_s)
{
	int e;

	if (fd >= 0 && lock_within(fd, wait_s) != 0) {
		e = errno;
		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

int
file_lock(const char *path, double wait_s)
{
	return locked(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), wait_s);
}

int
file_lock_folder(const char *path, double wait_s)
{
	return locked(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), wait_s);
}

char *
file_beside(const char *path, const char *prefix)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) + 1 : 0;
	char *s = NULL;

	return asprintf(&s, "%.*s%s%s", (int)n, path, prefix, path + n) < 0
	    ? NULL
	    : s;
}

/* The file that fresh names, locked: whoever had it before may have put it in
 * its place, or removed it. A descriptor, or -1. */
static int
open_fresh(const char *fresh, double wait_s)
{
	struct stat ours, there;
	int fd, e;

	for (;;) {
		fd = open(
		    fresh, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return -1;
		if (lock_within(fd, wait_s) != 0 || fstat(fd, &ours) != 0) {
			e = errno;
			close(fd);
			errno = e;
			return -1;
		}
		if (stat(fresh, &there) == 0 && ours.st_ino == there.st_ino &&
		    ours.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
}

int
file_stage(struct file_stage *s, const char *path, const void *p, size_t n,
    mode_t mode, double wait_s)
{
	struct stat st;
	int there, e;

	*s = (struct file_stage){ .path = realpath(path, NULL) };
	if (s->path == NULL) {
		if (errno != ENOENT || lstat(path, &st) == 0)
			return -1; /* a link to nowhere, for one */
		s->path = strdup(path);
	}
	if (s->path == NULL)
		return -1;
	s->fresh = file_beside(s->path, ".new.");
	if (s->fresh == NULL)
		goto fail;
	there = stat(s->path, &st) == 0;
	errno = EINVAL;
	if (there && !S_ISREG(st.st_mode))
		goto fail;
	s->fd = open_fresh(s->fresh, wait_s);
	s->open = s->fd >= 0;
	if (s->open && ftruncate(s->fd, 0) == 0 &&
	    dress(s->fd, there ? &st : NULL, mode) == 0 &&
	    write_all(s->fd, p, n) == 0 && fsync(s->fd) == 0)
		return 0;
fail:
	e = errno;
	file_stage_end(s);
	errno = e;
	return -1;
}

int
file_stage_place(struct file_stage *s)
{
	if (rename(s->fresh, s->path) != 0)
		return -1;
	s->placed = 1;
	return sync_folder(s->path);
}

void
file_stage_end(struct file_stage *s)
{
	if (s->open && s->fresh != NULL) {
		if (!s->placed)
			unlink(s->fresh);
		close(s->fd);
	}
	free(s->path);
	free(s->fresh);
	*s = (struct file_stage){ 0 };
}

int
file_make_dirs(const char *path)
{
	char s[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(s)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(s, path, n + 1);
	for (char *p = s + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(s, 0750) != 0 && errno != EEXIST)
			return -1;
		*p = c;
		if (c == '\0')
			return 0;
	}
}
