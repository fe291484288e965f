/* A container's limits are changed while it runs. It keeps its way of counting
 * CPU time: NanoCpus, or a quota of a period of its own, which the engine does
 * not take together. */
#include "target/docker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/record.h"

#define SHARES 1024.0 /* of one core */
#define PERIOD 100000.0 /* us, the kernel's own */

enum { WRITE_S = 60, STATS_S = 10, LEAST_SHARES = 2 };

struct limits { /* the engine's words; 0: none */
	double nano, quota, period, shares;
	double memory, reserved;
	double swap; /* memory and swap together; -1: no end */
};

static double
number(const struct json *j, const char *name)
{
	double x = 0;

	json_get_num(j, name, &x);
	return x;
}

static void
take_limits(const struct json *host, struct limits *l)
{
	*l = (struct limits){ .nano = number(host, "NanoCpus"),
		.quota = number(host, "CpuQuota"),
		.period = number(host, "CpuPeriod"),
		.shares = number(host, "CpuShares"),
		.memory = number(host, "Memory"),
		.reserved = number(host, "MemoryReservation"),
		.swap = number(host, "MemorySwap") };
}

static void
take_size(const struct limits *l, struct size *s)
{
	double period = l->period > 0 ? l->period : PERIOD;

	*s = (struct size){ { 0 } };
	if (l->nano > 0)
		s->x[SIZE_CPUS] = l->nano / 1e9;
	else if (l->quota > 0)
		s->x[SIZE_CPUS] = l->quota / period;
	s->x[SIZE_CPUS_KEPT] = l->shares / SHARES;
	s->x[SIZE_MEMORY] = l->memory;
	s->x[SIZE_MEMORY_KEPT] = l->reserved;
}

static void
put_path(
    struct buf *path, const struct engine *e, const char *who, const char *what)
{
	buf_printf(path, "/%s/containers/", e->api);
	http_escape(path, who);
	buf_str(path, what);
}

/* What the engine says of it: 1; 0: it is gone; -1 with a message */
static int
ask(const struct engine *e, const char *who, struct limits *l, struct buf *why)
{
	struct http_response r = { 0 };
	struct buf path = { 0 }, wrong = { 0 };
	struct json *j = NULL;
	int there;

	put_path(&path, e, who, "/json");
	if (!path.failed)
		j = engine_get(e, path.s, &r, &wrong);
	if (j != NULL)
		take_limits(json_get(j, "HostConfig"), l);
	there = j != NULL ? 1 : r.status == 404 ? 0 : -1;
	if (there < 0)
		buf_str(why, wrong.s != NULL ? wrong.s : "out of memory");
	json_free(j);
	http_response_free(&r);
	buf_free(&path);
	buf_free(&wrong);
	return there;
}

static int
read_one(const struct engine *e, const struct container *c,
    struct size_part *part, struct buf *why)
{
	struct limits l;
	int there = ask(e, c->id, &l, why);

	if (there <= 0)
		return there;
	snprintf(part->name, sizeof(part->name), "%s", c->name);
	take_size(&l, &part->has);
	/* shares are a proportion, and go their own way */
	part->loose = 1U << SIZE_CPUS_KEPT;
	return 1;
}

/* Of control groups' first version and of their second */
static double
in_use(const struct json *memory)
{
	const struct json *stats = json_get(memory, "stats");
	double usage = number(memory, "usage");
	double file = number(stats, "total_inactive_file");

	if (!(file > 0))
		file = number(stats, "inactive_file");
	if (!(usage > 0))
		return NAN;
	return file < usage ? usage - file : usage;
}

static double
docker_used(void *self, const struct size_part *part)
{
	const struct engine *e = &((struct docker *)self)->engine;
	struct http_response r = { 0 };
	struct buf path = { 0 };
	struct http_request q = { .total_s = STATS_S };
	const char *text;
	struct json *j = NULL;
	double used = NAN;

	put_path(&path, e, part->name, "/stats?stream=false&one-shot=true");
	q.path = path.s;
	if (!path.failed && http_send(e->h, &q, &r) == 0 && r.body.s != NULL)
		j = json_parse(r.body.s, r.body.len, &text);
	if (j != NULL)
		used = in_use(json_get(j, "memory_stats"));
	json_free(j);
	http_response_free(&r);
	buf_free(&path);
	return used;
}

/* The engine reads whole numbers in digits alone. */
static void
put_whole(struct buf *b, const char *name, double x)
{
	record_put_key(b, name);
	buf_printf(b, "%.0f", x);
}

