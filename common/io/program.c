#include "io/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/number.h"

enum {
	LOOK_MS = 50, /* a child may end without closing its streams */
	GRACE_MS = 1000, /* between SIGTERM and SIGKILL */
	QUOTED = 300 /* bytes of its last words in a message */
};

enum { IN, OUT, ERR, STREAMS };

struct run {
	struct program_result *r;
	const char *in;
	size_t left; /* of in */
	int fds[STREAMS]; /* our ends; -1: closed */
	pid_t pid;
	int waited, how; /* how: as waitpid says */
};

void
program_result_free(struct program_result *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
	buf_free(&r->error);
	*r = (struct program_result){ 0 };
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* pairs[k][0] is read from. All are closed on exec but for the copies that the
 * child gets. 0, or -1 with errno. */
static int
open_pipes(int pairs[STREAMS][2])
{
	for (int k = 0; k < STREAMS; k++)
		pairs[k][0] = pairs[k][1] = -1;
	for (int k = 0; k < STREAMS; k++)
		if (pipe2(pairs[k], O_CLOEXEC) != 0)
			return -1;
	return 0;
}

/* The environment with env before it, names of env taken out of it. The
 * strings stay where they are. */
static char **
join_environment(const char *const env[])
{
	size_t n = 0, k = 0;
	char **all;

	for (char **e = environ; *e != NULL; e++)
		n++;
	for (const char *const *e = env; e != NULL && *e != NULL; e++)
		n++;
	all = calloc(n + 1, sizeof(*all));
	if (all == NULL)
		return NULL;
	for (const char *const *e = env; e != NULL && *e != NULL; e++)
		memcpy(&all[k++], e, sizeof(*all)); /* not written through */
	n = k;
	for (char **e = environ; *e != NULL; e++) {
		size_t len = strcspn(*e, "=") + 1, mine = 0;

		while (mine < n && strncmp(all[mine], *e, len) != 0)
			mine++;
		if (mine == n)
			all[k++] = *e;
	}
	return all;
}

/* 0 or an errno */
static int
spawn(char *const argv[], const char *const env[], int pairs[STREAMS][2],
    pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, some;
	char **all = join_environment(env);
	int e = all != NULL ? 0 : ENOMEM;

	if (e != 0 || (e = posix_spawn_file_actions_init(&files)) != 0)
		goto out;
	if ((e = posix_spawnattr_init(&attributes)) != 0)
		goto out_files;
	sigemptyset(&none);
	sigemptyset(&some);
	sigaddset(&some, SIGPIPE);
	posix_spawnattr_setflags(&attributes,
	    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &some);
	e = posix_spawn_file_actions_adddup2(&files, pairs[IN][0], 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&files, pairs[OUT][1], 1);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&files, pairs[ERR][1], 2);
	if (e == 0)
		e = posix_spawnp(pid, argv[0], &files, &attributes, argv, all);
	posix_spawnattr_destroy(&attributes);
out_files:
	posix_spawn_file_actions_destroy(&files);
out:
	free(all);
	return e;
}

static void
feed(struct run *run)
{
	ssize_t n = 0;

	if (run->left > 0)
		n = write(run->fds[IN], run->in, run->left);
	if (n > 0) {
		run->in += n;
		run->left -= (size_t)n;
	}
	if (run->left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		shut(&run->fds[IN]); /* it may end without reading all */
}

/* Whether there was something to read */
static int
drain(struct run *run, int k)
{
	struct buf *to = k == OUT ? &run->r->out : &run->r->err;
	char block[4096];
	size_t room = PROGRAM_OUTPUT - to->len;
	ssize_t n = read(run->fds[k], block, sizeof(block));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		shut(&run->fds[k]);
		return 0;
	}
	if ((size_t)n > room)
		run->r->too_long = 1;
	buf_add(to, block, (size_t)n < room ? (size_t)n : room);
	return 1;
}

static void
exchange(struct run *run, int wait_ms)
{
	struct pollfd p[STREAMS];

	for (int k = 0; k < STREAMS; k++)
		p[k] = (struct pollfd){ run->fds[k],
			(short)(k == IN ? POLLOUT : POLLIN), 0 };
	if (poll(p, STREAMS, wait_ms) <= 0)
		return;
	if (p[IN].revents != 0)
		feed(run);
	for (int k = OUT; k <= ERR; k++)
		if (p[k].revents != 0)
			drain(run, k);
}

