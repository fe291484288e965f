/* Servers of Hetzner Cloud: names are unique in a project, and labels say whose
 * they are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "target/vendor.h"

static int
check(const struct vendor *v, struct buf *why)
{
	const struct conf_machine *m = &v->machine;
	long x;

	for (size_t k = 0; k < m->n_networks; k++)
		if (number_count(m->networks[k], 1, 1000000000000, &x) != 0) {
			buf_printf(why,
			    "driver 'hetzner' knows networks by number: '%s' "
			    "is none",
			    m->networks[k]);
			return -1;
		}
	return 0;
}

static void
filter(const struct vendor *v, struct buf *out)
{
	buf_printf(out, "label_selector=autoscale%%3D%%3D%s", v->service);
}

static long
more(const struct json *answer, long page)
{
	double next = 0;

	json_get_num(json_get(json_get(answer, "meta"), "pagination"),
	    "next_page", &next);
	return next > (double)page && next < 1e6 ? (long)next : 0;
}

static void
copy(char *to, size_t size, const char *s)
{
	snprintf(to, size, "%s", s != NULL ? s : "");
}

static int
says(const struct json *labels, const char *key, const char *value)
{
	const char *s = json_get_str(labels, key);

	return s != NULL && strcmp(s, value) == 0;
}

static void
read_address(const struct vendor *v, const struct json *j, struct machine *m)
{
	const struct json *net = json_get(j, "public_net");
	const char *four = json_get_str(json_get(net, "ipv4"), "ip");
	const char *six = json_get_str(json_get(net, "ipv6"), "ip");

	if (v->machine.address_private)
		copy(m->address, sizeof(m->address),
		    json_get_str(json_first(json_get(j, "private_net")), "ip"));
	else if (four != NULL)
		copy(m->address, sizeof(m->address), four);
	else if (six != NULL) /* "2001:db8::/64": the server has its first */
		snprintf(m->address, sizeof(m->address), "%.*s1",
		    (int)strcspn(six, "/"), six);
}

static void
read_one(const struct vendor *v, const struct json *j, struct machine *m)
{
	const struct json *labels = json_get(j, "labels");
	const struct json *place = json_get(j, "location");
	char id[NUMBER_SIZE];
	double x = 0;
	long long ms = 0;

	if (json_get_num(j, "id", &x) != 0)
		return;
	copy(m->id, sizeof(m->id), number_format(id, x));
	copy(m->name, sizeof(m->name), json_get_str(j, "name"));
	copy(m->status, sizeof(m->status), json_get_str(j, "status"));
	copy(m->type, sizeof(m->type),
	    json_get_str(json_get(j, "server_type"), "name"));
	if (place == NULL) /* as it was until 2025 */
		place = json_get(json_get(j, "datacenter"), "location");
	copy(m->place, sizeof(m->place), json_get_str(place, "name"));
	read_address(v, j, m);
	json_get_time(j, "created", &ms);
	m->created = (double)ms / 1000;
	m->runs = strcmp(m->status, "running") == 0;
	m->counts = strcmp(m->status, "deleting") != 0 &&
	    says(labels, "autoscale", v->service);
	m->ours = says(labels, "autoscale-made", "yes");
	m->proven = says(labels, "autoscale-proven", "yes");
}

static void
put_list(struct buf *out, const char *name, char *const *x, size_t n, int quote)
{
	if (n == 0)
		return;
	buf_printf(out, ",\"%s\":[", name);
	for (size_t k = 0; k < n; k++) {
		buf_str(out, k > 0 ? "," : "");
		if (quote)
			buf_json_str(out, x[k]);
		else
			buf_str(out, x[k]);
	}
	buf_char(out, ']');
}

static void
create(const struct vendor *v, const struct vendor_wish *w, struct buf *body)
{
	const struct conf_machine *m = &v->machine;

	buf_str(body, "{\"name\":");
	buf_json_str(body, w->name);
	buf_str(body, ",\"server_type\":");
	buf_json_str(body, w->type);
	buf_str(body, ",\"image\":");
	buf_json_str(body, m->from);
	if (*w->place != '\0') {
		buf_str(body, ",\"location\":");
		buf_json_str(body, w->place);
	}
	put_list(body, "ssh_keys", m->ssh_keys, m->n_ssh_keys, 1);
	put_list(body, "networks", m->networks, m->n_networks, 0);
	buf_str(body, ",\"labels\":{\"autoscale\":");
	buf_json_str(body, v->service);
	buf_str(body, ",\"autoscale-made\":\"yes\"");
	for (size_t k = 0; k < m->n_labels; k++) {
		const char *equal = strchr(m->labels[k], '=');
		struct buf key = { 0 };

		if (equal == NULL)
			continue;
		buf_add(&key, m->labels[k], (size_t)(equal - m->labels[k]));
		buf_char(body, ',');
		buf_json_str(body, key.failed || key.s == NULL ? "" : key.s);
		buf_char(body, ':');
		buf_json_str(body, equal + 1);
		buf_free(&key);
	}
	buf_char(body, '}');
	if (w->user_data != NULL) {
		buf_str(body, ",\"user_data\":");
		buf_json_str(body, w->user_data);
	}
	buf_char(body, '}');
}

