/* A program of the user's does it: "PROGRAM state" prints what there is,
 * "PROGRAM scale FROM TO" changes it. It is run as it is, never by a shell.
 * Between looking and changing another may come: the program gets both counts
 * and the version, and is asked to say so (EXIT_CHANGED) if it can tell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "io/program.h"
#include "json/json.h"
#include "target/target.h"

enum {
	STATE_S = 30, /* longest wait for a state */
	WORDS_MAX = 32,
	EXIT_CHANGED = 3, /* the count or version is another, nothing done */
	EXIT_REFUSED = 4 /* it will not, nothing done */
};

struct program_target {
	char *words; /* service, its blanks made NUL */
	char *argv[WORDS_MAX + 4]; /* its own words; the rest is per call */
	size_t n; /* of its own words */
	char *host; /* "AS_HOST=..." */
	double timeout;
};

struct view {
	long instances, ready; /* ready: -1 if not said */
	struct mix mix;
	char version[128];
};

static void
exec_close(void *self)
{
	struct program_target *p = self;

	free(p->words);
	free(p->host);
	free(p);
}

static int
split(struct program_target *p, struct buf *why)
{
	char *rest = p->words, *word;

	while ((word = strsep(&rest, " \t\n")) != NULL) {
		if (*word == '\0')
			continue;
		if (p->n == WORDS_MAX) {
			buf_printf(why,
			    "driver 'exec': a service of more than %d words",
			    WORDS_MAX);
			return -1;
		}
		p->argv[p->n++] = word;
	}
	if (p->n > 0)
		return 0;
	buf_str(why,
	    "driver 'exec' needs a service: the path of the program that reads "
	    "and changes the count");
	return -1;
}

static void *
exec_open(const struct conf_apply *settings, struct buf *why)
{
	const char *host = settings->host != NULL ? settings->host : "";
	struct program_target *p = calloc(1, sizeof(*p));

	if (p == NULL ||
	    (p->words = strdup(
		 settings->service != NULL ? settings->service : "")) == NULL ||
	    asprintf(&p->host, "AS_HOST=%s", host) < 0) {
		buf_str(why, "out of memory");
		if (p != NULL)
			p->host = NULL;
	} else if (split(p, why) == 0) {
		p->timeout =
		    settings->timeout > 0 ? settings->timeout : STATE_S;
		return p;
	}
	if (p != NULL)
		exec_close(p);
	return NULL;
}

/* A count in the answer: 0; -1: it is not there, or no whole number */
static int
count(const struct json *j, const char *name, long *n)
{
	double x;

	if (json_get_num(j, name, &x) != 0 || x < 0 || x > 1e6 || x != floor(x))
		return -1;
	*n = (long)x;
	return 0;
}

static int
read_answer(struct program_target *p, const struct buf *out, struct view *v,
    struct buf *why)
{
	const char *text = "it is empty", *error, *version;
	struct json *j = NULL;
	int r = -1;

	if (out->len > 0)
		j = json_parse(out->s, out->len, &text);
	error = json_get_str(j, "error");
	version = json_get_str(j, "version");
	if (j == NULL) {
		buf_printf(
		    why, "'%s state' gave no JSON: %s", p->argv[0], text);
	} else if (error != NULL) {
		buf_printf(why, "'%s state' says: ", p->argv[0]);
		buf_excerpt(why, error, strlen(error), 300);
	} else if (count(j, "instances", &v->instances) != 0 ||
	    (json_get(j, "ready") != NULL &&
		count(j, "ready", &v->ready) != 0)) {
		buf_printf(why,
		    "'%s state' must give \"instances\", and may give "
		    "\"ready\": whole numbers from 0 to 1000000",
		    p->argv[0]);
	} else if (mix_read(&v->mix, json_get(j, "mix")) != 0) {
		buf_printf(why,
		    "'%s state' gives a \"mix\" that is no list of types and "
		    "counts",
		    p->argv[0]);
	} else if ((json_get(j, "version") != NULL && version == NULL) ||
	    (version != NULL && strlen(version) >= sizeof(v->version))) {
		buf_printf(why,
		    "'%s state' gives a \"version\" that is no text of at "
		    "most %zu bytes",
		    p->argv[0], sizeof(v->version) - 1);
	} else {
		snprintf(v->version, sizeof(v->version), "%s",
		    version != NULL ? version : "");
		r = 0;
	}
	json_free(j);
	return r;
}

