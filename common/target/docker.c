/* Containers of one Docker Engine that carry the same labels: docker takes any
 * label, compose those of a project's service. An Engine has no version of a
 * set of containers to compare with. What keeps two writers apart are names:
 * who adds takes the next numbers, and the Engine gives a name but once. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "target/docker.h"
#include "target/replica.h"
#include "target/target.h"

enum {
	WRITE_S = 60, /* longest wait for the answer to a change */
	GRACE_S =
	    10, /* until the Engine kills, where the container says none */
	ORPHAN_S = 600, /* after that, what we made and never started goes */
	AT_ONCE = 16, /* containers stopped together */
	ERRORS_SHOWN = 3
};

/* A change under way. Requests go out through step() alone. */
struct job {
	struct docker *d;
	const struct target_change *change;
	struct buf *request, *why;
	int64_t until; /* no step is begun after this */
	int done; /* containers started or stopped so far */
};

static void
docker_close(void *self)
{
	struct docker *d = self;

	engine_close(&d->engine);
	free(d->service);
	free(d->labels);
	free(d);
}

static void *
open_kind(const struct conf_apply *settings, int compose, struct buf *why)
{
	const char *service =
	    settings->service != NULL ? settings->service : "";
	struct docker *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	d->compose = compose;
	d->timeout = settings->timeout > 0 ? settings->timeout : WRITE_S;
	d->labels = crowd_labels(service, compose, why);
	d->service = strdup(service);
	if (d->labels != NULL && d->service == NULL)
		buf_str(why, "out of memory");
	if (d->labels != NULL && d->service != NULL &&
	    engine_open(&d->engine, settings, d->timeout, why) == 0)
		return d;
	docker_close(d);
	return NULL;
}

static void *
docker_open(const struct conf_apply *settings, struct buf *why)
{
	return open_kind(settings, 0, why);
}

static void *
compose_open(const struct conf_apply *settings, struct buf *why)
{
	return open_kind(settings, 1, why);
}

static void
name(const struct docker *d, struct buf *out)
{
	buf_printf(
	    out, "%s '%s'", d->compose ? "service" : "label", d->service);
}

int
docker_look(struct docker *d, struct crowd *c, struct buf *why)
{
	if (crowd_look(&d->engine, d->labels, d->compose, c, why) != 0)
		return -1;
	if (c->n > 0)
		return 0;
	buf_printf(why, "'%s' has no container of ", d->engine.shown);
	name(d, why);
	buf_str(why, "; start a first one, of which others can be made, with ");
	buf_str(why, d->compose ? "'docker compose up'" : "'docker run -l'");
	crowd_free(c);
	return -1;
}

static void
docker_state(void *self, struct state *s)
{
	struct buf why = { 0 };
	struct crowd c;

	if (docker_look(self, &c, &why) == 0) {
		s->known = 1;
		s->instances = (long)c.count;
		s->ready = (long)c.ready;
		snprintf(s->version, sizeof(s->version), "%s", c.version);
		crowd_free(&c);
	} else {
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	}
	buf_free(&why);
}

static enum target_outcome
judge(const struct http_response *r)
{
	if (r->status == 0)
		return r->sent ? TARGET_UNSURE : TARGET_AWAY;
	if (r->status == 409 && r->body.s != NULL &&
	    strstr(r->body.s, "already in use") != NULL)
		return TARGET_CHANGED;
	return TARGET_REFUSED;
}

/*
 * The last step: one request, or in a dry run its words alone. also: another
 * status that is as good as 2xx.
 */
static enum target_outcome
step(struct job *j, const char *method, const struct buf *path,
    const struct buf *body, double seconds, long also)
{
	struct http_request q = { .method = method,
		.path = path->s,
		.body = body != NULL ? body->s : NULL,
		.n_body = body != NULL ? body->len : 0,
		.total_s = seconds,
		.once = 1 };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	if (path->failed || (body != NULL && body->failed)) {
		buf_str(j->why, "out of memory");
		return TARGET_REFUSED;
	}
	buf_printf(j->request, "%s%s %s", j->request->len > 0 ? "; " : "",
	    method, path->s);
	if (j->change->dry_run)
		return TARGET_WRITTEN;
	if (http_send(j->d->engine.h, &q, &r) != 0 && r.status != also) {
		if (j->why->len > 0)
			buf_str(j->why, "; ");
		engine_complain(&j->d->engine, &r, j->why);
		o = judge(&r);
	}
	http_response_free(&r);
	return o;
}

