#include "target/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/excerpt.h"
#include "io/file.h"

enum { READ_S = 10 }; /* longest wait for an answer */

static const char default_host[] = "unix:///var/run/docker.sock";

static const char *
variable(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

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
find_certificates(struct engine *e, struct buf *why)
{
	const char *dir = variable("DOCKER_CERT_PATH"), *home;
	char *made = NULL;

	if (dir == NULL && (home = variable("HOME")) != NULL)
		dir = made = join(home, ".docker");
	if (dir != NULL) {
		e->ca = join(dir, "ca.pem");
		e->cert = join(dir, "cert.pem");
		e->key = join(dir, "key.pem");
	}
	free(made);
	if (dir == NULL) {
		buf_str(why, "DOCKER_CERT_PATH is not set");
		return -1;
	}
	return may_read(e->ca, why) != 0 || may_read(e->cert, why) != 0 ||
		may_read(e->key, why) != 0
	    ? -1
	    : 0;
}

static const char *
given(const char *s)
{
	return s != NULL && *s != '\0' ? s : NULL;
}

static int
keep(char **to, const char *path, struct buf *why)
{
	if (path == NULL)
		return 0;
	*to = strdup(path);
	return may_read(*to, why);
}

/* The files that the settings name: 1, 0 where they name none, or -1 and a
 * message */
static int
take_certificates(
    struct engine *e, const struct conf_apply *settings, struct buf *why)
{
	const char *ca = given(settings->ca_file),
		   *cert = given(settings->cert_file),
		   *key = given(settings->key_file);
	struct buf secret = { 0 };
	int bad = 0;

	if (ca == NULL && cert == NULL && key == NULL)
		return 0;
	if ((cert == NULL) != (key == NULL)) {
		buf_printf(why,
		    "'%s' is set, and '%s' is not: they go together",
		    cert != NULL ? "cert_file" : "key_file",
		    cert != NULL ? "key_file" : "cert_file");
		return -1;
	}
	if (key != NULL && file_secret(key, &secret) != 0 && errno == EPERM) {
		buf_printf(why,
		    "others can read or write the key '%s' (chmod 600)", key);
		bad = 1;
	}
	buf_free(&secret);
	return bad || keep(&e->ca, ca, why) != 0 ||
		keep(&e->cert, cert, why) != 0 || keep(&e->key, key, why) != 0
	    ? -1
	    : 1;
}

/* The connection. tcp:// means TLS where settings or DOCKER_TLS_VERIFY say
 * so; https:// without either means the system's authorities, and no
 * certificate of ours. 0 or -1. */
static int
prepare(struct engine *e, const struct conf_apply *settings, struct buf *why)
{
	int named = take_certificates(e, settings, why);
	int tcp = strncmp(e->host, "tcp://", 6) == 0,
	    https = strncmp(e->host, "https://", 8) == 0;

	if (named < 0)
		return -1;
	if (named && !tcp && !https) {
		buf_printf(why,
		    "'%s' is not spoken to over TLS: certificates are for "
		    "tcp:// and https://",
		    e->shown);
		return -1;
	}
	if (!named &&
	    ((tcp && variable("DOCKER_TLS_VERIFY")) ||
		(https &&
		    (variable("DOCKER_TLS_VERIFY") ||
			variable("DOCKER_CERT_PATH"))))) {
		if (find_certificates(e, why) != 0)
			return -1;
		named = 1;
	}
	e->tls = named || https;
	return 0;
}

static struct http *
connect_to(const struct engine *e, double timeout, struct buf *why)
{
	double read_s = timeout > 0 && timeout < READ_S ? timeout : READ_S;
	struct http_options o = { .base = e->host,
		.total_s = read_s,
		.retries = 1,
		.ca_file = e->ca,
		.cert_file = e->cert,
		.key_file = e->key };
	struct http *h = NULL;
	char *base = NULL;

	if (e->tls && strncmp(e->host, "tcp://", 6) == 0)
		o.base = base = join("https:/", e->host + 6);
	if (o.base != NULL)
		h = http_open(&o, why);
	free(base);
	return h;
}

void
engine_close(struct engine *e)
{
	http_close(e->h);
	free(e->host);
	free(e->shown);
	free(e->ca);
	free(e->cert);
	free(e->key);
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
engine_open(struct engine *e, const struct conf_apply *settings, double timeout,
    struct buf *why)
{
	const char *host = given(settings->host);

	*e = (struct engine){ .api = "" };
	if (host == NULL)
		host = variable("DOCKER_HOST");
	if (host == NULL)
		host = default_host;
	e->host = strdup(host);
	e->shown = without_user(host);
	if (e->host != NULL && e->shown != NULL &&
	    prepare(e, settings, why) == 0)
		e->h = connect_to(e, timeout, why);
	if (e->h != NULL)
		return 0;
	if (why->len == 0)
		buf_str(why, "out of memory");
	engine_close(e);
	return -1;
}

int
engine_again(struct engine *e, const struct engine *like, double timeout,
    struct buf *why)
{
	*e = (struct engine){ .api = "" };
	e->h = connect_to(like, timeout, why);
	if (e->h == NULL && why->len == 0)
		buf_str(why, "out of memory");
	return e->h != NULL ? 0 : -1;
}

static int
says(const struct http_response *r, const char *words)
{
	return (r->error.s != NULL && strstr(r->error.s, words) != NULL) ||
	    (r->body.s != NULL && strstr(r->body.s, words) != NULL);
}

/* It may hang up before its alert is read: then this is but a guess. */
static void
complain_ours(const struct engine *e, const char *perhaps, struct buf *why)
{
	if (e->cert == NULL)
		buf_printf(why,
		    "; %sit wants a certificate of ours: set cert_file and "
		    "key_file",
		    perhaps);
	else
		buf_printf(why,
		    "; %sit does not take our certificate '%s': is it of the "
		    "engine's authority, and has it expired?",
		    perhaps, e->cert);
}

/* What a person can do about certificates. The engine says little: that one is
 * wanted, or, of any that it does not like, that it is bad. */
static void
complain_tls(
    const struct engine *e, const struct http_response *r, struct buf *why)
{
	if (says(r, "HTTP request to an HTTPS server"))
		buf_str(why,
		    "; it wants TLS: set ca_file, cert_file and key_file, or "
		    "DOCKER_TLS_VERIFY and DOCKER_CERT_PATH");
	else if (!e->tls)
		return;
	else if (says(r, "wrong version number"))
		buf_str(why, "; it does not speak TLS there");
	else if (says(r, "certificate has expired"))
		buf_str(why, "; that is the engine's certificate, not ours");
	else if (says(r, "certificate problem") && e->ca != NULL)
		buf_printf(why, "; it is not of an authority in '%s'", e->ca);
	else if (says(r, "certificate problem"))
		buf_str(why, "; name its authority with ca_file");
	else if (r->status != 0 || r->timed_out || says(r, "cannot reach") ||
	    says(r, "no alternative certificate"))
		return;
	else
		complain_ours(e, says(r, "alert") ? "" : "perhaps ", why);
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
	complain_tls(e, r, why);
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
