#include "target/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/excerpt.h"

enum { READ_S = 10 }; /* longest wait for an answer */

static const char default_host[] = "unix:///var/run/docker.sock";

static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

struct certificates {
	char *ca, *cert, *key;
};

static char *
join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static int
may_read(const char *path, struct buf *why)
{
	if (path == NULL)
		buf_str(why, "out of memory");
	else if (access(path, R_OK) == 0)
		return 0;
	else
		buf_printf(why, "cannot read '%s': %s", path, strerror(errno));
	return -1;
}

/* The client's certificates, where the docker command would look for them. 0,
 * or -1 and a message */
static int
find_certificates(struct certificates *c, struct buf *why)
{
	const char *dir = variable("DOCKER_CERT_PATH"), *home;
	char *made = NULL;

	if (dir == NULL && (home = variable("HOME")) != NULL)
		dir = made = join(home, ".docker");
	if (dir != NULL) {
		c->ca = join(dir, "ca.pem");
		c->cert = join(dir, "cert.pem");
		c->key = join(dir, "key.pem");
	}
	free(made);
	if (dir == NULL) {
		buf_str(why, "DOCKER_CERT_PATH is not set");
		return -1;
	}
	return may_read(c->ca, why) != 0 || may_read(c->cert, why) != 0 ||
		may_read(c->key, why) != 0
	    ? -1
	    : 0;
}

/* The connection. tcp:// means TLS where DOCKER_TLS_VERIFY says so. */
static struct http *
connect_to(const char *host, double timeout, struct buf *why)
{
	struct certificates c = { NULL, NULL, NULL };
	double read_s = timeout > 0 && timeout < READ_S ? timeout : READ_S;
	struct http_options o = { .total_s = read_s, .retries = 1 };
	struct http *h = NULL;
	char *base = NULL;
	int tls = strncmp(host, "https://", 8) == 0;

	o.base = host;
	if (strncmp(host, "tcp://", 6) == 0 && variable("DOCKER_TLS_VERIFY")) {
		o.base = base = join("https:/", host + 6);
		if (base == NULL)
			return NULL;
		tls = 1;
	}
	if (tls && variable("DOCKER_CERT_PATH") == NULL &&
	    variable("DOCKER_TLS_VERIFY") == NULL)
		tls = 0; /* the system's authorities, no certificate of ours */
	if (!tls || find_certificates(&c, why) == 0) {
		o.ca_file = c.ca;
		o.cert_file = c.cert;
		o.key_file = c.key;
		h = http_open(&o, why);
	}
	free(base);
	free(c.ca);
	free(c.cert);
	free(c.key);
	return h;
}

void
engine_close(struct engine *e)
{
	http_close(e->h);
	free(e->host);
	free(e->shown);
	*e = (struct engine){ .api = "" };
}

/* host without what may be a password in it */
static char *
without_user(const char *host)
{
	const char *from = strstr(host, "://"), *at = strrchr(host, '@');
	struct buf b = { 0 };

	if (from != NULL && at != NULL && at > from) {
		buf_add(&b, host, (size_t)(from + 3 - host));
		buf_str(&b, at + 1);
	} else {
		buf_str(&b, host);
	}
	if (b.failed)
		buf_free(&b);
	return b.s;
}

int
engine_open(struct engine *e, const char *host, double timeout, struct buf *why)
{
	*e = (struct engine){ .api = "" };
	if (host == NULL || *host == '\0')
		host = variable("DOCKER_HOST");
	if (host == NULL)
		host = default_host;
	e->host = strdup(host);
	e->shown = without_user(host);
	if (e->host != NULL && e->shown != NULL)
		e->h = connect_to(host, timeout, why);
	if (e->h != NULL)
		return 0;
	if (why->len == 0)
		buf_str(why, "out of memory");
	engine_close(e);
	return -1;
}

void
engine_complain(
    const struct engine *e, const struct http_response *r, struct buf *why)
{
	const char *path =
	    strncmp(e->host, "unix://", 7) == 0 ? e->host + 7 : NULL;

	buf_str(why, r->error.s != NULL ? r->error.s : "out of memory");
	if (r->body.s != NULL && strstr(r->body.s, "not a swarm manager"))
		buf_str(why,
		    "; give a manager's address as host, or make this engine "
		    "one with 'docker swarm init'");
	else if (r->status == 0 && !r->sent && path != NULL &&
	    access(path, F_OK) != 0)
		buf_str(why, "; is the Docker Engine running?");
	else if (r->status == 0 && !r->sent && path != NULL &&
	    access(path, R_OK | W_OK) != 0)
		buf_str(why,
		    "; run this as a member of the socket's group, or give "
		    "the address of a proxy as host");
}

struct json *
engine_get(const struct engine *e, const char *path, struct http_response *r,
    struct buf *why)
{
	struct http_request q = { .path = path };
	const char *text = NULL;
	struct json *j = NULL;

	if (http_send(e->h, &q, r) != 0) {
		engine_complain(e, r, why);
		return NULL;
	}
	if (r->body.s != NULL)
		j = json_parse(r->body.s, r->body.len, &text);
	if (j == NULL)
		buf_printf(why, "'%s' gave an answer that is not JSON: %s",
		    e->shown, text != NULL ? text : "it is empty");
	return j;
}

/* The engine's own newest version of its API: in an older one it would not
 * show, and an update so lose, what came later. 0 or -1. */
int
engine_api(struct engine *e, struct buf *why)
{
	struct http_response r = { 0 };
	const char *v;
	struct json *j;
	int major = 0, minor = 0;

	if (e->api[0] != '\0')
		return 0;
	j = engine_get(e, "/version", &r, why);
	v = json_get_str(j, "ApiVersion");
	if (v != NULL && sscanf(v, "%3d.%3d", &major, &minor) == 2 &&
	    (major > 1 || minor >= 41)) {
		snprintf(e->api, sizeof(e->api), "v%d.%d", major, minor);
	} else if (v != NULL) {
		buf_printf(why, "'%s' has version '", e->shown);
		buf_excerpt(why, v, strlen(v), 20);
		buf_str(why, "' of the Engine API, 1.41 is needed");
	} else if (j != NULL) {
		buf_printf(
		    why, "'%s' does not say which Engine API it has", e->shown);
	}
	json_free(j);
	http_response_free(&r);
	return e->api[0] != '\0' ? 0 : -1;
}
