/*
 * report.h - the only place that writes to standard error
 *
 * Messages are lower case, without a full stop, their subject in quotes:
 * "as-NAME: FILE:LINE: what is wrong".
 */
#ifndef IO_REPORT_H
#define IO_REPORT_H

#include <stddef.h>

/* report_name: the command's short name, not copied; set once, at start */
void report_name(const char *name);

/* report_verbose(level): note() is heard from level 1 on (-v) */
void report_verbose(int level);

void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* warn_at: with "FILE:LINE: " before it; line 0 leaves the number out */
void warn_at(const char *file, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* note: said only with --verbose */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* die: says it and exits with STATUS_FAILED. Only cmd/ and cli/ call it. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * progress(done, total, what): "what 12/48" on one line of a terminal, at most
 * ten times a second, rubbed out by the next message or by progress_end().
 * Silent where standard error is no terminal. total 0: count alone.
 */
void progress(size_t done, size_t total, const char *what);
void progress_end(void);

#endif
