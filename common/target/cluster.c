#include "target/cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/digest.h"
#include "io/file.h"
#include "json/json.h"

enum {
	ANSWER_S = 30, /* longest wait for one */
	FILE_MAX = 1 << 20
};

static const char pod[] = "/var/run/secrets/kubernetes.io/serviceaccount";
static const char form[] =
    "; write one with 'kubectl config view --raw --minify --flatten -o json'";

void
cluster_close(struct cluster *c)
{
	http_close(c->h);
	free(c->namespace);
	free(c->token_file);
	free(c->authorization);
	*c = (struct cluster){ .h = NULL };
}

static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

static int
no_memory(struct buf *why)
{
	buf_str(why, "out of memory");
	return -1;
}

static int
keep(char **to, const char *s, struct buf *why)
{
	free(*to);
	*to = strdup(s);
	return *to != NULL ? 0 : no_memory(why);
}

static int
connect_to(
    struct cluster *c, struct http_options *o, double timeout, struct buf *why)
{
	o->total_s = timeout > 0 && timeout < ANSWER_S ? timeout : ANSWER_S;
	o->retries = 1;
	c->h = http_open(o, why);
	return c->h != NULL ? 0 : -1;
}

/* The first line of a file, without the blanks behind it. 0 or -1 */
static int
first_line(const char *path, struct buf *out, struct buf *why)
{
	if (file_read(path, FILE_MAX, out) != 0) {
		buf_printf(why, "cannot read '%s': %s", path, strerror(errno));
		return -1;
	}
	if (out->len > 0) {
		out->len = strcspn(out->s, " \t\r\n");
		out->s[out->len] = '\0';
	}
	if (out->len > 0)
		return 0;
	buf_printf(why, "'%s' is empty", path);
	return -1;
}

/* A pod's service account. Its files are others' to read, by design. */
static int
open_pod(struct cluster *c, const char *dir, double timeout, struct buf *why)
{
	const char *server = variable("KUBERNETES_SERVICE_HOST"),
		   *port = variable("KUBERNETES_SERVICE_PORT");
	struct buf base = { 0 }, ca = { 0 }, space = { 0 }, path = { 0 };
	struct http_options o = { .base = NULL };
	int r = -1;

	if (server == NULL) {
		buf_str(why,
		    "no host is given, and this runs in no pod: give the path "
		    "of a kubeconfig in JSON as host");
		return -1;
	}
	buf_printf(&base,
	    strchr(server, ':') ? "https://[%s]:%s" : "https://%s:%s", server,
	    port != NULL ? port : "443");
	buf_printf(&ca, "%s/ca.crt", dir);
	buf_printf(&path, "%s/namespace", dir);
	o.base = base.s;
	o.ca_file = ca.s;
	if (base.failed || ca.failed || path.failed ||
	    asprintf(&c->token_file, "%s/token", dir) < 0) {
		c->token_file = NULL;
		no_memory(why);
	} else if (first_line(path.s, &space, why) == 0 &&
	    keep(&c->namespace, space.s, why) == 0) {
		r = connect_to(c, &o, timeout, why);
	}
	buf_free(&base);
	buf_free(&ca);
	buf_free(&path);
	buf_free(&space);
	return r;
}

/* From a list of {"name":...,member:{...}} the member of that name */
static const struct json *
named(const struct json *list, const char *name, const char *member)
{
	for (const struct json *j = json_first(list); j != NULL;
	     j = json_next(j)) {
		const char *s = json_get_str(j, "name");

		if (s != NULL && name != NULL && strcmp(s, name) == 0)
			return json_get(j, member);
	}
	return NULL;
}

/* A member that is base64 of a text. 0 with *out empty where there is none. */
static int
decode(const struct json *j, const char *name, struct buf *out, struct buf *why)
{
	const char *s = json_get_str(j, name);

	if (s == NULL ||
	    (base64_read(s, strlen(s), out) == 0 && out->len > 0 &&
		strlen(out->s) == out->len))
		return 0;
	buf_printf(why, "'%s' is not base64 of a text", name);
	return -1;
}

static int
basic(
    struct cluster *c, const char *user, const char *password, struct buf *why)
{
	struct buf pair = { 0 }, header = { 0 };
	int r = -1;

	buf_printf(&pair, "%s:%s", user, password != NULL ? password : "");
	buf_str(&header, "Authorization: Basic ");
	if (!pair.failed)
		base64_add(&header, pair.s, pair.len);
	if (pair.failed || header.failed)
		no_memory(why);
	else
		r = keep(&c->authorization, header.s, why);
	buf_free(&pair);
	buf_free(&header);
	return r;
}

/* Who we are, but for a certificate: that goes before a token anyway */
static int
read_user(struct cluster *c, const struct json *user, struct buf *why)
{
	static const char *const programs[] = { "exec", "auth-provider" };
	const char *token = json_get_str(user, "token"),
		   *file = json_get_str(user, "tokenFile"),
		   *name = json_get_str(user, "username");
	struct buf header = { 0 };
	int r;

	for (size_t k = 0; k < 2; k++)
		if (json_get(user, programs[k]) != NULL) {
			buf_printf(why,
			    "its user logs in by a program ('%s'); make a "
			    "service account and give its token",
			    programs[k]);
			return -1;
		}
	if (file != NULL)
		return keep(&c->token_file, file, why);
	if (token == NULL)
		return name == NULL
		    ? 0
		    : basic(c, name, json_get_str(user, "password"), why);
	buf_printf(&header, "Authorization: Bearer %s", token);
	r = header.failed ? no_memory(why)
			  : keep(&c->authorization, header.s, why);
	buf_free(&header);
	return r;
}

