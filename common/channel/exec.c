/* A program of the user's tells: it is run as it is, never by a shell, with the
 * record on its standard input and the text in the environment. It has been
 * told where it exits with 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "channel/channel.h"
#include "channel/fit.h"
#include "io/program.h"

enum {
	WORDS_MAX = 32,
	TEXT_MAX = 65536 /* an environment has its limits */
};

struct exec {
	char *words; /* program, its blanks made NUL */
	char *argv[WORDS_MAX + 1];
	char *name; /* "AS_CHANNEL=..." */
	long retries;
};

static void
exec_close(void *self)
{
	struct exec *e = self;

	free(e->words);
	free(e->name);
	free(e);
}

static int
split(struct exec *e, struct buf *why)
{
	char *rest = e->words, *word;
	size_t n = 0;

	while ((word = strsep(&rest, " \t\n")) != NULL) {
		if (*word == '\0')
			continue;
		if (n == WORDS_MAX) {
			buf_printf(why,
			    "channel 'exec': a program of more than %d words",
			    WORDS_MAX);
			return -1;
		}
		e->argv[n++] = word;
	}
	if (n > 0)
		return 0;
	buf_str(why, "channel 'exec' needs 'program'");
	return -1;
}

static void *
exec_open(const struct channel_settings *s, struct buf *why)
{
	const char *program = s->conf != NULL ? s->conf->program : NULL;
	struct exec *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->retries = s->retries;
	e->words = strdup(program != NULL ? program : "");
	if (asprintf(&e->name, "AS_CHANNEL=%s", s->name) < 0)
		e->name = NULL;
	if (e->words != NULL && e->name != NULL && split(e, why) == 0)
		return e;
	exec_close(e);
	return NULL;
}

static int
run(const struct exec *e, const struct channel_message *m, const char *text,
    double most, struct channel_try *t, struct buf *why)
{
	const char *const env[] = { e->name, text, NULL };
	struct program_result r = { 0 };
	struct buf in = { 0 };
	int status = -1;

	buf_str(&in, m->record != NULL ? m->record : "");
	buf_str(&in, m->record != NULL ? "\n" : "");
	if (in.failed) {
		buf_str(why, "out of memory");
	} else {
		status = program_run(e->argv, env, in.s, in.len, most, &r);
		t->answered = r.status >= 0;
		if (status != 0)
			buf_str(
			    why, r.error.s != NULL ? r.error.s : "it failed");
	}
	program_result_free(&r);
	buf_free(&in);
	return status;
}

static int
exec_send(void *self, const struct channel_message *m, struct channel_try *t,
    struct buf *why)
{
	int64_t end = clock_monotonic() + (int64_t)(t->budget_s * 1000);
	const struct exec *e = self;
	double wait = 1, left = t->budget_s;
	struct buf text = { 0 };
	int status = -1;

	buf_str(&text, "AS_TEXT=");
	fit_bytes(&text, m->text, TEXT_MAX);
	for (long i = 0; !text.failed; i++) {
		struct buf bad = { 0 };

		status = run(e, m, text.s, left, t, &bad);
		left = (double)(end - clock_monotonic()) / 1000;
		if (status == 0 || t->once || i >= e->retries || left <= wait) {
			if (status != 0)
				buf_str(why,
				    bad.s != NULL ? bad.s : "out of memory");
			buf_free(&bad);
			break;
		}
		buf_free(&bad);
		clock_sleep(wait);
		left -= wait;
		wait *= 2;
	}
	if (text.failed)
		buf_str(why, "out of memory");
	buf_free(&text);
	return status;
}

static void
exec_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct exec *e = self;

	buf_str(out, "run");
	for (size_t i = 0; e->argv[i] != NULL; i++)
		buf_printf(out, " '%s'", e->argv[i]);
	buf_str(out, ": ");
	for (const char *c = m->text; *c != '\0'; c++)
		if (*c == '\n')
			buf_str(out, " | ");
		else
			buf_char(out, *c);
}

const struct channel_kind channel_exec = {
	.name = "exec",
	.address = ADDRESS_NONE,
	.open = exec_open,
	.close = exec_close,
	.send = exec_send,
	.show = exec_show,
};
