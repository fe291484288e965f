/* Droplets of DigitalOcean: names need not be unique, tags say whose they are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "target/vendor.h"

static const char made_tag[] = "autoscale-made";
static const char proven_tag[] = "autoscale-proven";

static int
check(const struct vendor *v, struct buf *why)
{
	if (v->machine.n_networks <= 1)
		return 0;
	buf_str(why,
	    "driver 'digitalocean' puts a machine into one network, the VPC "
	    "whose UUID 'networks' names");
	return -1;
}

static void
filter(const struct vendor *v, struct buf *out)
{
	buf_printf(out, "tag_name=autoscale%%3A%s", v->service);
}

static long
more(const struct json *answer, long page)
{
	const struct json *pages = json_get(json_get(answer, "links"), "pages");

	return json_get_str(pages, "next") != NULL ? page + 1 : 0;
}

static void
copy(char *to, size_t size, const char *s)
{
	snprintf(to, size, "%s", s != NULL ? s : "");
}

static int
tagged(const struct json *tags, const char *tag)
{
	for (const struct json *j = json_first(tags); j != NULL;
	     j = json_next(j)) {
		const char *s = json_str(j);

		if (s != NULL && strcmp(s, tag) == 0)
			return 1;
	}
	return 0;
}

static void
read_address(const struct vendor *v, const struct json *j, struct machine *m)
{
	const char *want = v->machine.address_private ? "private" : "public";
	const struct json *four = json_get(json_get(j, "networks"), "v4");

	for (const struct json *n = json_first(four); n != NULL;
	     n = json_next(n)) {
		const char *type = json_get_str(n, "type");

		if (type != NULL && strcmp(type, want) == 0)
			copy(m->address, sizeof(m->address),
			    json_get_str(n, "ip_address"));
	}
}

static void
read_one(const struct vendor *v, const struct json *j, struct machine *m)
{
	const struct json *tags = json_get(j, "tags");
	char id[NUMBER_SIZE], tag[80];
	double x = 0;
	long long ms = 0;

	if (json_get_num(j, "id", &x) != 0)
		return;
	copy(m->id, sizeof(m->id), number_format(id, x));
	copy(m->name, sizeof(m->name), json_get_str(j, "name"));
	copy(m->status, sizeof(m->status), json_get_str(j, "status"));
	copy(m->type, sizeof(m->type), json_get_str(j, "size_slug"));
	copy(m->place, sizeof(m->place),
	    json_get_str(json_get(j, "region"), "slug"));
	read_address(v, j, m);
	json_get_time(j, "created_at", &ms);
	m->created = (double)ms / 1000;
	snprintf(tag, sizeof(tag), "autoscale:%s", v->service);
	m->runs = strcmp(m->status, "active") == 0;
	m->counts = strcmp(m->status, "archive") != 0 && tagged(tags, tag);
	m->ours = tagged(tags, made_tag);
	m->proven = tagged(tags, proven_tag);
}

static int
is_number(const char *s)
{
	long x;

	return number_count(s, 0, 1000000000000000, &x) == 0;
}

/* Images and keys have a number or a word. */
static void
put_either(struct buf *out, const char *s)
{
	if (is_number(s))
		buf_str(out, s);
	else
		buf_json_str(out, s);
}

static void
put_tags(struct buf *body, const struct vendor *v)
{
	const struct conf_machine *m = &v->machine;

	buf_printf(
	    body, ",\"tags\":[\"autoscale:%s\",\"%s\"", v->service, made_tag);
	for (size_t k = 0; k < m->n_labels; k++) {
		struct buf tag = { 0 };

		buf_str(&tag, m->labels[k]);
		for (char *s = tag.s; s != NULL && *s != '\0'; s++)
			if (*s == '=')
				*s = ':';
		buf_char(body, ',');
		buf_json_str(body, tag.failed ? "" : tag.s);
		buf_free(&tag);
	}
	buf_char(body, ']');
}

static void
create(const struct vendor *v, const struct vendor_wish *w, struct buf *body)
{
	const struct conf_machine *m = &v->machine;

	buf_str(body, "{\"name\":");
	buf_json_str(body, w->name);
	buf_str(body, ",\"size\":");
	buf_json_str(body, w->type);
	buf_str(body, ",\"image\":");
	put_either(body, m->from);
	if (*w->place != '\0') {
		buf_str(body, ",\"region\":");
		buf_json_str(body, w->place);
	}
	if (m->n_ssh_keys > 0) {
		buf_str(body, ",\"ssh_keys\":[");
		for (size_t k = 0; k < m->n_ssh_keys; k++) {
			buf_str(body, k > 0 ? "," : "");
			put_either(body, m->ssh_keys[k]);
		}
		buf_char(body, ']');
	}
	if (m->n_networks > 0) {
		buf_str(body, ",\"vpc_uuid\":");
		buf_json_str(body, m->networks[0]);
	}
	if (m->remove == REMOVE_IDLE)
		buf_str(body, ",\"monitoring\":true");
	put_tags(body, v);
	if (w->user_data != NULL) {
		buf_str(body, ",\"user_data\":");
		buf_json_str(body, w->user_data);
	}
	buf_char(body, '}');
}