static void
put_path(
    struct buf *path, const struct engine *e, const char *who, const char *what)
{
	buf_clear(path);
	buf_printf(path, "/%s/containers/", e->api);
	http_escape(path, who);
	buf_str(path, what);
}

static enum target_outcome
start(struct job *j, const char *who)
{
	struct buf path = { 0 };
	enum target_outcome o;

	put_path(&path, &j->d->engine, who, "/start");
	o = step(j, "POST", &path, NULL, WRITE_S, 304);
	j->done += o == TARGET_WRITTEN;
	buf_free(&path);
	return o;
}

/* how: a query that says what goes with it */
static enum target_outcome
drop(struct job *j, const char *who, const char *how)
{
	struct buf path = { 0 };
	enum target_outcome o;

	put_path(&path, &j->d->engine, who, how);
	o = step(j, "DELETE", &path, NULL, WRITE_S, 404);
	buf_free(&path);
	return o;
}

/* How a container is to be stopped: its own signal, its own grace period */
static enum target_outcome
prepare_stop(struct job *j, const struct container *c, struct engine_post *p)
{
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_AWAY;
	double grace = GRACE_S;
	struct json *one = NULL;

	put_path(&p->path, &j->d->engine, c->id, "/json");
	if (!p->path.failed)
		one = engine_get(&j->d->engine, p->path.s, &r, j->why);
	if (one != NULL) {
		json_get_num(json_get(one, "Config"), "StopTimeout", &grace);
		p->seconds = (grace > 0 ? grace : 0) + WRITE_S;
		put_path(&p->path, &j->d->engine, c->id, "/stop");
		buf_printf(j->request, "%sPOST %s",
		    j->request->len > 0 ? "; " : "", p->path.s);
		o = p->path.failed ? TARGET_AWAY : TARGET_WRITTEN;
	} else if (r.status == 404) {
		o = TARGET_CHANGED; /* another removed it meanwhile */
	}
	json_free(one);
	http_response_free(&r);
	return o;
}

/* Stops c[0..n-1] together, n <= AT_ONCE; stopped says which did stop. */
static enum target_outcome
stop_some(struct job *j, const struct container *c, size_t n, char *stopped)
{
	struct engine_post posts[AT_ONCE] = { { .seconds = 0 } };
	enum target_outcome o = TARGET_WRITTEN;

	for (size_t k = 0; k < n && o == TARGET_WRITTEN; k++)
		o = prepare_stop(j, &c[k], &posts[k]);
	if (o == TARGET_WRITTEN && j->change->dry_run)
		memset(stopped, 1, n);
	else if (o == TARGET_WRITTEN &&
	    engine_post_all(&j->d->engine, posts, n, j->why) != 0)
		o = TARGET_AWAY;
	else if (o == TARGET_WRITTEN)
		for (size_t k = 0; k < n; k++) {
			/* 304: it had ended by itself; 404: another removed it
			 * just now */
			stopped[k] = !posts[k].failed ||
			    posts[k].r.status == 304 ||
			    posts[k].r.status == 404;
			j->done += stopped[k];
			if (stopped[k])
				continue;
			engine_complain(&j->d->engine, &posts[k].r, j->why);
			o = judge(&posts[k].r);
		}
	engine_post_free(posts, n);
	return o;
}

/* What has stopped serves no more, so the count is right whether it can be
 * deleted or not. Volumes without a name go with what we made; a person's stay.
 */
static void
delete_some(
    struct job *j, const struct container *c, size_t n, const char *stopped)
{
	struct buf *why = j->why, wrong = { 0 };

	for (size_t k = 0; k < n; k++) {
		buf_clear(&wrong);
		j->why = &wrong;
		if (stopped[k])
			drop(j, c[k].id, c[k].ours ? "?v=true" : "");
		j->why = why;
		/* docker run --rm deletes by itself */
		if (wrong.len > 0 &&
		    strstr(wrong.s, "already in progress") == NULL)
			buf_printf(
			    why, "%s%s", why->len > 0 ? "; " : "", wrong.s);
	}
	buf_free(&wrong);
}

/* A change that was cut off: what is done stays, and will be read back. */
static enum target_outcome
broken_off(const struct job *j, enum target_outcome o)
{
	return j->done > 0 && o != TARGET_WRITTEN ? TARGET_UNSURE : o;
}