/* 0 or -1 */
static int
look(struct program_target *p, struct view *v, struct buf *why)
{
	const char *const env[] = { p->host, NULL };
	struct program_result r = { 0 };
	char state[] = "state";
	int done = -1;

	*v = (struct view){ .ready = -1 };
	p->argv[p->n] = state;
	p->argv[p->n + 1] = NULL;
	if (program_run(p->argv, env, "", 0,
		p->timeout < STATE_S ? p->timeout : STATE_S, &r) != 0)
		buf_str(why, r.error.s != NULL ? r.error.s : "out of memory");
	else if (r.too_long)
		buf_printf(why, "'%s state' wrote more than %d bytes",
		    p->argv[0], PROGRAM_OUTPUT);
	else
		done = read_answer(p, &r.out, v, why);
	program_result_free(&r);
	return done;
}

static void
exec_state(void *self, struct state *s)
{
	struct buf why = { 0 };
	struct view v;

	if (look(self, &v, &why) == 0) {
		s->known = 1;
		s->instances = v.instances;
		s->ready = v.ready;
		s->mix = v.mix;
		snprintf(s->version, sizeof(s->version), "%s", v.version);
	} else {
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	}
	buf_free(&why);
}

/* The last step: runs it unless this is a dry run. */
static enum target_outcome
run_scale(struct program_target *p, const struct target_change *change,
    const struct buf *input, struct buf *why)
{
	const char *const env[] = { p->host, NULL };
	struct program_result r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	if (change->dry_run)
		return TARGET_DRY;
	if (program_run(p->argv, env, input->s, input->len, p->timeout, &r) !=
	    0) {
		buf_str(why, r.error.s != NULL ? r.error.s : "out of memory");
		if (!r.started)
			o = TARGET_AWAY;
		else if (r.status == EXIT_CHANGED && !r.timed_out)
			o = TARGET_CHANGED;
		else if (r.status == EXIT_REFUSED && !r.timed_out)
			o = TARGET_REFUSED;
		else
			o = TARGET_UNSURE;
	}
	program_result_free(&r);
	return o;
}

/* What the program gets to read */
static void
put_input(
    struct buf *b, const struct target_change *change, const struct view *v)
{
	struct mix mix;

	buf_printf(b, "{\"from\":%ld,\"to\":%ld,\"version\":", change->from,
	    change->to);
	buf_json_str(b, v->version);
	if (mix_read(&mix, json_get(change->record, "mix")) == 0 && mix.n > 0) {
		buf_str(b, ",\"mix\":");
		mix_write(b, &mix);
	}
	if (change->record != NULL) {
		buf_str(b, ",\"decision\":");
		json_write(change->record, b);
	}
	buf_str(b, "}\n");
}

static enum target_outcome
exec_scale(void *self, const struct target_change *change, struct buf *request,
    struct buf *why)
{
	struct program_target *p = self;
	char from[32], to[32], scale[] = "scale";
	struct buf input = { 0 };
	enum target_outcome o;
	struct view v;

	if (look(p, &v, why) != 0)
		return TARGET_AWAY;
	if (v.instances != change->from) {
		buf_printf(why, "'%s state' says %ld now, not %ld", p->argv[0],
		    v.instances, change->from);
		return TARGET_CHANGED;
	}
	if (change->version[0] != '\0' &&
	    strcmp(v.version, change->version) != 0) {
		buf_printf(why, "'%s state' says version '%s' now, not '%s'",
		    p->argv[0], v.version, change->version);
		return TARGET_CHANGED;
	}
	snprintf(from, sizeof(from), "%ld", change->from);
	snprintf(to, sizeof(to), "%ld", change->to);
	p->argv[p->n] = scale;
	p->argv[p->n + 1] = from;
	p->argv[p->n + 2] = to;
	p->argv[p->n + 3] = NULL;
	put_input(&input, change, &v);
	buf_str(request, "RUN");
	for (char **word = p->argv; *word != NULL; word++)
		buf_printf(request, " %s", *word);
	o = run_scale(p, change, &input, why);
	buf_free(&input);
	return o;
}

static enum target_arrival
exec_settled(void *self, long want, struct buf *why)
{
	struct program_target *p = self;
	struct view v;

	if (look(p, &v, why) != 0)
		return TARGET_LOST;
	if (v.instances != want) {
		buf_printf(why, "'%s state' says %ld now, not %ld", p->argv[0],
		    v.instances, want);
		return TARGET_ELSEWHERE;
	}
	if (v.ready < 0 || v.ready == want)
		return TARGET_THERE;
	buf_printf(why, "'%s state' says that %ld of %ld are ready", p->argv[0],
	    v.ready, want);
	return TARGET_LATE;
}

const struct target_driver target_exec = {
	.name = "exec",
	.open = exec_open,
	.close = exec_close,
	.read = exec_state,
	.scale = exec_scale,
	.settled = exec_settled,
};
