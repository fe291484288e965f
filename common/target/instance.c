#include "target/instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file.h"
#include "target/fleet.h"

enum {
	READ_S = 10,
	WRITE_S = 30, /* longest wait for the 202 */
	USER_DATA_MAX = 1 << 20
};

static const char *
find_socket(void)
{
	static const char *const usual[] = {
		"unix:///var/snap/lxd/common/lxd/unix.socket",
		"unix:///var/lib/lxd/unix.socket"
	};

	return access(usual[0] + 7, F_OK) == 0 ? usual[0] : usual[1];
}

static char *
default_host(void)
{
	const char *dir = getenv("LXD_DIR");
	char *host = NULL;

	if (dir == NULL || *dir == '\0')
		return strdup(find_socket());
	return asprintf(&host, "unix://%s/unix.socket", dir) < 0 ? NULL : host;
}

static int
connect_to(struct lxd *d, struct buf *why)
{
	struct http_options o = { .base = d->host,
		.total_s = READ_S,
		.retries = 1,
		.ca_file = d->machine.ca_file,
		.cert_file = d->machine.cert_file,
		.key_file = d->machine.key_file };

	if (strncmp(d->host, "unix://", 7) != 0 &&
	    (o.cert_file == NULL || o.key_file == NULL)) {
		buf_str(why,
		    "driver 'lxd' needs 'cert_file' and 'key_file' in the "
		    "section 'machine' where it is not on a unix socket");
		return -1;
	}
	d->h = http_open(&o, why);
	return d->h != NULL ? 0 : -1;
}

int
lxd_begin(struct lxd *d, const struct conf_apply *settings, struct buf *why)
{
	const char *name = settings->service, *slash;
	const char *host = settings->host;

	d->machine = settings->machine;
	d->timeout = settings->timeout > 0 ? settings->timeout : 120;
	d->period = settings->billing == BILL_HOUR ? 3600
	    : settings->billing == BILL_MONTH	   ? 730 * 3600.0
						   : 0;
	d->minimum = settings->minimum > 0 ? settings->minimum : 0;
	slash = name != NULL ? strchr(name, '/') : NULL;
	if (name == NULL || (slash != NULL && slash == name) ||
	    !fleet_name_fits(slash != NULL ? slash + 1 : name)) {
		buf_str(why,
		    "driver 'lxd' needs a service: [project/]name, the name of "
		    "a-z, 0-9 and hyphens, at most 40");
		return -1;
	}
	d->project =
	    slash != NULL ? strndup(name, (size_t)(slash - name)) : strdup("");
	d->service = strdup(slash != NULL ? slash + 1 : name);
	d->host = host != NULL && *host != '\0' ? strdup(host) : default_host();
	if (d->project != NULL && d->service != NULL && d->host != NULL)
		return connect_to(d, why);
	buf_str(why, "out of memory");
	return -1;
}

void
lxd_end(struct lxd *d)
{
	http_close(d->h);
	free(d->host);
	free(d->project);
	free(d->service);
}

void
lxd_path(struct buf *out, const struct lxd *d, const char *kind,
    const char *name, const char *query)
{
	buf_clear(out);
	buf_printf(out, "/1.0/%s%s%s", kind, *name != '\0' ? "/" : "", name);
	if (*d->project != '\0') {
		buf_str(out, "?project=");
		http_escape(out, d->project);
	}
	if (*query != '\0')
		buf_printf(out, "%c%s", *d->project != '\0' ? '&' : '?', query);
}

static void
complain(const struct lxd *d, const struct http_response *r, struct buf *why)
{
	const char *path =
	    strncmp(d->host, "unix://", 7) == 0 ? d->host + 7 : NULL;

	buf_str(why, r->error.s != NULL ? r->error.s : "out of memory");
	if (r->status == 403)
		buf_str(why,
		    "; LXD must trust the certificate: 'lxc config trust add'");
	else if (r->status == 0 && !r->sent && path != NULL &&
	    access(path, F_OK) != 0)
		buf_str(why, "; is LXD running?");
	else if (r->status == 0 && !r->sent && path != NULL &&
	    access(path, R_OK | W_OK) != 0)
		buf_str(why, "; run this as a member of the socket's group");
}