/* What would weaken the check of the server, or lead elsewhere */
static int
refuse(const struct json *cluster, struct buf *why)
{
	static const char *const names[] = { "insecure-skip-tls-verify",
		"tls-server-name", "proxy-url" };
	int on;

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		const struct json *j = json_get(cluster, names[k]);

		if (j == NULL || (json_bool(j, &on) == 0 && !on))
			continue;
		buf_printf(
		    why, "its cluster has '%s', which is not heeded", names[k]);
		return -1;
	}
	return 0;
}

static int
open_parts(struct cluster *c, const struct json *cluster,
    const struct json *user, double timeout, struct buf *why)
{
	struct buf ca = { 0 }, cert = { 0 }, key = { 0 };
	struct http_options o = { .base = json_get_str(cluster, "server") };
	int r = -1;

	if (o.base == NULL) {
		buf_str(why, "its current context has no server");
		return -1;
	}
	if (refuse(cluster, why) == 0 && read_user(c, user, why) == 0 &&
	    decode(cluster, "certificate-authority-data", &ca, why) == 0 &&
	    decode(user, "client-certificate-data", &cert, why) == 0 &&
	    decode(user, "client-key-data", &key, why) == 0) {
		o.ca_pem = ca.s;
		o.cert_pem = cert.s;
		o.key_pem = key.s;
		o.ca_file = json_get_str(cluster, "certificate-authority");
		o.cert_file = json_get_str(user, "client-certificate");
		o.key_file = json_get_str(user, "client-key");
		r = connect_to(c, &o, timeout, why);
	}
	if (key.s != NULL)
		explicit_bzero(key.s, key.len);
	buf_free(&ca);
	buf_free(&cert);
	buf_free(&key);
	return r;
}

static int
open_config(
    struct cluster *c, const struct json *j, double timeout, struct buf *why)
{
	const char *current = json_get_str(j, "current-context");
	const struct json *context =
	    named(json_get(j, "contexts"), current, "context");
	const char *space = json_get_str(context, "namespace");

	if (context == NULL) {
		buf_str(why, "it has no current context");
		return -1;
	}
	if (keep(&c->namespace,
		space != NULL && *space != '\0' ? space : "default", why) != 0)
		return -1;
	return open_parts(c,
	    named(json_get(j, "clusters"), json_get_str(context, "cluster"),
		"cluster"),
	    named(json_get(j, "users"), json_get_str(context, "user"), "user"),
	    timeout, why);
}

static int
open_file(struct cluster *c, const char *path, double timeout, struct buf *why)
{
	struct buf text = { 0 };
	const char *wrong = "it is empty";
	struct json *j = NULL;
	int r = -1;

	if (file_secret(path, &text) != 0) {
		buf_printf(why, "cannot use '%s': %s", path,
		    errno == EPERM ? "others may read or write it"
				   : strerror(errno));
		return -1;
	}
	if (text.len > 0)
		j = json_parse(text.s, text.len, &wrong);
	if (j == NULL) {
		buf_printf(why, "'%s' is not JSON: %s%s", path, wrong, form);
	} else {
		buf_printf(why, "'%s': ", path);
		r = open_config(c, j, timeout, why);
		if (r == 0)
			buf_clear(why);
	}
	json_free(j);
	if (text.s != NULL)
		explicit_bzero(text.s, text.len);
	buf_free(&text);
	return r;
}

int
cluster_open(
    struct cluster *c, const char *host, double timeout, struct buf *why)
{
	struct http_options plain = { .base = host };
	int r;

	*c = (struct cluster){ .h = NULL };
	if (host == NULL || *host == '\0')
		host = variable("KUBECONFIG");
	if (host == NULL || strcmp(host, "in-cluster") == 0)
		r = open_pod(c, pod, timeout, why);
	else if (strncmp(host, "in-cluster:", 11) == 0)
		r = open_pod(c, host + 11, timeout, why);
	else if (strncmp(host, "http://", 7) != 0 &&
	    strncmp(host, "https://", 8) != 0)
		r = open_file(c, host, timeout, why);
	else if ((r = keep(&c->namespace, "default", why)) == 0)
		r = connect_to(c, &plain, timeout, why);
	if (r != 0)
		cluster_close(c);
	return r;
}

static void
advise(const char *path, const struct http_response *r, struct buf *why)
{
	size_t n = strcspn(path, "?");
	int scale = n >= 6 && memcmp(path + n - 6, "/scale", 6) == 0;

	buf_str(why, r->error.s != NULL ? r->error.s : "out of memory");
	if (r->status == 401)
		buf_str(why, "; the token or certificate is not accepted");
	else if (r->status == 403)
		buf_printf(why, "; a role must allow get and patch of the %s",
		    scale ? "scale subresource" : "object itself");
}

int
cluster_send(const struct cluster *c, struct http_request *q,
    struct http_response *r, struct buf *why)
{
	struct buf header = { 0 }, token = { 0 };
	const char *lines[] = { "Accept: application/json", c->authorization,
		NULL };
	int done = -1;

	http_response_free(r);
	if (c->token_file != NULL) { /* it is renewed every hour or so */
		if (first_line(c->token_file, &token, why) != 0)
			goto out;
		buf_printf(&header, "Authorization: Bearer %s", token.s);
		lines[1] = header.s;
	}
	if (header.failed) {
		no_memory(why);
		goto out;
	}
	q->headers = lines;
	done = http_send(c->h, q, r);
	q->headers = NULL;
	if (done != 0)
		advise(q->path, r, why);
out:
	buf_free(&header);
	buf_free(&token);
	return done;
}
