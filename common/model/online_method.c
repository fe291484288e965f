#include "model/method.h"

#include <math.h>

#include "model/online.h"

static void *
fit(const struct grid *g, size_t n, const struct method_options *o,
    struct rows *held, const char **why)
{
	size_t lead[ONLINE_LEADS], leads = online_leads(o->H, lead);
	struct online *m;

	*why = "out of memory";
	if (held == NULL)
		return online_fit(g, n, o->H, NULL);
	if (rows_init(held, n, lead, leads, 0, 0) != 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		held->origin[i] = i;
	m = online_fit(g, n, o->H, held->median);
	if (m == NULL)
		rows_free(held);
	return m;
}

static int
predict(const void *m, const struct grid *g, const size_t *origin, size_t count,
    struct rows *rows, struct path *path)
{
	size_t lead[ONLINE_LEADS];
	size_t leads = online_leads(online_horizon(m), lead);
	size_t from = origin[0], n = origin[count - 1] + 1 - from;
	struct rows all;

	if (rows_init(rows, count, lead, leads, 0, 0) != 0)
		return -1;
	if (rows_init(&all, n, lead, leads, 0, 0) != 0 ||
	    online_run(m, g, from, from + n, all.median) != 0) {
		rows_free(rows);
		rows_free(&all);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		rows->origin[i] = origin[i];
		for (size_t k = 0; k < leads; k++)
			rows->median[i * leads + k] =
			    all.median[(origin[i] - from) * leads + k];
	}
	for (size_t k = 1; k <= path->H; k++)
		path->median[k - 1] = rows_at(rows, rows->median, count - 1, k);
	path->has_mean = path->has_q = 0;
	path->peaks = 0;
	rows_free(&all);
	return 0;
}

static void
save(const void *m, struct buf *out)
{
	online_save(m, out);
}

static void *
load(struct unpack *u, size_t H, double step, const char **why)
{
	struct online *o = online_load(u);

	*why = "not a model of the method 'online'";
	if (o == NULL || online_fits(o, H, step))
		return o;
	online_free(o);
	return NULL;
}

static void
release(void *m)
{
	online_free(m);
}

const struct method method_online = { "online", 0, fit, predict, save, load,
	release };
