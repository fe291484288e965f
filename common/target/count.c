#include "target/count.h"

#include <stdio.h>
#include <string.h>

#include "base/excerpt.h"

enum {
	ERRORS_SHOWN = 3,
	ERROR_SHOWN = 200 /* bytes of each */
};

static struct json *
get_tasks(const struct engine *e, const char *service, struct http_response *r,
    struct buf *why)
{
	struct buf path = { 0 }, filter = { 0 };
	struct json *tasks = NULL;

	buf_str(&filter, "{\"service\":[");
	buf_json_str(&filter, service);
	buf_str(&filter, "]}");
	buf_printf(&path, "/%s/tasks?filters=", e->api);
	if (!filter.failed)
		http_escape(&path, filter.s);
	if (!filter.failed && !path.failed)
		tasks = engine_get(e, path.s, r, why);
	buf_free(&path);
	buf_free(&filter);
	return tasks;
}

/* The manager has heard from the node of late. Of one that it does not list
 * nothing more will come. */
static int
is_there(const struct json *nodes, const char *id)
{
	for (const struct json *n = json_first(nodes); n != NULL;
	     n = json_next(n)) {
		const char *is = json_get_str(n, "ID"),
			   *state =
			       json_get_str(json_get(n, "Status"), "State");

		if (id != NULL && is != NULL && strcmp(id, is) == 0)
			return state == NULL || strcmp(state, "down") != 0;
	}
	return 0;
}

static int
runs(const struct json *task)
{
	const char *state = json_get_str(json_get(task, "Status"), "State");

	return state != NULL && strcmp(state, "running") == 0;
}

static int
is_wanted(const struct json *task)
{
	const char *desired = json_get_str(task, "DesiredState");

	return desired != NULL && strcmp(desired, "running") == 0;
}

int
count_tasks(const struct engine *e, const char *service, struct count *t,
    struct buf *why)
{
	struct http_response r = { 0 }, rn = { 0 };
	struct json *tasks = get_tasks(e, service, &r, why), *nodes = NULL;
	struct buf path = { 0 };
	int done = tasks != NULL ? 0 : -1, left = 0;

	*t = (struct count){ 0, 0 };
	for (const struct json *j = json_first(tasks); j != NULL;
	     j = json_next(j)) {
		t->living += runs(j) && is_wanted(j);
		left |= runs(j) && !is_wanted(j);
	}
	if (left) {
		buf_printf(&path, "/%s/nodes", e->api);
		nodes = path.failed ? NULL : engine_get(e, path.s, &rn, why);
		done = nodes != NULL ? 0 : -1;
		for (const struct json *j = json_first(tasks);
		     j != NULL && nodes != NULL; j = json_next(j))
			t->leaving += runs(j) && !is_wanted(j) &&
			    is_there(nodes, json_get_str(j, "NodeID"));
	}
	json_free(nodes);
	json_free(tasks);
	buf_free(&path);
	http_response_free(&r);
	http_response_free(&rn);
	return done;
}

struct complaint {
	const char *text;
	long tasks;
};

/* What tasks complain of since the update */
static void
put_errors(const struct json *tasks, int64_t since, struct buf *why)
{
	struct complaint c[ERRORS_SHOWN] = { { NULL, 0 } };
	size_t n = 0, k;

	for (const struct json *t = json_first(tasks); t != NULL;
	     t = json_next(t)) {
		const struct json *status = json_get(t, "Status");
		const char *text = json_get_str(status, "Err");
		long long ms = 0;

		if (text == NULL || *text == '\0' ||
		    (json_get_time(status, "Timestamp", &ms) == 0 &&
			ms < since))
			continue;
		for (k = 0; k < n && strcmp(c[k].text, text) != 0; k++)
			;
		if (k == ERRORS_SHOWN)
			continue;
		if (k == n)
			c[n++].text = text;
		c[k].tasks++;
	}
	for (k = 0; k < n; k++) {
		buf_printf(why, "; %ld task%s: \"", c[k].tasks,
		    c[k].tasks == 1 ? "" : "s");
		buf_excerpt(why, c[k].text, strlen(c[k].text), ERROR_SHOWN);
		buf_char(why, '"');
	}
}

void
count_complaints(
    const struct engine *e, const char *service, int64_t since, struct buf *why)
{
	struct http_response r = { 0 };
	struct buf ignored = { 0 };
	struct json *tasks = get_tasks(e, service, &r, &ignored);

	put_errors(tasks, since, why);
	json_free(tasks);
	http_response_free(&r);
	buf_free(&ignored);
}
