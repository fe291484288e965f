#include "model/method.h"

#include <stdlib.h>
#include <string.h>

#include "model/forest.h"

_Static_assert((int)FOREST_QUANTILES == (int)FORECAST_LEVELS,
    "the forest's quantiles are those of a forecast record");
_Static_assert((int)FOREST_H_MAX <= (int)LEADS_MAX, "a lead for every step");

static int
keep_held(struct rows *held, const struct forest_holdout *h)
{
	size_t lead[LEADS_MAX], n = h->count * h->H * sizeof(double);

	for (size_t k = 0; k < h->H; k++)
		lead[k] = k + 1;
	if (rows_init(held, h->count, lead, h->H, 1, 1) != 0)
		return -1;
	for (size_t i = 0; i < h->count; i++)
		held->origin[i] = h->from + i * h->every;
	if (n == 0)
		return 0;
	memcpy(held->median, h->median, n);
	memcpy(held->mean, h->mean, n);
	for (int k = 0; k < FOREST_QUANTILES; k++)
		memcpy(held->q[k], h->quantile[k], n);
	return 0;
}

static void *
fit(const struct grid *g, size_t n, const struct method_options *o,
    struct rows *held, const char **why)
{
	struct forest_options fo = {
		.H = o->H, .threads = o->threads, .seed = o->seed
	};
	struct forest_holdout h = { 0 };
	struct forest *f;

	*why = "the method 'forest' looks at most 288 steps ahead";
	if (o->H > FOREST_H_MAX)
		return NULL;
	f = forest_fit(g, n, &fo, held != NULL ? &h : NULL, why);
	if (f == NULL)
		return NULL;
	if (held != NULL && keep_held(held, &h) != 0) {
		*why = "out of memory";
		forest_free(f);
		f = NULL;
	}
	forest_holdout_free(&h);
	return f;
}

static void
put_row(struct rows *r, size_t i, size_t origin, const struct forest_path *p)
{
	size_t n = p->H * sizeof(double);

	r->origin[i] = origin;
	memcpy(r->median + i * r->leads, p->median, n);
	memcpy(r->mean + i * r->leads, p->mean, n);
	for (int k = 0; k < FOREST_QUANTILES; k++)
		memcpy(r->q[k] + i * r->leads, p->quantile[k], n);
}

static void
put_path(struct path *to, const struct forest_path *p)
{
	size_t n = (to->H < p->H ? to->H : p->H) * sizeof(double);

	memcpy(to->median, p->median, n);
	memcpy(to->mean, p->mean, n);
	to->has_mean = to->has_q = 1;
	to->peaks = 0;
	for (int k = 0; k < FOREST_QUANTILES; k++)
		memcpy(to->q[k], p->quantile[k], n);
	for (size_t w = 0; w < FOREST_WINDOWS; w++) {
		/* where H is short the last windows are alike */
		if (w > 0 && p->window[w] <= p->window[w - 1])
			continue;
		to->peak_w[to->peaks] = p->window[w];
		for (int k = 0; k < FOREST_QUANTILES; k++)
			to->peak[k][to->peaks] = p->peak[w][k];
		to->peaks++;
	}
}

static int
predict(const void *m, const struct grid *g, const size_t *origin, size_t count,
    struct rows *rows, struct path *path)
{
	size_t H = forest_horizon(m), lead[LEADS_MAX], made = 0;
	struct forest_path *p = calloc(count + 1, sizeof(*p));
	int r = -1;

	for (size_t k = 0; k < H; k++)
		lead[k] = k + 1;
	if (p == NULL || rows_init(rows, count, lead, H, 1, 1) != 0)
		goto end;
	for (; made < count; made++)
		if (forest_path_init(&p[made], H) != 0)
			goto end;
	if (forest_predict_all(m, g, origin, count, p) != 0)
		goto end;
	for (size_t i = 0; i < count; i++)
		put_row(rows, i, origin[i], &p[i]);
	put_path(path, &p[count - 1]);
	r = 0;
end:
	for (size_t i = 0; i < made; i++)
		forest_path_free(&p[i]);
	free(p);
	if (r != 0)
		rows_free(rows);
	return r;
}

static void
save(const void *m, struct buf *out)
{
	forest_save(m, out);
}

static void *
load(struct unpack *u, size_t H, double step, const char **why)
{
	struct forest *f = forest_load(u->p, u->n, why);

	if (f == NULL || forest_fits(f, H, step))
		return f;
	forest_free(f);
	*why = "its numbers do not fit together";
	return NULL;
}

static void
release(void *m)
{
	forest_free(m);
}

const struct method method_forest = { "forest", 1, fit, predict, save, load,
	release };
