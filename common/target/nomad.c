/* A task group of a Nomad job. Nomad takes a new count only while none of the
 * job's deployments is under way: until then it is asked again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "http/http.h"
#include "json/json.h"
#include "target/target.h"

enum {
	ANSWER_S = 30, /* longest wait for one */
	AGAIN_S = 2 /* between two tries while a deployment is under way */
};

static const char default_host[] = "http://127.0.0.1:4646";

struct nomad {
	struct http *h;
	char *job, *group; /* as the user named them */
	char *query; /* "?namespace=...", or "" */
	char *token; /* header, or NULL */
	char evaluation[64]; /* of our last change; "": none */
	double timeout;
};

struct view {
	long count, running, healthy, unhealthy;
	long index; /* JobModifyIndex: changes with every change of the job */
};

static void
nomad_close(void *self)
{
	struct nomad *n = self;

	http_close(n->h);
	free(n->job);
	free(n->group);
	free(n->query);
	free(n->token);
	free(n);
}

static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

static int
take_service(struct nomad *n, const char *service, struct buf *why)
{
	const char *slash = strrchr(service, '/'); /* a job may have some */

	if (slash == NULL || slash == service || slash[1] == '\0') {
		buf_str(why,
		    "driver 'nomad' needs a service: JOB/GROUP, as in "
		    "'web/app'");
		return -1;
	}
	n->job = strndup(service, (size_t)(slash - service));
	n->group = strdup(slash + 1);
	if (n->job != NULL && n->group != NULL)
		return 0;
	buf_str(why, "out of memory");
	return -1;
}

/* What the environment says besides the address, as to the nomad command */
static int
take_environment(struct nomad *n, struct buf *why)
{
	static const char *const names[] = { "NOMAD_NAMESPACE",
		"NOMAD_REGION" };
	static const char *const keys[] = { "namespace", "region" };
	const char *token = variable("NOMAD_TOKEN");
	struct buf query = { 0 };

	buf_str(&query, "");
	for (size_t k = 0; k < 2; k++)
		if (variable(names[k]) != NULL) {
			buf_printf(&query, "%c%s=", query.len > 0 ? '&' : '?',
			    keys[k]);
			http_escape(&query, variable(names[k]));
		}
	n->query = query.s;
	if (query.failed ||
	    (token != NULL &&
		asprintf(&n->token, "X-Nomad-Token: %s", token) < 0)) {
		n->token = NULL;
		buf_str(why, "out of memory");
		return -1;
	}
	return 0;
}

