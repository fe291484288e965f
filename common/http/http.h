/*
 * http.h - requests over HTTP and HTTPS, TCP or a unix socket; the only user
 * of libcurl
 *
 *	struct http_options o = { .base = "unix:///var/run/docker.sock" };
 *	struct http *h = http_open(&o, &why);
 *	struct http_request q = { .path = "/v1.41/services/web" };
 *	struct http_response r = { 0 };
 *
 *	if (http_send(h, &q, &r) != 0)
 *		warn("%s", r.error.s);
 *	http_response_free(&r);
 *	http_close(h);
 *
 * One struct http keeps its connection from request to request (one that may
 * not be repeated gets a new one); it is not to be used by two threads at once.
 *
 * Proxies of the environment (http_proxy, ...) hold, but never for a unix
 * socket or a loopback address. A redirect is followed for GET, HEAD, and for
 * 307 and 308, at most three times and only to the same scheme, host and port;
 * any other is an error that names the new place. Certificates are always
 * verified. Every time is in seconds.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stddef.h>

#include "base/buf.h"

/* A member that is 0 or NULL has the default that stands beside it. Texts are
 * copied. */
struct http_options {
	/* where all requests go: "http://host:9090/prefix", "https://...",
	 * "tcp://host:2375" (HTTP, as Docker writes it), "unix:///run/x.sock".
	 * User and password in it are used, and never shown. */
	const char *base;
	double connect_s; /* until the connection stands: 5 */
	double total_s; /* for one try, from look-up to last byte: 30 */
	long retries; /* more tries after the first: 0 */
	double backoff_s; /* before the first retry, doubled each time: 0.25 */
	double max_wait_s; /* longest wait before a retry: 30. A server that
			    * asks for more (Retry-After) is not asked again. */
	size_t max_body; /* a longer answer is an error: 64 MiB */
	const char *ca_file; /* PEM, instead of the system's authorities */
	const char *cert_file, *key_file; /* PEM, the client's own */
	/* the same three as texts in PEM; a file goes before its text */
	const char *ca_pem, *cert_pem, *key_pem;
	const char *username, *password_file; /* basic authentication */
	const char *bearer_token_file;
	/* NULL-ended "Name: value", sent with every request */
	const char *const *headers;
	int hide_path; /* path and query are a secret too (web hooks):
			* messages show the host only */
};

struct http_request {
	const char *method; /* GET */
	const char *path; /* "/x?y=z", put behind the base's own; "" */
	const void *body; /* n_body bytes; NULL: none */
	size_t n_body;
	const char *content_type; /* of the body: application/json */
	const char *const *headers; /* NULL-ended "Name: value" */
	int repeatable; /* doing it twice does no harm: retry it though its
			 * method is none of GET, HEAD, PUT, DELETE, OPTIONS */
	int once; /* no retries for this one */
	double total_s; /* instead of the option's; 0: as that says */
	double budget_s; /* for all tries and the waits between them; 0: as
			  * long as they take */
};

/* { 0 } is valid. http_send empties it first, so that it can serve again. */
struct http_response {
	long status; /* 200, ...; 0: no whole answer came */
	int timed_out; /* that is why it is 0 */
	int too_long; /* that is why: a body of more than max_body */
	struct buf body; /* NUL-ended; s may be NULL where it is empty */
	struct buf error; /* what went wrong, for a person; UTF-8, one line */
	int sent; /* the last try may have reached the server: where status is
		   * 0, nobody knows whether the request was carried out */
	int tries;
	double wait_s; /* an answer that is none of 200 to 299 asks to be left
			* alone so long; 0: it does not */
	struct buf headers; /* private: see http_header */
};

/*
 * http_open(o, why): NULL with a message in *why: no URL, another scheme, a
 * secret that cannot be read or that others can read, no memory. Nothing is
 * sent yet.
 */
struct http *http_open(const struct http_options *o, struct buf *why);
void http_close(struct http *);

/*
 * http_send(h, q, r): sends q, as often as the options say. Returns 0 for a
 * status of 200 to 299, else -1 with r->error filled:
 *
 *	'http://h:9090/api/v1/query' answered 400 (bad_data): invalid ...
 *	'unix:///run/docker.sock/info' answered 500: "text of the body"
 *	cannot reach 'http://h:9090/x': connection refused (3 tries)
 *
 * From a JSON body the error is taken (errorType and error of Prometheus,
 * message of Docker and others), else up to 300 bytes are quoted.
 *
 * Tried again are: no connection (any method, for nothing was sent), and for
 * methods that may be repeated also time-outs, broken answers, and status 408,
 * 429, 502, 503, 504; after Retry-After where the server names it (or with 429
 * after "retry_after" of a JSON body, as Discord and Telegram have it), else
 * after the doubling pause. There is no chance in it: same answers, same tries.
 */
int http_send(
    struct http *h, const struct http_request *q, struct http_response *r);
void http_response_free(struct http_response *);

/* http_header(r, name): the value of the answer's header, whatever its case;
 * NULL: none. Valid as long as r is. */
const char *http_header(const struct http_response *r, const char *name);

/* http_where(h, path, out): the address of a request as messages name it, in
 * quotes: without user, password and query, and where hide_path was given
 * without path */
void http_where(const struct http *h, const char *path, struct buf *out);

/* http_escape(out, s): s as part of a query or form (RFC 3986, section 2.1):
 * all but letters, digits and -._~ as %XX */
void http_escape(struct buf *out, const char *s);

#endif
