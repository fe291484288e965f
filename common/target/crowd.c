#include "target/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "io/digest.h"
#include "target/replica.h"

static void
add_label(struct buf *out, const char *key, const char *value, size_t n)
{
	struct buf text = { 0 };

	buf_printf(
	    &text, "%s%s%.*s", key, *key != '\0' ? "=" : "", (int)n, value);
	buf_str(out, out->len > 1 ? "," : "");
	buf_json_str(out, text.failed ? "" : text.s);
	out->failed |= text.failed;
	buf_free(&text);
}

char *
crowd_labels(const char *service, int compose, struct buf *why)
{
	const char *slash = strchr(service, '/');
	struct buf out = { 0 };

	if (!compose && *service == '\0') {
		buf_str(why,
		    "driver 'docker' needs a service: the label of its "
		    "containers, as in 'app=web'");
		return NULL;
	}
	if (compose &&
	    (slash == NULL || slash == service || slash[1] == '\0')) {
		buf_str(why,
		    "driver 'compose' needs a service: project and service, as "
		    "in 'shop/web'");
		return NULL;
	}
	buf_char(&out, '[');
	if (compose) {
		add_label(&out, "com.docker.compose.project", service,
		    (size_t)(slash - service));
		add_label(&out, "com.docker.compose.service", slash + 1,
		    strlen(slash + 1));
		add_label(&out, "com.docker.compose.oneoff", "False", 5);
	} else {
		add_label(&out, "", service, strlen(service));
	}
	buf_char(&out, ']');
	if (!out.failed)
		return out.s;
	buf_free(&out);
	buf_str(why, "out of memory");
	return NULL;
}

void
crowd_free(struct crowd *c)
{
	free(c->all);
	*c = (struct crowd){ .all = NULL };
}

static void
copy(char *to, size_t size, const char *s)
{
	snprintf(to, size, "%s", s != NULL ? s : "");
}

/* The name of its own: others, made by links, have another's before them */
static void
read_name(struct container *c, const struct json *names)
{
	for (const struct json *j = json_first(names); j != NULL;
	     j = json_next(j)) {
		const char *s = json_str(j);

		if (s == NULL)
			continue;
		s += *s == '/';
		if (strchr(s, '/') == NULL)
			copy(c->name, sizeof(c->name), s);
	}
}

/* "web-3", "web_3": the number and where it begins */
static void
read_number(struct container *c, const char *compose)
{
	size_t len = strlen(c->name), digits = 0;

	while (digits < len && c->name[len - digits - 1] >= '0' &&
	    c->name[len - digits - 1] <= '9')
		digits++;
	c->number = 1;
	c->base = len;
	if (digits > 0 && digits + 1 < len &&
	    strchr("-_", c->name[len - digits - 1]) != NULL &&
	    number_count(c->name + len - digits, 0, 1000000000, &c->number) ==
		0)
		c->base = len - digits - 1;
	if (compose != NULL)
		number_count(compose, 0, 1000000000, &c->number);
}

static void
read_one(struct container *c, const struct json *j, int compose)
{
	const struct json *labels = json_get(j, "Labels");
	const char *state = json_get_str(j, "State");

	*c = (struct container){ .id = "" };
	copy(c->id, sizeof(c->id), json_get_str(j, "Id"));
	copy(c->status, sizeof(c->status), json_get_str(j, "Status"));
	json_get_num(j, "Created", &c->created);
	read_name(c, json_get(j, "Names"));
	read_number(c,
	    compose
		? json_get_str(labels, "com.docker.compose.container-number")
		: NULL);
	c->ours = json_get_str(labels, REPLICA_LABEL) != NULL;
	if (state == NULL)
		return;
	c->fresh = strcmp(state, "created") == 0;
	c->counts = strcmp(state, "running") == 0 ||
	    strcmp(state, "restarting") == 0 || strcmp(state, "paused") == 0 ||
	    (c->fresh && c->ours &&
		(double)clock_wall() / 1000 - c->created < CROWD_ON_ITS_WAY);
	/* one that has only just been started may be about to fail */
	c->ready = strcmp(state, "running") == 0 &&
	    strstr(c->status, "Less than a second") == NULL &&
	    strstr(c->status, "(unhealthy)") == NULL &&
	    strstr(c->status, "(health: starting)") == NULL;
}

