/* Which rented machines come and go. A machine that was ordered may be made
 * though the answer is lost: its name, which follows from the change, says
 * whether it was. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/file.h"
#include "target/vendor.h"

enum {
	CHOICES = 64, /* types times places that are tried */
	LOOK_S = 2, /* between two looks while waiting */
	SCARCE_S = 15, /* the same where the rate limit is nearly used up */
	LAG_S = 20, /* a list may be so late */
	LOAD_S = 600, /* whose load says what is idle */
	USER_DATA_MAX = 32 << 10 /* Hetzner's; DigitalOcean takes 64 KiB */
};

struct choice {
	const char *type, *place;
	int empty; /* out of stock in this run */
};

/* A change under way */
struct job {
	struct vendor *v;
	const struct target_change *change;
	struct buf *request, *why;
	struct buf user_data, shown; /* the latter stands for it */
	struct choice choices[CHOICES];
	size_t n_choices;
	int done; /* machines made or removed so far */
};

void
rent_close(void *self)
{
	vendor_close(self);
}

static void
begin(struct vendor *v, double seconds)
{
	v->until = clock_monotonic() + (int64_t)(seconds * 1000);
}

void
rent_state(void *self, struct state *s)
{
	struct vendor *v = self;
	struct buf why = { 0 };
	struct fleet f;

	begin(v, v->timeout);
	if (vendor_look(v, &f, &why) == 0)
		fleet_state(&f, s);
	else
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	fleet_free(&f);
	buf_free(&why);
}

static void
show(struct job *j, const char *method, const char *path, const char *body)
{
	buf_printf(j->request, "%s%s %s%s%s", j->request->len > 0 ? "; " : "",
	    method, path != NULL ? path : "", body != NULL ? " " : "",
	    body != NULL ? body : "");
}

static void
say(struct job *j, const char *text)
{
	buf_printf(j->why, "%s%s", j->why->len > 0 ? "; " : "",
	    text != NULL ? text : "out of memory");
}

static enum target_outcome
broken_off(const struct job *j, enum target_outcome o)
{
	return j->done > 0 && o != TARGET_WRITTEN ? TARGET_UNSURE : o;
}

static int
late(const struct job *j)
{
	return clock_monotonic() >= j->v->until;
}

/* Removing */

static enum target_outcome
delete_one(struct job *j, const struct machine *m)
{
	struct buf path = { 0 };
	struct http_request q = { .method = "DELETE" };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	buf_printf(&path, "%s/%s", j->v->kind->machines, m->id);
	q.path = path.s;
	if (path.failed) {
		say(j, NULL);
		return TARGET_REFUSED;
	}
	show(j, q.method, path.s, NULL);
	if (!j->change->dry_run && vendor_send(j->v, &q, &r) != 0 &&
	    r.status != 404) {
		say(j, r.error.s);
		o = r.status != 0 ? TARGET_REFUSED
		    : r.sent	  ? TARGET_UNSURE
				  : TARGET_AWAY;
	}
	http_response_free(&r);
	buf_free(&path);
	return o;
}

/* Those that still run, by the vendor's list; -1: not known */
static long
still_run(struct vendor *v, const struct machine *m, size_t n)
{
	struct buf ignored = { 0 };
	char *health = v->machine.health;
	struct fleet f;
	long runs = 0;

	v->machine.health = NULL; /* nobody needs to be asked */
	if (vendor_look(v, &f, &ignored) != 0)
		runs = -1;
	v->machine.health = health;
	for (size_t i = 0; runs >= 0 && i < f.n; i++)
		for (size_t k = 0; k < n; k++)
			runs +=
			    f.all[i].runs && strcmp(f.all[i].id, m[k].id) == 0;
	fleet_free(&f);
	buf_free(&ignored);
	return runs;
}

