#include "target/pods.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/number.h"
#include "record/record.h"

#define MIB 1048576.0

enum {
	TRIES = 5 /* of a patch that only a pod's coming or going overtook */
};

struct view { /* the workload at one moment */
	struct json *j;
	long status; /* of the answer */
	const struct json *container; /* the one meant */
	const char *name; /* its */
	const char *version; /* resourceVersion */
	struct size has;
	int odd[SIZE_AMOUNTS]; /* written in a way that we do not read */
};

static int
is(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* "500m", "1.5", "128Mi", "64k", 2. 0 where there is none; -1: not read */
static double
quantity(const struct json *j)
{
	const char *s = json_str(j);
	char text[64];
	double x = 0;
	size_t n;

	if (j == NULL || json_num(j, &x) == 0)
		return x;
	n = s != NULL ? strlen(s) : 0;
	if (n == 0 || n >= sizeof(text))
		return -1;
	memcpy(text, s, n + 1);
	if (text[n - 1] == 'm') {
		text[n - 1] = '\0';
		return number_parse(text, &x) == 0 && x >= 0 ? x / 1000 : -1;
	}
	if (text[n - 1] == 'k')
		text[n - 1] = 'K';
	if (number_parse(text, &x) != 0 && number_bytes(text, &x) != 0)
		return -1;
	return x >= 0 ? x : -1;
}

static void
take_size(struct view *v)
{
	static const struct {
		const char *of, *name;
	} places[SIZE_AMOUNTS] = { { "limits", "cpu" }, { "limits", "memory" },
		{ "requests", "cpu" }, { "requests", "memory" } };
	const struct json *r = json_get(v->container, "resources");

	for (int a = 0; a < SIZE_AMOUNTS; a++) {
		double x = quantity(
		    json_get(json_get(r, places[a].of), places[a].name));

		v->odd[a] = x < 0;
		v->has.x[a] = x > 0 ? x : 0;
	}
}

/* The only one, the one that an annotation names, or the workload's namesake */
static const struct json *
find_container(const struct json *workload)
{
	const struct json *template =
	    json_get(json_get(workload, "spec"), "template");
	const struct json *all =
	    json_get(json_get(template, "spec"), "containers");
	const char *wanted = json_get_str(
	    json_get(json_get(template, "metadata"), "annotations"),
	    "kubectl.kubernetes.io/default-container");

	if (json_len(all) == 1)
		return json_first(all);
	if (wanted == NULL)
		wanted = json_get_str(json_get(workload, "metadata"), "name");
	for (const struct json *c = json_first(all); c != NULL;
	     c = json_next(c))
		if (is(json_get_str(c, "name"), wanted))
			return c;
	return NULL;
}

/* 0, or -1 and why; json_free(v->j) in any case */
static int
look(const struct workload *w, struct view *v, struct buf *why)
{
	struct http_request q = { .method = "GET", .path = w->object };
	struct http_response r = { 0 };
	const char *text = "it is empty";

	*v = (struct view){ .j = NULL };
	if (cluster_send(w->cluster, &q, &r, why) == 0) {
		if (r.body.s != NULL)
			v->j = json_parse(r.body.s, r.body.len, &text);
		if (v->j == NULL)
			buf_printf(why, "'%s': the answer is not JSON: %s",
			    w->shown, text);
	}
	v->status = r.status;
	http_response_free(&r);
	if (v->j == NULL)
		return -1;
	v->container = find_container(v->j);
	v->name = json_get_str(v->container, "name");
	v->version =
	    json_get_str(json_get(v->j, "metadata"), "resourceVersion");
	if (v->name != NULL && v->version != NULL) {
		take_size(v);
		return 0;
	}
	buf_printf(why, "'%s': ", w->shown);
	buf_str(why,
	    v->version == NULL
		? "the answer has no resourceVersion"
		: "of its several containers none is named as it is, nor by "
		  "the annotation kubectl.kubernetes.io/default-container");
	return -1;
}

static int
replaces_pods(const struct workload *w)
{
	return strncmp(w->shown, "deployments/", 12) == 0 ||
	    strncmp(w->shown, "statefulsets/", 13) == 0;
}

int
pods_size(const struct workload *w, struct size_parts *parts, struct buf *why)
{
	static const char other[] =
	    "is not set: only a Deployment or a StatefulSet replaces its pods "
	    "for it";
	static const char odd[] = "is set in a way that is left alone";
	struct size_part *p = size_add(parts);
	struct view v = { .j = NULL };
	int r = 0;

	if (p == NULL) {
		buf_str(why, "out of memory");
		return -1;
	}
	if (replaces_pods(w))
		r = look(w, &v, why);
	snprintf(p->name, sizeof(p->name), "%s%s%s", w->shown,
	    v.name != NULL ? " " : "", v.name != NULL ? v.name : "");
	p->has = v.has;
	for (int a = 0; a < SIZE_AMOUNTS; a++)
		p->fixed[a] = !replaces_pods(w) ? other : v.odd[a] ? odd : NULL;
	json_free(v.j);
	return r;
}

void
pods_round(struct size *size)
{
	for (int a = 0; a < SIZE_AMOUNTS; a++)
		if (a == SIZE_CPUS || a == SIZE_CPUS_KEPT)
			size->x[a] = ceil(size->x[a] * 1000 - 1e-6) / 1000;
}

static void
put_amount(struct buf *b, int a, double x)
{
	char text[64];

	if (a == SIZE_CPUS || a == SIZE_CPUS_KEPT)
		snprintf(text, sizeof(text), "%.0fm", rint(x * 1000));
	else if (fmod(x, MIB) == 0)
		snprintf(text, sizeof(text), "%.0fMi", x / MIB);
	else
		snprintf(text, sizeof(text), "%.0f", x);
	record_put_key(
	    b, a == SIZE_CPUS || a == SIZE_CPUS_KEPT ? "cpu" : "memory");
	/* what was not there before is taken away again */
	if (x > 0)
		buf_json_str(b, text);
	else
		buf_str(b, "null");
}

/* Only what changes: containers are merged by their names */
static void
write_body(struct buf *b, const struct view *v, const struct size *to)
{
	static const char *const pairs[] = { "limits", "requests" };

	buf_str(b, "{\"metadata\":{\"resourceVersion\":");
	buf_json_str(b, v->version);
	buf_str(b, "},\"spec\":{\"template\":{\"spec\":{\"containers\":[{");
	record_put_str(b, "name", v->name);
	record_put_key(b, "resources");
	buf_char(b, '{');
	for (int pair = 0; pair < 2; pair++) {
		int first = pair == 0 ? SIZE_CPUS : SIZE_CPUS_KEPT;

		if (to->x[first] == v->has.x[first] &&
		    to->x[first + 1] == v->has.x[first + 1])
			continue;
		record_put_key(b, pairs[pair]);
		buf_char(b, '{');
		for (int a = first; a < first + 2; a++)
			if (to->x[a] != v->has.x[a])
				put_amount(b, a, to->x[a]);
		buf_char(b, '}');
	}
	buf_str(b, "}}]}}}}");
}

/* The last step: sends the patch unless this is a dry run */
static enum target_outcome
patch(const struct workload *w, const struct view *v,
    const struct size_change *change, struct buf *request, struct buf *why)
{
	struct buf path = { 0 }, body = { 0 };
	struct http_request q = { .method = "PATCH",
		.content_type = "application/strategic-merge-patch+json",
		.once = 1 };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_DRY;

	buf_printf(&path, "%s?fieldManager=autoscale", w->object);
	write_body(&body, v, &change->to);
	if (path.failed || body.failed) {
		buf_str(why, "out of memory");
		o = TARGET_REFUSED;
	} else {
		buf_clear(request);
		buf_printf(request, "PATCH %s %s", path.s, body.s);
	}
	q.path = path.s;
	q.body = body.s;
	q.n_body = body.len;
	if (o == TARGET_DRY && !change->dry_run) {
		if (cluster_send(w->cluster, &q, &r, why) == 0)
			o = TARGET_WRITTEN;
		else if (r.status == 409)
			o = TARGET_CHANGED;
		else if (r.status >= 500 || (r.status == 0 && r.sent))
			o = TARGET_UNSURE;
		else
			o = r.status == 0 ? TARGET_AWAY : TARGET_REFUSED;
	}
	http_response_free(&r);
	buf_free(&path);
	buf_free(&body);
	return o;
}

enum target_outcome
pods_resize(const struct workload *w, const struct size_change *change,
    struct buf *request, struct buf *why)
{
	enum target_outcome o = TARGET_CHANGED;

	for (int t = 0; t < TRIES && o == TARGET_CHANGED; t++) {
		struct view v;

		buf_clear(why);
		if (look(w, &v, why) != 0) {
			o = v.status == 403 || v.status == 404 ? TARGET_REFUSED
							       : TARGET_AWAY;
		} else if (!size_same(&v.has, &change->part->has)) {
			buf_printf(why,
			    "'%s' was given something else meanwhile",
			    w->shown);
			t = TRIES;
		} else {
			o = patch(w, &v, change, request, why);
		}
		json_free(v.j);
	}
	return o;
}

static double
number(const struct json *j, const char *name)
{
	double x = 0;

	json_get_num(j, name, &x);
	return x;
}

/* Its controller has given up: what it says, or NULL */
static const char *
gave_up(const struct json *status)
{
	for (const struct json *c = json_first(json_get(status, "conditions"));
	     c != NULL; c = json_next(c))
		if (is(json_get_str(c, "type"), "Progressing") &&
		    is(json_get_str(c, "status"), "False"))
			return json_get_str(c, "message");
	return NULL;
}

enum target_arrival
pods_settled(const struct workload *w, const struct size *size, struct buf *why)
{
	enum target_arrival a = TARGET_LATE;
	const struct json *status;
	const char *text;
	double want, fresh;
	struct view v;
	int seen;

	if (look(w, &v, why) != 0) {
		json_free(v.j);
		return TARGET_LOST;
	}
	status = json_get(v.j, "status");
	want = number(json_get(v.j, "spec"), "replicas");
	fresh = number(status, "updatedReplicas");
	/* until its controller has seen the change, the rest is old */
	seen = number(status, "observedGeneration") >=
	    number(json_get(v.j, "metadata"), "generation");
	text = seen ? gave_up(status) : NULL;
	if (!size_same(&v.has, size)) {
		buf_printf(why, "'%s' has another size again", w->shown);
		a = TARGET_ELSEWHERE;
	} else if (seen && fresh == want &&
	    number(status, "replicas") == want &&
	    number(status, "readyReplicas") == want) {
		a = TARGET_THERE;
	} else {
		buf_printf(why, "'%s': %.0f of %.0f pods were replaced",
		    w->shown, seen ? fresh : 0, want);
		if (text != NULL) {
			buf_str(why, ": ");
			buf_excerpt(why, text, strlen(text), 200);
			a = TARGET_STUCK;
		}
	}
	json_free(v.j);
	return a;
}
