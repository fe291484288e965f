/* A service of a Docker Swarm, through the Engine API of a manager. An update
 * sends the whole specification back: what it leaves out is lost. So the text
 * of the specification goes back as it came, but for one number, under the
 * version at which it was read; the manager refuses it if another came between.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/count.h"
#include "target/engine.h"
#include "target/target.h"
#include "target/tasks.h"

enum {
	WRITE_S = 30 /* longest wait for the answer to an update */
};

struct view { /* the service at one moment */
	char id[64], version[32];
	long replicas;
	long running, desired; /* -1: not said; see living */
	char update[32], message[256]; /* UpdateStatus; "": none */
	char began[48]; /* and its StartedAt, which tells two apart */
	int64_t updated; /* ms by the engine's clock; 0: not said */
};

struct swarm {
	struct engine engine;
	char *service;
	struct view before; /* our update */
	struct buf sent; /* the specification of our update */
};

static void
swarm_close(void *self)
{
	struct swarm *s = self;

	engine_close(&s->engine);
	buf_free(&s->sent);
	free(s->service);
	free(s);
}

static void *
swarm_open(const struct conf_apply *settings, struct buf *why)
{
	struct swarm *s;

	if (settings->service == NULL || *settings->service == '\0') {
		buf_str(why,
		    "driver 'swarm' needs a service: its name, as 'docker "
		    "service ls' shows it");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->service = strdup(settings->service)) == NULL) {
		buf_str(why, "out of memory");
		free(s);
		return NULL;
	}
	if (engine_open(&s->engine, settings, settings->timeout, why) == 0)
		return s;
	swarm_close(s);
	return NULL;
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

static void
copy(char *to, size_t size, const char *s)
{
	snprintf(to, size, "%s", s != NULL ? s : "");
}

/* A service that is not replicated has no count to change. */
static int
read_mode(const struct swarm *s, const struct json *mode, struct view *v,
    struct buf *why)
{
	static const char *const others[] = { "Global", "ReplicatedJob",
		"GlobalJob" };

	v->replicas = whole(json_get(mode, "Replicated"), "Replicas");
	if (v->replicas >= 0)
		return 0;
	for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
		if (json_get(mode, others[k]) != NULL) {
			buf_printf(why,
			    "service '%s' has no number of replicas to change: "
			    "its mode is '%s'",
			    s->service, others[k]);
			return -1;
		}
	buf_printf(why, "service '%s': the answer has no Replicas", s->service);
	return -1;
}

/* One service's JSON taken apart. 0 or -1. */
static int
read_service(const struct swarm *s, const struct json *j, struct view *v,
    struct buf *why)
{
	const struct json *status = json_get(j, "ServiceStatus"),
			  *update = json_get(j, "UpdateStatus");
	long index = whole(json_get(j, "Version"), "Index");
	long long ms = 0;

	*v = (struct view){ .running = -1, .desired = -1 };
	if (read_mode(s, json_get(json_get(j, "Spec"), "Mode"), v, why) != 0)
		return -1;
	if (index < 0 || json_get_str(j, "ID") == NULL) {
		buf_printf(
		    why, "service '%s': the answer has no version", s->service);
		return -1;
	}
	snprintf(v->version, sizeof(v->version), "%ld", index);
	copy(v->id, sizeof(v->id), json_get_str(j, "ID"));
	if (status != NULL) {
		v->running = whole(status, "RunningTasks");
		v->desired = whole(status, "DesiredTasks");
	}
	copy(v->update, sizeof(v->update), json_get_str(update, "State"));
	copy(v->message, sizeof(v->message), json_get_str(update, "Message"));
	copy(v->began, sizeof(v->began), json_get_str(update, "StartedAt"));
	if (json_get_time(j, "UpdatedAt", &ms) == 0)
		v->updated = ms;
	return 0;
}

static int
is_ours(const struct swarm *s, const struct json *service)
{
	const char *name = json_get_str(json_get(service, "Spec"), "Name");

	return name != NULL && strcmp(name, s->service) == 0;
}

