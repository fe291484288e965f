#include "cli/args.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/status.h"
#include "io/out.h"
#include "io/report.h"

enum { KEY_VERSION = 0x100, KEY_USAGE, KEY_ON_BAD, KEY_NOW };

static const struct argp_option table[] = {
	{ "config", 'c', "FILE", 0,
	    "Read settings from FILE, or from the *.conf files of a folder; "
	    "may "
	    "be given several times: see as.conf(5)",
	    90 },
	{ "now", KEY_NOW, "TIME", 0,
	    "Take TIME for the present: RFC 3339, or seconds since 1970", 90 },
	{ "on-bad", KEY_ON_BAD, "skip|stop", 0,
	    "What to do with a line that is wrong: name it and go on, or stop "
	    "(default %s)",
	    90 },
	{ "verbose", 'v', NULL, 0, "Say more on standard error", 90 },
	{ "help", 'h', NULL, 0, "Show this help", -1 },
	{ "version", KEY_VERSION, NULL, 0, "Show the version", -1 },
	{ "usage", KEY_USAGE, NULL, OPTION_HIDDEN, NULL, -1 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

void
args_list(char ***list, size_t *n, char *item)
{
	char **l = realloc(*list, (*n + 2) * sizeof(*l));

	if (l == NULL)
		die("out of memory");
	l[(*n)++] = item;
	l[*n] = NULL;
	*list = l;
}

void
args_conf_there(const struct args_common *o)
{
	for (size_t i = 0; i < o->n_conf; i++)
		if (access(o->conf[i], R_OK) != 0)
			die("cannot read '%s': %s", o->conf[i],
			    strerror(errno));
}

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct args_common *o = state->input;
	int64_t now;

	switch (key) {
	case 'c':
		args_list(&o->conf, &o->n_conf, arg);
		return 0;
	case 'v':
		report_verbose(1);
		return 0;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(
		    state, stdout, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case KEY_VERSION:
		printf("%s %s\n", state->name, AS_VERSION);
		exit(STATUS_OK);
	case KEY_NOW:
		if (clock_parse(arg, &now) != 0)
			argp_error(state, "--now: '%s' is no time", arg);
		clock_pin(now);
		return 0;
	case KEY_ON_BAD:
		o->stop_on_bad =
		    args_either(state, "on-bad", arg, "skip", "stop");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The default of --on-bad is the command's. What is returned argp frees. */
static char *
complete_help(int key, const char *text, void *input)
{
	const struct args_common *o = input;
	struct buf b = { 0 };

	if (key != KEY_ON_BAD || o == NULL)
		return (char *)(uintptr_t)text;
	buf_add(&b, text, strlen(text) - strlen("%s)"));
	buf_str(&b, o->stop_on_bad ? "stop)" : "skip)");
	return b.s;
}

static const struct argp common = { table, take, NULL, NULL, NULL,
	complete_help, NULL };

const struct argp_child args_children[] = { { &common, 0, NULL, 0 },
	{ NULL, 0, NULL, 0 } };

/* At exit: what a full disk swallowed must not look like success. --help and
 * --version go through stdio, records through io/out. */
static void
check_output(void)
{
	if (fflush(stdout) != 0 || ferror(stdout) || out_close() != 0) {
		if (!out_failed())
			warn("cannot write standard output: %s",
			    strerror(errno));
		else
			warn("cannot write standard output: %s",
			    strerror(out_errno()));
		_Exit(STATUS_FAILED);
	}
}

/* A stream closed by our caller must not become the first file we open: it is
 * opened such that using it fails, as it would have. */
static void
hold_streams(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", modes[fd]) < 0)
			_Exit(STATUS_FAILED);
}

char **
args_parse(const struct argp *argp, enum args_pipe pipe, int argc, char **argv,
    void *input)
{
	char *slash;
	int index = 0, e;

	hold_streams();
	if (argc < 1)
		die("called without a name");
	slash = strrchr(argv[0], '/');
	if (slash != NULL)
		argv[0] = slash + 1;
	report_name(argv[0]);
	/* the user's own layout is not looked at; and without the remark that
	 * what holds for a long option holds for its letter */
	if (setenv("ARGP_HELP_FMT", "no-dup-args-note", 1) != 0)
		die("out of memory");
	argp_err_exit_status = STATUS_FAILED;
	signal(SIGPIPE, pipe == ARGS_FILTER ? SIG_DFL : SIG_IGN);
	atexit(check_output);
	e = argp_parse(argp, argc, argv, ARGP_NO_HELP, &index, input);
	if (e != 0)
		die("options: %s", strerror(e));
	return argv + index;
}

double
args_number(struct argp_state *state, const char *name, const char *arg)
{
	double x = 0;

	if (number_parse(arg, &x) != 0)
		argp_error(state, "--%s: '%s' is no number", name, arg);
	return x;
}

double
args_positive(struct argp_state *state, const char *name, const char *arg)
{
	double x = args_number(state, name, arg);

	if (x <= 0)
		argp_error(state, "--%s: '%s' is not above 0", name, arg);
	return x;
}

long
args_count(struct argp_state *state, const char *name, const char *arg, long lo,
    long hi)
{
	long x = lo;

	if (number_count(arg, lo, hi, &x) != 0)
		argp_error(state,
		    "--%s: '%s' is no whole number from %ld to "
		    "%ld",
		    name, arg, lo, hi);
	return x;
}

double
args_share(struct argp_state *state, const char *name, const char *arg)
{
	double x = 0;

	if (number_share(arg, &x) != 0)
		argp_error(state, "--%s: '%s' is no share such as 60%% or 0.6",
		    name, arg);
	return x;
}

int
args_either(struct argp_state *state, const char *name, const char *arg,
    const char *no, const char *yes)
{
	if (strcmp(arg, no) != 0 && strcmp(arg, yes) != 0)
		argp_error(state, "--%s: '%s' is neither %s nor %s", name, arg,
		    no, yes);
	return strcmp(arg, yes) == 0;
}

double
args_duration(struct argp_state *state, const char *name, const char *arg)
{
	double x = 0;

	if (duration_parse(arg, &x) != 0)
		argp_error(state,
		    "--%s: '%s' is no duration such as 90s, 5m or 7d", name,
		    arg);
	return x;
}

long
args_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 4 ? 4 : n;
}