struct json *
lxd_get(struct lxd *d, const struct buf *path, long *status, struct buf *why)
{
	struct http_request q = { .path = path->s };
	struct http_response r = { 0 };
	const char *text = "it is empty";
	struct json *j = NULL;

	if (path->failed)
		buf_str(why, "out of memory");
	else if (http_send(d->h, &q, &r) != 0)
		complain(d, &r, why);
	else if (r.body.s == NULL ||
	    (j = json_parse(r.body.s, r.body.len, &text)) == NULL)
		buf_printf(why, "'%s' gave an answer that is not JSON: %s",
		    d->host, text);
	if (status != NULL)
		*status = r.status;
	http_response_free(&r);
	return j;
}

static double
time_left(const struct lxd *d)
{
	double s = (double)(d->until - clock_monotonic()) / 1000;

	return s > 1 ? s : 1;
}

int
lxd_source(struct lxd *d, struct lxd_source *s, struct buf *why)
{
	struct buf path = { 0 };
	struct json *j;

	if (strncmp(s->name, "image:", 6) == 0)
		return 0;
	lxd_path(&path, d, "instances", s->name, "");
	j = lxd_get(d, &path, NULL, why);
	buf_free(&path);
	if (j == NULL)
		return -1;
	s->found = j;
	return 0;
}

void
lxd_source_free(struct lxd_source *s)
{
	json_free(s->found);
}

/* What no two instances can share: a port of the host, an address. A copy has
 * a device without them, or no such device. */
static void
put_devices(struct buf *out, const struct json *devices)
{
	static const char *const own[] = { "hwaddr", "host_name",
		"ipv4.address", "ipv6.address" };
	size_t before = out->len;

	for (const struct json *j = json_first(devices); j != NULL;
	     j = json_next(j)) {
		const char *type = json_get_str(j, "type");
		int differs = 0;

		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++)
			differs |= json_get(j, own[k]) != NULL;
		if (type == NULL || (!differs && strcmp(type, "proxy") != 0))
			continue;
		buf_str(out, out->len > before ? "," : "");
		buf_json_str(out, json_name(j));
		if (strcmp(type, "proxy") == 0) {
			buf_str(out, ":{\"type\":\"none\"}");
			continue;
		}
		buf_str(out, ":{\"type\":");
		buf_json_str(out, type);
		for (const struct json *m = json_first(j); m != NULL;
		     m = json_next(m)) {
			int skip = strcmp(json_name(m), "type") == 0;

			for (size_t k = 0; k < sizeof(own) / sizeof(own[0]);
			     k++)
				skip |= strcmp(json_name(m), own[k]) == 0;
			if (skip)
				continue;
			buf_char(out, ',');
			buf_json_str(out, json_name(m));
			buf_char(out, ':');
			json_write(m, out);
		}
		buf_char(out, '}');
	}
}

static int
is_fingerprint(const char *s)
{
	size_t n = strlen(s);

	return n >= 12 && n <= 64 && strspn(s, "0123456789abcdef") == n;
}

static void
put_source(struct buf *out, const struct lxd_source *from)
{
	const struct json *meta = json_get(from->found, "metadata");
	const struct json *profiles = json_get(meta, "profiles");

	if (from->found == NULL) {
		buf_printf(out, "\"source\":{\"type\":\"image\",\"%s\":",
		    is_fingerprint(from->name + 6) ? "fingerprint" : "alias");
		buf_json_str(out, from->name + 6);
		buf_str(out, "}}");
		return;
	}
	/* a copy does not inherit them */
	buf_str(out, "\"profiles\":");
	if (profiles != NULL)
		json_write(profiles, out);
	else
		buf_str(out, "[]");
	buf_str(out, ",\"devices\":{");
	put_devices(out, json_get(meta, "devices"));
	buf_str(out,
	    "},\"source\":{\"type\":\"copy\",\"instance_only\":true,"
	    "\"source\":");
	buf_json_str(out, from->name);
	buf_str(out, "}}");
}