static int
by_removal(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	if (x->counts != y->counts)
		return x->counts ? -1 : 1;
	if (x->ready != y->ready)
		return x->ready ? 1 : -1;
	if (x->created < y->created || x->created > y->created)
		return x->created > y->created ? -1 : 1;
	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	return strcmp(x->id, y->id);
}

static int
by_id(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int
sum_up(struct crowd *c)
{
	const char **ids = calloc(c->n + 1, sizeof(*ids));
	struct buf all = { 0 };
	char hex[DIGEST_HEX];

	if (ids == NULL)
		return -1;
	for (size_t k = 0; k < c->n && c->all[k].counts; k++) {
		ids[c->count++] = c->all[k].id;
		c->ready += (size_t)c->all[k].ready;
	}
	qsort(ids, c->count, sizeof(*ids), by_id);
	for (size_t k = 0; k < c->count; k++)
		buf_printf(&all, "%s\n", ids[k]);
	if (!all.failed)
		snprintf(c->version, sizeof(c->version), "%.16s",
		    digest_sha256(all.s != NULL ? all.s : "", all.len, hex));
	free(ids);
	buf_free(&all);
	return c->version[0] != '\0' ? 0 : -1;
}

static int
take(struct crowd *c, const struct json *list, int compose)
{
	c->all = calloc(json_len(list) + 1, sizeof(*c->all));
	if (c->all == NULL)
		return -1;
	for (const struct json *j = json_first(list); j != NULL;
	     j = json_next(j)) {
		read_one(&c->all[c->n], j, compose);
		if (c->all[c->n].id[0] != '\0' && c->all[c->n].name[0] != '\0')
			c->n++;
	}
	qsort(c->all, c->n, sizeof(*c->all), by_removal);
	return sum_up(c);
}

int
crowd_look(struct engine *e, const char *labels, int compose, struct crowd *c,
    struct buf *why)
{
	struct buf path = { 0 }, filter = { 0 };
	struct http_response r = { 0 };
	struct json *list = NULL;
	int done = -1;

	*c = (struct crowd){ .all = NULL };
	if (engine_api(e, why) != 0)
		return -1;
	buf_printf(&filter, "{\"label\":%s}", labels);
	buf_printf(&path, "/%s/containers/json?all=true&filters=", e->api);
	if (!filter.failed)
		http_escape(&path, filter.s);
	if (filter.failed || path.failed)
		buf_str(why, "out of memory");
	else
		list = engine_get(e, path.s, &r, why);
	if (list != NULL && json_type(list) != JSON_ARRAY)
		buf_printf(why, "'%s' gave no list of containers", e->shown);
	else if (list != NULL && take(c, list, compose) != 0)
		buf_str(why, "out of memory");
	else if (list != NULL)
		done = 0;
	if (done != 0)
		crowd_free(c);
	json_free(list);
	http_response_free(&r);
	buf_free(&filter);
	buf_free(&path);
	return done;
}

const struct container *
crowd_template(const struct crowd *c)
{
	const struct container *best = NULL;

	/* within each kind the newest comes first */
	for (size_t k = 0; k < c->n; k++) {
		const struct container *x = &c->all[k];

		if (x->fresh && x->ours)
			continue;
		if (best == NULL || (x->ready && !best->ready))
			best = x;
	}
	return best;
}

long
crowd_next(const struct crowd *c, const struct container *t)
{
	long next = 0;

	for (size_t k = 0; k < c->n; k++)
		if (c->all[k].number > next && c->all[k].base == t->base &&
		    strncmp(c->all[k].name, t->name, t->base) == 0)
			next = c->all[k].number;
	return next + 1;
}
