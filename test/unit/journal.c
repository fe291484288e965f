/* The journal: what is written is read, in order, whatever happened between:
 * torn lines, rotation, several writers, kill -9 */
#include "record/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file.h"

static int failed;
static char dir[64];

static void
check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "journal: %s\n", what);
	failed = 1;
}

static void
add(const char *target, const char *line)
{
	struct buf why = { 0 };

	if (journal_append(dir, target, line, strlen(line), &why) != 0) {
		fprintf(
		    stderr, "journal: %s: %s\n", target, why.s ? why.s : "");
		failed = 1;
	}
	buf_free(&why);
}

struct seen {
	double n[4096]; /* member "n" of each record, in order */
	size_t count;
	int64_t logged; /* of the last */
	double stop_at;
};

static int
see(void *ctx, const struct record *r, int64_t logged)
{
	struct seen *s = ctx;
	double x;

	if (json_get_num(r->json, "n", &x) != 0 || s->count >= 4096)
		return 0;
	s->n[s->count++] = x;
	s->logged = logged;
	return s->stop_at > 0 && x == s->stop_at ? 7 : 0;
}

static struct seen
read_all(const char *target, int64_t since)
{
	struct seen s = { .count = 0 };
	struct buf why = { 0 };

	check(journal_each(dir, target, since, see, &s, &why) == 0,
	    "reads to its end");
	check(why.len == 0, "no message where all is well");
	buf_free(&why);
	return s;
}

static char *
path_of(const char *target, const char *suffix)
{
	struct buf b = { 0 };

	journal_path(&b, dir, target, suffix);
	return b.s;
}

static struct buf
content(const char *target)
{
	char *path = path_of(target, ".ndjson");
	struct buf b = { 0 };

	check(file_read(path, 1 << 24, &b) == 0, "the file is there");
	free(path);
	return b;
}

static void
names(void)
{
	static const struct {
		const char *target, *path;
	} table[] = {
		{ "web", "d/web.ndjson" },
		{ "Web_1.2-x", "d/Web_1.2-x.ndjson" },
		{ "a/b", "d/a%2Fb.ndjson" },
		{ "..", "d/%2E..ndjson" },
		{ "\xc3\xa4 %", "d/%C3%A4%20%25.ndjson" },
		{ "", "d/.ndjson" },
	};

	for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		struct buf b = { 0 };

		journal_path(&b, "d", table[k].target, ".ndjson");
		check(strcmp(b.s, table[k].path) == 0, table[k].path);
		buf_free(&b);
	}
}

static void
order_and_bytes(void)
{
	struct buf b;
	struct seen s;
	char *second;

	check(journal_born(dir, "a") == -1, "born: nothing there yet");
	s = read_all("a", 0);
	check(s.count == 0, "no journal reads as an empty one");
	add("a", "{\"n\":1, \"odd\" : 1.50, \"x\":{\"logged\":\"no\"}}");
	add("a", "{ }");
	add("a", "{\"n\":2,\"logged\":\"2020-01-01T00:00:00Z\",\"k\":0}");
	b = content("a");
	check(strncmp(b.s,
		  "{\"type\":\"journal\",\"version\":1,\"created\":", 39) == 0,
	    "the first line says what it is");
	second = strchr(b.s, '\n') + 1;
	check(strncmp(second,
		  "{\"n\":1, \"odd\" : 1.50, \"x\":{\"logged\":\"no\"},"
		  "\"logged\":\"",
		  50) == 0,
	    "a record stays as it is but for its last member");
	check(b.s[b.len - 1] == '\n', "it ends with a whole line");
	buf_free(&b);
	s = read_all("a", 0);
	check(s.count == 2 && s.n[0] == 1 && s.n[1] == 2, "in order");
	check(llabs(s.logged - clock_wall()) < 60000,
	    "a foreign 'logged' is replaced, and found though not last");
	check(llabs(journal_born(dir, "a") - clock_wall()) < 60000, "born");
}