static void
put_create(struct buf *out, const struct lxd_step *step, const struct lxd *d,
    const struct lxd_source *from, const char *user_data)
{
	char now[CLOCK_SIZE];

	buf_str(out, "{\"name\":");
	buf_json_str(out, step->name);
	buf_str(out, ",\"config\":{\"user.autoscale.target\":");
	buf_json_str(out, d->service);
	buf_printf(out,
	    ",\"user.autoscale.created\":\"%s\","
	    "\"user.autoscale.made\":\"yes\",\"user.autoscale.proven\":\"no\"",
	    clock_format(now, clock_wall()));
	for (size_t k = 0; k < d->machine.n_labels; k++) {
		const char *label = d->machine.labels[k];
		const char *equal = strchr(label, '=');
		struct buf key = { 0 };

		if (equal == NULL)
			continue;
		buf_printf(&key, "user.%.*s", (int)(equal - label), label);
		buf_char(out, ',');
		buf_json_str(out, key.failed ? "" : key.s);
		buf_char(out, ':');
		buf_json_str(out, equal + 1);
		out->failed |= key.failed;
		buf_free(&key);
	}
	if (user_data != NULL) {
		buf_str(out, ",\"cloud-init.user-data\":");
		buf_json_str(out, user_data);
	}
	buf_str(out, "},");
	put_source(out, from);
}

int
lxd_create(struct lxd_step *step, const struct lxd *d,
    const struct lxd_source *from, struct buf *why)
{
	const char *path = d->machine.user_data;
	struct buf data = { 0 }, note = { 0 };

	if (path != NULL && file_read(path, USER_DATA_MAX, &data) != 0) {
		buf_printf(why, "cannot read 'user_data' '%s': %s", path,
		    strerror(errno));
		buf_free(&data);
		return -1;
	}
	if (path != NULL)
		buf_printf(&note, "(%zu bytes of %s)", data.len, path);
	put_create(&step->body, step, d, from,
	    path != NULL ? (data.s != NULL ? data.s : "") : NULL);
	put_create(&step->shown, step, d, from, note.s);
	buf_free(&data);
	buf_free(&note);
	return 0;
}

static const char *
method_of(enum lxd_kind kind)
{
	return kind == LXD_CREATE ? "POST"
	    : kind == LXD_DELETE  ? "DELETE"
				  : "PUT";
}

static void
put_path(struct buf *out, const struct lxd *d, const struct lxd_step *step)
{
	struct buf name = { 0 };

	http_escape(&name, step->kind == LXD_CREATE ? "" : step->name);
	if (step->kind != LXD_CREATE && step->kind != LXD_DELETE)
		buf_str(&name, "/state");
	lxd_path(out, d, "instances", name.s != NULL ? name.s : "", "");
	out->failed |= name.failed;
	buf_free(&name);
}

static void
put_body(struct buf *out, const struct lxd *d, const struct lxd_step *step)
{
	if (step->kind == LXD_START)
		buf_str(out, "{\"action\":\"start\",\"timeout\":30}");
	else if (step->kind == LXD_STOP)
		buf_printf(out, "{\"action\":\"stop\",\"timeout\":%.0f}",
		    d->machine.shutdown);
	else if (step->kind == LXD_KILL)
		buf_str(out, "{\"action\":\"stop\",\"force\":true}");
}

void
lxd_show(struct buf *out, const struct lxd *d, const struct lxd_step *step)
{
	struct buf path = { 0 }, body = { 0 };

	put_path(&path, d, step);
	put_body(&body, d, step);
	buf_printf(out, "%s%s %s%s%s", out->len > 0 ? "; " : "",
	    method_of(step->kind), path.s,
	    body.len > 0 || step->kind == LXD_CREATE ? " " : "",
	    step->kind == LXD_CREATE ? step->shown.s
		: body.s != NULL     ? body.s
				     : "");
	out->failed |= path.failed || body.failed || step->shown.failed;
	buf_free(&path);
	buf_free(&body);
}

static void
take_operation(struct lxd_step *step, const struct http_response *r)
{
	const char *text;
	struct json *j = r->body.s != NULL
	    ? json_parse(r->body.s, r->body.len, &text)
	    : NULL;
	const char *path = json_get_str(j, "operation");

	free(step->operation);
	step->operation = NULL;
	if (path != NULL && *path != '\0')
		step->operation = strdup(path);
	json_free(j);
}