static void *
nomad_open(const struct conf_apply *settings, struct buf *why)
{
	const char *service =
		       settings->service != NULL ? settings->service : "",
		   *host = settings->host;
	struct nomad *n = calloc(1, sizeof(*n));
	struct http_options o = { .retries = 1,
		.ca_file = variable("NOMAD_CACERT"),
		.cert_file = variable("NOMAD_CLIENT_CERT"),
		.key_file = variable("NOMAD_CLIENT_KEY") };

	if (n == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	if (host == NULL || *host == '\0')
		host = variable("NOMAD_ADDR");
	o.base = host != NULL ? host : default_host;
	n->timeout = settings->timeout > 0 ? settings->timeout : ANSWER_S;
	o.total_s = n->timeout < ANSWER_S ? n->timeout : ANSWER_S;
	if (take_service(n, service, why) == 0 && take_environment(n, why) == 0)
		n->h = http_open(&o, why);
	if (n->h != NULL)
		return n;
	nomad_close(n);
	return NULL;
}

/* http_send with the token, and what to do about a failure */
static int
send_request(const struct nomad *n, struct http_request *q,
    struct http_response *r, struct buf *why)
{
	const char *lines[] = { n->token, NULL };
	int done;

	q->headers = lines;
	done = http_send(n->h, q, r);
	q->headers = NULL;
	if (done == 0)
		return 0;
	buf_str(why, r->error.s != NULL ? r->error.s : "out of memory");
	if (r->status == 403)
		buf_str(why,
		    n->token != NULL
			? "; the token's policy must allow read-job and "
			  "scale-job"
			: "; set NOMAD_TOKEN to a token whose policy allows "
			  "read-job and scale-job");
	return -1;
}

/* what: "/scale", "/deployment" */
static void
job_path(const struct nomad *n, const char *what, struct buf *path)
{
	buf_str(path, "/v1/job/");
	http_escape(path, n->job);
	buf_printf(path, "%s%s", what, n->query);
}

static struct json *
get(const struct nomad *n, const struct buf *path, struct http_response *r,
    struct buf *why)
{
	struct http_request q = { .method = "GET", .path = path->s };
	const char *text = "it is empty";
	struct json *j = NULL;

	if (path->failed) {
		buf_str(why, "out of memory");
	} else if (send_request(n, &q, r, why) == 0) {
		if (r->body.s != NULL)
			j = json_parse(r->body.s, r->body.len, &text);
		if (j == NULL)
			buf_printf(why, "job '%s': the answer is not JSON: %s",
			    n->job, text);
	}
	return j;
}

static long
whole(const struct json *j, const char *name)
{
	double x;

	if (json_get_num(j, name, &x) != 0 || x < 0 || x > 9e15 ||
	    x != floor(x))
		return -1;
	return (long)x;
}

/*
 * Nomad 1.1 shows as Desired the count of a change that it refused. Its events,
 * the newest first, tell the count before that: as long as they are younger
 * than the job and tell of refused counts, the one before counts.
 */
static long
true_count(const struct json *group, long index)
{
	long count = whole(group, "Desired");

	for (const struct json *e = json_first(json_get(group, "Events"));
	     e != NULL; e = json_next(e)) {
		long before = whole(e, "PreviousCount"),
		     refused = whole(json_get(e, "Meta"), "OriginalCount");
		int error = 0;

		if (json_bool(json_get(e, "Error"), &error) != 0 || !error ||
		    whole(e, "CreateIndex") <= index || refused != count ||
		    before < 0)
			break;
		count = before;
	}
	return count;
}

static int
read_view(const struct nomad *n, const struct json *j, struct view *v,
    struct buf *why)
{
	const struct json *group =
	    json_get(json_get(j, "TaskGroups"), n->group);
	int stopped = 0;

	json_bool(json_get(j, "JobStopped"), &stopped);
	if (stopped) {
		buf_printf(why, "job '%s' is stopped", n->job);
		return -1;
	}
	if (group == NULL) {
		buf_printf(why, "job '%s' has no group '%s'", n->job, n->group);
		return -1;
	}
	v->index = whole(j, "JobModifyIndex");
	v->count = true_count(group, v->index);
	v->running = whole(group, "Running");
	v->healthy = whole(group, "Healthy");
	v->unhealthy = whole(group, "Unhealthy");
	if (v->index >= 0 && v->count >= 0 && v->running >= 0)
		return 0;
	buf_printf(why, "job '%s': the answer has no count", n->job);
	return -1;
}

/* 0 or -1; *status: of the answer */
static int
look(const struct nomad *n, struct view *v, long *status, struct buf *why)
{
	struct http_response r = { 0 };
	struct buf path = { 0 };
	struct json *j;
	int done = -1;

	job_path(n, "/scale", &path);
	j = get(n, &path, &r, why);
	*status = r.status;
	if (j != NULL)
		done = read_view(n, j, v, why);
	json_free(j);
	http_response_free(&r);
	buf_free(&path);
	return done;
}

/* Health is known only of groups that are deployed with checks. */
static long
ready(const struct view *v)
{
	if (v->healthy < 0 || v->healthy + v->unhealthy <= 0)
		return v->running;
	return v->healthy < v->running ? v->healthy : v->running;
}

static void
nomad_state(void *self, struct state *s)
{
	struct buf why = { 0 };
	struct view v;
	long status;

	if (look(self, &v, &status, &why) == 0) {
		s->known = 1;
		s->instances = v.count;
		s->ready = ready(&v);
		snprintf(s->version, sizeof(s->version), "%ld", v.index);
	} else {
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	}
	buf_free(&why);
}

static enum target_outcome
compare(const struct nomad *n, const struct view *v,
    const struct target_change *change, struct buf *why)
{
	char version[32];

	snprintf(version, sizeof(version), "%ld", v->index);
	if (v->count != change->from)
		buf_printf(why, "job '%s' has %ld of '%s' now, not %ld", n->job,
		    v->count, n->group, change->from);
	else if (change->version[0] != '\0' &&
	    strcmp(version, change->version) != 0)
		buf_printf(why,
		    "job '%s' was changed since: version %s, not %s", n->job,
		    version, change->version);
	else
		return TARGET_WRITTEN;
	return TARGET_CHANGED;
}

static int
is_blocked(const struct http_response *r)
{
	return r->status == 400 && r->body.s != NULL &&
	    strstr(r->body.s, "active deployment") != NULL;
}

/* Nomad answers 200 also where it did nothing: then there is no evaluation. */
static enum target_outcome
read_answer(struct nomad *n, const struct http_response *r, struct buf *why)
{
	const char *text, *id;
	struct json *j = NULL;

	if (r->body.s != NULL)
		j = json_parse(r->body.s, r->body.len, &text);
	id = json_get_str(j, "EvalID");
	snprintf(
	    n->evaluation, sizeof(n->evaluation), "%s", id != NULL ? id : "");
	json_free(j);
	if (n->evaluation[0] != '\0')
		return TARGET_WRITTEN;
	buf_printf(why,
	    "job '%s': nomad took the request and began no evaluation", n->job);
	return TARGET_UNSURE;
}

/* The last step: sends the count unless this is a dry run. *blocked: a
 * deployment is in the way */
static enum target_outcome
send_count(struct nomad *n, const struct buf *path, const struct buf *body,
    int dry_run, int *blocked, struct buf *why)
{
	struct http_request q = { .method = "POST",
		.path = path->s,
		.body = body->s,
		.n_body = body->len,
		.once = 1 };
	struct http_response r = { 0 };
	enum target_outcome o;

	*blocked = 0;
	if (dry_run)
		return TARGET_DRY;
	if (send_request(n, &q, &r, why) == 0) {
		o = read_answer(n, &r, why);
	} else {
		*blocked = is_blocked(&r);
		if (r.status >= 500 || (r.status == 0 && r.sent))
			o = TARGET_UNSURE;
		else
			o = r.status == 0 ? TARGET_AWAY : TARGET_REFUSED;
	}
	http_response_free(&r);
	return o;
}

/* A deployment under way: Nomad would refuse, and remember that it did */
static int
is_deploying(const struct nomad *n)
{
	static const char *const under_way[] = { "running", "paused", "pending",
		"blocked" };
	struct buf path = { 0 }, ignored = { 0 };
	struct http_response r = { 0 };
	const char *status;
	struct json *j;
	int busy = 0;

	job_path(n, "/deployment", &path);
	j = get(n, &path, &r, &ignored);
	status = json_get_str(j, "Status");
	for (size_t k = 0; status != NULL && k < 4; k++)
		busy |= strcmp(status, under_way[k]) == 0;
	json_free(j);
	http_response_free(&r);
	buf_free(&path);
	buf_free(&ignored);
	return busy;
}

static enum target_outcome
try_until(struct nomad *n, const struct target_change *change,
    const struct buf *path, const struct buf *body, struct buf *why)
{
	int64_t until = clock_monotonic() + (int64_t)(n->timeout * 1000);
	enum target_outcome o = TARGET_REFUSED;
	struct view v;
	int blocked;
	long status;

	for (;;) {
		buf_clear(why);
		if (look(n, &v, &status, why) != 0)
			return status == 404 || status == 200 || status == 403
			    ? TARGET_REFUSED
			    : TARGET_AWAY;
		o = compare(n, &v, change, why);
		if (o != TARGET_WRITTEN)
			return o;
		blocked = !change->dry_run && is_deploying(n);
		if (!blocked)
			o = send_count(
			    n, path, body, change->dry_run, &blocked, why);
		if (!blocked)
			return o;
		if (clock_monotonic() + AGAIN_S * 1000 > until)
			break;
		clock_sleep(AGAIN_S);
	}
	buf_clear(why);
	buf_printf(why,
	    "job '%s' has an active deployment, and nomad changes no count "
	    "meanwhile",
	    n->job);
	return TARGET_REFUSED;
}

static enum target_outcome
nomad_scale(void *self, const struct target_change *change, struct buf *request,
    struct buf *why)
{
	struct buf path = { 0 }, body = { 0 };
	enum target_outcome o = TARGET_REFUSED;
	struct nomad *n = self;

	job_path(n, "/scale", &path);
	buf_printf(&body, "{\"Count\":%ld,\"Target\":{\"Group\":", change->to);
	buf_json_str(&body, n->group);
	buf_str(&body, "},\"Message\":\"autoscale\"}");
	if (path.failed || body.failed) {
		buf_str(why, "out of memory");
	} else {
		o = try_until(n, change, &path, &body, why);
		if (o != TARGET_CHANGED && o != TARGET_AWAY)
			buf_printf(request, "POST %s %s", path.s, body.s);
	}
	buf_free(&path);
	buf_free(&body);
	return o;
}

static enum target_arrival
nomad_settled(void *self, long want, struct buf *why)
{
	struct nomad *n = self;
	struct view v;
	long status;

	if (look(n, &v, &status, why) != 0)
		return TARGET_LOST;
	if (v.count != want) {
		buf_printf(why, "job '%s' has %ld of '%s' now, not %ld", n->job,
		    v.count, n->group, want);
		return TARGET_ELSEWHERE;
	}
	if (v.running == want && ready(&v) == want)
		return TARGET_THERE;
	buf_printf(why, "job '%s': %ld of %ld of '%s' serve", n->job, ready(&v),
	    want, n->group);
	return TARGET_LATE;
}

/* Why the evaluation of our change could not place all */
static void
nomad_explain(void *self, struct buf *why)
{
	struct buf path = { 0 }, ignored = { 0 };
	struct http_response r = { 0 };
	const struct json *failed, *x;
	struct nomad *n = self;
	struct json *j;

	if (n->evaluation[0] == '\0')
		return;
	buf_str(&path, "/v1/evaluation/");
	http_escape(&path, n->evaluation);
	buf_str(&path, n->query);
	j = get(n, &path, &r, &ignored);
	failed = json_get(json_get(j, "FailedTGAllocs"), n->group);
	if (failed != NULL) {
		buf_str(why, "; nomad found no place for some");
		x = json_first(json_get(failed, "DimensionExhausted"));
		for (; x != NULL; x = json_next(x)) {
			buf_str(why, "; exhausted: ");
			buf_excerpt(
			    why, json_name(x), strlen(json_name(x)), 60);
		}
		x = json_first(json_get(failed, "ConstraintFiltered"));
		for (; x != NULL; x = json_next(x)) {
			buf_str(why, "; constraint: ");
			buf_excerpt(
			    why, json_name(x), strlen(json_name(x)), 120);
		}
	}
	json_free(j);
	http_response_free(&r);
	buf_free(&path);
	buf_free(&ignored);
}

const struct target_driver target_nomad = {
	.name = "nomad",
	.open = nomad_open,
	.close = nomad_close,
	.read = nomad_state,
	.scale = nomad_scale,
	.settled = nomad_settled,
	.explain = nomad_explain,
};