static void
unlogged(void)
{
	static const struct {
		const char *line, *want;
	} table[] = {
		{ "{\"a\":1,\"logged\":\"2026-11-23T17:00:00.125Z\"}",
		    "{\"a\":1}" },
		{ "{\"a\":1 ,\"logged\":\"2026-11-23T17:00:00Z\"}",
		    "{\"a\":1 }" },
		{ "{\"logged\":\"2026-11-23T17:00:00Z\"}", "{}" },
		{ "{\"logged\":\"2026-11-23T17:00:00Z\",\"a\":1}",
		    "{\"logged\":\"2026-11-23T17:00:00Z\",\"a\":1}" },
		{ "{\"a\":\"\\\"logged\\\":\\\"2026\"}",
		    "{\"a\":\"\\\"logged\\\":\\\"2026\"}" },
	};

	for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		struct buf b = { 0 };

		journal_unlogged(&b, table[k].line, strlen(table[k].line));
		check(strcmp(b.s, table[k].want) == 0, table[k].line);
		buf_free(&b);
	}
}

static int
list(void *ctx, const char *target)
{
	struct buf *b = ctx;

	buf_printf(b, "<%s>", target);
	return 0;
}

static void
targets(void)
{
	struct buf b = { 0 }, why = { 0 };
	char sub[80];

	snprintf(sub, sizeof(sub), "%s/targets", dir);
	check(journal_targets(sub, list, &b, &why) == 0 && b.len == 0,
	    "no folder, no targets");
	check(journal_append(sub, "web", "{}", 2, &why) == 0 &&
		journal_append(sub, "../a b", "{}", 2, &why) == 0,
	    "append");
	close(journal_lock(sub, "other", 0, &why));
	check(journal_targets(sub, list, &b, &why) == 0 &&
		strcmp(b.s, "<../a b><web>") == 0,
	    "targets by name, as they were");
	buf_free(&b);
	buf_free(&why);
}

static void
since(void)
{
	char line[128], time[CLOCK_SIZE];
	struct seen s;

	add("s", "{\"n\":1}");
	clock_sleep(0.02);
	s = read_all("s", journal_clock());
	check(s.count == 0, "what is older is left out");
	s = read_all("s", journal_clock() - 60000);
	check(s.count == 1, "what is newer is not");
	/* lines of others, that do not say when they were logged */
	snprintf(line, sizeof(line), "{\"n\":5}\n");
	{
		char *path = path_of("s", ".ndjson");

		check(file_append(path, line, strlen(line)) == 0, "append");
		snprintf(line, sizeof(line), "{\"logged\":\"%s\",\"n\":6}\n",
		    clock_format(time, journal_clock() - 3600000));
		check(file_append(path, line, strlen(line)) == 0, "append");
		free(path);
	}
	s = read_all("s", journal_clock() - 60000);
	check(s.count == 2 && s.n[1] == 5,
	    "undated lines are given, dated ones that are too old are not");
}

/* A journal of many pieces: just what is new enough is found, also where the
 * clock was set back for some lines. */
static void
long_journal(void)
{
	enum { LINES = 4000 };
	static int64_t t[LINES];
	char *path = path_of("long", ".ndjson"), time[CLOCK_SIZE];
	struct buf b = { 0 };

	for (int i = 0; i < LINES; i++) {
		t[i] = 1763900000000 + i * 60000;
		if (i >= 3900 && i < 3950)
			t[i] -= 86400000;
		buf_printf(&b, "{\"n\":%d,\"pad\":\"%0500d\"", i, 0);
		buf_printf(
		    &b, ",\"logged\":\"%s\"}\n", clock_format(time, t[i]));
	}
	check(file_append(path, b.s, b.len) == 0, "append");
	for (int from = 0; from < LINES; from += 257) {
		struct seen s = read_all("long", t[from]);
		size_t k = 0;

		for (int i = 0; i < LINES; i++)
			if (t[i] >= t[from])
				check(k < s.count && s.n[k++] == i,
				    "all that is new enough, in order");
		check(k == s.count, "and nothing else");
	}
	buf_free(&b);
	free(path);
}

