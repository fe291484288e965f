/* Whatever has a scale subresource in a Kubernetes cluster. The count is read
 * and changed there alone; the object itself is looked at for what serves,
 * where our role allows that. A patch names the resourceVersion at which the
 * count was read, so that the server refuses it if another came between. That
 * number moves with every pod that comes or goes, too: it is not the version
 * that a decision is held against. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/number.h"
#include "target/pods.h"

enum {
	TRIES = 5, /* of a patch that is overtaken or asked to wait */
	WAIT_S = 30 /* the longest wait that a server may ask for */
};

struct kubernetes {
	struct cluster cluster;
	char *object; /* its path; the scale is at "/scale" below */
	char *shown; /* "deployments/web" */
	int core; /* Kubernetes' own: readyReplicas left out means 0 */
	int blind; /* our role does not let us see the object */
	double timeout;
};

struct view {
	long replicas; /* asked for */
	long exist; /* pods there are */
	long ready; /* -1: not known */
	long generation, observed; /* -1: not known */
	char uid[64], resource_version[64];
};

static void
kubernetes_close(void *self)
{
	struct kubernetes *k = self;

	cluster_close(&k->cluster);
	free(k->object);
	free(k->shown);
	free(k);
}

struct kind {
	const char *names; /* " a b " */
	const char *path, *plural;
};

static const struct kind *
find_kind(const char *name)
{
	static const struct kind kinds[] = {
		{ " deployment deployments deploy ", "apis/apps/v1",
		    "deployments" },
		{ " statefulset statefulsets sts ", "apis/apps/v1",
		    "statefulsets" },
		{ " replicaset replicasets rs ", "apis/apps/v1",
		    "replicasets" },
		{ " replicationcontroller replicationcontrollers rc ", "api/v1",
		    "replicationcontrollers" },
	};
	char word[64];

	snprintf(word, sizeof(word), " %s ", name);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		if (strstr(kinds[k].names, word) != NULL)
			return &kinds[k];
	return NULL;
}

/* Where the words of a service lead: [NAMESPACE/][KIND/]NAME, or with
 * GROUP/VERSION/PLURAL for the kind. 0 or -1. */
static int
locate(struct kubernetes *k, char *words[], size_t n, struct buf *why)
{
	const char *space = n == 3 || n == 5 ? words[0] : k->cluster.namespace;
	struct buf path = { 0 }, shown = { 0 };
	const struct kind *kind = NULL;
	const char *plural, *name = n < 2 ? "deployment" : words[n - 2];

	if (n <= 3) {
		kind = find_kind(name);
		if (kind == NULL) {
			buf_printf(why,
			    "driver 'kubernetes' knows no kind '%s'; other "
			    "kinds are GROUP/VERSION/PLURAL/NAME",
			    name);
			return -1;
		}
		buf_printf(&path, "/%s", kind->path);
		plural = kind->plural;
	} else {
		buf_str(&path, "/apis/");
		http_escape(&path, words[n - 4]);
		buf_char(&path, '/');
		http_escape(&path, words[n - 3]);
		plural = name;
	}
	buf_str(&path, "/namespaces/");
	http_escape(&path, space);
	buf_char(&path, '/');
	http_escape(&path, plural);
	buf_char(&path, '/');
	http_escape(&path, words[n - 1]);
	buf_printf(&shown, "%s/%s", plural, words[n - 1]);
	k->core = kind != NULL;
	k->object = path.s;
	k->shown = shown.s;
	if (!path.failed && !shown.failed)
		return 0;
	buf_str(why, "out of memory");
	return -1;
}

static int
take_service(struct kubernetes *k, const char *service, struct buf *why)
{
	char *copy = strdup(service), *rest = copy, *word, *words[6] = { NULL };
	size_t n = 0;
	int r = -1;

	if (copy == NULL) {
		buf_str(why, "out of memory");
		return -1;
	}
	while ((word = strsep(&rest, "/")) != NULL && *word != '\0' && n < 6)
		words[n++] = word;
	if (word != NULL || n == 0 || n > 5)
		buf_str(why,
		    "driver 'kubernetes' needs a service: "
		    "[NAMESPACE/]KIND/NAME, as in 'shop/deployment/web'");
	else
		r = locate(k, words, n, why);
	free(copy);
	return r;
}

