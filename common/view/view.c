#include "view/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static char *
text_of(const struct json *j, const char *name)
{
	const char *s = json_get_str(j, name);

	return strdup(s != NULL ? s : "");
}

static double
number_of(const struct json *j, const char *name)
{
	double x = (double)NAN;

	json_get_num(j, name, &x);
	return x;
}

static long
count_of(const struct json *j, const char *name)
{
	double x = number_of(j, name);

	return isfinite(x) && x >= 0 && x < 1e6 ? (long)x : -1;
}

static char *
states_of(const struct json *j)
{
	const struct json *s = json_first(json_get(j, "states"));
	struct buf b = { 0 };

	buf_str(&b, "");
	for (; s != NULL; s = json_next(s))
		buf_printf(&b, "%s%s", b.len ? " " : "",
		    json_str(s) ? json_str(s) : "");
	return b.s;
}

static int
add_run(struct view_target *t, const struct json *j)
{
	const struct json *result = json_get(j, "result");
	struct view_run *r = grow(&t->runs, &t->n_runs, sizeof(*r));
	long long ms = 0, expires = 0;

	if (r == NULL)
		return -1;
	json_get_time(j, "time", &ms);
	json_get_time(j, "expires", &expires);
	*r = (struct view_run){ .time = ms,
		.expires = expires,
		.id = text_of(j, "id"),
		.plan = text_of(j, "plan"),
		.action = text_of(j, "action"),
		.mode = text_of(j, "mode"),
		.reason = text_of(j, "reason"),
		.states = states_of(j),
		.currency = text_of(j, "currency"),
		.approval = text_of(j, "approval"),
		.status = text_of(result, "status"),
		.error = text_of(result, "error"),
		.load = number_of(j, "current_load"),
		.ahead = number_of(j, "predicted_load"),
		.cost = number_of(j, "cost_impact"),
		.from = count_of(j, "current_instances"),
		.to = count_of(j, "recommended_instances") };
	return r->id && r->plan && r->action && r->mode && r->reason &&
		r->states && r->currency && r->approval && r->status && r->error
	    ? 0
	    : -1;
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
	if (r->type == RECORD_OTHER || r->type == RECORD_TUNE)
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
	case RECORD_SERIES:
	case RECORD_TUNE:
	case RECORD_OTHER:
		break;
	}
	return e == 0 ? 1 : -1;
}

static int
by_time(const void *a, const void *b)
{
	const struct view_run *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

static void
run_free(struct view_run *r)
{
	free(r->id);
	free(r->plan);
	free(r->action);
	free(r->mode);
	free(r->reason);
	free(r->states);
	free(r->currency);
	free(r->approval);
	free(r->status);
	free(r->error);
}

/* A decision and the result made of it are one run: the later line, which has
 * the status, stands for both. */
static void
merge_runs(struct view_target *t)
{
	size_t k = 0;

	for (size_t i = 0; i < t->n_runs; i++) {
		struct view_run r = t->runs[i], *last = &t->runs[k];

		t->runs[i] = (struct view_run){ 0 };
		if (k == 0 || r.id[0] == '\0' ||
		    strcmp(last[-1].id, r.id) != 0) {
			t->runs[k++] = r;
		} else if (r.status[0] != '\0' || last[-1].status[0] == '\0') {
			run_free(&last[-1]);
			last[-1] = r;
		} else {
			run_free(&r);
		}
	}
	t->n_runs = k;
}

int
view_finish(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct view_target *t = &v->targets[i];

		if (t->n_runs > 1)
			qsort(t->runs, t->n_runs, sizeof(*t->runs), by_time);
		merge_runs(t);
	}
	return series_set_finish(&v->series);
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
		free(t->runs);
		free(t->forecasts);
		trees_free(t->models, t->n_models);
		trees_free(t->anomalies, t->n_anomalies);
		trees_free(t->patterns, t->n_patterns);
		trees_free(t->backtests, t->n_backtests);
		free(t->name);
	}
	free(v->targets);
	free(v->currency);
	series_set_free(&v->series);
	*v = (struct view){ 0 };
}

const struct view_run *
view_pending(const struct view *v, const struct view_target *t)
{
	const struct view_run *r;

	if (t->n_runs == 0)
		return NULL;
	r = &t->runs[t->n_runs - 1];
	if (strcmp(r->approval, "required") != 0 ||
	    (r->expires > 0 && r->expires < v->now))
		return NULL;
	return r;
}

int
view_spent(const struct view *v, const struct view_target *t, double *cost,
    double *share)
{
	double hours = 0, paid = 0;

	if (!isfinite(v->per_instance) || t->n_runs < 2)
		return -1;
	for (size_t i = 0; i + 1 < t->n_runs; i++) {
		const struct view_run *r = &t->runs[i];
		double h = (double)(r[1].time - r->time) / 3.6e6;

		if (r->from < 0)
			continue;
		hours += h;
		paid += h * (double)r->from;
	}
	/* money is per month of 730 h */
	*cost = paid * v->per_instance / 730;
	*share = hours / 730;
	return hours > 0 ? 0 : -1;
}