static void
torn(void)
{
	char *path = path_of("t", ".ndjson");
	struct buf b = { 0 };
	struct seen s;
	int fd;

	add("t", "{\"n\":1}");
	fd = open(path, O_WRONLY | O_APPEND);
	check(write(fd, "{\"n\":2,\"lo", 10) == 10, "tear");
	close(fd);
	s = read_all("t", 0);
	check(s.count == 1, "a torn last line is passed over");
	add("t", "{\"n\":3}");
	s = read_all("t", 0);
	check(s.count == 2 && s.n[1] == 3, "the line after it is whole");
	check(file_read(path, 4096, &b) == 0 &&
		strstr(b.s, "{\"n\":2,\"lo\n{\"n\":3,") != NULL,
	    "the torn line was ended");
	buf_free(&b);
	free(path);
}

static void
rotation(void)
{
	char *path = path_of("r", ".ndjson"), *old = path_of("r", ".ndjson.1");
	int64_t born;
	struct seen s;

	add("r", "{\"n\":1}");
	born = journal_born(dir, "r");
	check(rename(path, old) == 0, "rename");
	s = read_all("r", 0);
	check(s.count == 1, "the renamed file is still read");
	check(journal_born(dir, "r") == born, "and still says when");
	clock_sleep(0.02);
	add("r", "{\"n\":2}");
	s = read_all("r", 0);
	check(s.count == 2 && s.n[0] == 1 && s.n[1] == 2,
	    "both files are read, the old one first");
	check(journal_born(dir, "r") == born,
	    "the new file takes over the time of its beginning");
	/* logrotate's copytruncate empties it in place */
	check(truncate(path, 0) == 0, "truncate");
	add("r", "{\"n\":3}");
	s = read_all("r", 0);
	check(s.count == 2 && s.n[1] == 3, "an emptied file is begun anew");
	free(path);
	free(old);
}

/* A writer that waits for the lock while the file is renamed away writes into
 * the new one. */
static void
rotation_while_waiting(void)
{
	char *path = path_of("w", ".ndjson"), *old = path_of("w", ".ndjson.9");
	struct buf b;
	int fd, status = -1;
	pid_t pid;

	add("w", "{\"n\":1}");
	fd = open(path, O_RDWR);
	check(flock(fd, LOCK_EX) == 0, "flock");
	pid = fork();
	if (pid == 0) {
		failed = 0;
		close(fd); /* else the lock would be ours, too */
		add("w", "{\"n\":2}");
		_exit(failed);
	}
	clock_sleep(0.2);
	check(rename(path, old) == 0, "rename");
	close(fd);
	check(waitpid(pid, &status, 0) == pid && status == 0, "the writer");
	b = content("w");
	check(strstr(b.s, "\"n\":2") != NULL, "it wrote into the new file");
	buf_free(&b);
	free(path);
	free(old);
}

/* Writers at once, each killed at some moment: every line reported as written
 * is there, once, and none is broken but torn ones of the killed. */
static void
killed_writers(void)
{
	enum { WRITERS = 4, ROUNDS = 10 };
	int pipes[WRITERS * ROUNDS][2];
	size_t n = 0;
	struct seen s;

	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[WRITERS];

		for (int k = 0; k < WRITERS; k++, n++) {
			check(pipe(pipes[n]) == 0, "pipe");
			pids[k] = fork();
			if (pids[k] != 0)
				continue;
			for (int i = 1;; i++) {
				char line[64];
				double x = (double)n * 1000 + i;

				snprintf(line, sizeof(line), "{\"n\":%.0f}", x);
				add("k", line);
				if (write(pipes[n][1], &x, sizeof(x)) < 0)
					_exit(1);
			}
		}
		clock_sleep(0.01 + 0.003 * round);
		for (int k = 0; k < WRITERS; k++)
			kill(pids[k], SIGKILL);
		for (int k = 0; k < WRITERS; k++)
			waitpid(pids[k], NULL, 0);
	}
	s = read_all("k", 0);
	check(s.count > 0, "something was written at all");
	for (size_t w = 0; w < n; w++) {
		double base = (double)w * 1000, last = base, next = base, x;

		close(pipes[w][1]);
		while (read(pipes[w][0], &x, sizeof(x)) == sizeof(x))
			last = x;
		close(pipes[w][0]);
		for (size_t i = 0; i < s.count; i++)
			if (s.n[i] > base && s.n[i] < base + 1000)
				check(s.n[i] == ++next,
				    "each line once, in its writer's order");
		check(next >= last, "what was reported as written is there");
	}
	add("k", "{\"n\":99999}");
	s = read_all("k", 0);
	check(s.n[s.count - 1] == 99999, "and it goes on after all that");
}