static int
late(struct job *j)
{
	if (clock_monotonic() < j->until)
		return 0;
	buf_printf(j->why, "out of time after %d container%s", j->done,
	    j->done == 1 ? "" : "s");
	return 1;
}

/* The last of all is stopped and kept: of what would more be made? */
static enum target_outcome
remove_some(struct job *j, const struct crowd *c)
{
	size_t n = (size_t)(j->change->from - j->change->to), m;

	for (size_t k = 0; k < n; k += m) {
		char stopped[AT_ONCE] = { 0 };
		enum target_outcome o;

		m = n - k < AT_ONCE ? n - k : AT_ONCE;
		if (late(j))
			return broken_off(j, TARGET_REFUSED);
		o = stop_some(j, &c->all[k], m, stopped);
		delete_some(
		    j, &c->all[k], k + m < c->count ? m : m - 1, stopped);
		if (o != TARGET_WRITTEN)
			return broken_off(j, o);
	}
	return TARGET_WRITTEN;
}

/* The image of a replica: the template's words for it, unless they mean
 * another image by now. NULL: those words. */
static const char *
pin_image(struct job *j, const struct json *template)
{
	const char *image = json_get_str(template, "Image");
	const char *said = json_get_str(json_get(template, "Config"), "Image");
	struct buf path = { 0 }, ignored = { 0 };
	struct http_response r = { 0 };
	struct json *found = NULL;
	const char *id;
	int same;

	if (said == NULL)
		return image;
	buf_printf(&path, "/%s/images/%s/json", j->d->engine.api, said);
	if (!path.failed)
		found = engine_get(&j->d->engine, path.s, &r, &ignored);
	id = json_get_str(found, "Id");
	same = id != NULL && image != NULL && strcmp(id, image) == 0;
	json_free(found);
	http_response_free(&r);
	buf_free(&path);
	buf_free(&ignored);
	return same ? NULL : image;
}

static enum target_outcome
connect_all(struct job *j, const struct json *template, const struct replica *r)
{
	enum target_outcome o = TARGET_WRITTEN;
	struct buf body = { 0 }, path = { 0 };
	const char *network;

	for (size_t k = 0; o == TARGET_WRITTEN &&
	     replica_network(template, k, r, &network, &body) == 0;
	     k++) {
		buf_clear(&path);
		buf_printf(&path, "/%s/networks/", j->d->engine.api);
		http_escape(&path, network);
		buf_str(&path, "/connect");
		o = step(j, "POST", &path, &body, WRITE_S, 0);
		buf_clear(&body);
	}
	buf_free(&body);
	buf_free(&path);
	return o;
}

/* One more. What cannot be started is taken away again. */
static enum target_outcome
add(struct job *j, const struct buf *text, const struct json *template,
    const struct replica *r)
{
	struct buf path = { 0 }, body = { 0 };
	enum target_outcome o;

	if (replica_body(text->s, text->len, r, &body) != 0) {
		buf_printf(j->why, "cannot make a replica of '%s'", r->from);
		buf_free(&body);
		return TARGET_REFUSED;
	}
	buf_printf(&path, "/%s/containers/create?name=", j->d->engine.api);
	http_escape(&path, r->name);
	o = step(j, "POST", &path, &body, WRITE_S, 0);
	buf_free(&path);
	buf_free(&body);
	if (o != TARGET_WRITTEN)
		return o;
	o = connect_all(j, template, r);
	if (o == TARGET_WRITTEN)
		o = start(j, r->name);
	if (o == TARGET_REFUSED || o == TARGET_CHANGED)
		drop(j, r->name, "?force=true&v=true");
	return o;
}

static enum target_outcome
add_some(struct job *j, const struct crowd *c, const struct container *t,
    const struct buf *text, const struct json *template)
{
	const char *image = pin_image(j, template);
	long number = crowd_next(c, t), n = j->change->to - j->change->from;
	enum target_outcome o = TARGET_WRITTEN;
	char digits[32], fresh[sizeof(t->name) + 40];
	struct replica r = { fresh, t->name, image,
		j->d->compose ? digits : NULL };

	if (c->count == 0) { /* the one that was kept */
		o = start(j, t->name);
		n--;
	}
	for (long k = 0; k < n && o == TARGET_WRITTEN; k++, number++) {
		snprintf(digits, sizeof(digits), "%ld", number);
		snprintf(fresh, sizeof(fresh), "%.*s%c%ld", (int)t->base,
		    t->name, t->name[t->base] == '_' ? '_' : '-', number);
		o = late(j) ? TARGET_REFUSED : add(j, text, template, &r);
	}
	return broken_off(j, o);
}