/* Lets those that run shut down, and gives them their time. */
static void
stop_all(struct job *j, const struct machine *m, size_t n)
{
	struct vendor *v = j->v;
	int64_t until =
	    clock_monotonic() + (int64_t)(v->machine.shutdown * 1000);
	struct buf path = { 0 }, body = { 0 };
	size_t asked = 0;

	if (v->machine.shutdown <= 0)
		return;
	for (size_t k = 0; k < n; k++) {
		if (!m[k].runs)
			continue;
		buf_clear(&path);
		buf_clear(&body);
		v->kind->stop(m[k].id, &path, &body);
		show(j, "POST", path.s, body.s);
		/* one that will not is cut off all the same */
		if (!j->change->dry_run &&
		    vendor_write(v, "POST", &path, &body) == 0)
			asked++;
	}
	while (asked > 0 && clock_monotonic() < until && !late(j)) {
		clock_sleep(v->machine.shutdown < 5 ? 0.3 : LOOK_S);
		if (still_run(v, m, n) <= 0)
			break;
	}
	buf_free(&path);
	buf_free(&body);
}

static enum target_outcome
remove_all(struct job *j, const struct machine *m, size_t n)
{
	enum target_outcome worst = TARGET_WRITTEN;

	stop_all(j, m, n);
	for (size_t k = 0; k < n; k++) {
		enum target_outcome o = delete_one(j, &m[k]);

		if (o == TARGET_WRITTEN)
			j->done++;
		else if (worst != TARGET_UNSURE)
			worst = o;
	}
	return worst;
}

/* What each was busy with lately */
static void
ask_loads(struct vendor *v, struct fleet *f)
{
	int64_t now = clock_wall() / 1000;
	struct buf path = { 0 }, ignored = { 0 };

	for (size_t k = 0; k < f->count; k++) {
		struct json *j;

		if (!f->all[k].ready)
			continue;
		buf_clear(&path);
		buf_clear(&ignored);
		v->kind->load_path(f->all[k].id, now - LOAD_S, now, &path);
		j = vendor_get(v, &path, &ignored);
		if (j != NULL)
			f->all[k].load = v->kind->load(j);
		json_free(j);
	}
	buf_free(&path);
	buf_free(&ignored);
}

static enum target_outcome
shrink(struct job *j, struct fleet *f)
{
	size_t n = (size_t)(j->change->from - j->change->to);
	enum conf_remove how = j->v->machine.remove;

	if (how == REMOVE_IDLE)
		ask_loads(j->v, f);
	fleet_order(f, how, j->v->period, j->v->minimum, fleet_mix(j->change));
	return broken_off(j, remove_all(j, f->all, n));
}

/* Making */

/* What an earlier run made and that never served. 0; -1: not all of it went */
static int
sweep_all(struct job *j, const struct fleet *f)
{
	int r = 0;

	for (size_t k = 0; k < f->n; k++)
		if (fleet_orphan(&f->all[k]) &&
		    delete_one(j, &f->all[k]) != TARGET_WRITTEN)
			r = -1;
	return r;
}

/* The same on the way: its troubles are not those of the change. */
static void
sweep(struct job *j, const struct fleet *f)
{
	struct buf *why = j->why, ignored = { 0 };

	j->why = &ignored;
	sweep_all(j, f);
	j->why = why;
	buf_free(&ignored);
}

/* One that has served once is no orphan, whatever becomes of it. */
static void
prove(struct vendor *v, const struct fleet *f)
{
	for (size_t k = 0; k < f->count; k++)
		if (f->all[k].ours && f->all[k].ready && !f->all[k].proven)
			v->kind->prove(v, &f->all[k]);
}

int
rent_sweep(void *self, int remove, struct buf *request, struct buf *why)
{
	struct vendor *v = self;
	const struct target_change none = { .dry_run = !remove, .version = "" };
	struct job j = {
		.v = v, .change = &none, .request = request, .why = why
	};
	struct fleet f;
	int r = -1;

	begin(v, v->timeout);
	if (vendor_look(v, &f, why) == 0) {
		if (!remove)
			prove(v, &f);
		r = sweep_all(&j, &f);
	}
	fleet_free(&f);
	return r;
}

static void
add_choice(struct job *j, const char *type, const char *place)
{
	for (size_t k = 0; k < j->n_choices; k++)
		if (strcmp(j->choices[k].type, type) == 0 &&
		    strcmp(j->choices[k].place, place) == 0)
			return;
	if (j->n_choices < CHOICES)
		j->choices[j->n_choices++] =
		    (struct choice){ .type = type, .place = place };
}

static void
add_type(struct job *j, const char *type)
{
	const struct conf_machine *m = &j->v->machine;

	if (m->n_locations == 0)
		add_choice(j, type, "");
	for (size_t k = 0; k < m->n_locations; k++)
		add_choice(j, type, m->locations[k]);
}

