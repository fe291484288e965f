#include "policy/walk.h"

#include <stdlib.h>
#include <string.h>

/* All of r at the leads 1..H */
static int
spread(struct rows *to, const struct rows *r, size_t H)
{
	size_t lead[LEADS_MAX];

	for (size_t k = 0; k < H; k++)
		lead[k] = k + 1;
	if (rows_init(to, r->count, lead, H, 0, 0) != 0)
		return -1;
	memcpy(to->origin, r->origin, r->count * sizeof(*to->origin));
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 1; k <= H; k++)
			to->median[i * H + k - 1] = rows_at(r, r->median, i, k);
	return 0;
}

/* Origins first..last - 1 by a model of the samples before the first */
static int
one_day(struct rows *to, const struct grid *g, const struct walk_options *o,
    size_t first, size_t last, const char **why)
{
	struct method_options mo = { .H = to->leads, .threads = o->threads };
	size_t count = last - first, *origin = malloc(count * sizeof(*origin));
	struct rows rows = { 0 };
	struct path path = { 0 };
	void *m = o->method->fit(g, first, &mo, NULL, why);
	int e = -1;

	if (m == NULL)
		goto end;
	*why = "out of memory";
	if (origin == NULL || path_init(&path, mo.H) != 0)
		goto end;
	for (size_t i = 0; i < count; i++)
		origin[i] = first + i;
	e = o->method->predict(m, g, origin, count, &rows, &path);
	for (size_t i = 0; i < count && e == 0; i++)
		for (size_t k = 1; k <= mo.H; k++)
			to->median[(first + i) * mo.H + k - 1] =
			    rows_at(&rows, rows.median, i, k);
end:
	if (e == 0)
		rows_free(&rows);
	path_free(&path);
	free(origin);
	if (m != NULL)
		o->method->free(m);
	return e;
}

int
walk_forward(struct rows *r, const struct grid *g, const struct walk_options *o,
    const char **why)
{
	size_t H = r->lead[r->leads - 1];
	struct rows to = { 0 };

	*why = "the replayed forecast reaches too many steps ahead";
	if (H > LEADS_MAX)
		return -1;
	*why = "out of memory";
	if (spread(&to, r, H) != 0)
		return -1;
	for (size_t i = o->from; i < g->n; i += o->every) {
		size_t last = i + o->every < g->n ? i + o->every : g->n;

		if (o->progress != NULL)
			o->progress(
			    i - o->from, g->n - o->from, o->method->name);
		if (one_day(&to, g, o, i, last, why) != 0) {
			rows_free(&to);
			return -1;
		}
	}
	rows_free(r);
	*r = to;
	return 0;
}
