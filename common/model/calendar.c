#include "model/calendar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORM = 1, SPANS_MAX = EVENTS_MAX };

void
calendar_free(struct calendar *c)
{
	for (size_t i = 0; i < c->effects; i++)
		free(c->effect[i].bin);
	for (size_t i = 0; i < c->unseen; i++)
		free(c->unseen_name[i]);
	free(c->unseen_name);
	free(c->effect);
	free(c->span);
	*c = (struct calendar){ 0 };
}

int
calendar_used(const struct calendar *c)
{
	return c->spans > 0;
}

double
calendar_put(const struct calendar *c, double y, double effect)
{
	double u = transform_to(c->transform, y);

	return fmax(
	    c->transform.base, transform_from(c->transform, u + effect));
}

/* The time of an event that holds at t: of several the one that began last,
 * then the shorter */
static const struct effect_span *
span_at(const struct calendar *c, double t)
{
	const struct effect_span *best = NULL;
	size_t low = 0, high = c->spans;

	while (low < high) { /* how many have begun */
		size_t half = low + (high - low) / 2;

		if ((double)c->span[half].from <= t)
			low = half + 1;
		else
			high = half;
	}
	while (low-- > 0) {
		const struct effect_span *s = &c->span[low];

		if ((double)(s->from + c->longest) <= t ||
		    (best != NULL && s->from < best->from))
			break;
		if ((double)s->until > t &&
		    (best == NULL || s->until < best->until))
			best = s;
	}
	return best;
}

double
calendar_effect(const struct calendar *c, double t, double step, double *spread)
{
	const struct effect_span *s = span_at(c, t - step / 2);
	const struct effect *e;
	double d, second;
	size_t k;

	if (spread != NULL)
		*spread = 0;
	if (s == NULL)
		return 0;
	e = &c->effect[s->effect];
	t -= step / 2;
	k = (size_t)((t - (double)s->from) / c->bin_s);
	if (k >= e->bins)
		return 0;
	d = e->bin[k];
	if (e->own_kind) {
		second = t - floor(t / 604800) * 604800;
		d -= c->week[(size_t)(second / c->bin_s)];
	}
	if (spread != NULL)
		*spread = e->spread;
	return e->share * d;
}

const char *
calendar_name(const struct calendar *c, double t, double step)
{
	const struct effect_span *s = span_at(c, t - step / 2);

	return s != NULL ? c->effect[s->effect].name : NULL;
}

void
calendar_remove(const struct calendar *c, struct grid *g)
{
	for (size_t i = 0; i < g->n && c->spans > 0; i++) {
		double t = (double)g->t0 + (double)i * g->step;
		double d = calendar_effect(c, t, g->step, NULL);

		if (d < 0 || d > 0)
			g->y[i] = calendar_put(c, g->y[i], -d);
	}
}

void
calendar_save(const struct calendar *c, struct buf *b)
{
	double head[3] = { c->transform.base, c->transform.offset, c->bin_s };

	pack_uint(b, FORM, 1);
	pack_double(b, head, 3);
	pack_double(b, c->week, CALENDAR_WEEK);
	pack_uint(b, c->effects, 2);
	for (size_t i = 0; i < c->effects; i++) {
		const struct effect *e = &c->effect[i];
		double v[3] = { e->size, e->share, e->spread };
		size_t len = strlen(e->name);

		pack_uint(b, len, 1);
		buf_add(b, e->name, len);
		pack_uint(b, e->seen, 4);
		pack_uint(b, e->to_come, 4);
		pack_uint(b, (uint64_t)e->own_kind, 1);
		pack_double(b, v, 3);
		pack_uint(b, e->bins, 2);
		pack_double(b, e->bin, e->bins);
	}
	pack_uint(b, c->spans, 4);
	for (size_t i = 0; i < c->spans; i++) {
		pack_uint(b, (uint64_t)c->span[i].from, 8);
		pack_uint(b, (uint64_t)c->span[i].until, 8);
		pack_uint(b, c->span[i].effect, 2);
	}
}

static int
all_within(const double *x, size_t n, double low, double high)
{
	for (size_t i = 0; i < n; i++)
		if (!(x[i] >= low && x[i] <= high))
			return 0;
	return 1;
}

static int
load_effect(struct effect *e, struct unpack *u)
{
	size_t len = (size_t)unpack_uint(u, 1);
	double v[3] = { 0 };

	if (len >= sizeof(e->name))
		return -1;
	for (size_t i = 0; i < len; i++)
		e->name[i] = (char)unpack_uint(u, 1);
	e->seen = (size_t)unpack_uint(u, 4);
	e->to_come = (size_t)unpack_uint(u, 4);
	e->own_kind = unpack_uint(u, 1) != 0;
	unpack_double(u, v, 3);
	e->size = v[0];
	e->share = v[1];
	e->spread = v[2];
	e->bins = (size_t)unpack_uint(u, 2);
	if (e->bins < 1 || e->bins > CALENDAR_BINS)
		return -1;
	e->bin = calloc(e->bins, sizeof(*e->bin));
	if (e->bin == NULL)
		return -1;
	unpack_double(u, e->bin, e->bins);
	return all_within(v, 1, -1e3, 1e3) && all_within(v + 1, 2, 0, 1) &&
		all_within(e->bin, e->bins, -1e3, 1e3) && !u->failed
	    ? 0
	    : -1;
}

static int
load_spans(struct calendar *c, struct unpack *u)
{
	size_t n = (size_t)unpack_uint(u, 4);

	if (n > SPANS_MAX || n > u->n / 18 || u->failed)
		return -1;
	c->span = calloc(n + 1, sizeof(*c->span));
	if (c->span == NULL)
		return -1;
	for (; c->spans < n; c->spans++) {
		struct effect_span *s = &c->span[c->spans];

		s->from = (int64_t)unpack_uint(u, 8);
		s->until = (int64_t)unpack_uint(u, 8);
		s->effect = (size_t)unpack_uint(u, 2);
		if (s->effect >= c->effects || s->until <= s->from ||
		    s->from < INT64_MIN / 1024 || s->until > INT64_MAX / 1024 ||
		    (c->spans > 0 && s->from < s[-1].from))
			return -1;
		if (s->until - s->from > c->longest)
			c->longest = s->until - s->from;
	}
	return 0;
}

int
calendar_load(struct calendar *c, struct unpack *u)
{
	double head[3] = { 0 };
	size_t effects;

	*c = (struct calendar){ 0 };
	if (unpack_uint(u, 1) != FORM)
		return -1;
	unpack_double(u, head, 3);
	c->transform = (struct transform){ head[0], head[1] };
	c->bin_s = head[2];
	unpack_double(u, c->week, CALENDAR_WEEK);
	effects = (size_t)unpack_uint(u, 2);
	if (u->failed || !(head[0] <= 0 && head[0] > -1e300) ||
	    !(head[1] > 0 && head[1] < 1e300) ||
	    !(head[2] >= 1800 && head[2] <= 86400) ||
	    !all_within(c->week, CALENDAR_WEEK, -1e3, 1e3) ||
	    effects > CALENDAR_NAMES)
		return -1;
	c->effect = calloc(effects + 1, sizeof(*c->effect));
	if (c->effect == NULL)
		return -1;
	while (c->effects < effects)
		if (load_effect(&c->effect[c->effects++], u) != 0)
			goto fail;
	if (load_spans(c, u) != 0 || u->failed || u->n > 0)
		goto fail;
	return 0;
fail:
	calendar_free(c);
	return -1;
}
