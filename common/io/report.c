#include "io/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"

static const char *name = "autoscale";
static int verbosity;
static int progress_shown;

void
report_name(const char *n)
{
	name = n;
}

void
report_verbose(int level)
{
	verbosity = level;
}

void
progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = 0;
}

void
progress(size_t done, size_t total, const char *what)
{
	static int64_t last;
	int64_t now;

	if (!isatty(STDERR_FILENO))
		return;
	now = clock_monotonic();
	if (progress_shown && now - last < 100)
		return;
	last = now;
	progress_shown = 1;
	if (total > 0)
		fprintf(
		    stderr, "\r\033[K%s: %s %zu/%zu", name, what, done, total);
	else
		fprintf(stderr, "\r\033[K%s: %s %zu", name, what, done);
	fflush(stderr);
}

/* One message in one write, so that lines of a pipe's commands do not mix, nor
 * those of two threads. */
static void __attribute__((format(printf, 3, 0)))
say(const char *file, size_t line, const char *fmt, va_list ap)
{
	char s[8192];
	size_t n;

	progress_end();
	n = (size_t)snprintf(s, sizeof(s), "%.100s: ", name);
	if (file != NULL && line > 0)
		n += (size_t)snprintf(
		    s + n, sizeof(s) - n, "%.4096s:%zu: ", file, line);
	else if (file != NULL)
		n += (size_t)snprintf(s + n, sizeof(s) - n, "%.4096s: ", file);
	n += (size_t)vsnprintf(s + n, sizeof(s) - n, fmt, ap);
	if (n > sizeof(s) - 2)
		n = sizeof(s) - 2;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			/* no escapes from a peer */
			s[i] = ' ';
	s[n++] = '\n';
	fwrite(s, 1, n, stderr);
	fflush(stderr);
}

void
warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(NULL, 0, fmt, ap);
	va_end(ap);
}

void
warn_at(const char *file, size_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(file, line, fmt, ap);
	va_end(ap);
}

void
note(const char *fmt, ...)
{
	va_list ap;

	if (verbosity < 1)
		return;
	va_start(ap, fmt);
	say(NULL, 0, fmt, ap);
	va_end(ap);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(NULL, 0, fmt, ap);
	va_end(ap);
	exit(STATUS_FAILED);
}
