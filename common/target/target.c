#include "target/target.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record/journal.h"

static const struct target_driver *const drivers[] = {
	&target_compose,
	&target_digitalocean,
	&target_docker,
	&target_exec,
	&target_file,
	&target_hetzner,
	&target_kubernetes,
	&target_lxd,
	&target_nomad,
	&target_swarm,
};
enum { N_DRIVERS = sizeof(drivers) / sizeof(drivers[0]) };

struct target {
	const struct target_driver *driver;
	void *self;
	char name[256];
};

void
target_drivers(struct buf *out)
{
	for (size_t k = 0; k < N_DRIVERS; k++)
		buf_printf(out, "%s%s", k > 0 ? ", " : "", drivers[k]->name);
}

static const struct target_driver *
find(const char *name, struct buf *why)
{
	if (name == NULL || *name == '\0') {
		buf_str(why, "no driver is set; there are ");
		target_drivers(why);
		return NULL;
	}
	for (size_t k = 0; k < N_DRIVERS; k++)
		if (strcmp(drivers[k]->name, name) == 0)
			return drivers[k];
	buf_printf(why, "there is no driver '%s', but ", name);
	target_drivers(why);
	return NULL;
}

struct target *
target_open(
    const char *name, const struct conf_apply *settings, struct buf *why)
{
	const struct target_driver *d = find(settings->driver, why);
	struct target *t;

	if (d == NULL)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (t == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	t->driver = d;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->self = d->open(settings, why);
	if (t->self == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
target_close(struct target *t)
{
	if (t == NULL)
		return;
	t->driver->close(t->self);
	free(t);
}

const char *
target_driver(const struct target *t)
{
	return t->driver->name;
}

int
target_blind(const struct target *t)
{
	return t->driver->blind;
}

int
target_read(struct target *t, struct state *s)
{
	*s = (struct state){ .instances = -1, .ready = -1 };
	snprintf(s->target, sizeof(s->target), "%s", t->name);
	snprintf(s->driver, sizeof(s->driver), "%s", t->driver->name);
	s->time = journal_clock();
	t->driver->read(t->self, s);
	if (s->known)
		return 0;
	s->instances = s->ready = -1;
	s->version[0] = '\0';
	return -1;
}

enum target_outcome
target_scale(struct target *t, const struct target_change *change,
    struct buf *request, struct buf *why)
{
	return t->driver->scale(t->self, change, request, why);
}

int
target_restores(const struct target *t)
{
	return t->driver->restore != NULL;
}

enum target_outcome
target_restore(struct target *t, long from, long to, long *back,
    struct buf *request, struct buf *why)
{
	return t->driver->restore(t->self, from, to, back, request, why);
}

int
target_sweeps(const struct target *t)
{
	return t->driver->sweep != NULL;
}

int
target_sweep(struct target *t, int remove, struct buf *request, struct buf *why)
{
	return t->driver->sweep(t->self, remove, request, why);
}

/* Sleeps for s seconds, less if *stop becomes true */
static void
nap(double s, const volatile sig_atomic_t *stop)
{
	int64_t until = clock_monotonic() + (int64_t)(s * 1000);

	while (clock_monotonic() < until && (stop == NULL || !*stop))
		clock_sleep(0.05);
}

/* size: of all instances, or NULL: want of them */
static enum target_arrival
wait_for(struct target *t, long want, const struct size *size, double seconds,
    const volatile sig_atomic_t *stop, struct buf *why)
{
	int64_t until = clock_monotonic() + (int64_t)(seconds * 1000);
	double pause = 0.1;

	for (;;) {
		enum target_arrival a;

		buf_clear(why);
		a = size != NULL
		    ? t->driver->sizing->settled(t->self, size, why)
		    : t->driver->settled(t->self, want, why);
		if (a == TARGET_STUCK && t->driver->explain != NULL)
			t->driver->explain(t->self, why);
		if (a == TARGET_THERE || a == TARGET_ELSEWHERE ||
		    a == TARGET_STUCK)
			return a;
		if (stop != NULL && *stop)
			return TARGET_STOPPED;
		if (clock_monotonic() >= until) {
			if (a == TARGET_LATE && t->driver->explain != NULL)
				t->driver->explain(t->self, why);
			return a;
		}
		nap(pause, stop);
		pause = pause < 0.6 ? pause * 1.5 : 1.0;
	}
}

enum target_arrival
target_wait(struct target *t, long want, double seconds,
    const volatile sig_atomic_t *stop, struct buf *why)
{
	return wait_for(t, want, NULL, seconds, stop, why);
}

enum target_arrival
target_resized(struct target *t, const struct size *size, double seconds,
    const volatile sig_atomic_t *stop, struct buf *why)
{
	return wait_for(t, -1, size, seconds, stop, why);
}

const struct target_sizing *
target_sizing(const struct target *t)
{
	return t->driver->sizing;
}

int
target_sizes(struct target *t, struct size_parts *parts, struct buf *why)
{
	*parts = (struct size_parts){ .all = NULL };
	return t->driver->sizing->sizes(t->self, parts, why);
}

double
target_used(struct target *t, const struct size_part *part)
{
	if (t->driver->sizing->used == NULL)
		return NAN;
	return t->driver->sizing->used(t->self, part);
}

enum target_outcome
target_resize(struct target *t, const struct size_change *change,
    struct buf *request, struct buf *why)
{
	return t->driver->sizing->resize(t->self, change, request, why);
}
