/*
 * scan.h - a strict walk over JSON text, without building anything
 * Private to the room.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>

enum { SCAN_DEPTH = 100 };

/*
 * scan_value(s, n, at, depth, bare): the index after the value that begins at
 * s[at] (blanks before it are passed over), or 0 with *why set. bare, if not
 * NULL, counts the bare NaN and Inf words, which are errors where it is NULL.
 */
size_t scan_value(const char *s, size_t n, size_t at, int depth, size_t *bare,
    const char **why);

size_t scan_blanks(const char *s, size_t n, size_t at);

/* scan_bare(s, n, at): the length of a bare NaN, Inf or Infinity word with its
 * sign that stands at s[at], or 0 */
size_t scan_bare(const char *s, size_t n, size_t at);

/* scan_string(s, n, at): the index after the string that begins at s[at], or 0
 */
size_t scan_string(const char *s, size_t n, size_t at, const char **why);

#endif
