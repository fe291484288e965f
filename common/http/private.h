/*
 * private.h - what the files of this room share, and no one else includes
 */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include <curl/curl.h>

#include "http/http.h"

struct http {
	CURL *curl;
	struct curl_slist *headers; /* of every request */
	char *url; /* the base for libcurl: no user, no password */
	char *shown; /* the base as messages name it */
	char *user, *password, *token; /* NULL: none */
	char *socket; /* path of the unix socket, or NULL */
	char *ca_file, *cert_file, *key_file;
	char *ca_pem, *cert_pem, *key_pem;
	int loopback, hide_path;
	double connect_s, total_s, backoff_s, max_wait_s;
	long retries;
	size_t max_body;
	char problem[CURL_ERROR_SIZE]; /* libcurl's own words, last try */
};

/* What became of one try */
struct attempt {
	CURLcode code;
	long os_error; /* errno of a connection that failed, or 0 */
	int too_long; /* the body went over max_body */
	double total_s; /* how long it was allowed to take */
	double wait_s; /* Retry-After; -1: none */
	int too_late; /* there was no time to wait so long */
	char *redirect; /* where a 3xx points to, allocated, or NULL */
};

/* explain_*: fill r->error; method and path are the request's */
void explain_status(const struct http *h, const char *path,
    const struct attempt *a, struct http_response *r);
void explain_failure(const struct http *h, const char *path,
    const struct attempt *a, struct http_response *r);

/* explain_wait(r): the seconds that the body of a 429 asks to wait; -1: none */
double explain_wait(const struct http_response *r);

#endif
