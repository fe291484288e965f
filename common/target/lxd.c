/* Instances of LXD that carry the same user.autoscale.target, through its REST
 * API. LXD takes nearly everything with a 202 and fails afterwards: a step is
 * done when its operation is. Steps of one kind are begun together and then
 * waited for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "target/fleet.h"
#include "target/instance.h"

enum {
	PROBE_S = 2,
	ON_ITS_WAY = 60, /* s: one of ours that was not started yet counts */
	AT_ONCE = 64 /* instances that are worked on together */
};

/* A change under way */
struct job {
	struct lxd *d;
	const struct target_change *change;
	struct buf *request, *why;
	int done; /* instances started or stopped so far */
};

static void
lxd_close(void *self)
{
	struct lxd *d = self;

	lxd_end(d);
	free(d);
}

static void *
lxd_open(const struct conf_apply *settings, struct buf *why)
{
	struct lxd *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	if (lxd_begin(d, settings, why) == 0)
		return d;
	lxd_close(d);
	return NULL;
}

/* The first address that others can reach */
static void
read_address(struct machine *m, const struct json *network)
{
	for (const struct json *card = json_first(network); card != NULL;
	     card = json_next(card))
		for (const struct json *a =
			 json_first(json_get(card, "addresses"));
		     a != NULL; a = json_next(a)) {
			const char *scope = json_get_str(a, "scope");
			const char *family = json_get_str(a, "family");
			const char *text = json_get_str(a, "address");

			if (scope == NULL || strcmp(scope, "global") != 0 ||
			    family == NULL || text == NULL)
				continue;
			if (m->address[0] == '\0' ||
			    (strchr(m->address, ':') != NULL &&
				strcmp(family, "inet") == 0))
				snprintf(
				    m->address, sizeof(m->address), "%s", text);
		}
}

static int
says(const struct json *config, const char *key, const char *value)
{
	const char *s = json_get_str(config, key);

	return s != NULL && strcmp(s, value) == 0;
}

static void
read_one(struct machine *m, const struct json *j)
{
	const struct json *config = json_get(j, "config");
	const char *name = json_get_str(j, "name");
	const char *status = json_get_str(j, "status");
	const char *uuid = json_get_str(config, "volatile.uuid");
	long long ms = 0, used = 0;
	int fresh;

	snprintf(m->name, sizeof(m->name), "%s", name != NULL ? name : "");
	snprintf(m->id, sizeof(m->id), "%s", uuid != NULL ? uuid : m->name);
	snprintf(m->status, sizeof(m->status), "%s",
	    status != NULL ? status : "unknown");
	if (json_get_time(config, "user.autoscale.created", &ms) != 0)
		json_get_time(j, "created_at", &ms);
	json_get_time(j, "last_used_at", &used);
	m->created = (double)ms / 1000;
	m->ours = says(config, "user.autoscale.made", "yes");
	m->proven = says(config, "user.autoscale.proven", "yes");
	m->runs = strcmp(m->status, "Running") == 0;
	fresh = m->ours && used <= 0 &&
	    (double)clock_wall() / 1000 - m->created < ON_ITS_WAY;
	m->counts = fresh || strcmp(m->status, "Stopped") != 0;
	read_address(m, json_get(json_get(j, "state"), "network"));
}

static int
look(struct lxd *d, struct fleet *f, struct buf *why)
{
	struct buf path = { 0 };
	struct json *j;
	int r = 0;

	*f = (struct fleet){ .all = NULL };
	lxd_path(&path, d, "instances", "", "recursion=2");
	j = lxd_get(d, &path, NULL, why);
	buf_free(&path);
	if (j == NULL)
		return -1;
	for (const struct json *i = json_first(json_get(j, "metadata"));
	     i != NULL && r == 0; i = json_next(i)) {
		struct machine *m;

		if (!says(json_get(i, "config"), "user.autoscale.target",
			d->service))
			continue;
		m = fleet_add(f);
		if (m != NULL)
			read_one(m, i);
		else
			r = -1;
	}
	if (r == 0) {
		fleet_probe(f, d->machine.health, PROBE_S);
		r = fleet_finish(f, d->machine.orphan_after);
	}
	if (r != 0) {
		buf_str(why, "out of memory");
		fleet_free(f);
	}
	json_free(j);
	return r;
}

