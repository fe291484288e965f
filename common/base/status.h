/*
 * status.h - what a command's exit code means
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
	STATUS_OK = 0, /* everything was handled */
	STATUS_REFUSED = 1, /* some lines, series or decisions were refused */
	STATUS_FAILED =
	    2, /* the job could not be done: options, files, output */
	STATUS_REMOTE = 3 /* the other side refused or was out of reach */
};

/* status_worse(a, b): the one that is reported when both happened: failed
 * over remote over refused over ok. */
static inline int
status_worse(int a, int b)
{
	static const int rank[] = { 0, 1, 3, 2 };

	return rank[a & 3] >= rank[b & 3] ? a : b;
}

#endif
