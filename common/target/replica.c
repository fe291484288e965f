#include "target/replica.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT_ID = 12 }; /* how much of its id is a container's host name */

struct text { /* part of a text, not ended by NUL */
	const char *s;
	size_t n;
};

static int
part(struct text whole, const char *name, struct text *out)
{
	size_t at;

	if (json_span(whole.s, whole.n, name, &at, &out->n) != 0)
		return -1;
	out->s = whole.s + at;
	return 0;
}

/* Replaces a member of *b, keeping the rest. 0 or -1. */
static int
put(struct buf *b, const char *name, const char *value)
{
	struct buf changed = { 0 };

	if (value == NULL ||
	    json_replace(b->s, b->len, name, value, &changed) != 0 ||
	    changed.failed) {
		buf_free(&changed);
		return -1;
	}
	buf_free(b);
	*b = changed;
	return 0;
}

static int
put_str(struct buf *b, const char *name, const char *value)
{
	struct buf quoted = { 0 };
	int r;

	buf_json_str(&quoted, value);
	r = quoted.failed ? -1 : put(b, name, quoted.s);
	buf_free(&quoted);
	return r;
}

static const char *
text_of(const struct json *j, const char *name)
{
	const char *s = json_get_str(j, name);

	return s != NULL ? s : "";
}

static int
begins_id(const struct json *template, const char *s)
{
	const char *id = text_of(template, "Id");

	return *s != '\0' && strlen(s) == SHORT_ID &&
	    strncmp(id, s, SHORT_ID) == 0;
}

static const char *
network_mode(const struct json *template)
{
	return text_of(json_get(template, "HostConfig"), "NetworkMode");
}

/* Networks with names and aliases of their own, which these are not */
static int
is_plain(const char *mode)
{
	static const char *const modes[] = { "", "default", "bridge", "host",
		"none" };

	for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++)
		if (strcmp(mode, modes[k]) == 0)
			return 1;
	return strncmp(mode, "container:", 10) == 0;
}

static int
put_labels(struct buf *config, const struct replica *r)
{
	static const char number[] = "com.docker.compose.container-number";
	struct text labels, whole = { config->s, config->len };
	struct buf b = { 0 };
	int done = -1;

	if (part(whole, "Labels", &labels) == 0 && labels.s[0] == '{')
		buf_add(&b, labels.s, labels.n);
	else
		buf_str(&b, "{}");
	if (!b.failed && put_str(&b, REPLICA_LABEL, r->from) == 0 &&
	    (r->number == NULL || put_str(&b, number, r->number) == 0))
		done = put(config, "Labels", b.s);
	buf_free(&b);
	return done;
}

static int
make_config(struct text whole, const struct json *template,
    const struct replica *r, struct buf *out)
{
	const struct json *config = json_get(template, "Config");
	const char *mode = network_mode(template);
	int shared =
	    strcmp(mode, "host") == 0 || strncmp(mode, "container:", 10) == 0;
	struct text t;

	if (json_type(config) != JSON_OBJECT || part(whole, "Config", &t) != 0)
		return -1;
	buf_add(out, t.s, t.n);
	if (out->failed ||
	    ((shared || begins_id(template, text_of(config, "Hostname"))) &&
		put_str(out, "Hostname", "") != 0) ||
	    (json_get(config, "MacAddress") != NULL &&
		put_str(out, "MacAddress", "") != 0) ||
	    (r->image != NULL && put_str(out, "Image", r->image) != 0))
		return -1;
	return put_labels(out, r);
}

/* The engine chooses the host's ports, but may choose from a range. */
static void
write_ports(const struct json *bindings, struct buf *out)
{
	const struct json *port, *b;
	const char *sep = "";

	buf_char(out, '{');
	for (port = json_first(bindings); port != NULL;
	     port = json_next(port)) {
		const char *comma = "";

		buf_str(out, sep);
		buf_json_str(out, json_name(port));
		buf_str(out, ":[");
		for (b = json_first(port); b != NULL; b = json_next(b)) {
			const char *host = text_of(b, "HostPort");

			buf_printf(out, "%s{\"HostIp\":", comma);
			buf_json_str(out, text_of(b, "HostIp"));
			buf_str(out, ",\"HostPort\":");
			buf_json_str(out, strchr(host, '-') ? host : "");
			buf_char(out, '}');
			comma = ",";
		}
		buf_char(out, ']');
		sep = ",";
	}
	buf_char(out, '}');
}