static void
no_such(const struct swarm *s, struct buf *why)
{
	buf_printf(why,
	    "'%s' has no service '%s'; 'docker service ls' lists those there "
	    "are",
	    s->engine.shown, s->service);
}

/* The service with its counts. The filter finds every name that begins with
 * ours. 0 or -1. */
static int
look(struct swarm *s, struct view *v, struct buf *why)
{
	struct buf path = { 0 }, filter = { 0 };
	struct http_response r = { 0 };
	const struct json *one;
	struct json *list = NULL;
	int found = -1;

	if (engine_api(&s->engine, why) != 0)
		return -1;
	buf_str(&filter, "{\"name\":[");
	buf_json_str(&filter, s->service);
	buf_str(&filter, "]}");
	buf_printf(&path, "/%s/services?status=true&filters=", s->engine.api);
	if (!filter.failed)
		http_escape(&path, filter.s);
	if (!filter.failed && !path.failed)
		list = engine_get(&s->engine, path.s, &r, why);
	else
		buf_str(why, "out of memory");
	if (list != NULL) {
		one = json_first(list);
		while (one != NULL && !is_ours(s, one))
			one = json_next(one);
		if (one != NULL)
			found = read_service(s, one, v, why);
		else
			no_such(s, why);
	}
	json_free(list);
	http_response_free(&r);
	buf_free(&path);
	buf_free(&filter);
	return found;
}

/* How many tasks run, and how many still have to end: what the service says of
 * itself, where its tasks cannot be had, has those of dead nodes in it. */
static struct count
living(const struct swarm *s, const struct view *v)
{
	struct buf ignored = { 0 };
	struct count t;

	if (count_tasks(&s->engine, v->id, &t, &ignored) != 0) {
		t.living = v->running > v->desired ? v->desired : v->running;
		t.leaving =
		    v->running > v->desired ? v->running - v->desired : 0;
	}
	buf_free(&ignored);
	return t;
}

static void
swarm_state(void *self, struct state *state)
{
	struct buf why = { 0 };
	struct view v;

	if (look(self, &v, &why) == 0) {
		state->known = 1;
		state->instances = v.replicas;
		state->ready =
		    v.running > 0 ? living(self, &v).living : v.running;
		copy(state->version, sizeof(state->version), v.version);
	} else {
		copy(state->error, sizeof(state->error),
		    why.s != NULL ? why.s : "out of memory");
	}
	buf_free(&why);
}

/* The text of member name of the object s, or -1 */
static int
part(const char *s, size_t n, const char *name, const char **p, size_t *len)
{
	size_t at;

	if (json_span(s, n, name, &at, len) != 0)
		return -1;
	*p = s + at;
	return 0;
}

/* The specification with another number of replicas, all else byte for byte */
static int
new_spec(const struct buf *body, long replicas, struct buf *out)
{
	struct buf rep = { 0 }, mode = { 0 };
	const char *s, *m, *r;
	size_t ns, nm, nr;
	char number[32];
	int done = -1;

	snprintf(number, sizeof(number), "%ld", replicas);
	if (part(body->s, body->len, "Spec", &s, &ns) == 0 &&
	    part(s, ns, "Mode", &m, &nm) == 0 &&
	    part(m, nm, "Replicated", &r, &nr) == 0 &&
	    json_replace(r, nr, "Replicas", number, &rep) == 0 && !rep.failed &&
	    json_replace(m, nm, "Replicated", rep.s, &mode) == 0 &&
	    !mode.failed && json_replace(s, ns, "Mode", mode.s, out) == 0 &&
	    !out->failed)
		done = 0;
	buf_free(&rep);
	buf_free(&mode);
	return done;
}

/* The last step: sends the update unless this is a dry run. */
static enum target_outcome
send_update(struct swarm *s, const char *path, const struct buf *spec,
    int dry_run, struct buf *why)
{
	struct http_request q = { .method = "POST",
		.path = path,
		.body = spec->s,
		.n_body = spec->len,
		.total_s = WRITE_S };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	if (dry_run)
		return TARGET_DRY;
	buf_clear(&s->sent);
	buf_add(&s->sent, spec->s, spec->len);
	if (http_send(s->engine.h, &q, &r) != 0) {
		engine_complain(&s->engine, &r, why);
		if (r.body.s != NULL && strstr(r.body.s, "out of sequence"))
			o = TARGET_CHANGED;
		else if (r.status >= 500 || (r.status == 0 && r.sent))
			o = TARGET_UNSURE;
		else
			o = r.status == 0 ? TARGET_AWAY : TARGET_REFUSED;
	}
	http_response_free(&r);
	return o;
}

