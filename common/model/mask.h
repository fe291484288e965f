/*
 * mask.h - stretches of time that are no example of how a load goes
 */
#ifndef MODEL_MASK_H
#define MODEL_MASK_H

#include <stdint.h>

/* Samples with from < t <= until */
struct mask {
	int64_t from, until; /* epoch ms */
};

/*
 * mask_parse(s, m): "FROM/UNTIL", two times as clock_parse takes them, with
 * blanks around and a comment after it, of any length, that begins with #.
 * 0, or -1: it is something else, or ends before it begins.
 */
int mask_parse(const char *s, struct mask *m);

#endif