/* The next to be tried: of the wanted type, if that is named, first. NULL: all
 * are out of stock. */
static struct choice *
choose(struct job *j, const char *wanted)
{
	struct choice *best = NULL;

	for (size_t k = 0; k < j->n_choices; k++) {
		struct choice *c = &j->choices[k];

		if (c->empty)
			continue;
		if (wanted == NULL || strcmp(c->type, wanted) == 0)
			return c;
		if (best == NULL)
			best = c;
	}
	return best;
}

/* All are out of stock. After a while there may be some again: 0, or -1: there
 * is no time for that */
static int
start_over(struct job *j, double *pause)
{
	if (clock_monotonic() + (int64_t)(*pause * 1000) >= j->v->until)
		return -1;
	clock_sleep(*pause);
	*pause *= 2;
	for (size_t k = 0; k < j->n_choices; k++)
		j->choices[k].empty = 0;
	return 0;
}

static void
say_empty(struct job *j)
{
	say(j, "out of stock:");
	for (size_t k = 0; k < j->n_choices; k++)
		buf_printf(j->why, "%s '%s'%s%s", k > 0 ? "," : "",
		    j->choices[k].type,
		    j->choices[k].place[0] != '\0' ? " in " : "",
		    j->choices[k].place);
}

/* The answer is lost, or says nothing. Lists may be late: it is looked for
 * more than once. 1: it was made; 0: it was not; -1: nobody knows */
static int
was_made(struct vendor *v, const char *name)
{
	int found = -1;

	for (int k = 0; k < 3; k++) {
		found = vendor_find(v, name);
		if (found > 0 || clock_monotonic() >= v->until)
			break;
		clock_sleep(0.5 * (k + 1));
	}
	return found;
}

static enum vendor_trouble
trouble_of(const struct vendor *v, const struct http_response *r)
{
	const char *text;
	struct json *j = r->body.s != NULL
	    ? json_parse(r->body.s, r->body.len, &text)
	    : NULL;
	enum vendor_trouble t = TROUBLE_OTHER;

	if (j != NULL)
		t = v->kind->judge(r->status, j);
	json_free(j);
	return t;
}

/* What one order came to */
enum order { MADE, EMPTY, LOST, FAILED, UNSURE, AWAY };

/* One order, once. The body is shown with the user data left out. */
static enum order
order(struct job *j, const char *name, const struct choice *c)
{
	struct vendor *v = j->v;
	struct vendor_wish w = { name, c->type, c->place, j->user_data.s };
	struct buf body = { 0 }, seen = { 0 };
	struct http_request q = { .method = "POST" };
	struct http_response r = { 0 };
	enum order o = MADE;
	int made;

	v->kind->create(v, &w, &body);
	w.user_data = j->shown.s;
	v->kind->create(v, &w, &seen);
	show(j, q.method, v->kind->machines, seen.s);
	q.path = v->kind->machines;
	q.body = body.s;
	q.n_body = body.len;
	if (body.failed || seen.failed) {
		say(j, NULL);
		o = FAILED;
	} else if (!j->change->dry_run && vendor_send(v, &q, &r) != 0) {
		enum vendor_trouble t = trouble_of(v, &r);

		if (r.status == 0 && !r.sent) {
			o = AWAY;
		} else if (r.status == 0 || r.status >= 500 ||
		    t == TROUBLE_TAKEN) {
			made = was_made(v, name);
			o = made > 0		 ? MADE
			    : made < 0		 ? UNSURE
			    : t == TROUBLE_TAKEN ? FAILED
						 : LOST;
		} else {
			o = t == TROUBLE_STOCK ? EMPTY : FAILED;
		}
		if (o != MADE && o != EMPTY && o != LOST)
			say(j, r.error.s);
	}
	http_response_free(&r);
	buf_free(&body);
	buf_free(&seen);
	return o;
}