static void
lxd_state(void *self, struct state *s)
{
	struct buf why = { 0 };
	struct fleet f;

	if (look(self, &f, &why) == 0)
		fleet_state(&f, s);
	else
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	fleet_free(&f);
	buf_free(&why);
}

static int
late(struct job *j)
{
	if (clock_monotonic() < j->d->until)
		return 0;
	buf_printf(j->why, "%sout of time after %d instance%s",
	    j->why->len > 0 ? "; " : "", j->done, j->done == 1 ? "" : "s");
	return 1;
}

/* What was done stays, and will be read back. */
static enum target_outcome
broken_off(const struct job *j, enum target_outcome o)
{
	return j->done > 0 && o != TARGET_WRITTEN ? TARGET_UNSURE : o;
}

/* Steps of one kind for s[0..n-1], of which those that are out take no part:
 * each is begun, then each is waited for. The worst outcome. */
static enum target_outcome
go(struct job *j, struct lxd_step *s, size_t n, enum lxd_kind kind)
{
	enum target_outcome worst = TARGET_WRITTEN;

	for (size_t k = 0; k < n; k++) {
		if (s[k].out)
			continue;
		s[k].kind = kind;
		lxd_show(j->request, j->d, &s[k]);
		if (!j->change->dry_run)
			lxd_send(j->d, &s[k]);
	}
	if (j->change->dry_run)
		return TARGET_WRITTEN;
	for (size_t k = 0; k < n; k++) {
		if (s[k].out)
			continue;
		lxd_await(j->d, &s[k]);
		if (s[k].outcome == TARGET_WRITTEN)
			continue;
		s[k].out = 1;
		if (worst != TARGET_UNSURE)
			worst = s[k].outcome;
	}
	return worst;
}

/* Puts what went wrong into why, and forgets it */
static void
complain(struct job *j, struct lxd_step *s, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		if (s[k].why.len > 0)
			buf_printf(j->why, "%s'%s': %s",
			    j->why->len > 0 ? "; " : "", s[k].name, s[k].why.s);
		buf_clear(&s[k].why);
	}
}

static void
free_steps(struct lxd_step *s, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		buf_free(&s[k].body);
		buf_free(&s[k].shown);
		buf_free(&s[k].why);
		free(s[k].operation);
	}
}

/* Those that do not stop in their time are cut off. */
static enum target_outcome
stop_some(struct job *j, struct lxd_step *s, size_t n)
{
	enum target_outcome o = TARGET_WRITTEN;
	int hard = j->d->machine.shutdown <= 0;

	if (!hard)
		o = go(j, s, n, LXD_STOP);
	for (size_t k = 0; k < n && !hard && o != TARGET_WRITTEN; k++) {
		/* stopped: out for what follows here, and well so */
		s[k].out = s[k].outcome != TARGET_REFUSED;
		buf_clear(&s[k].why);
	}
	if (hard || o == TARGET_REFUSED)
		o = go(j, s, n, LXD_KILL);
	return o;
}

static enum target_outcome
remove_some(struct job *j, const struct machine *m, size_t n)
{
	struct lxd_step s[AT_ONCE] = { { .name = "" } };
	enum target_outcome o;

	for (size_t k = 0; k < n; k++) {
		snprintf(s[k].name, sizeof(s[k].name), "%s", m[k].name);
		/* one that was never started has nothing to stop */
		s[k].out = !m[k].runs && strcmp(m[k].status, "Stopped") == 0;
	}
	o = stop_some(j, s, n);
	complain(j, s, n);
	for (size_t k = 0; k < n; k++) {
		s[k].out = s[k].outcome != TARGET_WRITTEN;
		j->done += !s[k].out;
	}
	/* What has stopped serves no more, so the count is right whether it
	 * can be deleted or not. */
	go(j, s, n, LXD_DELETE);
	complain(j, s, n);
	free_steps(s, n);
	return o;
}

