/*
 * as-log - search the journal, explain one decision
 * Use: as-log(1). Shapes on the pipe: as-records(5).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "cli/journals.h"
#include "io/out.h"
#include "io/report.h"
#include "policy/again.h"
#include "record/decision.h"
#include "record/journal.h"
#include "view/explain.h"

enum {
	KEY_SINCE = ARGS_OWN,
	KEY_UNTIL,
	KEY_TYPE,
	KEY_ACTION,
	KEY_STATUS,
	KEY_ID,
	KEY_LAST,
	KEY_EXPLAIN,
	KEY_STATE,
	KEY_TARGET_NAME
};

struct line {
	char *s;
	size_t n;
};

struct options {
	struct args_common common;
	struct journals journals;
	const char *since_text, *until_text;
	int64_t since, until; /* ms; until is not part of it */
	const char *types, *actions, *statuses; /* "a,b"; NULL: all */
	const char *id, *explain;
	long last; /* newest so many; -1: all */
	struct line *kept; /* with --last a ring, else not used */
	size_t n_kept, next;
	struct json *decision, *word, *result; /* of --explain */
};

static const struct argp_option table[] = {
	{ "since", KEY_SINCE, "TIME", 0,
	    "What was written at TIME or later: RFC 3339, seconds since 1970, "
	    "or so long ago, such as 1d",
	    1 },
	{ "until", KEY_UNTIL, "TIME", 0,
	    "What was written before TIME (default: no end)", 1 },
	{ "type", KEY_TYPE, "LIST", 0,
	    "Only records of these types: decision, intent, result, grant, "
	    "denial",
	    1 },
	{ "action", KEY_ACTION, "LIST", 0,
	    "Only these actions: scale_up, scale_down, maintain, "
	    "emergency_scale, hold",
	    1 },
	{ "status", KEY_STATUS, "LIST", 0,
	    "Only results with these: applied, refused, failed, timeout", 1 },
	{ "id", KEY_ID, "ID", 0, "Only records with this id or plan", 1 },
	{ "last", KEY_LAST, "N", 0,
	    "Only the N newest that are left (default: all)", 1 },
	{ "explain", KEY_EXPLAIN, "ID", 0,
	    "Say in words how the decision of this id, or the newest of this "
	    "plan, came about and what came of it",
	    1 },
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
	case KEY_SINCE:
		o->since_text = arg;
		return 0;
	case KEY_UNTIL:
		o->until_text = arg;
		return 0;
	case KEY_TYPE:
		o->types = arg;
		return 0;
	case KEY_ACTION:
		o->actions = arg;
		return 0;
	case KEY_STATUS:
		o->statuses = arg;
		return 0;
	case KEY_ID:
		o->id = arg;
		return 0;
	case KEY_LAST:
		o->last = args_count(state, "last", arg, 1, 1000000);
		return 0;
	case KEY_EXPLAIN:
		o->explain = arg;
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

/* "1d": a day ago; with a unit, for a bare number is a time */
static int64_t
moment(const char *name, const char *text)
{
	double seconds, number;
	int64_t ms;

	if (number_parse(text, &number) != 0 &&
	    duration_parse(text, &seconds) == 0)
		return clock_now() - (int64_t)(seconds * 1000);
	if (clock_parse(text, &ms) != 0)
		die("--%s: '%s' is neither a time nor a duration such as 1d",
		    name, text);
	return ms;
}

/* word stands in a list "a,b,c"; a list that is NULL holds every word */
static int
listed(const char *list, const char *word)
{
	size_t n;

	if (list == NULL)
		return 1;
	if (word == NULL)
		return 0;
	for (n = strlen(word);; list++) {
		size_t k = strcspn(list, ",");

		if (k == n && strncmp(list, word, n) == 0)
			return 1;
		list += k;
		if (*list == '\0')
			return 0;
	}
}

static int
is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static int
has_id(const struct record *r, const char *id)
{
	return is(json_get_str(r->json, "id"), id) ||
	    is(json_get_str(r->json, "plan"), id);
}

static int
wanted(const struct options *o, const struct record *r, int64_t logged)
{
	const char *type = json_get_str(r->json, "type");
	const char *target = o->journals.target_name;
	long long time = logged;

	if (time == 0 && json_get_time(r->json, "time", &time) != 0)
		time = 0;
	if ((o->since_text != NULL && time < o->since) ||
	    (o->until_text != NULL && time >= o->until))
		return 0;
	if (target != NULL && strcmp(record_target(r->json), target) != 0)
		return 0;
	if (type == NULL || strcmp(type, "journal") == 0 ||
	    !listed(o->types, type) ||
	    !listed(o->actions, json_get_str(r->json, "action")))
		return 0;
	if (o->statuses != NULL &&
	    (r->type != RECORD_RESULT ||
		!listed(o->statuses,
		    json_get_str(json_get(r->json, "result"), "status"))))
		return 0;
	return o->id == NULL || has_id(r, o->id);
}

static void
print(const char *s, size_t n)
{
	if (out_write(s, n) != 0 || out_write("\n", 1) != 0)
		exit(STATUS_FAILED);
}

/* The newest so many are known only at the end. */
static void
keep(struct options *o, const struct record *r)
{
	size_t most = (size_t)o->last;
	struct line *l;

	if (o->n_kept < most) {
		l = realloc(o->kept, (o->n_kept + 1) * sizeof(*l));
		if (l == NULL)
			die("out of memory");
		o->kept = l;
		l += o->n_kept++;
	} else {
		l = &o->kept[o->next];
		o->next = (o->next + 1) % most;
		free(l->s);
	}
	l->s = malloc(r->len + 1);
	if (l->s == NULL)
		die("out of memory");
	memcpy(l->s, r->line, r->len);
	l->n = r->len;
}

static void
replace(struct json **to, const struct record *r)
{
	const char *why;

	json_free(*to);
	*to = json_parse(r->line, r->len, &why);
	if (*to == NULL)
		die("%s", why);
}

/* --explain takes what belongs to the decision: a plan may come with several
 * decisions, of which the newest counts */
static void
gather(struct options *o, const struct record *r)
{
	const char *type = json_get_str(r->json, "type");
	const char *id = json_get_str(o->decision, "id");

	if (r->type == RECORD_DECISION && has_id(r, o->explain)) {
		replace(&o->decision, r);
		json_free(o->result);
		o->result = NULL;
	} else if (o->decision == NULL && r->type == RECORD_RESULT &&
	    has_id(r, o->explain)) {
		/* a pipe of results has the decision in them */
		replace(&o->decision, r);
		replace(&o->result, r);
	} else if (id != NULL && r->type == RECORD_RESULT &&
	    is(json_get_str(r->json, "id"), id)) {
		replace(&o->result, r);
	} else if (o->decision != NULL &&
	    (is(type, "grant") || is(type, "denial")) &&
	    is(json_get_str(r->json, "plan"),
		json_get_str(o->decision, "plan"))) {
		replace(&o->word, r);
	}
}

static int
see(void *ctx, const struct record *r, int64_t logged)
{
	struct options *o = ctx;

	if (o->explain != NULL)
		gather(o, r);
	else if (!wanted(o, r, logged))
		return 0;
	else if (o->last >= 0)
		keep(o, r);
	else
		print(r->line, r->len);
	return 0;
}

static int
see_journal(void *ctx, const char *dir, const char *target)
{
	struct options *o = ctx;
	struct buf why = { 0 };

	if (journal_each(dir, target, o->since, see, o, &why) < 0)
		die("%s", why.s);
	buf_free(&why);
	return 0;
}

static enum take
see_line(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	long long logged = 0;

	(void)out;
	(void)why;
	if (json_get_time(r->json, "logged", &logged) != 0)
		logged = 0;
	see(ctx, r, logged);
	return TAKE_DONE;
}

/* The decision made again, from its record and the files of -c */
static void
repeat(const struct options *o, struct buf *out)
{
	static const char *const words[] = {
		[AGAIN_SAME] = "the same decision",
		[AGAIN_OTHER] =
		    "another decision, though nothing else is known "
		    "to be",
		[AGAIN_OTHER_SETTINGS] =
		    "another decision, by settings that are not those of then; "
		    "of the forecast only what mattered then is known",
		[AGAIN_OTHER_VERSION] = "another decision, by another version",
		[AGAIN_NOT] = "not possible",
	};
	struct buf lines = { 0 }, why = { 0 };
	struct conf c = { 0 };
	char *rest, *line;
	enum again what;

	if (o->common.n_conf > 0 &&
	    conf_load(&c, o->common.conf, o->common.n_conf, &why) != 0)
		die("%s", why.s);
	what = again_decide(o->decision, &c, &lines);
	if (lines.failed)
		die("out of memory");
	buf_printf(out, "%-12s%s\n", "replayed", words[what]);
	for (rest = lines.s;
	     rest != NULL && (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			buf_printf(out, "%-12s%s\n", "", line);
	conf_free(&c);
	buf_free(&lines);
	buf_free(&why);
}

static int
finish(struct options *o)
{
	struct buf b = { 0 };

	for (size_t k = 0; k < o->n_kept; k++) {
		const struct line *l = &o->kept[(o->next + k) % o->n_kept];

		print(l->s, l->n);
	}
	if (o->explain == NULL)
		return STATUS_OK;
	if (o->decision == NULL) {
		warn("no decision has the id or plan '%s'", o->explain);
		return STATUS_REFUSED;
	}
	view_explain(o->decision, o->word, o->result, &b);
	repeat(o, &b);
	if (b.failed)
		die("out of memory");
	if (out_write(b.s, b.len) != 0)
		exit(STATUS_FAILED);
	buf_free(&b);
	return STATUS_OK;
}

static void
release(struct options *o)
{
	for (size_t k = 0; k < o->n_kept; k++)
		free(o->kept[k].s);
	free(o->kept);
	json_free(o->decision);
	json_free(o->word);
	json_free(o->result);
	free(o->common.conf);
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Search the journal; explain one decision.", args_children,
		NULL, NULL };
	static const struct filter filter = { see_line, NULL };
	struct options o = { .last = -1 };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status = STATUS_OK;

	if (o.since_text != NULL)
		o.since = moment("since", o.since_text);
	if (o.until_text != NULL)
		o.until = moment("until", o.until_text);
	if (*files != NULL ||
	    (o.common.n_conf == 0 && o.journals.state == NULL)) {
		status = filter_run(&filter, files, &o.common, &o);
	} else {
		journals_open(&o.journals, &o.common);
		journals_each(&o.journals, see_journal, &o);
		journals_close(&o.journals);
	}
	status = status_worse(status, finish(&o));
	release(&o);
	return status;
}