static enum target_outcome
compare(const struct view *v, const struct target_change *change,
    const char *service, struct buf *why)
{
	if (v->replicas != change->from)
		buf_printf(why, "service '%s' has %ld replicas now, not %ld",
		    service, v->replicas, change->from);
	else if (change->version[0] != '\0' &&
	    strcmp(v->version, change->version) != 0)
		buf_printf(why,
		    "service '%s' was changed since: version %s, not %s",
		    service, v->version, change->version);
	else
		return TARGET_WRITTEN;
	return TARGET_CHANGED;
}

/* Sends body, the service as GET gave it and v shows it, with `to` replicas */
static enum target_outcome
update(struct swarm *s, const struct buf *body, const struct view *v, long to,
    int dry_run, struct buf *request, struct buf *why)
{
	struct buf path = { 0 }, spec = { 0 };
	enum target_outcome o;

	buf_printf(&path, "/%s/services/", s->engine.api);
	http_escape(&path, s->service);
	buf_printf(&path, "/update?version=%s", v->version);
	if (new_spec(body, to, &spec) != 0 || path.failed) {
		buf_printf(why,
		    "service '%s': cannot make its new "
		    "specification",
		    s->service);
		o = TARGET_REFUSED;
	} else {
		buf_printf(request, "POST %s Spec.Mode.Replicated.Replicas=%ld",
		    path.s, to);
		o = send_update(s, path.s, &spec, dry_run, why);
	}
	buf_free(&spec);
	buf_free(&path);
	return o;
}

/* The service as GET gives it, in r, which the caller frees, and v, which
 * does not know how many tasks run */
static enum target_outcome
get(struct swarm *s, struct http_response *r, struct view *v, struct buf *why)
{
	enum target_outcome o = TARGET_AWAY;
	struct buf path = { 0 };
	struct json *j = NULL;

	if (engine_api(&s->engine, why) != 0)
		return TARGET_AWAY;
	buf_printf(&path, "/%s/services/", s->engine.api);
	http_escape(&path, s->service);
	if (path.failed)
		buf_str(why, "out of memory");
	else
		j = engine_get(&s->engine, path.s, r, why);
	if (r->status == 404)
		buf_clear(why);
	if (r->status == 404 || (j != NULL && !is_ours(s, j))) {
		/* there may be one whose id begins so */
		no_such(s, why);
		o = TARGET_REFUSED;
	} else if (j != NULL) {
		o = read_service(s, j, v, why) == 0 ? TARGET_WRITTEN
						    : TARGET_REFUSED;
	}
	json_free(j);
	buf_free(&path);
	return o;
}

static enum target_outcome
swarm_scale(void *self, const struct target_change *change, struct buf *request,
    struct buf *why)
{
	struct swarm *s = self;
	struct http_response r = { 0 };
	struct view v;
	enum target_outcome o = get(s, &r, &v, why);

	if (o == TARGET_WRITTEN)
		o = compare(&v, change, s->service, why);
	if (o == TARGET_WRITTEN) {
		s->before = v;
		o = update(
		    s, &r.body, &v, change->to, change->dry_run, request, why);
	}
	http_response_free(&r);
	return o;
}

/* The specification is, to the byte, the one of our update: whoever changed the
 * service since did not mean to have it changed again. */
static int
is_as_sent(const struct swarm *s, const struct buf *body)
{
	const char *spec;
	size_t n;

	return s->sent.len > 0 && !s->sent.failed &&
	    part(body->s, body->len, "Spec", &spec, &n) == 0 &&
	    n == s->sent.len && memcmp(spec, s->sent.s, n) == 0;
}

