#include "view/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
read_inputs(struct view_run *r, const struct json *j)
{
	const struct json *list = json_get(j, "inputs"), *e;

	if (list == NULL || json_type(list) != JSON_ARRAY)
		return 0;
	r->inputs = calloc(json_len(list) + 1, sizeof(*r->inputs));
	if (r->inputs == NULL)
		return -1;
	for (e = json_first(list); e != NULL; e = json_next(e)) {
		struct view_input *in = &r->inputs[r->n_inputs++];
		const struct json *x = json_get(e, "expected");
		double age = number_of(e, "age_s");

		*in = (struct view_input){ .signal = text_of(e, "signal"),
			.unit = text_of(e, "unit"),
			.value = number_of(e, "value"),
			.origin = r->time,
			.expected = number_of(x, "value"),
			.at_most = number_of(x, "at_most"),
			.from_s = number_of(x, "from_s"),
			.to_s = number_of(x, "to_s") };
		if (isfinite(age) && fabs(age) < 1e9)
			in->origin -= (int64_t)llround(age * 1000);
		if (!(in->to_s >= in->from_s && in->from_s >= 0 &&
			in->to_s < 1e9))
			in->expected = in->at_most = (double)NAN;
		if (in->signal == NULL || in->unit == NULL)
			return -1;
	}
	return 0;
}

int
run_read(struct view_run *r, const struct json *j)
{
	const struct json *result = json_get(j, "result");
	const struct json *seen = json_get(j, "observed");
	const struct json *spent = json_get(j, "spent");
	long long ms = 0, expires = 0, since = 0;

	json_get_time(j, "time", &ms);
	json_get_time(j, "expires", &expires);
	json_get_time(spent, "since", &since);
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
		.driver = text_of(seen, "driver"),
		.load = number_of(j, "current_load"),
		.ahead = number_of(j, "predicted_load"),
		.cost = number_of(j, "cost_impact"),
		.confidence = number_of(j, "confidence"),
		.risk = number_of(json_get(j, "risk"), "ahead"),
		.spent = number_of(spent, "value"),
		.spent_since = since,
		.ready = count_of(seen, "ready"),
		.from = count_of(j, "current_instances"),
		.to = count_of(j, "recommended_instances") };
	return r->id && r->plan && r->action && r->mode && r->reason &&
		r->states && r->currency && r->approval && r->status &&
		r->error && r->driver
	    ? read_inputs(r, j)
	    : -1;
}

void
run_free(struct view_run *r)
{
	for (size_t i = 0; i < r->n_inputs; i++) {
		free(r->inputs[i].signal);
		free(r->inputs[i].unit);
	}
	free(r->inputs);
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
	free(r->driver);
}

static int
by_time(const void *a, const void *b)
{
	const struct view_run *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (order != 0)
		return order;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* Of a decision and its result the one with a status stands for both. */
void
runs_settle(struct view_run *runs, size_t *n)
{
	size_t k = 0;

	if (*n > 1)
		qsort(runs, *n, sizeof(*runs), by_time);
	for (size_t i = 0; i < *n; i++) {
		struct view_run r = runs[i], *last = &runs[k];

		runs[i] = (struct view_run){ 0 };
		if (k == 0 || r.id[0] == '\0' ||
		    strcmp(last[-1].id, r.id) != 0) {
			runs[k++] = r;
		} else if (r.status[0] != '\0' || last[-1].status[0] == '\0') {
			run_free(&last[-1]);
			last[-1] = r;
		} else {
			run_free(&r);
		}
	}
	*n = k;
}
