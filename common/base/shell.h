/*
 * shell.h - words of a command that somebody will copy
 */
#ifndef BASE_SHELL_H
#define BASE_SHELL_H

#include "base/buf.h"

/* shell_word(b, s): s as one word for sh(1), whatever it holds; in single
 * quotes unless it needs none */
void shell_word(struct buf *b, const char *s);

#endif