void
lxd_send(struct lxd *d, struct lxd_step *step)
{
	struct buf path = { 0 }, made = { 0 };
	const struct buf *body = &made;
	struct http_response r = { 0 };
	struct http_request q = { .method = method_of(step->kind), .once = 1 };

	put_path(&path, d, step);
	put_body(&made, d, step);
	if (step->kind == LXD_CREATE)
		body = &step->body;
	q.path = path.s;
	q.body = body->s;
	q.n_body = body->len;
	q.total_s = time_left(d) < WRITE_S ? time_left(d) : WRITE_S;
	step->outcome = TARGET_WRITTEN;
	if (path.failed || body->failed) {
		buf_str(&step->why, "out of memory");
		step->outcome = TARGET_REFUSED;
	} else if (http_send(d->h, &q, &r) == 0) {
		take_operation(step, &r);
	} else if (r.status != 404 || step->kind != LXD_DELETE) {
		complain(d, &r, &step->why);
		step->outcome = r.status != 0 ? TARGET_REFUSED
		    : r.sent		      ? TARGET_UNSURE
					      : TARGET_AWAY;
	}
	http_response_free(&r);
	buf_free(&path);
	buf_free(&made);
}

/* The operation is forgotten, or its answer was lost: the instance itself
 * says whether it came to it. */
static void
look_instead(struct lxd *d, struct lxd_step *step, const char *said)
{
	struct buf path = { 0 }, ignored = { 0 };
	long status = 0;
	struct json *j;
	const char *s;
	int well = 0;

	lxd_path(&path, d, "instances", step->name, "");
	j = lxd_get(d, &path, &status, &ignored);
	s = json_get_str(json_get(j, "metadata"), "status");
	if (step->kind == LXD_CREATE)
		well = s != NULL &&
		    json_get_str(json_get(json_get(j, "metadata"), "config"),
			"user.autoscale.made") != NULL;
	else if (step->kind == LXD_START)
		well = s != NULL && strcmp(s, "Running") == 0;
	else if (step->kind == LXD_DELETE)
		well = status == 404;
	else
		well = s != NULL && strcmp(s, "Stopped") == 0;
	step->outcome = well ? TARGET_WRITTEN
	    : status != 0    ? TARGET_REFUSED
			     : TARGET_UNSURE;
	buf_clear(&step->why);
	if (!well)
		buf_str(&step->why, said);
	json_free(j);
	buf_free(&path);
	buf_free(&ignored);
}

/* One wait for the operation. 0: it has ended, and the outcome is known. */
static int
await_once(struct lxd *d, struct lxd_step *step)
{
	struct buf path = { 0 }, why = { 0 };
	double left = time_left(d), code = 0;
	long status = 0;
	const struct json *meta;
	struct json *j;
	const char *err;
	int again = 0;

	/* short waits: the client's own limit is READ_S */
	left = left < READ_S - 2 ? left : READ_S - 2;
	buf_printf(&path, "%.*s/wait?timeout=%.0f",
	    (int)strcspn(step->operation, "?"), step->operation, left);
	if (*d->project != '\0') {
		buf_str(&path, "&project=");
		http_escape(&path, d->project);
	}
	j = lxd_get(d, &path, &status, &why);
	meta = json_get(j, "metadata");
	json_get_num(meta, "status_code", &code);
	err = json_get_str(meta, "err");
	if (j == NULL || code >= 400)
		look_instead(d, step,
		    err != NULL && *err != '\0' ? err
			: why.s != NULL		? why.s
						: "it failed");
	else if (code < 200)
		again = 1;
	json_free(j);
	buf_free(&path);
	buf_free(&why);
	return again;
}

void
lxd_await(struct lxd *d, struct lxd_step *step)
{
	if (step->outcome == TARGET_UNSURE && step->operation == NULL) {
		struct buf said = { 0 };

		buf_str(&said, step->why.s != NULL ? step->why.s : "");
		look_instead(d, step, said.s != NULL ? said.s : "");
		buf_free(&said);
		return;
	}
	if (step->outcome != TARGET_WRITTEN || step->operation == NULL)
		return;
	while (await_once(d, step)) {
		if (clock_monotonic() < d->until)
			continue;
		buf_str(&step->why, "still under way when the time was up");
		step->outcome = TARGET_UNSURE;
		break;
	}
	free(step->operation);
	step->operation = NULL;
}

void
lxd_prove(struct lxd *d, const char *name)
{
	static const char body[] =
	    "{\"config\":{\"user.autoscale.proven\":\"yes\"}}";
	struct http_request q = { .method = "PATCH",
		.body = body,
		.n_body = sizeof(body) - 1,
		.once = 1 };
	struct http_response r = { 0 };
	struct buf path = { 0 };

	lxd_path(&path, d, "instances", name, "");
	q.path = path.s;
	if (!path.failed)
		http_send(d->h, &q, &r);
	http_response_free(&r);
	buf_free(&path);
}
