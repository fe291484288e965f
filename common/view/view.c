#include "view/view.h"

#include <stdlib.h>
#include <string.h>

#include "view/run.h"

/* One more element at the end of an array of n; NULL: out of memory */
static void *
grow(void *array, size_t *n, size_t size)
{
	char **a = array;
	char *p = realloc(*a, (*n + 1) * size);

	if (p == NULL)
		return NULL;
	*a = p;
	p += (*n)++ * size;
	memset(p, 0, size);
	return p;
}

static int
is_type(const struct json *j, const char *type)
{
	const char *s = json_get_str(j, "type");

	return s != NULL && strcmp(s, type) == 0;
}

static struct view_target *
find_target(struct view *v, const char *name)
{
	struct view_target *t;

	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->targets[i].name, name) == 0)
			return &v->targets[i];
	t = grow(&v->targets, &v->n, sizeof(*t));
	if (t != NULL && (t->name = strdup(name)) == NULL) {
		v->n--;
		t = NULL;
	}
	return t;
}

static int
add_run(struct view_target *t, const struct json *j)
{
	struct view_run *r = grow(&t->runs, &t->n_runs, sizeof(*r));

	if (r == NULL || run_read(r, j) != 0)
		return -1;
	r->place = t->n_runs;
	return 0;
}

static int
add_word(struct view_target *t, const struct json *j)
{
	struct view_word *w = grow(&t->words, &t->n_words, sizeof(*w));
	const char *plan = json_get_str(j, "plan");
	const char *who = json_get_str(j, "who");
	long long ms = 0;

	if (w == NULL)
		return -1;
	json_get_time(j, "time", &ms);
	w->time = ms;
	w->granted = is_type(j, "grant");
	w->plan = strdup(plan != NULL ? plan : "");
	w->who = strdup(who != NULL ? who : "");
	return w->plan != NULL && w->who != NULL ? 0 : -1;
}

static int
add_forecast(struct view_target *t, const struct json *j, const char **why)
{
	struct forecast f, *slot = NULL;

	if (forecast_read(&f, j, why) != 0)
		return -1;
	for (size_t i = 0; i < t->n_forecasts && slot == NULL; i++)
		if (strcmp(t->forecasts[i].metric, f.metric) == 0)
			slot = &t->forecasts[i];
	if (slot != NULL && slot->time > f.time) {
		forecast_free(&f);
		return 0;
	}
	if (slot != NULL)
		forecast_free(slot);
	else
		slot = grow(&t->forecasts, &t->n_forecasts, sizeof(*slot));
	if (slot == NULL) {
		forecast_free(&f);
		*why = "out of memory";
		return -1;
	}
	*slot = f;
	return 0;
}

static int
add_tree(struct json ***list, size_t *n, const struct record *r)
{
	struct json **slot = grow(list, n, sizeof(*slot));
	const char *why;

	if (slot == NULL)
		return -1;
	*slot = json_parse(r->line, r->len, &why);
	return *slot != NULL ? 0 : -1;
}

int
view_add(struct view *v, const struct record *r, const char **why)
{
	struct view_target *t = NULL;
	struct state s;
	int e = 0;

	if (r->type == RECORD_SERIES)
		return series_set_add(&v->series, r->json, why) == 0 ? 1 : -1;
	if (r->type == RECORD_TUNE ||
	    (r->type == RECORD_OTHER && !is_type(r->json, "grant") &&
		!is_type(r->json, "denial")))
		return 0;
	*why = "out of memory";
	t = find_target(v, record_target(r->json));
	if (t == NULL)
		return -1;
	switch (r->type) {
	case RECORD_STATE:
		if (state_read(&s, r->json, why) != 0)
			return -1;
		if (!t->has_state || s.time >= t->state.time)
			t->state = s;
		t->has_state = 1;
		return 1;
	case RECORD_FORECAST:
		e = add_forecast(t, r->json, why);
		break;
	case RECORD_DECISION:
	case RECORD_RESULT:
		e = add_run(t, r->json);
		break;
	case RECORD_MODEL:
		e = add_tree(&t->models, &t->n_models, r);
		break;
	case RECORD_ANOMALY:
		e = add_tree(&t->anomalies, &t->n_anomalies, r);
		break;
	case RECORD_PATTERN:
		e = add_tree(&t->patterns, &t->n_patterns, r);
		break;
	case RECORD_BACKTEST:
		e = add_tree(&t->backtests, &t->n_backtests, r);
		break;
	case RECORD_OTHER:
		e = add_word(t, r->json);
		break;
	case RECORD_SERIES:
	case RECORD_TUNE:
		break;
	}
	return e == 0 ? 1 : -1;
}

static int
by_name(const void *a, const void *b)
{
	const struct view_target *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
view_finish(struct view *v)
{
	if (series_set_finish(&v->series) != 0)
		return -1;
	for (size_t i = 0; i < v->series.n; i++)
		if (find_target(v, v->series.s[i].target) == NULL)
			return -1;
	for (size_t i = 0; i < v->n; i++)
		runs_settle(v->targets[i].runs, &v->targets[i].n_runs);
	if (v->n > 1)
		qsort(v->targets, v->n, sizeof(*v->targets), by_name);
	return 0;
}

static void
trees_free(struct json **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_free(list[i]);
	free(list);
}

void
view_free(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct view_target *t = &v->targets[i];

		for (size_t k = 0; k < t->n_runs; k++)
			run_free(&t->runs[k]);
		for (size_t k = 0; k < t->n_forecasts; k++)
			forecast_free(&t->forecasts[k]);
		for (size_t k = 0; k < t->n_words; k++) {
			free(t->words[k].plan);
			free(t->words[k].who);
		}
		free(t->words);
		free(t->runs);
		free(t->forecasts);
		trees_free(t->models, t->n_models);
		trees_free(t->anomalies, t->n_anomalies);
		trees_free(t->patterns, t->n_patterns);
		trees_free(t->backtests, t->n_backtests);
		free(t->name);
	}
	free(v->targets);
	series_set_free(&v->series);
	*v = (struct view){ 0 };
}