static int
ended(struct run *run)
{
	pid_t p;

	if (run->waited)
		return 1;
	p = waitpid(run->pid, &run->how, WNOHANG);
	if (p < 0 && errno == EINTR)
		return 0;
	if (p != 0)
		run->waited = 1;
	if (p < 0)
		run->how = 255 << 8; /* somebody else waited for it */
	return run->waited;
}

/* Until it ends or the time has come. Whether it ended. */
static int
attend(struct run *run, int64_t until)
{
	for (;;) {
		int64_t left = until - clock_monotonic();

		if (ended(run))
			return 1;
		if (left <= 0)
			return 0;
		exchange(run, left < LOOK_MS ? (int)left : LOOK_MS);
		/* with both streams closed it is about to end: look sooner */
		if (run->fds[OUT] < 0 && run->fds[ERR] < 0 && !ended(run))
			clock_sleep(0.002);
	}
}

static void
follow(struct run *run, double seconds)
{
	int64_t now = clock_monotonic();

	/* half of what a 64-bit count of ms holds is for ever */
	if (!attend(
		run, now + (int64_t)(seconds < 4e15 ? seconds * 1000 : 4e18))) {
		run->r->timed_out = 1;
		kill(-run->pid, SIGTERM);
		attend(run, clock_monotonic() + GRACE_MS);
		/* its first process may have ended and others not */
		kill(-run->pid, SIGKILL);
		while (!attend(run, clock_monotonic() + GRACE_MS))
			;
	}
	for (int k = OUT; k <= ERR; k++)
		while (run->fds[k] >= 0 && drain(run, k))
			;
}

static void
complain(char *const argv[], double seconds, struct program_result *r)
{
	char span[NUMBER_SIZE];
	const struct buf *last = r->err.len > 0 ? &r->err : &r->out;
	struct buf words = { 0 };

	buf_char(&r->error, '\'');
	for (size_t k = 0; argv[k] != NULL; k++) {
		if (k > 0)
			buf_char(&words, ' ');
		buf_str(&words, argv[k]);
	}
	if (words.s != NULL)
		buf_excerpt(&r->error, words.s, words.len, QUOTED);
	buf_free(&words);
	if (r->timed_out)
		buf_printf(&r->error, "' was ended after %s",
		    duration_format(span, seconds));
	else if (r->status < 0)
		buf_str(&r->error, "' was ended by a signal");
	else
		buf_printf(&r->error, "' exited with %d", r->status);
	if (last->len > 0) {
		buf_str(&r->error, ": \"");
		buf_excerpt(&r->error, last->s, last->len, QUOTED);
		buf_char(&r->error, '"');
	}
}

static int
start(char *const argv[], const char *const env[], struct run *run)
{
	int pairs[STREAMS][2], e = 0;

	if (open_pipes(pairs) != 0 ||
	    fcntl(pairs[IN][1], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(pairs[OUT][0], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(pairs[ERR][0], F_SETFL, O_NONBLOCK) != 0)
		e = errno;
	if (e == 0)
		e = spawn(argv, env, pairs, &run->pid);
	for (int k = 0; k < STREAMS; k++) {
		int ours = k == IN; /* index of our end */

		shut(&pairs[k][!ours]);
		if (e != 0)
			shut(&pairs[k][ours]);
		run->fds[k] = pairs[k][ours];
	}
	if (e == 0)
		return 0;
	buf_printf(&run->r->error, "cannot run '%s': %s", argv[0], strerror(e));
	return -1;
}

int
program_run(char *const argv[], const char *const env[], const void *in,
    size_t n, double seconds, struct program_result *r)
{
	struct run run = { .r = r, .in = in, .left = n };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	program_result_free(r);
	if (start(argv, env, &run) != 0)
		return -1;
	r->started = 1;
	sigaction(SIGPIPE, &ignore, &before); /* it need not read its input */
	follow(&run, seconds);
	sigaction(SIGPIPE, &before, NULL);
	for (int k = 0; k < STREAMS; k++)
		shut(&run.fds[k]);
	r->status = WIFEXITED(run.how) ? WEXITSTATUS(run.how) : -1;
	if (r->status == 0 && !r->timed_out && !r->out.failed)
		return 0;
	complain(argv, seconds, r);
	return -1;
}