/* "/db:/web/store", as links are shown, to "db:store", as they are asked for */
static void
write_links(const struct json *links, struct buf *out)
{
	const char *sep = "";

	buf_char(out, '[');
	for (const struct json *l = json_first(links); l != NULL;
	     l = json_next(l)) {
		const char *s = json_str(l), *colon, *alias;
		struct buf link = { 0 };

		if (s == NULL || (colon = strchr(s, ':')) == NULL)
			continue;
		alias = strrchr(s, '/');
		alias = alias != NULL && alias > colon ? alias + 1 : colon + 1;
		s += *s == '/';
		buf_add(&link, s, (size_t)(colon - s) + 1);
		buf_str(&link, alias);
		buf_str(out, sep);
		buf_json_str(out, link.failed ? "" : link.s);
		out->failed |= link.failed;
		buf_free(&link);
		sep = ",";
	}
	buf_char(out, ']');
}

static int
make_host(struct text whole, const struct json *template, struct buf *out)
{
	const struct json *host = json_get(template, "HostConfig");
	struct buf ports = { 0 }, links = { 0 };
	struct text t;
	int r = -1;

	if (json_type(host) != JSON_OBJECT ||
	    part(whole, "HostConfig", &t) != 0)
		return -1;
	buf_add(out, t.s, t.n);
	write_ports(json_get(host, "PortBindings"), &ports);
	write_links(json_get(host, "Links"), &links);
	if (!out->failed && !ports.failed && !links.failed &&
	    put(out, "PortBindings", ports.s) == 0 &&
	    (json_len(json_get(host, "Links")) == 0 ||
		put(out, "Links", links.s) == 0) &&
	    put_str(out, "ContainerIDFile", "") == 0)
		r = 0;
	buf_free(&ports);
	buf_free(&links);
	return r;
}

/* How the new container stands in a network: as the template, under its own
 * name and with an address of its own */
static void
write_endpoint(const struct json *template, const struct json *network,
    const struct replica *r, struct buf *out)
{
	const struct json *a = json_first(json_get(network, "Aliases"));
	const char *sep = "";

	buf_str(out, "{\"Aliases\":[");
	for (; a != NULL; a = json_next(a)) {
		const char *alias = json_str(a);

		if (alias == NULL || begins_id(template, alias))
			continue;
		buf_str(out, sep);
		buf_json_str(
		    out, strcmp(alias, r->from) == 0 ? r->name : alias);
		sep = ",";
	}
	buf_char(out, ']');
	if (json_len(json_get(network, "Links")) > 0) {
		buf_str(out, ",\"Links\":");
		write_links(json_get(network, "Links"), out);
	}
	if (json_len(json_get(network, "DriverOpts")) > 0) {
		buf_str(out, ",\"DriverOpts\":");
		json_write(json_get(network, "DriverOpts"), out);
	}
	buf_char(out, '}');
}

static const struct json *
networks(const struct json *template)
{
	return json_get(json_get(template, "NetworkSettings"), "Networks");
}

/* The network that a container is created in */
static int
is_first(const struct json *template, const struct json *network)
{
	const char *mode = network_mode(template), *name = json_name(network);

	return strcmp(name, mode) == 0 ||
	    strcmp(text_of(network, "NetworkID"), mode) == 0 ||
	    (is_plain(mode) && is_plain(name));
}

static void
make_networking(
    const struct json *template, const struct replica *r, struct buf *out)
{
	const char *sep = "";

	buf_str(out, "{\"EndpointsConfig\":{");
	for (const struct json *n = json_first(networks(template)); n != NULL;
	     n = json_next(n)) {
		if (!is_first(template, n) || is_plain(json_name(n)))
			continue;
		buf_str(out, sep);
		buf_json_str(out, json_name(n));
		buf_char(out, ':');
		write_endpoint(template, n, r, out);
		sep = ",";
	}
	buf_str(out, "}}");
}

int
replica_body(
    const char *text, size_t n, const struct replica *r, struct buf *out)
{
	struct buf host = { 0 }, networking = { 0 };
	struct text whole = { text, n };
	const char *why;
	struct json *template = json_parse(text, n, &why);
	int done = -1;

	if (template != NULL && make_config(whole, template, r, out) == 0 &&
	    make_host(whole, template, &host) == 0) {
		make_networking(template, r, &networking);
		if (!networking.failed && put(out, "HostConfig", host.s) == 0 &&
		    put(out, "NetworkingConfig", networking.s) == 0)
			done = 0;
	}
	buf_free(&networking);
	buf_free(&host);
	json_free(template);
	return done;
}

int
replica_network(const struct json *template, size_t k, const struct replica *r,
    const char **name, struct buf *out)
{
	const struct json *n = json_first(networks(template));

	for (; n != NULL; n = json_next(n)) {
		if (is_first(template, n) || k-- > 0)
			continue;
		*name = json_name(n);
		buf_str(out, "{\"Container\":");
		buf_json_str(out, r->name);
		buf_str(out, ",\"EndpointConfig\":");
		write_endpoint(template, n, r, out);
		buf_char(out, '}');
		return 0;
	}
	return -1;
}