static enum target_outcome
swarm_restore(void *self, long from, long to, long *back, struct buf *request,
    struct buf *why)
{
	struct http_response r = { 0 };
	struct swarm *s = self;
	enum target_outcome o;
	struct view v, now;

	/* the number that runs first: by the version of what is read after it
	 * a change in between is seen */
	if (look(s, &v, why) != 0)
		return TARGET_AWAY;
	if (v.running > from)
		v.running = living(s, &v).living;
	*back = v.running > from ? v.running : from;
	if (*back > to && to > from)
		*back = to;
	o = get(s, &r, &now, why);
	if (o == TARGET_WRITTEN && now.replicas == from &&
	    strncmp(now.update, "rollback", 8) == 0) {
		*back = from; /* its own failure action did it */
	} else if (o == TARGET_WRITTEN && !is_as_sent(s, &r.body)) {
		buf_str(why, "somebody else changed it since");
		o = TARGET_CHANGED;
	} else if (o == TARGET_WRITTEN && *back != to) {
		o = update(s, &r.body, &now, *back, 0, request, why);
	}
	http_response_free(&r);
	return o;
}

static enum target_arrival
swarm_settled(void *self, long want, struct buf *why)
{
	struct swarm *s = self;
	int over, halted;
	struct view v;

	if (look(s, &v, why) != 0)
		return TARGET_LOST;
	/* An update that was halted before ours says nothing about ours. */
	halted = strcmp(v.update, "paused") == 0 ||
	    strcmp(v.update, "rollback_paused") == 0;
	over = v.update[0] == '\0' || strcmp(v.update, "completed") == 0 ||
	    strcmp(v.update, "rollback_completed") == 0 ||
	    (halted && strcmp(v.update, s->before.update) == 0 &&
		strcmp(v.began, s->before.began) == 0);
	if (v.replicas != want) {
		buf_printf(why, "service '%s' has %ld replicas now, not %ld",
		    s->service, v.replicas, want);
		if (v.update[0] != '\0' && strcmp(v.update, "completed") != 0)
			buf_printf(why, " (%s: %s)", v.update, v.message);
		return TARGET_ELSEWHERE;
	}
	/* Right after an update the counts are still the old ones, so the
	 * number of tasks desired has to have followed, too. */
	if (v.desired == want && v.running >= want) {
		struct count t = living(s, &v);

		if (t.living == want && t.leaving == 0 && over)
			return TARGET_THERE;
		v.running = t.living + t.leaving;
	}
	buf_printf(why, "service '%s': %ld of %ld tasks run", s->service,
	    v.running, want);
	if (v.update[0] != '\0' && strcmp(v.update, "completed") != 0)
		buf_printf(
		    why, ", its update is '%s': %s", v.update, v.message);
	return halted && !over ? TARGET_STUCK : TARGET_LATE;
}

static void
swarm_explain(void *self, struct buf *why)
{
	struct buf ignored = { 0 };
	struct swarm *s = self;
	struct view v;

	if (look(s, &v, &ignored) == 0)
		count_complaints(&s->engine, v.id, v.updated, why);
	buf_free(&ignored);
}

static int
swarm_sizes(void *self, struct size_parts *parts, struct buf *why)
{
	struct swarm *s = self;

	return tasks_size(&s->engine, s->service, parts, why);
}

static enum target_outcome
swarm_resize(void *self, const struct size_change *change, struct buf *request,
    struct buf *why)
{
	struct swarm *s = self;

	return tasks_resize(&s->engine, s->service, change, request, why);
}

static enum target_arrival
swarm_resized(void *self, const struct size *size, struct buf *why)
{
	struct swarm *s = self;

	return tasks_settled(&s->engine, s->service, size, why);
}

static const struct target_sizing sizing = {
	.sizes = swarm_sizes,
	.resize = swarm_resize,
	.settled = swarm_resized,
};

const struct target_driver target_swarm = {
	.name = "swarm",
	.open = swarm_open,
	.close = swarm_close,
	.read = swarm_state,
	.scale = swarm_scale,
	.restore = swarm_restore,
	.settled = swarm_settled,
	.explain = swarm_explain,
	.sizing = &sizing,
};
