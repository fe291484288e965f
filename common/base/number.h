/*
 * number.h - numbers from text and back, exactly
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stddef.h>

enum { NUMBER_SIZE = 32 };

/*
 * number_format(s, x): x as decimal text that reads back to the same double:
 * the shortest of %.15g, %.16g and %.17g that does; -0 becomes 0. x must be
 * finite; what is not is written as null. Returns s.
 */
char *number_format(char s[static NUMBER_SIZE], double x);

/*
 * number_parse(s, x): the whole of s, without blanks around it, is a finite
 * decimal number. Returns 0, or -1 and leaves *x as it was.
 */
int number_parse(const char *s, double *x);

/* number_count: as above, a whole number from lo to hi, at most 2^53 */
int number_count(const char *s, long lo, long hi, long *x);

/* number_share: "60%" or "0.6": 0.6. Negative is refused, above 1 is not. */
int number_share(const char *s, double *x);

/*
 * number_bytes(s, x): "512Mi", "1.5G", "4096": bytes, K M G T being powers of
 * 1000, Ki Mi Gi Ti of 1024, a B after them allowed; rounded to whole ones.
 * Returns 0; -1 where it is none, is negative, or beyond 2^53.
 */
int number_bytes(const char *s, double *x);

/*
 * duration_parse(s, seconds): "90s", "5m", "1h30m", "7d", "2w", "500ms", or a
 * bare number of seconds; finite, not negative. Returns 0 or -1.
 */
int duration_parse(const char *s, double *seconds);

/* duration_format: "90 s", "5 min", "14 d", "3.5 h": for people. Returns s. */
char *duration_format(char s[static NUMBER_SIZE], double seconds);

#endif