static enum target_outcome
shrink(struct job *j, struct fleet *f)
{
	size_t n = (size_t)(j->change->from - j->change->to), m;
	enum target_outcome o = TARGET_WRITTEN;

	fleet_order(f, j->d->machine.remove, j->d->period, j->d->minimum, NULL);
	if (j->change->to == 0 && j->d->machine.from == NULL) {
		buf_str(j->why,
		    "the last instance cannot be removed: of what would others "
		    "be made? Set 'from' in the section 'machine'");
		return TARGET_REFUSED;
	}
	for (size_t k = 0; k < n && o == TARGET_WRITTEN; k += m) {
		m = n - k < AT_ONCE ? n - k : AT_ONCE;
		o = late(j) ? TARGET_REFUSED : remove_some(j, &f->all[k], m);
	}
	return broken_off(j, o);
}

/* What cannot be started is taken away again. */
static enum target_outcome
add_some(struct job *j, const struct fleet *f, const struct lxd_source *from,
    long first, size_t n)
{
	struct lxd_step s[AT_ONCE] = { { .name = "" } };
	enum target_outcome made, o;

	for (size_t k = 0; k < n; k++) {
		fleet_name(
		    s[k].name, f, j->d->service, j->change, first + (long)k);
		if (lxd_create(&s[k], j->d, from, j->why) != 0) {
			free_steps(s, n);
			return TARGET_REFUSED;
		}
	}
	made = go(j, s, n, LXD_CREATE);
	o = go(j, s, n, LXD_START);
	complain(j, s, n);
	for (size_t k = 0; k < n && !j->change->dry_run; k++) {
		int bad =
		    s[k].kind == LXD_START && s[k].outcome == TARGET_REFUSED;

		j->done += s[k].outcome == TARGET_WRITTEN;
		s[k].out = !bad;
		o = bad ? TARGET_REFUSED : o;
	}
	if (o == TARGET_REFUSED)
		go(j, s, n, LXD_DELETE);
	free_steps(s, n);
	return made != TARGET_WRITTEN ? made : o;
}

/* Those that an earlier run made and that never served. 0; -1: not all went */
static int
sweep_all(struct job *j, const struct fleet *f)
{
	double now = (double)clock_wall() / 1000;
	int r = 0;

	for (size_t k = 0; k < f->n; k++)
		if (fleet_orphan(&f->all[k]) &&
		    now - f->all[k].created > j->d->machine.orphan_after &&
		    remove_some(j, &f->all[k], 1) != TARGET_WRITTEN)
			r = -1;
	return r;
}

/* The same on the way: its troubles are not those of the change. */
static void
sweep(struct job *j, const struct fleet *f)
{
	struct buf *why = j->why, ignored = { 0 };
	int done = j->done;

	j->why = &ignored;
	sweep_all(j, f);
	j->why = why;
	j->done = done;
	buf_free(&ignored);
}

/* One that has served once is no orphan, whatever becomes of it. */
static void
prove(struct lxd *d, const struct fleet *f)
{
	for (size_t k = 0; k < f->count; k++)
		if (f->all[k].ours && f->all[k].ready && !f->all[k].proven)
			lxd_prove(d, f->all[k].name);
}

