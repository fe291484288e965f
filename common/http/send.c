#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "http/private.h"

enum { MAX_HEADERS = 65536, MAX_REDIRECTS = 3 };

struct sink {
	struct http_response *r;
	size_t max_body;
	int too_long;
};

static size_t
take_body(char *p, size_t size, size_t n, void *ctx)
{
	struct sink *s = ctx;

	n *= size;
	if (n > s->max_body - s->r->body.len) {
		s->too_long = 1;
		return 0; /* ends the transfer */
	}
	buf_add(&s->r->body, p, n);
	return s->r->body.failed ? 0 : n;
}

/* Headers are kept as "Name: value", each with its NUL. Those of an interim
 * answer (100) are dropped when the next status line comes. */
static size_t
take_header(char *p, size_t size, size_t n, void *ctx)
{
	struct sink *s = ctx;
	size_t k = n * size;

	n = k;
	while (k > 0 && strchr("\r\n \t", p[k - 1]) != NULL)
		k--;
	if (k >= 5 && strncmp(p, "HTTP/", 5) == 0)
		buf_clear(&s->r->headers);
	if (k == 0 || s->r->headers.len + k > MAX_HEADERS)
		return n;
	if (memchr(p, '\0', k) != NULL)
		return n;
	buf_add(&s->r->headers, p, k);
	buf_char(&s->r->headers, '\0');
	return n;
}

const char *
http_header(const struct http_response *r, const char *name)
{
	size_t n = strlen(name), at = 0;

	while (at < r->headers.len) {
		const char *line = r->headers.s + at;

		if (strncasecmp(line, name, n) == 0 && line[n] == ':')
			return line + n + 1 + strspn(line + n + 1, " \t");
		at += strlen(line) + 1;
	}
	return NULL;
}

static int
method_is(const struct http_request *q, const char *const *list)
{
	const char *m = q->method != NULL ? q->method : "GET";

	for (; *list != NULL; list++)
		if (strcmp(m, *list) == 0)
			return 1;
	return 0;
}

static int
may_repeat(const struct http_request *q)
{
	static const char *const safe[] = { "GET", "HEAD", "PUT", "DELETE",
		"OPTIONS", NULL };

	return q->repeatable || method_is(q, safe);
}

static void
set_method(struct http *h, const struct http_request *q)
{
	const char *m = q->method != NULL ? q->method : "GET";
	CURL *c = h->curl;

	if (q->body != NULL || strcmp(m, "POST") == 0) {
		curl_easy_setopt(
		    c, CURLOPT_POSTFIELDS, q->body != NULL ? q->body : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(q->body != NULL ? q->n_body : 0));
	}
	if (strcmp(m, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, m);
	/* where a connection that it had kept is closed without an answer,
	 * libcurl sends once more of itself, whatever the method */
	if (!may_repeat(q))
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
}

/* A text instead of a file, which libcurl reads where it lies */
static void
set_text(CURL *c, CURLoption option, char *pem)
{
	struct curl_blob blob = { pem, 0, CURL_BLOB_NOCOPY };

	if (pem == NULL)
		return;
	blob.len = strlen(pem);
	curl_easy_setopt(c, option, &blob);
}

/* Who we are and whom we believe */
static void
set_trust(struct http *h)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_USERAGENT, "autoscale/" AS_VERSION);
	if (h->socket != NULL)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, h->socket);
	if (h->loopback)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (h->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	if (h->cert_file != NULL)
		curl_easy_setopt(c, CURLOPT_SSLCERT, h->cert_file);
	if (h->key_file != NULL)
		curl_easy_setopt(c, CURLOPT_SSLKEY, h->key_file);
	set_text(c, CURLOPT_CAINFO_BLOB, h->ca_file ? NULL : h->ca_pem);
	set_text(c, CURLOPT_SSLCERT_BLOB, h->cert_file ? NULL : h->cert_pem);
	set_text(c, CURLOPT_SSLKEY_BLOB, h->key_file ? NULL : h->key_pem);
	if (h->user != NULL) {
		curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(c, CURLOPT_USERNAME, h->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD,
		    h->password != NULL ? h->password : "");
	}
	if (h->token != NULL) {
		curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, h->token);
	}
}

static void
set_limits(struct http *h, double total_s)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    lround(fmin(h->connect_s, total_s) * 1000));
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, lround(total_s * 1000));
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->max_body);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->problem);
	/* next door the time to pack costs more than it saves */
	if (!h->loopback)
		curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
}

/* The headers of this request: those of all, its own, the body's type. NULL:
 * no memory. */
static struct curl_slist *
all_headers(const struct http *h, const struct http_request *q)
{
	const char *type = q->content_type;
	struct curl_slist *all = NULL, *l;
	struct buf b = { 0 };

	for (l = h->headers; l != NULL; l = l->next) {
		struct curl_slist *k = curl_slist_append(all, l->data);

		if (k == NULL)
			goto fail;
		all = k;
	}
	for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++) {
		if ((l = curl_slist_append(all, q->headers[i])) == NULL)
			goto fail;
		all = l;
	}
	if (q->body != NULL) {
		buf_printf(&b, "Content-Type: %s",
		    type != NULL ? type : "application/json");
		if (b.failed || (l = curl_slist_append(all, b.s)) == NULL)
			goto fail;
		all = l;
	}
	buf_free(&b);
	return all;
fail:
	buf_free(&b);
	curl_slist_free_all(all);
	return NULL;
}

/* One exchange with url. What came is in r, what became of it in a. */
static void
exchange(struct http *h, const struct http_request *q, const char *url,
    struct http_response *r, struct attempt *a)
{
	struct sink sink = { r, h->max_body, 0 };
	struct curl_slist *headers = all_headers(h, q);
	curl_off_t wait = 0;
	char *to = NULL;
	long size = 0;