/* What an earlier run made and did not come to start */
static void
sweep(struct job *j, const struct crowd *c)
{
	struct buf *why = j->why, ignored = { 0 };

	j->why = &ignored;
	for (size_t k = 0; k < c->n; k++) {
		const struct container *x = &c->all[k];

		if (x->fresh && x->ours && !x->counts &&
		    (double)clock_wall() / 1000 - x->created > ORPHAN_S)
			drop(j, x->id, "?v=true");
	}
	j->why = why;
	buf_free(&ignored);
}

static enum target_outcome
grow(struct job *j, const struct crowd *c)
{
	const struct container *t = crowd_template(c);
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_AWAY;
	struct json *template = NULL;
	struct buf path = { 0 };

	if (t == NULL || (j->d->compose && t->name[t->base] == '\0')) {
		name(j->d, j->why);
		buf_str(j->why,
		    t == NULL ? " has no container that others can be made of"
			      : " has a container_name of its own: there can "
				"be but one of it");
		return TARGET_REFUSED;
	}
	put_path(&path, &j->d->engine, t->id, "/json");
	if (!path.failed)
		template = engine_get(&j->d->engine, path.s, &r, j->why);
	if (template != NULL) {
		sweep(j, c);
		o = add_some(j, c, t, &r.body, template);
	}
	json_free(template);
	http_response_free(&r);
	buf_free(&path);
	return o;
}

static enum target_outcome
change_crowd(struct job *j, const struct crowd *c)
{
	const struct target_change *change = j->change;
	enum target_outcome o;

	if ((long)c->count != change->from) {
		name(j->d, j->why);
		buf_printf(j->why, " has %zu containers now, not %ld", c->count,
		    change->from);
		return TARGET_CHANGED;
	}
	if (change->version[0] != '\0' &&
	    strcmp(change->version, c->version) != 0) {
		name(j->d, j->why);
		buf_str(j->why, " has other containers than it had");
		return TARGET_CHANGED;
	}
	o = change->to > change->from ? grow(j, c) : remove_some(j, c);
	return change->dry_run && o == TARGET_WRITTEN ? TARGET_DRY : o;
}

static enum target_outcome
docker_scale(void *self, const struct target_change *change,
    struct buf *request, struct buf *why)
{
	struct docker *d = self;
	struct job j = { .d = d,
		.change = change,
		.request = request,
		.why = why,
		.until = clock_monotonic() + (int64_t)(d->timeout * 1000) };
	enum target_outcome o;
	struct crowd c;

	if (docker_look(d, &c, why) != 0)
		return TARGET_AWAY;
	o = change_crowd(&j, &c);
	crowd_free(&c);
	return o;
}

static void
put_troubles(const struct crowd *c, struct buf *why)
{
	int shown = 0;

	for (size_t k = 0; k < c->n && shown < ERRORS_SHOWN; k++)
		if (c->all[k].counts ? !c->all[k].ready : c->all[k].ours) {
			buf_printf(why, "; '%s': %s", c->all[k].name,
			    c->all[k].status);
			shown++;
		}
}

static enum target_arrival
docker_settled(void *self, long want, struct buf *why)
{
	enum target_arrival a = TARGET_LATE;
	struct docker *d = self;
	struct crowd c;

	if (docker_look(d, &c, why) != 0)
		return TARGET_LOST;
	if ((long)c.count == want && c.ready == c.count) {
		a = TARGET_THERE;
	} else {
		name(d, why);
		if ((long)c.count == want) {
			buf_printf(why, ": %zu of %ld containers serve",
			    c.ready, want);
		} else {
			buf_printf(why, " has %zu containers now, not %ld",
			    c.count, want);
			a = TARGET_ELSEWHERE;
		}
		put_troubles(&c, why);
	}
	crowd_free(&c);
	return a;
}

const struct target_driver target_docker = {
	.name = "docker",
	.open = docker_open,
	.close = docker_close,
	.read = docker_state,
	.scale = docker_scale,
	.settled = docker_settled,
	.sizing = &docker_sizing,
};

const struct target_driver target_compose = {
	.name = "compose",
	.open = compose_open,
	.close = docker_close,
	.read = docker_state,
	.scale = docker_scale,
	.settled = docker_settled,
	.sizing = &docker_sizing,
};