static void
lock(void)
{
	static const char *const odd[][2] = {
		/* a file's text, the message */
		{ "", "another as-apply is acting on 'l'" },
		{ "\033[31mprocess, at most until yesterday\n",
		    "another as-apply is acting on 'l':  [31mprocess, at most "
		    "until yesterday" },
		{ "process 7 on db2 since then, at most until "
		  "2999-01-01T00:00:00Z\n",
		    "another as-apply is acting on 'l': process 7 on db2 since "
		    "then, at most until 2999-01-01T00:00:00Z" },
	};
	struct buf why = { 0 };
	int fd = journal_lock(dir, "l", 0, &why), second, status = -1;
	pid_t pid;
	char me[160], host[65] = "";

	check(fd >= 0, "the right to act");
	second = journal_lock(dir, "l", 0.1, &why);
	check(second < 0, "is for one");
	gethostname(host, sizeof(host) - 1);
	snprintf(
	    me, sizeof(me), "process %ld on %s since ", (long)getpid(), host);
	check(why.s != NULL && strstr(why.s, me) != NULL,
	    "the message says who has it");
	check(why.s != NULL && strstr(why.s, ", at most until ") != NULL &&
		strstr(why.s, "ago") == NULL,
	    "and for how long");
	for (size_t k = 0; k < sizeof(odd) / sizeof(odd[0]); k++) {
		buf_clear(&why);
		check(ftruncate(fd, 0) == 0 &&
			pwrite(fd, odd[k][0], strlen(odd[k][0]), 0) >= 0,
		    "another text");
		second = journal_lock(dir, "l", 0, &why);
		check(second < 0 && why.s != NULL &&
			strcmp(why.s, odd[k][1]) == 0,
		    odd[k][1]);
	}
	buf_clear(&why);
	check(journal_lock(dir, "m", 0, &why) >= 0, "for each target");
	close(fd);
	fd = journal_lock(dir, "l", 0, &why);
	check(fd >= 0, "it comes back");
	close(fd);
	pid = fork();
	if (pid == 0) {
		journal_lock(dir, "l", 0, &why);
		kill(getpid(), SIGKILL);
	}
	check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), "kill");
	fd = journal_lock(dir, "l", 0, &why);
	check(fd >= 0, "a holder that is killed leaves no lock behind");
	close(fd);
	buf_free(&why);
}

static void
failures(void)
{
	struct buf why = { 0 };
	struct seen s = { .count = 0 };
	char bad[80];

	snprintf(bad, sizeof(bad), "%s/a.ndjson", dir); /* a file */
	check(journal_append(bad, "x", "{}", 2, &why) == -1 && why.len > 0,
	    "a folder that is none");
	buf_clear(&why);
	check(journal_append("/proc/none", "x", "{}", 2, &why) == -1 &&
		strstr(why.s, "/proc/none") != NULL,
	    "a folder that cannot be made");
	buf_clear(&why);
	check(journal_append(dir, "x", "[1]", 3, &why) == -1 && why.len > 0,
	    "no object");
	buf_clear(&why);
	s.stop_at = 1;
	check(journal_each(dir, "a", 0, see, &s, &why) == 7 && s.count == 1,
	    "fn ends the walk");
	snprintf(bad, sizeof(bad), "%s/dir.ndjson", dir);
	check(mkdir(bad, 0700) == 0, "mkdir");
	check(journal_each(dir, "dir", 0, see, &s, &why) == -1 && why.len > 0,
	    "what cannot be read is an error, not an empty journal");
	buf_free(&why);
}

int
main(void)
{
	char command[96];

	snprintf(dir, sizeof(dir), "/tmp/as-journal.XXXXXX");
	if (mkdtemp(dir) == NULL) {
		perror("mkdtemp");
		return 1;
	}
	names();
	order_and_bytes();
	unlogged();
	targets();
	since();
	long_journal();
	torn();
	rotation();
	rotation_while_waiting();
	killed_writers();
	lock();
	failures();
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command) != 0)
		failed = 1;
	return failed;
}
