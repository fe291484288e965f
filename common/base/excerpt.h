/*
 * excerpt.h - a piece of foreign text, fit for a message and for JSON
 */
#ifndef BASE_EXCERPT_H
#define BASE_EXCERPT_H

#include <stddef.h>

#include "base/buf.h"

/*
 * buf_excerpt(b, s, n, max): at most max bytes of the n bytes of s on one
 * line, and "..." where there is more. Runs of blanks and control characters
 * become one blank, none stays at the ends; what is no UTF-8 becomes '?'.
 */
void buf_excerpt(struct buf *b, const char *s, size_t n, size_t max);

#endif
