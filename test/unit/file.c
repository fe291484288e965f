/*
 * Files read, replaced and appended to: by several at once, while a file is
 * being renamed away, and where there is no room left
 */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

static int
holds(const char *path, const char *want)
{
	struct buf b = { 0 };
	int same;

	same = file_read(path, 1 << 20, &b) == 0 && b.len == strlen(want) &&
	    memcmp(b.s, want, b.len) == 0;
	buf_free(&b);
	return same;
}

static void
put(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	check(fd >= 0 && write(fd, s, strlen(s)) == (ssize_t)strlen(s));
	close(fd);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* How many files the present folder has */
static int
files(void)
{
	DIR *d = opendir(".");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
reading(void)
{
	struct buf b = { 0 };

	put("r", "0123456789");
	check(file_read("r", 10, &b) == 0 && b.len == 10);
	check(file_read("r", 10, &b) == 0 && b.len == 20);
	check(strcmp(b.s, "01234567890123456789") == 0);
	check(file_read("r", 9, &b) == -1 && errno == EFBIG);
	buf_free(&b);
	check(file_read("none", 9, &b) == -1 && errno == ENOENT);
	check(file_read(".", 9, &b) == -1 && errno == EISDIR);
	check(file_read("/dev/null", 0, &b) == 0 && b.len == 0);
	check(file_read("/dev/zero", 100000, &b) == -1 && errno == EFBIG);
	buf_free(&b);
	unlink("r");
}

static void
secrets(void)
{
	static const struct {
		mode_t mode;
		int r;
	} table[] = { { 0600, 0 }, { 0400, 0 }, { 0640, 0 }, { 0660, -1 },
		{ 0604, -1 }, { 0602, -1 }, { 0644, -1 } };

	put("s", "hush\r\n\n");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf b = { 0 };

		chmod("s", table[i].mode);
		errno = 0;
		check(file_secret("s", &b) == table[i].r);
		if (table[i].r == 0)
			check(strcmp(b.s, "hush") == 0 && b.len == 4);
		else
			check(errno == EPERM && b.len == 0);
		buf_free(&b);
	}
	unlink("s");
}

static void
replacing(void)
{
	char target[64];

	umask(027);
	check(file_replace("a", "one", 3, 0666) == 0 && holds("a", "one"));
	check(mode_of("a") == 0640);
	chmod("a", 0751);
	check(file_replace("a", "", 0, 0600) == 0 && holds("a", ""));
	check(mode_of("a") == 0751);
	check(symlink("a", "link") == 0);
	check(file_replace("link", "two", 3, 0600) == 0 && holds("a", "two"));
	check(readlink("link", target, sizeof(target)) == 1);
	check(files() == 2);
	check(file_replace("none/a", "x", 1, 0600) == -1 && errno == ENOENT);
	check(file_replace(".", "x", 1, 0600) == -1 && errno == EISDIR);
	check(files() == 2);
	if (getuid() == 0) {
		struct stat st;

		check(chown("a", 4711, 4712) == 0);
		check(file_replace("a", "three", 5, 0600) == 0);
		check(stat("a", &st) == 0 && st.st_uid == 4711 &&
		    st.st_gid == 4712 && holds("a", "three"));
	}
	unlink("link");
	unlink("a");
}

/* A device or a FIFO stays what it is. */
static void
devices(void)
{
	struct stat st;
	char got[8] = "";
	int fd;

	check(file_replace("/dev/full", "x", 1, 0600) == -1 && errno == ENOSPC);
	check(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
	check(mkfifo("fifo", 0600) == 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	check(file_replace("fifo", "through", 7, 0600) == 0);
	check(read(fd, got, 7) == 7 && strcmp(got, "through") == 0);
	check(stat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	close(fd);
	unlink("fifo");
}

static void
appending(void)
{
	check(file_append("j", "one\n", 4) == 0 && holds("j", "one\n"));
	check(mode_of("j") == 0640);
	check(file_append_head("j", "head\n", 5, "two\n", 4) == 0);
	check(holds("j", "one\ntwo\n"));
	put("j", "one\n{\"torn\":");
	check(file_append("j", "two\n", 4) == 0);
	check(holds("j", "one\n{\"torn\":\ntwo\n"));
	put("j", "");
	check(file_append_head("j", "head\n", 5, "one\n", 4) == 0);
	check(holds("j", "head\none\n"));
	check(rename("j", "j.1") == 0);
	check(file_append("j", "two\n", 4) == 0 && holds("j", "two\n"));
	check(holds("j.1", "head\none\n"));
	check(file_append("none/j", "x\n", 2) == -1 && errno == ENOENT);
	check(file_append("/dev/full", "x\n", 2) == -1 && errno == ENOSPC);
	unlink("j");
	unlink("j.1");
}

enum { WRITERS = 4, LINES = 100, ROTATIONS = 10 };

/* The lines "WRITER NUMBER FILLING" of one file, each whole; counts them */
static void
count_lines(const char *path, int seen[WRITERS][LINES])
{
	FILE *f = fopen(path, "r");
	char line[256], tail[256];
	int w, k;

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (check(sscanf(line, "%d %d %255s", &w, &k, tail) == 3 &&
			w >= 0 && w < WRITERS && k >= 0 && k < LINES &&
			strlen(tail) == 100 && line[strlen(line) - 1] == '\n'))
			seen[w][k]++;
	}
	fclose(f);
}

/* Several append while the file is renamed away again and again: every line is
 * in one of the files, once and whole. */
static void
crowd(void)
{
	static int seen[WRITERS][LINES];
	char name[32];

	for (int w = 0; w < WRITERS; w++) {
		if (fork() != 0)
			continue;
		for (int k = 0; k < LINES; k++) {
			char line[256];
			int n = snprintf(line, sizeof(line), "%d %d ", w, k);

			memset(line + n, 'x', 100);
			line[n + 100] = '\n';
			if (file_append("c", line, (size_t)n + 101) != 0)
				_exit(1);
		}
		_exit(0);
	}
	for (int r = 0; r < ROTATIONS; r++) {
		usleep(2000);
		snprintf(name, sizeof(name), "c.%d", r);
		rename("c", name);
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;

		check(wait(&status) > 0 && status == 0);
	}
	count_lines("c", seen);
	unlink("c");
	for (int r = 0; r < ROTATIONS; r++) {
		snprintf(name, sizeof(name), "c.%d", r);
		count_lines(name, seen);
		unlink(name);
	}
	for (int w = 0; w < WRITERS; w++)
		for (int k = 0; k < LINES; k++)
			check(seen[w][k] == 1);
}

/* No room: what was there stays, nothing is left behind, errno says why. */
static void
without_room(int error)
{
	static char big[300000];
	int n;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\n';
	check(file_replace("a", "old", 3, 0600) == 0);
	check(file_append("j", "one\n", 4) == 0);
	n = files();
	errno = 0;
	check(file_replace("a", big, sizeof(big), 0600) == -1);
	check(errno == error && holds("a", "old") && files() == n);
	errno = 0;
	check(file_append("j", big, sizeof(big)) == -1 && errno == error);
	check(holds("j", "one\n"));
	put("j", "one\n{torn");
	check(file_append("j", big, sizeof(big)) == -1 && errno == error);
	check(holds("j", "one\n{torn"));
	check(file_append("j", "two\n", 4) == 0);
	check(holds("j", "one\n{torn\ntwo\n"));
	unlink("a");
	unlink("j");
}

/* First with a limit on the size of files, then, where root may mount one, on a
 * file system of 64 KiB */
static void
full(void)
{
	int status;

	if (fork() == 0) {
		struct rlimit r = { 100000, 100000 };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &r);
		check_failures = 0;
		without_room(EFBIG);
		_exit(check_status());
	}
	check(wait(&status) > 0 && status == 0);
	if (fork() == 0) {
		check_failures = 0;
		if (unshare(CLONE_NEWNS) == 0 &&
		    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		    mkdir("m", 0700) == 0 &&
		    mount("tmpfs", "m", "tmpfs", 0, "size=64k") == 0 &&
		    chdir("m") == 0)
			without_room(ENOSPC);
		else
			fprintf(stderr, "file: no small file system here\n");
		_exit(check_status());
	}
	check(wait(&status) > 0 && status == 0);
	rmdir("m");
}

static void
locking(void)
{
	int fd = file_lock("l", 0), ready[2], status;
	int64_t before;
	char c;

	check(fd >= 0 && mode_of("l") == 0600);
	before = clock_monotonic();
	check(file_lock("l", 0.2) == -1 && errno == EWOULDBLOCK);
	check(clock_monotonic() - before >= 200);
	check(clock_monotonic() - before < 2000);
	if (pipe(ready) != 0)
		exit(1);
	if (fork() == 0) {
		close(fd);
		fd = file_lock("l", 0);
		if (fd >= 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		fd = file_lock("l", 20);
		_exit(fd < 0);
	}
	check(read(ready[0], &c, 1) == 1);
	close(fd);
	check(wait(&status) > 0 && status == 0);
	fd = file_lock("l", 0);
	check(fd >= 0);
	close(fd);
	check(file_lock("none/l", 5) == -1 && errno == ENOENT);
	unlink("l");
}

static void
folders(void)
{
	check(file_make_dirs("d/e//f") == 0 && mode_of("d/e/f") == 0750);
	check(file_make_dirs("d/e/f/") == 0);
	check(file_make_dirs("/") == 0);
	check(file_make_dirs("") == -1);
	put("d/file", "");
	check(file_make_dirs("d/file/x") == -1 && errno == ENOTDIR);
	unlink("d/file");
	rmdir("d/e/f");
	rmdir("d/e");
	rmdir("d");
}

int
main(void)
{
	char dir[] = "/tmp/unit-file.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	reading();
	secrets();
	replacing();
	devices();
	appending();
	crowd();
	full();
	locking();
	folders();
	check(files() == 0);
	if (chdir("/") != 0)
		return 1;
	rmdir(dir);
	return check_status();
}
