#include "target/tasks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/excerpt.h"

enum { WRITE_S = 30 };

struct view { /* the service at one moment */
	struct http_response r; /* its text */
	struct json *j;
	long version;
	struct size has;
};

static void
close_view(struct view *v)
{
	json_free(v->j);
	http_response_free(&v->r);
}

static double
number(const struct json *j, const char *name)
{
	double x = 0;

	json_get_num(j, name, &x);
	return x;
}

static void
take_size(const struct json *resources, struct size *s)
{
	const struct json *limits = json_get(resources, "Limits");
	const struct json *kept = json_get(resources, "Reservations");

	*s = (struct size){ { number(limits, "NanoCPUs") / 1e9,
	    number(limits, "MemoryBytes"), number(kept, "NanoCPUs") / 1e9,
	    number(kept, "MemoryBytes") } };
}

static const struct json *
resources_of(const struct json *spec)
{
	return json_get(json_get(spec, "TaskTemplate"), "Resources");
}

/* 0, or -1 and why; close_view in any case */
static int
look(struct engine *e, const char *service, struct view *v, struct buf *why)
{
	struct buf path = { 0 };
	const struct json *spec;
	const char *name;
	double version = -1;

	*v = (struct view){ .j = NULL };
	if (engine_api(e, why) != 0)
		return -1;
	buf_printf(&path, "/%s/services/", e->api);
	http_escape(&path, service);
	if (!path.failed)
		v->j = engine_get(e, path.s, &v->r, why);
	buf_free(&path);
	if (v->j == NULL)
		return -1;
	spec = json_get(v->j, "Spec");
	name = json_get_str(spec, "Name");
	json_get_num(json_get(v->j, "Version"), "Index", &version);
	v->version = (long)version;
	take_size(resources_of(spec), &v->has);
	if (name != NULL && strcmp(name, service) == 0 && v->version >= 0)
		return 0;
	buf_printf(why, "there is no service '%s'", service);
	return -1;
}

int
tasks_size(struct engine *e, const char *service, struct size_parts *parts,
    struct buf *why)
{
	struct size_part *p = size_add(parts);
	struct view v;
	int r;

	if (p == NULL) {
		buf_str(why, "out of memory");
		return -1;
	}
	r = look(e, service, &v, why);
	snprintf(p->name, sizeof(p->name), "%s", service);
	p->has = v.has;
	close_view(&v);
	return r;
}

/* The object at name of *b, another value of a member of it put in. 0 or -1 */
static int
put(struct buf *b, const char *name, const char *value)
{
	struct buf out = { 0 };

	if (json_replace(b->s, b->len, name, value, &out) != 0 || out.failed) {
		buf_free(&out);
		return -1;
	}
	buf_free(b);
	*b = out;
	return 0;
}

/* A member's text, or {} where it has none */
static void
take(const char *s, size_t n, const char *name, struct buf *out)
{
	size_t at, len;

	if (json_span(s, n, name, &at, &len) == 0 && s[at] == '{')
		buf_add(out, s + at, len);
	else
		buf_str(out, "{}");
}

/* Of Limits or Reservations, what changes; the rest byte for byte */
static int
put_pair(struct buf *resources, const char *which, const double from[2],
    const double to[2])
{
	static const char *const names[] = { "NanoCPUs", "MemoryBytes" };
	struct buf pair = { 0 };
	char text[64];
	int r = 0;

	if (from[0] == to[0] && from[1] == to[1])
		return 0;
	take(resources->s, resources->len, which, &pair);
	for (int k = 0; k < 2 && r == 0; k++) {
		snprintf(text, sizeof(text), "%.0f",
		    k == 0 ? rint(to[k] * 1e9) : to[k]);
		if (from[k] != to[k])
			r = pair.failed ? -1 : put(&pair, names[k], text);
	}
	if (r == 0)
		r = put(resources, which, pair.s);
	buf_free(&pair);
	return r;
}

/* The whole specification with another size, and what is new in it */
static int
new_spec(const struct view *v, const struct size *to, struct buf *spec,
    struct buf *resources)
{
	const double *was = v->has.x;
	double limits[] = { to->x[SIZE_CPUS], to->x[SIZE_MEMORY] };
	double kept[] = { to->x[SIZE_CPUS_KEPT], to->x[SIZE_MEMORY_KEPT] };
	double had[] = { was[SIZE_CPUS], was[SIZE_MEMORY] };
	double had_kept[] = { was[SIZE_CPUS_KEPT], was[SIZE_MEMORY_KEPT] };
	struct buf task = { 0 };
	int r = -1;

	take(v->r.body.s, v->r.body.len, "Spec", spec);
	if (!spec->failed)
		take(spec->s, spec->len, "TaskTemplate", &task);
	if (!spec->failed && !task.failed)
		take(task.s, task.len, "Resources", resources);
	if (!spec->failed && !task.failed && !resources->failed &&
	    put_pair(resources, "Limits", had, limits) == 0 &&
	    put_pair(resources, "Reservations", had_kept, kept) == 0 &&
	    put(&task, "Resources", resources->s) == 0 &&
	    put(spec, "TaskTemplate", task.s) == 0)
		r = 0;
	buf_free(&task);
	return r;
}