static enum vendor_trouble
judge(long status, const struct json *answer)
{
	const struct json *error = json_get(answer, "error");
	const char *code = json_get_str(error, "code");
	const char *text = json_get_str(error, "message");

	if (code == NULL)
		return TROUBLE_OTHER;
	if (strcmp(code, "uniqueness_error") == 0)
		return TROUBLE_TAKEN;
	if (strcmp(code, "resource_unavailable") == 0 ||
	    strcmp(code, "placement_error") == 0 ||
	    strcmp(code, "no_space_left_in_location") == 0)
		return TROUBLE_STOCK;
	/* not every type is sold at every place */
	if (strcmp(code, "invalid_input") == 0 && text != NULL &&
	    strstr(text, "unsupported location") != NULL)
		return TROUBLE_STOCK;
	if (strcmp(code, "locked") == 0 || strcmp(code, "conflict") == 0 ||
	    status == 423)
		return TROUBLE_BUSY;
	return TROUBLE_OTHER;
}

static void
stop(const char *id, struct buf *path, struct buf *body)
{
	(void)body;
	buf_printf(path, "/servers/%s/actions/shutdown", id);
}

/* A change of labels replaces them all. */
static int
prove(struct vendor *v, const struct machine *m)
{
	struct buf path = { 0 }, body = { 0 }, old = { 0 }, ignored = { 0 };
	struct json *j;
	const struct json *labels;
	int done = -1;

	buf_printf(&path, "/servers/%s", m->id);
	j = vendor_get(v, &path, &ignored);
	labels = json_get(json_get(j, "server"), "labels");
	if (labels != NULL) {
		json_write(labels, &old);
		buf_str(&body, "{\"labels\":");
		if (!old.failed &&
		    json_replace(old.s, old.len, "autoscale-proven", "\"yes\"",
			&body) == 0) {
			buf_char(&body, '}');
			done = vendor_write(v, "PUT", &path, &body);
		}
	}
	json_free(j);
	buf_free(&old);
	buf_free(&path);
	buf_free(&body);
	buf_free(&ignored);
	return done;
}

static void
load_path(const char *id, int64_t t0, int64_t t1, struct buf *path)
{
	char a[CLOCK_SIZE], b[CLOCK_SIZE];

	buf_printf(path, "/servers/%s/metrics?type=cpu&start=%s&end=%s", id,
	    clock_format(a, t0 * 1000), clock_format(b, t1 * 1000));
}

/* Percent of one processor, the mean of the time asked for */
static double
load(const struct json *answer)
{
	const struct json *values = json_get(
	    json_get(
		json_get(json_get(answer, "metrics"), "time_series"), "cpu"),
	    "values");
	double sum = 0, x;
	int n = 0;

	for (const struct json *j = json_first(values); j != NULL;
	     j = json_next(j)) {
		const char *s = json_str(json_next(json_first(j)));

		if (s == NULL || number_parse(s, &x) != 0)
			continue;
		sum += x;
		n++;
	}
	if (n == 0)
		return NAN;
	return sum / n / 100;
}

static const struct vendor_kind kind = {
	.name = "hetzner",
	.base = "https://api.hetzner.cloud/v1",
	.token = "HCLOUD_TOKEN",
	.machines = "/servers",
	.list = "servers",
	.per_page = 50,
	.refills = 1,
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
hetzner_open(const struct conf_apply *settings, struct buf *why)
{
	return vendor_open(&kind, settings, why);
}

const struct target_driver target_hetzner = {
	.name = "hetzner",
	.open = hetzner_open,
	.close = rent_close,
	.read = rent_state,
	.scale = rent_scale,
	.settled = rent_settled,
	.sweep = rent_sweep,
};
