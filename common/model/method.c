#include "model/method.h"

#include <stdlib.h>
#include <string.h>

#include "model/online.h"
#include "model/xgboost.h"

static const struct method *const all[] = { &method_forest, &method_online,
	&method_article,
#ifdef WITH_XGBOOST
	&method_xgboost,
#endif
	&method_last, &method_seasonal, NULL };

const struct method *const *
method_all(void)
{
	return all;
}

const struct method *
method_find(const char *name)
{
	for (size_t i = 0; all[i] != NULL; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

const char *
method_absent(const char *name)
{
	return strcmp(name, "xgboost") == 0 && method_find(name) == NULL
	    ? "the method 'xgboost' is not built in: it takes "
	      "'make XGBOOST=1'"
	    : NULL;
}

int
rows_init(struct rows *r, size_t count, const size_t *lead, size_t leads,
    int with_mean, int with_q)
{
	size_t n = count * leads, kinds = 1;
	double *room;

	*r = (struct rows){ .count = count, .leads = leads };
	memcpy(r->lead, lead, leads * sizeof(*lead));
	kinds += with_mean ? 1 : 0;
	kinds += with_q ? FORECAST_LEVELS : 0;
	r->origin = calloc(count + 1, sizeof(*r->origin));
	room = calloc(n * kinds + 1, sizeof(*room));
	r->median = room;
	if (r->origin == NULL || room == NULL) {
		rows_free(r);
		return -1;
	}
	if (with_mean)
		r->mean = room += n;
	for (int k = 0; with_q && k < FORECAST_LEVELS; k++)
		r->q[k] = room += n;
	return 0;
}

void
rows_free(struct rows *r)
{
	free(r->origin);
	free(r->median);
	*r = (struct rows){ 0 };
}

size_t
leads_every(size_t H, size_t lead[static LEADS_MAX])
{
	if (H > LEADS_MAX)
		return online_leads(H, lead);
	for (size_t k = 0; k < H; k++)
		lead[k] = k + 1;
	return H;
}

double
rows_at(const struct rows *r, const double *x, size_t i, size_t k)
{
	const double *row = x + i * r->leads;
	size_t j = 0;
	double w;

	/* leads often begin 1, 2, 3, ...: look there first */
	if (k <= r->leads && r->lead[k - 1] == k)
		return row[k - 1];
	while (j + 1 < r->leads && r->lead[j] < k)
		j++;
	if (r->lead[j] <= k || j == 0)
		return row[j];
	w = (double)(k - r->lead[j - 1]) /
	    (double)(r->lead[j] - r->lead[j - 1]);
	return (1 - w) * row[j - 1] + w * row[j];
}

int
path_init(struct path *p, size_t H)
{
	double *room = calloc(H * (2 + FORECAST_LEVELS) + 1, sizeof(*room));

	*p = (struct path){ .H = H, .median = room };
	if (room == NULL)
		return -1;
	p->mean = room + H;
	for (size_t k = 0; k < FORECAST_LEVELS; k++)
		p->q[k] = room + (2 + k) * H;
	return 0;
}

void
path_free(struct path *p)
{
	free(p->median);
	*p = (struct path){ 0 };
}