static void
put_cpus(struct buf *b, const struct limits *l, double cpus)
{
	if (l->nano > 0 || !(l->quota > 0 || l->period > 0)) {
		put_whole(b, "NanoCpus", rint(cpus * 1e9));
		return;
	}
	put_whole(b, "CpuPeriod", l->period > 0 ? l->period : PERIOD);
	put_whole(
	    b, "CpuQuota", rint(cpus * (l->period > 0 ? l->period : PERIOD)));
}

/* As much swap as there was; where there was no limit, as much as memory, as
 * the engine has it for new containers */
static void
put_memory(struct buf *b, const struct limits *l, double memory)
{
	double swap = 2 * memory;

	if (l->swap < 0)
		swap = -1;
	else if (l->memory > 0 && l->swap >= l->memory)
		swap = memory + (l->swap - l->memory);
	put_whole(b, "Memory", memory);
	put_whole(b, "MemorySwap", swap);
}

/* Only what changes; the rest stays as it is */
static void
write_body(struct buf *b, const struct limits *l, const struct size *from,
    const struct size *to)
{
	const double *x = to->x, *was = from->x;

	buf_char(b, '{');
	if (x[SIZE_CPUS] != was[SIZE_CPUS])
		put_cpus(b, l, x[SIZE_CPUS]);
	if (x[SIZE_CPUS_KEPT] != was[SIZE_CPUS_KEPT])
		put_whole(b, "CpuShares",
		    fmax(rint(x[SIZE_CPUS_KEPT] * SHARES), LEAST_SHARES));
	if (x[SIZE_MEMORY] != was[SIZE_MEMORY])
		put_memory(b, l, x[SIZE_MEMORY]);
	if (x[SIZE_MEMORY_KEPT] != was[SIZE_MEMORY_KEPT])
		put_whole(b, "MemoryReservation", x[SIZE_MEMORY_KEPT]);
	buf_char(b, '}');
}

/* The last step: sends it unless this is a dry run */
static enum target_outcome
update(const struct engine *e, const char *path, const struct buf *body,
    const struct size_change *change, struct buf *why)
{
	struct http_request q = { .method = "POST",
		.path = path,
		.body = body->s,
		.n_body = body->len,
		.total_s = WRITE_S,
		.once = 1 };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	if (change->dry_run)
		return TARGET_DRY;
	if (http_send(e->h, &q, &r) != 0) {
		engine_complain(e, &r, why);
		if (r.status == 404)
			o = TARGET_CHANGED;
		else if (r.status == 0)
			o = r.sent ? TARGET_UNSURE : TARGET_AWAY;
		else
			o = TARGET_REFUSED;
	}
	http_response_free(&r);
	return o;
}

static enum target_outcome
docker_resize(void *self, const struct size_change *change, struct buf *request,
    struct buf *why)
{
	const struct engine *e = &((struct docker *)self)->engine;
	const struct size_part *p = change->part;
	struct buf path = { 0 }, body = { 0 };
	enum target_outcome o = TARGET_AWAY;
	struct limits l;
	struct size now;
	int there = ask(e, p->name, &l, why);

	if (there < 0)
		return TARGET_AWAY;
	if (there > 0)
		take_size(&l, &now);
	if (there == 0 || !size_same(&now, &p->has)) {
		buf_printf(why, "'%s' %s", p->name,
		    there ? "was given something else meanwhile" : "is gone");
		return TARGET_CHANGED;
	}
	put_path(&path, e, p->name, "/update");
	write_body(&body, &l, &p->has, &change->to);
	if (!path.failed && !body.failed) {
		buf_printf(request, "POST %s %s", path.s, body.s);
		o = update(e, path.s, &body, change, why);
	} else {
		buf_str(why, "out of memory");
	}
	buf_free(&path);
	buf_free(&body);
	return o;
}

static int
docker_sizes(void *self, struct size_parts *parts, struct buf *why)
{
	struct docker *d = self;
	struct crowd c;
	int r = 0;

	if (docker_look(d, &c, why) != 0)
		return -1;
	for (size_t k = 0; k < c.count && r >= 0; k++) {
		struct size_part *p = size_add(parts);

		r = p != NULL ? read_one(&d->engine, &c.all[k], p, why) : -1;
		if (p == NULL)
			buf_str(why, "out of memory");
		else if (r <= 0)
			parts->n--; /* it went meanwhile */
	}
	crowd_free(&c);
	return r < 0 ? -1 : 0;
}

const struct target_sizing docker_sizing = {
	.sizes = docker_sizes,
	.used = docker_used,
	.resize = docker_resize,
};