/* There is one code for all that is wrong with an order; what it is stands in
 * the message alone. */
static enum vendor_trouble
judge(long status, const struct json *answer)
{
	static const char *const stock[] = { "not available", "unavailable",
		"currently disabled", "out of capacity", "sold out" };
	const char *text = json_get_str(answer, "message");

	if (status == 423 || status == 409)
		return TROUBLE_BUSY;
	if (status != 422 || text == NULL)
		return TROUBLE_OTHER;
	for (size_t k = 0; k < sizeof(stock) / sizeof(stock[0]); k++)
		if (strcasestr(text, stock[k]) != NULL)
			return TROUBLE_STOCK;
	return TROUBLE_OTHER;
}

static void
stop(const char *id, struct buf *path, struct buf *body)
{
	buf_printf(path, "/v2/droplets/%s/actions", id);
	buf_str(body, "{\"type\":\"shutdown\"}");
}

/* A tag must be there before it can be put on anything. */
static int
prove(struct vendor *v, const struct machine *m)
{
	struct buf path = { 0 }, body = { 0 };
	int done;

	buf_str(&path, "/v2/tags");
	buf_printf(&body, "{\"name\":\"%s\"}", proven_tag);
	vendor_write(v, "POST", &path, &body);
	buf_clear(&path);
	buf_clear(&body);
	buf_printf(&path, "/v2/tags/%s/resources", proven_tag);
	buf_printf(&body,
	    "{\"resources\":[{\"resource_id\":\"%s\","
	    "\"resource_type\":\"droplet\"}]}",
	    m->id);
	done = vendor_write(v, "POST", &path, &body);
	buf_free(&path);
	buf_free(&body);
	return done;
}

static void
load_path(const char *id, int64_t t0, int64_t t1, struct buf *path)
{
	buf_printf(path,
	    "/v2/monitoring/metrics/droplet/cpu?host_id=%s&start=%lld&end=%lld",
	    id, (long long)t0, (long long)t1);
}

/* How much a counter of seconds grew; NAN */
static double
growth(const struct json *series)
{
	const struct json *values = json_get(series, "values"), *last = NULL;
	const char *a, *b;
	double x, y;

	for (const struct json *j = json_first(values); j != NULL;
	     j = json_next(j))
		last = j;
	a = json_str(json_next(json_first(json_first(values))));
	b = json_str(json_next(json_first(last)));
	if (a == NULL || b == NULL || number_parse(a, &x) != 0 ||
	    number_parse(b, &y) != 0 || y < x)
		return NAN;
	return y - x;
}

static double
load(const struct json *answer)
{
	const struct json *all = json_get(json_get(answer, "data"), "result");
	double idle = 0, sum = 0;

	for (const struct json *j = json_first(all); j != NULL;
	     j = json_next(j)) {
		const char *mode = json_get_str(json_get(j, "metric"), "mode");
		double x = growth(j);

		if (mode == NULL || isnan(x))
			continue;
		sum += x;
		if (strcmp(mode, "idle") == 0)
			idle += x;
	}
	if (!(sum > 0))
		return NAN;
	return 1 - idle / sum;
}

static const struct vendor_kind kind = {
	.name = "digitalocean",
	.base = "https://api.digitalocean.com",
	.token = "DIGITALOCEAN_TOKEN",
	.machines = "/v2/droplets",
	.list = "droplets",
	.per_page = 200,
	.check = check,
	.filter = filter,
	.more = more,
	.read = read_one,
	.create = create,
	.judge = judge,
	.stop = stop,
	.prove = prove,
	.load_path = load_path,
	.load = load,
};

static void *
digitalocean_open(const struct conf_apply *settings, struct buf *why)
{
	return vendor_open(&kind, settings, why);
}

const struct target_driver target_digitalocean = {
	.name = "digitalocean",
	.open = digitalocean_open,
	.close = rent_close,
	.read = rent_state,
	.scale = rent_scale,
	.settled = rent_settled,
	.sweep = rent_sweep,
};