static enum target_outcome
make_one(struct job *j, const char *name, const char *wanted)
{
	double pause = 1, between = 0.2;
	int lost = 0;

	for (;;) {
		struct choice *c = choose(j, wanted);

		if (c == NULL && start_over(j, &pause) != 0) {
			say_empty(j);
			return TARGET_REFUSED;
		}
		if (c == NULL)
			continue;
		switch (order(j, name, c)) {
		case MADE:
			j->done++;
			return TARGET_WRITTEN;
		case EMPTY:
			c->empty = 1;
			clock_sleep(between);
			between = between < 2 ? between * 2 : between;
			break;
		case LOST:
			/* not made, so it can be ordered again */
			if (++lost < 3 && !late(j))
				break;
			say(j, "no order came to anything");
			return TARGET_UNSURE;
		case FAILED:
			return TARGET_REFUSED;
		case UNSURE:
			return TARGET_UNSURE;
		case AWAY:
			return TARGET_AWAY;
		}
	}
}

/* All that an order needs, before the first one: 0 or -1 */
static int
prepare(struct job *j, const struct json *mix)
{
	const struct conf_machine *m = &j->v->machine;

	for (const struct json *i = json_first(mix); i != NULL;
	     i = json_next(i))
		if (json_get_str(i, "type") != NULL)
			add_type(j, json_get_str(i, "type"));
	for (size_t k = 0; k < m->n_types; k++)
		add_type(j, m->types[k]);
	if (m->from == NULL || j->n_choices == 0) {
		buf_printf(j->why,
		    "driver '%s' needs 'from' and 'types' in the section "
		    "'machine' to make machines",
		    j->v->kind->name);
		return -1;
	}
	if (m->user_data == NULL)
		return 0;
	if (file_read(m->user_data, USER_DATA_MAX, &j->user_data) != 0) {
		buf_printf(j->why, "cannot read 'user_data' '%s': %s",
		    m->user_data, strerror(errno));
		return -1;
	}
	buf_printf(
	    &j->shown, "(%zu bytes of %s)", j->user_data.len, m->user_data);
	return 0;
}

static enum target_outcome
grow(struct job *j, const struct fleet *f)
{
	const struct json *mix = fleet_mix(j->change);
	long n = j->change->to - j->change->from;
	enum target_outcome o = TARGET_WRITTEN;
	char name[FLEET_NAME];

	if (prepare(j, mix) != 0)
		return TARGET_REFUSED;
	sweep(j, f);
	for (long k = 0; k < n && o == TARGET_WRITTEN; k++) {
		fleet_name(name, f, j->v->service, j->change, k + 1);
		if (late(j)) {
			say(j, "out of time");
			o = TARGET_REFUSED;
		} else {
			o = make_one(j, name, fleet_wanted(f, mix, (size_t)k));
		}
	}
	return broken_off(j, o);
}

enum target_outcome
rent_scale(void *self, const struct target_change *change, struct buf *request,
    struct buf *why)
{
	struct vendor *v = self;
	struct job j = {
		.v = v, .change = change, .request = request, .why = why
	};
	enum target_outcome o = TARGET_AWAY;
	struct fleet f;

	begin(v, v->timeout);
	if (vendor_look(v, &f, why) != 0)
		return o;
	if (fleet_compare(&f, v->service, change, why) != 0)
		o = TARGET_CHANGED;
	else if (change->to > change->from)
		o = grow(&j, &f);
	else
		o = shrink(&j, &f);
	fleet_free(&f);
	buf_free(&j.user_data);
	buf_free(&j.shown);
	if (!change->dry_run && j.done > 0)
		v->written_at = clock_monotonic();
	return change->dry_run && o == TARGET_WRITTEN ? TARGET_DRY : o;
}

enum target_arrival
rent_settled(void *self, long want, struct buf *why)
{
	struct vendor *v = self;
	enum target_arrival a;
	struct fleet f;

	if (clock_monotonic() < v->look_at) {
		buf_str(why, v->seen.s != NULL ? v->seen.s : "");
		return TARGET_LATE;
	}
	begin(v, v->timeout);
	if (vendor_look(v, &f, why) != 0)
		return TARGET_LOST;
	prove(v, &f);
	a = fleet_settled(&f, v->service, want, why);
	if (a == TARGET_ELSEWHERE && v->written_at > 0 &&
	    clock_monotonic() - v->written_at < LAG_S * 1000)
		a = TARGET_LATE;
	v->look_at = clock_monotonic() + (v->scarce ? SCARCE_S : LOOK_S) * 1000;
	buf_clear(&v->seen);
	buf_str(&v->seen, why->s != NULL ? why->s : "");
	fleet_free(&f);
	return a;
}
