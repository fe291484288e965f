#include "target/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "http/http.h"
#include "io/file.h"
#include "io/program.h"

enum { WORDS_MAX = 64, PID_FILE_MAX = 64, SIGNALS = 65 };

static const char *
after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

static int
is_url(const char *how)
{
	return after(how, "http://") != NULL || after(how, "https://") != NULL;
}

/* "HUP:/run/web.pid": the signal's number and where the path begins; -1 */
static int
signal_of(const char *s, const char **path)
{
	size_t n = strcspn(s, ":");

	if (s[n] != ':' || s[n + 1] == '\0')
		return -1;
	*path = s + n + 1;
	if (n > 3 && strncmp(s, "SIG", 3) == 0) {
		s += 3;
		n -= 3;
	}
	for (int k = 1; k < SIGNALS; k++) {
		const char *name = sigabbrev_np(k);

		if (name != NULL && strlen(name) == n &&
		    strncmp(name, s, n) == 0)
			return k;
	}
	return -1;
}

int
reload_check(const char *how, struct buf *why)
{
	const char *rest = after(how, "signal:"), *path;

	if (rest != NULL && signal_of(rest, &path) > 0)
		return 0;
	rest = after(how, "command:");
	if (rest != NULL && rest[strspn(rest, " \t")] != '\0')
		return 0;
	if (is_url(how))
		return 0;
	buf_printf(why,
	    "'reload': '%s' is none of signal:NAME:PIDFILE, command:PROGRAM, "
	    "http://... and https://...",
	    how);
	return -1;
}

static int
send_signal(int number, const char *path, struct buf *why)
{
	struct buf text = { 0 };
	long pid = 0;
	int r = -1;

	if (file_read(path, PID_FILE_MAX, &text) != 0) {
		buf_printf(
		    why, "no process in '%s': %s", path, strerror(errno));
	} else {
		/* 0, 1 and what is negative mean many processes, or init;
		 * after the first line may stand more (postmaster.pid) */
		text.s[strcspn(text.s, "\r\n")] = '\0';
		if (number_count(text.s, 2, 4194304, &pid) != 0)
			buf_printf(why,
			    "'%s' does not hold the number of a process", path);
		else if (kill((pid_t)pid, number) != 0)
			buf_printf(why, "cannot signal process %ld of '%s': %s",
			    pid, path, strerror(errno));
		else
			r = 0;
	}
	buf_free(&text);
	return r;
}

static int
post(const char *url, double seconds, struct buf *why)
{
	struct http_options o = { .base = url, .total_s = seconds };
	struct http_request q = { .method = "POST", .path = "", .once = 1 };
	struct http_response r = { 0 };
	struct http *h = http_open(&o, why);
	int status;

	if (h == NULL)
		return -1;
	status = http_send(h, &q, &r);
	if (status != 0)
		buf_str(why, r.error.s != NULL ? r.error.s : "out of memory");
	http_response_free(&r);
	http_close(h);
	return status;
}

/* Every {file} in words becomes file */
static void
put_file(const char *words, const char *file, struct buf *out)
{
	static const char mark[] = "{file}";
	const char *at;

	for (; (at = strstr(words, mark)) != NULL && file != NULL;
	     words = at + sizeof(mark) - 1) {
		buf_add(out, words, (size_t)(at - words));
		buf_str(out, file);
	}
	buf_str(out, words);
}

static int
run_words(char *const argv[], double seconds, struct buf *why)
{
	struct program_result r = { 0 };
	int status = program_run(argv, NULL, "", 0, seconds, &r);

	if (status != 0)
		buf_str(why, r.error.s != NULL ? r.error.s : "out of memory");
	program_result_free(&r);
	return status;
}

int
reload_run(const char *words, const char *file, double seconds, struct buf *why)
{
	struct buf all[WORDS_MAX] = { { 0 } };
	char *argv[WORDS_MAX + 1], *copy = strdup(words), *rest = copy, *word;
	int n = 0, status = -1, failed = copy == NULL;

	/* parted first, so that a path with blanks stays one word */
	while (!failed && (word = strsep(&rest, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (n == WORDS_MAX) {
			buf_printf(why, "'%s': more than %d words", words,
			    (int)WORDS_MAX);
			goto out;
		}
		put_file(word, file, &all[n]);
		failed = all[n].failed;
		argv[n] = all[n].s;
		n++;
	}
	argv[n] = NULL;
	if (failed)
		buf_str(why, "out of memory");
	else if (n == 0)
		buf_str(why, "no program is named");
	else
		status = run_words(argv, seconds, why);
out:
	while (n > 0)
		buf_free(&all[--n]);
	free(copy);
	return status;
}

int
reload(const char *how, double seconds, struct buf *why)
{
	const char *rest = after(how, "signal:"), *path;

	if (rest != NULL) {
		int number = signal_of(rest, &path);

		return number > 0 ? send_signal(number, path, why)
				  : reload_check(how, why);
	}
	rest = after(how, "command:");
	if (rest != NULL)
		return reload_run(rest, NULL, seconds, why);
	return post(how, seconds, why);
}
