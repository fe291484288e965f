/*
 * as-approve - grant or deny what waits for a person
 * Use: as-approve(1). Shapes on the pipe: as-records(5).
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/journals.h"
#include "io/out.h"
#include "io/report.h"
#include "record/journal.h"
#include "record/pending.h"

enum { KEY_STATE = ARGS_OWN, KEY_TARGET_NAME, KEY_NOTE, KEY_RECORDS };
enum { LOCK_WAIT = 5 }; /* seconds for another that gives a word, or acts */

struct options {
	struct args_common common;
	struct journals journals;
	const char *note;
	int records; /* list as records also on a terminal */
	struct pending_set set;
};

static const struct argp_option table[] = {
	{ "note", KEY_NOTE, "TEXT", 0, "Keep TEXT with the word given", 1 },
	{ "records", KEY_RECORDS, NULL, 0,
	    "List records, not lines for people, also on a terminal", 1 },
	{ "state", KEY_STATE, "DIR", 0, "The folder of the journals", 2 },
	{ "target-name", KEY_TARGET_NAME, "NAME", 0,
	    "Look at the target NAME only", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 }
};

static error_t
take(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case KEY_NOTE:
		o->note = arg;
		return 0;
	case KEY_RECORDS:
		o->records = 1;
		return 0;
	case KEY_STATE:
		o->journals.state = arg;
		return 0;
	case KEY_TARGET_NAME:
		o->journals.target_name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
put(const struct buf *b)
{
	if (b->failed)
		die("out of memory");
	if (b->len > 0 && out_write(b->s, b->len) != 0)
		exit(STATUS_FAILED);
}

static int
read_one(void *ctx, const char *dir, const char *target)
{
	struct options *o = ctx;
	struct buf why = { 0 };

	if (pending_read(&o->set, dir, target, clock_now(), &why) != 0)
		die("%s", why.s);
	buf_free(&why);
	return 0;
}

/* "9a02c1...  web  3 -> 5  14 min left  the reason" */
static void
put_row(struct buf *b, const struct pending *p)
{
	char span[NUMBER_SIZE];

	buf_printf(
	    b, "%s  %s  %ld -> %ld  ", p->plan, p->target, p->from, p->to);
	if (p->expires != 0)
		buf_printf(b, "%s left  ",
		    duration_format(
			span, (double)(p->expires - clock_now()) / 1000));
	buf_printf(b, "%s\n", p->reason);
}

static int
list(struct options *o)
{
	int people = isatty(STDOUT_FILENO) && !o->records;
	struct buf b = { 0 };

	for (size_t k = 0; k < o->set.n; k++) {
		const struct pending *p = &o->set.p[k];

		if (p->fate != PENDING_WAITS)
			continue;
		if (people) {
			put_row(&b, p);
		} else {
			journal_unlogged(&b, p->line, p->n);
			buf_char(&b, '\n');
		}
	}
	put(&b);
	buf_free(&b);
	return STATUS_OK;
}

/* The entry that word names, or a message */
static struct pending *
find(struct options *o, const char *word)
{
	struct pending *p = pending_find(&o->set, word);

	if (p == NULL)
		warn("'%s': nothing of the last seven days that needs or "
		     "needed a person has this id or plan",
		    word);
	return p;
}

static int
show(struct options *o, const char *word)
{
	const struct pending *p = find(o, word);
	struct buf b = { 0 };

	if (p == NULL)
		return STATUS_REFUSED;
	journal_unlogged(&b, p->line, p->n);
	buf_char(&b, '\n');
	put(&b);
	buf_clear(&b);
	pending_fate_text(p, &b);
	note("'%s': %s", word, b.s);
	buf_free(&b);
	return STATUS_OK;
}

/* Who it is that gives the word: behind sudo, the person there */
static const char *
person(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw;
	static char number[32];

	if (geteuid() == 0 && sudo != NULL && *sudo != '\0')
		return sudo;
	pw = getpwuid(getuid());
	if (pw != NULL)
		return pw->pw_name;
	snprintf(number, sizeof(number), "user %ld", (long)getuid());
	return number;
}

static void
write_word(const char *dir, const struct options *o, const struct pending *p,
    const char *type)
{
	struct buf b = { 0 }, why = { 0 };

	buf_char(&b, '{');
	record_put_str(&b, "type", type);
	record_put_str(&b, "target", p->target);
	record_put_str(&b, "plan", p->plan);
	record_put_str(&b, "id", p->id);
	record_put_str(&b, "who", person());
	record_put_time(&b, "time", clock_now());
	if (p->expires != 0)
		record_put_time(&b, "expires", p->expires);
	record_put_str(&b, "note", o->note);
	buf_char(&b, '}');
	if (b.failed)
		die("out of memory");
	if (journal_append(dir, p->target, b.s, b.len, &why) != 0)
		die("%s", why.s);
	buf_free(&b);
	buf_free(&why);
}

struct place {
	const char *target;
	char *dir;
};

static int
find_place(void *ctx, const char *dir, const char *target)
{
	struct place *w = ctx;

	if (strcmp(w->target, target) != 0)
		return 0;
	w->dir = strdup(dir);
	if (w->dir == NULL)
		die("out of memory");
	return 1;
}

/* The entry that word names, and no other target's, as it is by now */
static struct pending *
find_again(struct options *o, const struct place *w, const char *word)
{
	pending_free(&o->set);
	read_one(o, w->dir, w->target);
	return find(o, word);
}

/* May the word be given? A grant may be taken back as long as nothing came of
 * it, and nobody is about to carry it out: that lock comes back in *lock. */
static struct pending *
settle(struct options *o, const struct place *w, const char *word, int granted,
    int *lock)
{
	struct pending *p = find_again(o, w, word);
	struct buf why = { 0 };

	if (p != NULL && p->fate == PENDING_GRANTED && !granted) {
		if (journal_acting(w->dir, w->target, LOCK_WAIT, lock, &why) ==
		    0) {
			p = find_again(o, w, word);
		} else {
			warn("'%s': not taken back: %s", word, why.s);
			p = NULL;
		}
	}
	if (p != NULL && p->fate != PENDING_WAITS &&
	    !(p->fate == PENDING_GRANTED && !granted)) {
		pending_fate_text(p, &why);
		warn("'%s': %s", word, why.s);
		p = NULL;
	}
	buf_free(&why);
	return p;
}

/* The decision with the word in it, down the pipe */
static void
put_word(const struct pending *p, int granted)
{
	struct buf b = { 0 }, line = { 0 };

	journal_unlogged(&line, p->line, p->n);
	if (line.failed ||
	    json_replace(line.s, line.len, "approval",
		granted ? "\"granted\"" : "\"denied\"", &b) != 0)
		b.failed = 1;
	buf_char(&b, '\n');
	put(&b);
	buf_free(&b);
	buf_free(&line);
}

/* The word goes into the journal, and the decision with it down the pipe. Of
 * two who give one at once the second sees what the first said. */
static int
give_word(struct options *o, const char *word, int granted)
{
	const struct pending *p = find(o, word);
	char target[sizeof(p->target)];
	struct place w = { target, NULL };
	struct buf why = { 0 };
	int lock = -1, words;

	if (p == NULL)
		return STATUS_REFUSED;
	memcpy(target, p->target, sizeof(target));
	journals_each(&o->journals, find_place, &w);
	words = journal_words(w.dir, LOCK_WAIT, &why);
	if (words < 0)
		die("%s", why.s);
	p = settle(o, &w, word, granted, &lock);
	if (p != NULL)
		write_word(w.dir, o, p, granted ? "grant" : "denial");
	if (lock >= 0)
		close(lock);
	close(words);
	if (p != NULL)
		put_word(p, granted);
	free(w.dir);
	return p != NULL ? STATUS_OK : STATUS_REFUSED;
}

static int
run(struct options *o, char **words)
{
	const char *verb = words[0] != NULL ? words[0] : "list";
	int n = 0;

	while (words[n] != NULL)
		n++;
	if (strcmp(verb, "list") == 0 && n <= 1)
		return list(o);
	if (strcmp(verb, "show") == 0 && n == 2)
		return show(o, words[1]);
	if (strcmp(verb, "grant") == 0 && n == 2)
		return give_word(o, words[1], 1);
	if (strcmp(verb, "deny") == 0 && n == 2)
		return give_word(o, words[1], 0);
	die("say list, show ID, grant ID or deny ID");
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take,
		"[list | show ID | grant ID | deny ID]",
		"Grant or deny what waits for a person.", args_children, NULL,
		NULL };
	struct options o = { .common = { .stop_on_bad = 0 } };
	char **words = args_parse(&argp, ARGS_ACTOR, argc, argv, &o);
	int status;

	journals_open(&o.journals, &o.common);
	journals_each(&o.journals, read_one, &o);
	status = run(&o, words);
	pending_free(&o.set);
	journals_close(&o.journals);
	free(o.common.conf);
	return status;
}
