/*
 * check.h - what the unit tests share: a check that names its place and the
 * row of the table in hand, and the exit code at the end
 */
#ifndef UNIT_CHECK_H
#define UNIT_CHECK_H

#include <stdio.h>

static int check_failures;
static const char *check_row = "";

/* check(truth): goes on after a failure, so that one run shows all of them */
#define check(truth)                                                           \
	((truth) ? 1 : (check_failed(__FILE__, __LINE__, #truth), 0))

static inline void
check_failed(const char *file, int line, const char *what)
{
	check_failures++;
	fprintf(stderr, "%s:%d: %s%s%s\n", file, line, what,
	    *check_row != '\0' ? ", at " : "", check_row);
}

/* main() returns this */
static inline int
check_status(void)
{
	return check_failures != 0;
}

#endif
