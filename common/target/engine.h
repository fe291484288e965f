/*
 * engine.h - a Docker Engine: where it is, its API, its answers
 * Private to the room: what the drivers that talk to one share.
 */
#ifndef TARGET_ENGINE_H
#define TARGET_ENGINE_H

#include "conf/conf.h"
#include "http/http.h"
#include "json/json.h"

struct engine {
	struct http *h;
	char *host;
	char *shown; /* the same for messages, without a password */
	int tls;
	char *ca, *cert, *key; /* files; NULL: none */
	char api[16]; /* "v1.41"; "" until the engine was asked */
};

/*
 * engine_open(e, settings, timeout, why): settings->host as in
 * "unix:///run/docker.sock", "tcp://manager:2376", "https://..."; NULL or "":
 * $DOCKER_HOST, else the usual socket. Certificates are those of the settings;
 * without any, $DOCKER_TLS_VERIFY and $DOCKER_CERT_PATH mean what they mean to
 * the docker command. timeout: seconds for an answer, 10 at most. Nothing is
 * sent yet. 0, or -1 with a message and nothing to close.
 */
int engine_open(struct engine *e, const struct conf_apply *settings,
    double timeout, struct buf *why);

/* engine_again(e, like, timeout, why): one more connection to the same; for
 * http_send only. 0 or -1. */
int engine_again(struct engine *e, const struct engine *like, double timeout,
    struct buf *why);
void engine_close(struct engine *e);

/* engine_api(e, why): asks once which API it has and fills e->api. 0 or -1. */
int engine_api(struct engine *e, struct buf *why);

/* engine_get(e, path, r, why): an answer as JSON, or NULL and a message; the
 * text stays in r, which the caller frees */
struct json *engine_get(const struct engine *e, const char *path,
    struct http_response *r, struct buf *why);

/* One of several requests without a body that are sent at once */
struct engine_post {
	struct buf path;
	double seconds; /* longest wait for its answer */
	struct engine e; /* private: each has a connection of its own */
	struct http_response r; /* of a failure, see failed */
	int failed;
};

/* engine_post_all(e, p, n, why): POSTs p[0..n-1], all at once and each once,
 * and waits for all the answers. 0, or -1 with a message: nothing was sent. */
int engine_post_all(
    const struct engine *e, struct engine_post *p, size_t n, struct buf *why);
void engine_post_free(struct engine_post *p, size_t n);

/* engine_complain: what went wrong with r, and what to do about it */
void engine_complain(
    const struct engine *e, const struct http_response *r, struct buf *why);

#endif