/* The last step: sends the update unless this is a dry run. */
static enum target_outcome
update(const struct engine *e, const struct buf *path, const struct buf *spec,
    int dry_run, struct buf *why)
{
	struct http_request q = { .method = "POST",
		.path = path->s,
		.body = spec->s,
		.n_body = spec->len,
		.total_s = WRITE_S };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	if (dry_run)
		return TARGET_DRY;
	if (http_send(e->h, &q, &r) != 0) {
		engine_complain(e, &r, why);
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

enum target_outcome
tasks_resize(struct engine *e, const char *service,
    const struct size_change *change, struct buf *request, struct buf *why)
{
	struct buf path = { 0 }, spec = { 0 }, resources = { 0 };
	enum target_outcome o = TARGET_REFUSED;
	struct view v;

	if (look(e, service, &v, why) != 0) {
		o = v.r.status == 404 ? TARGET_REFUSED : TARGET_AWAY;
	} else if (!size_same(&v.has, &change->part->has)) {
		buf_printf(why,
		    "service '%s' was given something else meanwhile", service);
		o = TARGET_CHANGED;
	} else if (new_spec(&v, &change->to, &spec, &resources) != 0) {
		buf_printf(why,
		    "service '%s': cannot make its new specification", service);
	} else {
		buf_printf(&path, "/%s/services/", e->api);
		http_escape(&path, service);
		buf_printf(&path, "/update?version=%ld", v.version);
		buf_printf(request, "POST %s Spec.TaskTemplate.Resources=%s",
		    path.s, resources.s);
		o = update(e, &path, &spec, change->dry_run, why);
	}
	close_view(&v);
	buf_free(&path);
	buf_free(&spec);
	buf_free(&resources);
	return o;
}

/* What those that do not run complain of, once */
static void
put_trouble(const struct json *task, struct buf *why)
{
	const char *text = json_get_str(json_get(task, "Status"), "Err");

	if (text == NULL || *text == '\0' ||
	    (why->s != NULL && strchr(why->s, '"') != NULL))
		return;
	buf_str(why, ": \"");
	buf_excerpt(why, text, strlen(text), 200);
	buf_char(why, '"');
}

/* Of the tasks that are to run: how many do, with that size */
static long
count(const struct json *tasks, const struct size *size, struct buf *trouble)
{
	long n = 0;

	for (const struct json *t = json_first(tasks); t != NULL;
	     t = json_next(t)) {
		const char *state =
		    json_get_str(json_get(t, "Status"), "State");
		struct size has;

		take_size(json_get(json_get(t, "Spec"), "Resources"), &has);
		if (size_same(&has, size) && state != NULL &&
		    strcmp(state, "running") == 0)
			n++;
		else
			put_trouble(t, trouble);
	}
	return n;
}

enum target_arrival
tasks_settled(struct engine *e, const char *service, const struct size *size,
    struct buf *why)
{
	struct buf path = { 0 }, filter = { 0 }, trouble = { 0 };
	enum target_arrival a = TARGET_LOST;
	struct http_response r = { 0 };
	struct json *tasks = NULL;
	const char *state;
	double want = -1;
	struct view v;

	if (look(e, service, &v, why) != 0)
		goto out;
	buf_str(&filter, "{\"desired-state\":[\"running\"],\"service\":[");
	buf_json_str(&filter, service);
	buf_str(&filter, "]}");
	buf_printf(&path, "/%s/tasks?filters=", e->api);
	if (!filter.failed)
		http_escape(&path, filter.s);
	if (!filter.failed && !path.failed)
		tasks = engine_get(e, path.s, &r, why);
	if (tasks == NULL)
		goto out;
	json_get_num(
	    json_get(json_get(json_get(v.j, "Spec"), "Mode"), "Replicated"),
	    "Replicas", &want);
	state = json_get_str(json_get(v.j, "UpdateStatus"), "State");
	if (!size_same(&v.has, size)) {
		buf_printf(why, "service '%s' has another size again", service);
		if (state != NULL)
			buf_printf(why, " (%s)", state);
		a = TARGET_ELSEWHERE;
	} else {
		double n = (double)count(tasks, size, &trouble);

		a = n == want && n == (double)json_len(tasks) ? TARGET_THERE
							      : TARGET_LATE;
		if (a == TARGET_LATE && state != NULL &&
		    strcmp(state, "paused") == 0)
			a = TARGET_STUCK;
		buf_printf(why,
		    "service '%s': %.0f of %.0f tasks run with it%s", service,
		    n, want, trouble.s != NULL ? trouble.s : "");
	}
out:
	json_free(tasks);
	http_response_free(&r);
	close_view(&v);
	buf_free(&path);
	buf_free(&filter);
	buf_free(&trouble);
	return a;
}