	buf_clear(&r->body);
	buf_clear(&r->headers);
	r->status = 0;
	a->wait_s = -1;
	h->problem[0] = '\0';
	curl_easy_reset(h->curl); /* keeps the connection */
	set_trust(h);
	set_limits(h, a->total_s);
	set_method(h, q);
	curl_easy_setopt(h->curl, CURLOPT_URL, url);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &sink);
	curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, &sink);
	a->code =
	    headers != NULL ? curl_easy_perform(h->curl) : CURLE_OUT_OF_MEMORY;
	a->too_long = sink.too_long || a->code == CURLE_FILESIZE_EXCEEDED;
	curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &size);
	curl_easy_getinfo(h->curl, CURLINFO_OS_ERRNO, &a->os_error);
	r->sent = size > 0;
	if (a->code == CURLE_OK) {
		curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &r->status);
		if (http_header(r, "Retry-After") != NULL &&
		    curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait) ==
			CURLE_OK)
			a->wait_s = (double)wait;
		if (a->wait_s < 0)
			a->wait_s = explain_wait(r);
		curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &to);
		if (to != NULL && r->status >= 300 && r->status < 400)
			a->redirect = strdup(to);
	}
	curl_slist_free_all(headers);
}

/* The same part of two URLs, as text */
static int
same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = NULL, *y = NULL;
	int same;

	same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    strcasecmp(x, y) == 0;
	curl_free(x);
	curl_free(y);
	return same;
}

static int
same_place(const char *from, const char *to)
{
	CURLU *a = curl_url(), *b = curl_url();
	int same = 0;

	if (a != NULL && b != NULL &&
	    curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
	    curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK)
		same = same_part(a, b, CURLUPART_SCHEME) &&
		    same_part(a, b, CURLUPART_HOST) &&
		    same_part(a, b, CURLUPART_PORT);
	curl_url_cleanup(a);
	curl_url_cleanup(b);
	return same;
}

static int
may_follow(const struct http_request *q, long status)
{
	static const char *const reads[] = { "GET", "HEAD", NULL };

	/* 301 and 302 would turn a POST into a GET */
	return status == 307 || status == 308 || method_is(q, reads);
}

/* One try, redirects and all */
static void
attempt(struct http *h, const struct http_request *q, double total_s,
    struct http_response *r, struct attempt *a)
{
	struct buf url = { 0 };

	*a = (struct attempt){ .wait_s = -1, .total_s = total_s };
	buf_str(&url, h->url);
	buf_str(&url, q->path != NULL ? q->path : "");
	for (int hops = 0;; hops++) {
		if (url.failed) {
			a->code = CURLE_OUT_OF_MEMORY;
			break;
		}
		exchange(h, q, url.s, r, a);
		if (a->redirect == NULL || hops == MAX_REDIRECTS ||
		    !may_follow(q, r->status) ||
		    !same_place(url.s, a->redirect))
			break;
		buf_clear(&url);
		buf_str(&url, a->redirect);
		free(a->redirect);
		a->redirect = NULL;
	}
	buf_free(&url);
}

/* Nothing went out, so that any request may go again */
static int
never_sent(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT ||
	    code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_COULDNT_RESOLVE_PROXY;
}

static int
worth_another(const struct http_request *q, const struct http_response *r,
    const struct attempt *a)
{
	if (never_sent(a->code))
		return 1;
	if (a->too_long || !may_repeat(q))
		return 0;
	switch ((int)a->code) {
	case CURLE_OK:
		return r->status == 408 || r->status == 429 ||
		    (r->status >= 502 && r->status <= 504);
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return 1;
	default:
		return 0;
	}
}

/* What is left of the time for all tries, in seconds */
static double
time_left(const struct http_request *q, int64_t began)
{
	double gone = (double)(clock_monotonic() - began) / 1000;

	return q->budget_s > 0 ? q->budget_s - gone : HUGE_VAL;
}

/* 1: after wait seconds it is tried again */
static int
goes_on(const struct http *h, const struct http_request *q,
    const struct http_response *r, const struct attempt *a, double wait,
    double left)
{
	return !q->once && r->tries <= h->retries && worth_another(q, r, a) &&
	    wait <= h->max_wait_s && wait < left;
}

int
http_send(struct http *h, const struct http_request *q, struct http_response *r)
{
	double total = q->total_s > 0 ? q->total_s : h->total_s;
	int64_t began = clock_monotonic();
	double pause = h->backoff_s;
	struct attempt a;

	r->tries = r->timed_out = r->too_long = 0;
	r->wait_s = 0;
	buf_clear(&r->error);
	for (;;) {
		double wait;

		attempt(
		    h, q, fmax(fmin(total, time_left(q, began)), 0.001), r, &a);
		r->tries++;
		if (a.code == CURLE_OK && r->status >= 200 && r->status < 300) {
			free(a.redirect);
			return 0;
		}
		wait = a.wait_s >= 0 ? a.wait_s : fmin(pause, h->max_wait_s);
		if (!goes_on(h, q, r, &a, wait, time_left(q, began)))
			break;
		pause *= 2;
		free(a.redirect);
		clock_sleep(wait);
	}
	r->wait_s = fmax(a.wait_s, 0);
	a.too_late =
	    a.wait_s > h->max_wait_s || a.wait_s >= time_left(q, began);
	r->timed_out = a.code == CURLE_OPERATION_TIMEDOUT;
	r->too_long = a.too_long;
	if (a.code == CURLE_OK)
		explain_status(h, q->path, &a, r);
	else
		explain_failure(h, q->path, &a, r);
	free(a.redirect);
	return -1;
}
