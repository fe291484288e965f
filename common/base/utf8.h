/*
 * utf8.h - characters of UTF-8
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/*
 * utf8_len(s, n): how many bytes the character at s takes, of which n >= 1 are
 * there; 0: what stands there is none (overlong forms, halves of surrogate
 * pairs and what is above U+10FFFF are none). Source: RFC 3629, section 4.
 */
size_t utf8_len(const char *s, size_t n);

/* utf8_cut(s, n): the greatest length up to n at which the valid text s, at
 * least n bytes long, can be cut without cutting a character */
size_t utf8_cut(const char *s, size_t n);

#endif
