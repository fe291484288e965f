/*
 * program.h - a program run to its end: text in, text out, within a time
 *
 *	char *argv[] = { "driver", "state", NULL };
 *	struct program_result r = { 0 };
 *
 *	if (program_run(argv, NULL, "", 0, 10, &r) != 0)
 *		warn("%s", r.error.s);
 *	program_result_free(&r);
 *
 * No shell comes between: argv[0] is a path, or a name that $PATH finds. The
 * program is the first of a process group of its own, so that a signal typed
 * at a terminal does not reach it; signals that are ignored here have their
 * defaults there. Neither side may fill memory: what the program writes beyond
 * PROGRAM_OUTPUT bytes is read and dropped.
 */
#ifndef IO_PROGRAM_H
#define IO_PROGRAM_H

#include <stddef.h>

#include "base/buf.h"

enum { PROGRAM_OUTPUT = 65536 };

/* { 0 } is valid. program_run empties it first, so that it can serve again. */
struct program_result {
	int started; /* it ran; where it is 0, nothing can have happened */
	int status; /* 0 to 255 as it exited; -1: it was ended by a signal */
	int timed_out; /* it had to be ended, and all of its group with it */
	int too_long; /* out or err is not all that it wrote */
	struct buf out, err; /* NUL-ended; s may be NULL where empty */
	struct buf error; /* what went wrong, for a person, its last words
			   * quoted; one line, UTF-8 */
};

/*
 * program_run(argv, env, in, n, seconds, r): runs argv (NULL-ended) with the n
 * bytes of in as its standard input. env: NULL-ended "NAME=value" put into its
 * environment, may be NULL. After seconds its group gets SIGTERM and, one
 * second later, SIGKILL. It has ended once its first process has: what that
 * left running in the background is neither waited for nor ended. 0 for an
 * exit status of 0, else -1 with r->error filled:
 *
 *	'driver state' exited with 2: "no such unit"
 *	cannot run 'driver': No such file or directory
 *	'driver scale 3 5' was ended after 120 s
 */
int program_run(char *const argv[], const char *const env[], const void *in,
    size_t n, double seconds, struct program_result *r);
void program_result_free(struct program_result *);

#endif