static int
lxd_sweep(void *self, int remove, struct buf *request, struct buf *why)
{
	struct lxd *d = self;
	const struct target_change none = { .dry_run = !remove, .version = "" };
	struct job j = {
		.d = d, .change = &none, .request = request, .why = why
	};
	struct fleet f;
	int r;

	d->until = clock_monotonic() + (int64_t)(d->timeout * 1000);
	if (look(d, &f, why) != 0)
		return -1;
	if (!remove)
		prove(d, &f);
	r = sweep_all(&j, &f);
	fleet_free(&f);
	return r;
}

/* The newest that serves is as good a template as any. */
static const struct machine *template(const struct fleet *f)
{
	const struct machine *best = NULL;

	for (size_t k = 0; k < f->count; k++)
		if (best == NULL || (f->all[k].ready && !best->ready))
			best = &f->all[k];
	return best;
}

static enum target_outcome
grow(struct job *j, const struct fleet *f)
{
	size_t n = (size_t)(j->change->to - j->change->from), m;
	const struct machine *t = template(f);
	enum target_outcome o = TARGET_WRITTEN;
	struct lxd_source from = { .name = j->d->machine.from };

	if (from.name == NULL && t == NULL) {
		buf_printf(j->why,
		    "'%s' has no instance that others can be made of; set "
		    "'from' in the section 'machine'",
		    j->d->service);
		return TARGET_REFUSED;
	}
	if (from.name == NULL)
		from.name = t->name;
	if (lxd_source(j->d, &from, j->why) != 0)
		return TARGET_REFUSED;
	sweep(j, f);
	for (size_t k = 0; k < n && o == TARGET_WRITTEN; k += m) {
		m = n - k < AT_ONCE ? n - k : AT_ONCE;
		o = late(j) ? TARGET_REFUSED
			    : add_some(j, f, &from, (long)k + 1, m);
	}
	lxd_source_free(&from);
	return broken_off(j, o);
}

static enum target_outcome
lxd_scale(void *self, const struct target_change *change, struct buf *request,
    struct buf *why)
{
	struct lxd *d = self;
	struct job j = {
		.d = d, .change = change, .request = request, .why = why
	};
	enum target_outcome o = TARGET_AWAY;
	struct fleet f;

	d->until = clock_monotonic() + (int64_t)(d->timeout * 1000);
	if (look(d, &f, why) != 0)
		return o;
	if (fleet_compare(&f, d->service, change, why) != 0)
		o = TARGET_CHANGED;
	else if (change->to > change->from)
		o = grow(&j, &f);
	else
		o = shrink(&j, &f);
	fleet_free(&f);
	return change->dry_run && o == TARGET_WRITTEN ? TARGET_DRY : o;
}

static enum target_arrival
lxd_settled(void *self, long want, struct buf *why)
{
	enum target_arrival a;
	struct lxd *d = self;
	struct fleet f;

	if (look(d, &f, why) != 0)
		return TARGET_LOST;
	prove(d, &f);
	a = fleet_settled(&f, d->service, want, why);
	fleet_free(&f);
	return a;
}

static int
lxd_sizes(void *self, struct size_parts *parts, struct buf *why)
{
	struct lxd *d = self;
	struct fleet f;
	int r = 0;

	if (look(d, &f, why) != 0)
		return -1;
	for (size_t k = 0; k < f.count && r >= 0; k++) {
		struct size_part *p = size_add(parts);

		r = p != NULL ? lxd_limits(d, f.all[k].name, p, why) : -1;
		if (p == NULL)
			buf_str(why, "out of memory");
		else if (r <= 0)
			parts->n--; /* it went meanwhile */
	}
	fleet_free(&f);
	return r < 0 ? -1 : 0;
}

static const struct target_sizing sizing = {
	.sizes = lxd_sizes,
	.used = lxd_used,
	.round = lxd_round,
	.resize = lxd_resize,
};

const struct target_driver target_lxd = {
	.name = "lxd",
	.open = lxd_open,
	.close = lxd_close,
	.read = lxd_state,
	.scale = lxd_scale,
	.settled = lxd_settled,
	.sweep = lxd_sweep,
	.sizing = &sizing,
};