static void *
kubernetes_open(const struct conf_apply *settings, struct buf *why)
{
	struct kubernetes *k = calloc(1, sizeof(*k));
	const char *service = settings->service;

	if (k == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	k->timeout = settings->timeout > 0 ? settings->timeout : WAIT_S;
	if (cluster_open(&k->cluster, settings->host, k->timeout, why) == 0 &&
	    take_service(k, service != NULL ? service : "", why) == 0)
		return k;
	kubernetes_close(k);
	return NULL;
}

/* A count that is left out is 0 to Kubernetes. -1: it is no count */
static long
whole(const struct json *j, const char *name, long absent)
{
	double x;

	if (json_get(j, name) == NULL)
		return absent;
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

static struct json *
get(struct kubernetes *k, const char *below, struct http_response *r,
    struct buf *why)
{
	struct http_request q = { .method = "GET" };
	struct buf path = { 0 };
	const char *text = "it is empty";
	struct json *j = NULL;

	buf_printf(&path, "%s%s", k->object, below);
	q.path = path.s;
	if (path.failed) {
		buf_str(why, "out of memory");
	} else if (cluster_send(&k->cluster, &q, r, why) == 0) {
		if (r->body.s != NULL)
			j = json_parse(r->body.s, r->body.len, &text);
		if (j == NULL)
			buf_printf(why, "'%s': the answer is not JSON: %s",
			    k->shown, text);
	}
	buf_free(&path);
	return j;
}

static int
read_scale(const struct kubernetes *k, const struct json *j, struct view *v,
    struct buf *why)
{
	const struct json *meta = json_get(j, "metadata");

	*v = (struct view){ .ready = -1, .generation = -1, .observed = -1 };
	v->replicas = whole(json_get(j, "spec"), "replicas", 0);
	v->exist = whole(json_get(j, "status"), "replicas", 0);
	copy(v->uid, sizeof(v->uid), json_get_str(meta, "uid"));
	copy(v->resource_version, sizeof(v->resource_version),
	    json_get_str(meta, "resourceVersion"));
	if (json_get_str(j, "kind") != NULL &&
	    strcmp(json_get_str(j, "kind"), "Scale") == 0 && v->replicas >= 0 &&
	    v->exist >= 0 && v->resource_version[0] != '\0')
		return 0;
	buf_printf(why,
	    "'%s': the answer is no Scale with a count and a "
	    "resourceVersion",
	    k->shown);
	return -1;
}

/* What serves. 0, also where we may not see it; or -1 */
static int
look_closer(struct kubernetes *k, struct view *v, struct buf *why)
{
	struct http_response r = { 0 };
	struct buf wrong = { 0 };
	const struct json *status;
	struct json *j;
	int done = 0;

	if (k->blind)
		return 0;
	j = get(k, "", &r, &wrong);
	status = json_get(j, "status");
	if (j != NULL) {
		v->ready = whole(status, "readyReplicas", k->core ? 0 : -1);
		v->observed = whole(status, "observedGeneration", -1);
		v->generation =
		    whole(json_get(j, "metadata"), "generation", -1);
	} else if (r.status == 403) {
		k->blind = 1;
	} else {
		buf_str(why, wrong.s != NULL ? wrong.s : "out of memory");
		done = -1;
	}
	json_free(j);
	http_response_free(&r);
	buf_free(&wrong);
	return done;
}

/* 0; -1: out of reach; the status of the answer is in *status */
static int
look(struct kubernetes *k, struct view *v, long *status, struct buf *why)
{
	struct http_response r = { 0 };
	struct json *j = get(k, "/scale", &r, why);
	int done = -1;

	*status = r.status;
	if (j != NULL && read_scale(k, j, v, why) == 0)
		done = look_closer(k, v, why);
	json_free(j);
	http_response_free(&r);
	return done;
}

/* Which object, and how often its specification was changed */
static void
put_version(const struct view *v, char *to, size_t size)
{
	/* who may not see the object sees no more of a change than the count */
	if (v->generation >= 0)
		snprintf(to, size, "%.36s.%ld", v->uid, v->generation);
	else
		snprintf(to, size, "%.36s/%ld", v->uid, v->replicas);
}

static void
kubernetes_state(void *self, struct state *s)
{
	struct buf why = { 0 };
	struct view v;
	long status;

	if (look(self, &v, &status, &why) == 0) {
		s->known = 1;
		s->instances = v.replicas;
		s->ready = v.ready;
		put_version(&v, s->version, sizeof(s->version));
	} else {
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	}
	buf_free(&why);
}

static enum target_outcome
compare(const struct kubernetes *k, const struct view *v,
    const struct target_change *change, struct buf *why)
{
	char version[sizeof(((struct state *)0)->version)];

	put_version(v, version, sizeof(version));
	if (v->replicas != change->from)
		buf_printf(why, "'%s' has %ld replicas now, not %ld", k->shown,
		    v->replicas, change->from);
	else if (change->version[0] != '\0' &&
	    strcmp(version, change->version) != 0)
		buf_printf(why, "'%s' was changed since: version %s, not %s",
		    k->shown, version, change->version);
	else
		return TARGET_WRITTEN;
	return TARGET_CHANGED;
}

/* The last step: sends the patch unless this is a dry run. *r: the answer */
static enum target_outcome
send_patch(const struct kubernetes *k, const char *path, const struct buf *body,
    int dry_run, struct http_response *r, struct buf *why)
{
	struct http_request q = { .method = "PATCH",
		.path = path,
		.body = body->s,
		.n_body = body->len,
		.content_type = "application/merge-patch+json",
		.once = 1 };

	if (dry_run)
		return TARGET_DRY;
	if (cluster_send(&k->cluster, &q, r, why) == 0)
		return TARGET_WRITTEN;
	if (r->status == 409)
		return TARGET_CHANGED;
	if (r->status >= 500 || (r->status == 0 && r->sent))
		return TARGET_UNSURE;
	return r->status == 0 ? TARGET_AWAY : TARGET_REFUSED;
}

static enum target_outcome
patch(struct kubernetes *k, const struct view *v,
    const struct target_change *change, struct http_response *r,
    struct buf *request, struct buf *why)
{
	struct buf path = { 0 }, body = { 0 };
	enum target_outcome o = TARGET_REFUSED;

	buf_printf(&path, "%s/scale?fieldManager=autoscale", k->object);
	buf_str(&body, "{\"metadata\":{\"resourceVersion\":");
	buf_json_str(&body, v->resource_version);
	buf_printf(&body, "},\"spec\":{\"replicas\":%ld}}", change->to);
	if (path.failed || body.failed) {
		buf_str(why, "out of memory");
	} else {
		buf_clear(request);
		buf_printf(request, "PATCH %s %s", path.s, body.s);
		o = send_patch(k, path.s, &body, change->dry_run, r, why);
	}
	buf_free(&path);
	buf_free(&body);
	return o;
}

/* How long the server asks to wait; -1: it does not, or too long */
static double
pause_asked(const struct http_response *r, int64_t until)
{
	const char *s = http_header(r, "Retry-After");
	double wait = 1;

	if (r->status != 429 || (s != NULL && number_parse(s, &wait) != 0))
		return -1;
	if (wait < 0 || wait > WAIT_S ||
	    clock_monotonic() + (int64_t)(wait * 1000) > until)
		return -1;
	return wait;
}

/*
 * A conflict may be no more than a pod that became ready between our look and
 * our patch: we look again, and try again while count and version hold. So we
 * do after a wait that the server asks for.
 */
static enum target_outcome
kubernetes_scale(void *self, const struct target_change *change,
    struct buf *request, struct buf *why)
{
	struct kubernetes *k = self;
	int64_t until = clock_monotonic() + (int64_t)(k->timeout * 1000);
	enum target_outcome o = TARGET_AWAY;
	struct http_response r = { 0 };
	struct view v;
	long status;

	for (int t = 0; t < TRIES; t++) {
		double wait = 0;

		buf_clear(why);
		if (look(k, &v, &status, why) != 0) {
			o = status == 404 || status == 403 ? TARGET_REFUSED
							   : TARGET_AWAY;
			break;
		}
		o = compare(k, &v, change, why);
		if (o == TARGET_WRITTEN)
			o = patch(k, &v, change, &r, request, why);
		else
			break;
		if (o == TARGET_REFUSED)
			wait = pause_asked(&r, until);
		else if (o != TARGET_CHANGED)
			break;
		if (wait < 0 || clock_monotonic() > until)
			break;
		if (t + 1 < TRIES)
			clock_sleep(wait);
	}
	http_response_free(&r);
	return o;
}

static enum target_arrival
kubernetes_settled(void *self, long want, struct buf *why)
{
	struct kubernetes *k = self;
	struct view v;
	long status;

	if (look(k, &v, &status, why) != 0)
		return TARGET_LOST;
	if (v.replicas != want) {
		buf_printf(why, "'%s' has %ld replicas now, not %ld", k->shown,
		    v.replicas, want);
		return TARGET_ELSEWHERE;
	}
	/* until its controller has seen the change, the rest is old */
	if (v.exist == want && (v.ready < 0 || v.ready == want) &&
	    (v.observed < 0 || v.observed >= v.generation))
		return TARGET_THERE;
	if (v.ready >= 0)
		buf_printf(why, "'%s': %ld of %ld pods are ready", k->shown,
		    v.ready, want);
	else
		buf_printf(why, "'%s': there are %ld of %ld pods", k->shown,
		    v.exist, want);
	return TARGET_LATE;
}

/* What the object's conditions complain of */
static void
kubernetes_explain(void *self, struct buf *why)
{
	struct kubernetes *k = self;
	struct buf ignored = { 0 };
	struct http_response r = { 0 };
	struct json *j;

	if (k->blind)
		return;
	j = get(k, "", &r, &ignored);
	for (const struct json *c =
		 json_first(json_get(json_get(j, "status"), "conditions"));
	     c != NULL; c = json_next(c)) {
		const char *type = json_get_str(c, "type"),
			   *status = json_get_str(c, "status"),
			   *text = json_get_str(c, "message");

		if (type == NULL || status == NULL || text == NULL ||
		    (strcmp(type, "ReplicaFailure") == 0) !=
			(strcmp(status, "True") == 0) ||
		    strcmp(status, "Unknown") == 0)
			continue;
		buf_str(why, "; ");
		buf_excerpt(why, text, strlen(text), 200);
	}
	json_free(j);
	http_response_free(&r);
	buf_free(&ignored);
}

static struct workload
workload(const struct kubernetes *k)
{
	return (struct workload){ &k->cluster, k->object, k->shown };
}

static int
kubernetes_sizes(void *self, struct size_parts *parts, struct buf *why)
{
	const struct workload w = workload(self);

	return pods_size(&w, parts, why);
}

static enum target_outcome
kubernetes_resize(void *self, const struct size_change *change,
    struct buf *request, struct buf *why)
{
	const struct workload w = workload(self);

	return pods_resize(&w, change, request, why);
}

static enum target_arrival
kubernetes_resized(void *self, const struct size *size, struct buf *why)
{
	const struct workload w = workload(self);

	return pods_settled(&w, size, why);
}

static const struct target_sizing sizing = {
	.sizes = kubernetes_sizes,
	.round = pods_round,
	.resize = kubernetes_resize,
	.settled = kubernetes_resized,
};

const struct target_driver target_kubernetes = {
	.name = "kubernetes",
	.open = kubernetes_open,
	.close = kubernetes_close,
	.read = kubernetes_state,
	.scale = kubernetes_scale,
	.settled = kubernetes_settled,
	.explain = kubernetes_explain,
	.sizing = &sizing,
};
