/* Programs run to their end: what io/program.h promises */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "io/program.h"

static int
run(const char *script, const char *in, double seconds,
    struct program_result *r)
{
	static char sh[] = "sh", c[] = "-c", name[] = "name";
	const char *const env[] = { "GREETING=hello", "HOME=/nowhere", NULL };
	char *text = strdup(script);
	char *argv[] = { sh, c, text, name, NULL };
	int done = program_run(argv, env, in, strlen(in), seconds, r);

	free(text);
	return done;
}

static int
is(const struct buf *b, const char *s)
{
	return strcmp(b->s != NULL ? b->s : "", s) == 0;
}

struct row {
	const char *script, *in;
	int done, status;
	const char *out, *err, *error;
};

static const struct row rows[] = {
	{ "cat", "a\nb", 0, 0, "a\nb", "", "" },
	{ "echo out; echo err >&2", "", 0, 0, "out\n", "err\n", "" },
	{ "echo $GREETING $HOME", "", 0, 0, "hello /nowhere\n", "", "" },
	{ "exit 7", "", -1, 7, "", "", "'sh -c exit 7 name' exited with 7" },
	{ "echo a  b; exit 1", "", -1, 1, "a b\n", "",
	    "'sh -c echo a b; exit 1 name' exited with 1: \"a b\"" },
	{ "kill -9 $$", "", -1, -1, "", "",
	    "'sh -c kill -9 $$ name' was ended by a signal" },
	/* it need not read what it is given */
	{ "exit 0", "a long text", 0, 0, "", "", "" },
	/* its streams closed, and still at work */
	{ "exec >&- 2>&-; sleep 0.2; exit 3", "", -1, 3, "", "",
	    "'sh -c exec >&- 2>&-; sleep 0.2; exit 3 name' exited with 3" },
	/* SIGPIPE ends it, though it is ignored here */
	{ "(kill -PIPE $$; echo lived)", "", -1, -1, "", "", NULL },
};

static void
test_rows(void)
{
	struct program_result r = { 0 };

	signal(SIGPIPE, SIG_IGN);
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		const struct row *w = &rows[k];

		check_row = w->script;
		check(run(w->script, w->in, 10, &r) == w->done);
		check(r.started && !r.timed_out && !r.too_long);
		check(r.status == w->status);
		check(w->error == NULL || is(&r.out, w->out));
		check(is(&r.err, w->err));
		check(w->error == NULL || is(&r.error, w->error));
	}
	check_row = "";
	program_result_free(&r);
}

static void
test_limits(void)
{
	struct program_result r = { 0 };
	char none[] = "no-such-program-anywhere";
	char *argv[] = { none, NULL };
	int64_t began;
	char *big;

	/* more than a pipe holds goes in and comes out; the rest is dropped */
	big = calloc(1, 300001);
	if (big == NULL)
		return;
	memset(big, 'x', 300000);
	check(run("cat", big, 10, &r) == 0);
	check(r.too_long && r.out.len == PROGRAM_OUTPUT);
	free(big);

	began = clock_monotonic();
	check(run("sleep 60", "", 0.2, &r) == -1);
	check(r.timed_out && strstr(r.error.s, "was ended after") != NULL);
	check(clock_monotonic() - began < 5000);

	/* deaf to SIGTERM, and its children */
	began = clock_monotonic();
	check(run("trap '' TERM; sleep 60 & sleep 60; sleep 60", "", 0.2, &r) ==
	    -1);
	check(r.timed_out && clock_monotonic() - began < 5000);

	/* what is left in the background keeps the streams open */
	began = clock_monotonic();
	check(run("sleep 3 & echo here", "", 10, &r) == 0);
	check(is(&r.out, "here\n") && clock_monotonic() - began < 2000);

	check(program_run(argv, NULL, "", 0, 10, &r) == -1);
	check(!r.started &&
	    strcmp(r.error.s,
		"cannot run 'no-such-program-anywhere': No "
		"such file or directory") == 0);
	program_result_free(&r);
}

int
main(void)
{
	test_rows();
	test_limits();
	return check_status();
}
