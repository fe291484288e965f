/*
 * naive.c - the forecasts that others are measured by: the last value, and
 * the value of the same time yesterday (a week ago before there was one, or
 * where the step does not divide the day: of as many whole steps)
 */
#include "model/method.h"

#include <math.h>
#include <stdlib.h>

struct naive {
	size_t H, season; /* season 0: the last value */
};

static size_t
day_of(const struct grid *g)
{
	size_t day = (size_t)(86400 / g->step + 0.5);

	return day > 0 ? day : 1;
}

/* What is said at origin t for lead h; before there is a whole season, the
 * last value */
static double
say(const struct naive *m, const struct grid *g, size_t t, size_t h)
{
	size_t back = m->season;

	if (m->season == 0)
		return g->y[t];
	while (back < h)
		back += m->season;
	return t + h >= back ? g->y[t + h - back] : g->y[t];
}

static int
fill(const struct naive *m, const struct grid *g, const size_t *origin,
    size_t count, struct rows *rows)
{
	size_t lead[LEADS_MAX], leads = leads_every(m->H, lead);

	if (m->season == 0 && m->H > 1) { /* a level line needs no more */
		lead[1] = m->H;
		leads = 2;
	}
	if (rows_init(rows, count, lead, leads, 0, 0) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t t = origin != NULL ? origin[i] : i;

		rows->origin[i] = t;
		for (size_t k = 0; k < leads; k++)
			rows->median[i * leads + k] = say(m, g, t, lead[k]);
	}
	return 0;
}

static struct naive *
fit(size_t season, const struct grid *g, size_t n,
    const struct method_options *o, struct rows *held, const char **why)
{
	struct naive *m = malloc(sizeof(*m));

	*why = "out of memory";
	if (m == NULL)
		return NULL;
	*m = (struct naive){ o->H, season };
	if (held != NULL && fill(m, g, NULL, n, held) != 0) {
		free(m);
		return NULL;
	}
	return m;
}

static void *
fit_last(const struct grid *g, size_t n, const struct method_options *o,
    struct rows *held, const char **why)
{
	return fit(0, g, n, o, held, why);
}

static void *
fit_seasonal(const struct grid *g, size_t n, const struct method_options *o,
    struct rows *held, const char **why)
{
	return fit(day_of(g), g, n, o, held, why);
}

static int
predict(const void *v, const struct grid *g, const size_t *origin, size_t count,
    struct rows *rows, struct path *path)
{
	const struct naive *m = v;

	if (fill(m, g, origin, count, rows) != 0)
		return -1;
	for (size_t k = 0; k < path->H; k++)
		path->median[k] = say(m, g, origin[count - 1], k + 1);
	path->has_mean = path->has_q = 0;
	path->peaks = 0;
	return 0;
}

static void
save(const void *v, struct buf *out)
{
	const struct naive *m = v;

	pack_uint(out, m->H, 4);
	pack_uint(out, m->season, 4);
}

static struct naive *
load(struct unpack *u, size_t H, const char **why)
{
	struct naive *m = malloc(sizeof(*m));

	*why = "out of memory";
	if (m == NULL)
		return NULL;
	m->H = (size_t)unpack_uint(u, 4);
	m->season = (size_t)unpack_uint(u, 4);
	*why = "not a model of this method";
	if (!u->failed && m->H == H)
		return m;
	free(m);
	return NULL;
}

static void *
load_last(struct unpack *u, size_t H, double step, const char **why)
{
	struct naive *m = load(u, H, why);

	(void)step;
	if (m != NULL)
		m->season = 0;
	return m;
}

static void *
load_seasonal(struct unpack *u, size_t H, double step, const char **why)
{
	struct naive *m = load(u, H, why);

	(void)step;
	if (m == NULL || m->season > 0)
		return m;
	free(m);
	return NULL;
}

const struct method method_last = { "last", 0, fit_last, predict, save,
	load_last, free };
const struct method method_seasonal = { "seasonal-naive", 0, fit_seasonal,
	predict, save, load_seasonal, free };
