#include "http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/private.h"
#include "io/file.h"

/* The URL for a message: what stands before the last @ of the host part, and
 * the path's query, may be secret. */
static void
put_masked(struct buf *b, const char *s)
{
	const char *at, *host = strstr(s, "://");
	size_t n = strcspn(s, "?#");

	host = host != NULL && host < s + n ? host + 3 : s;
	at = memrchr(host, '@', n - (size_t)(host - s));
	if (at == NULL)
		at = host - 1;
	buf_add(b, s, (size_t)(host - s));
	buf_add(b, at + 1, n - (size_t)(at + 1 - s));
}

static int
copy(char **to, const char *from)
{
	if (from == NULL || *from == '\0')
		return 0;
	*to = strdup(from);
	return *to != NULL ? 0 : -1;
}

/* A secret of one line from a file that only its owner can read */
static int
read_secret(const char *path, char **to, struct buf *why)
{
	struct buf b = { 0 };

	if (path == NULL || *path == '\0')
		return 0;
	buf_str(&b, "");
	if (file_secret(path, &b) != 0 || b.failed) {
		buf_printf(why, "cannot read '%s': %s", path,
		    errno == EPERM ? "others can read or write it (chmod 600)"
				   : strerror(errno));
		buf_free(&b);
		return -1;
	}
	for (size_t i = 0; i < b.len; i++) {
		if ((unsigned char)b.s[i] >= 0x20)
			continue;
		buf_printf(why, "'%s' holds more than one line", path);
		buf_free(&b);
		return -1;
	}
	*to = b.s;
	return 0;
}

static int
read_secrets(struct http *h, const struct http_options *o, struct buf *why)
{
	free(h->token); /* nothing is there yet but what the URL had */
	h->token = NULL;
	if (o->username != NULL && *o->username != '\0') {
		free(h->user);
		h->user = NULL;
		if (copy(&h->user, o->username) != 0)
			return -1;
	}
	if (o->password_file != NULL && *o->password_file != '\0') {
		free(h->password);
		h->password = NULL;
		if (h->user == NULL) {
			buf_str(why, "a password file, but no user name");
			return -1;
		}
	}
	if (read_secret(o->password_file, &h->password, why) != 0 ||
	    read_secret(o->bearer_token_file, &h->token, why) != 0)
		return -1;
	if (h->token != NULL && h->user != NULL) {
		buf_str(why, "both a bearer token and a user name");
		return -1;
	}
	return 0;
}

static int
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 ||
	    strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
}

/* Takes user and password out of the URL. 0 or -1. */
static int
split_url(struct http *h, const char *text, const struct http_options *o)
{
	CURLU *u = curl_url();
	char *host = NULL, *url = NULL, *user = NULL, *password = NULL;
	int r = -1;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		goto done;
	curl_url_get(u, CURLUPART_USER, &user, CURLU_URLDECODE);
	curl_url_get(u, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
	curl_url_set(u, CURLUPART_USER, NULL, 0);
	curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	if (curl_url_get(u, CURLUPART_URL, &url, 0) != CURLUE_OK ||
	    copy(&h->url, url) != 0 || copy(&h->user, user) != 0 ||
	    copy(&h->password, password) != 0)
		goto done;
	h->loopback = is_loopback(host);
	if (o->hide_path) {
		curl_url_set(u, CURLUPART_PATH, NULL, 0);
		curl_url_set(u, CURLUPART_QUERY, NULL, 0);
		curl_free(url);
		url = NULL;
		curl_url_get(u, CURLUPART_URL, &url, 0);
	}
	if (url != NULL && copy(&h->shown, url) == 0)
		r = 0;
done:
	curl_free(host);
	curl_free(url);
	curl_free(user);
	curl_free(password);
	curl_url_cleanup(u);
	return r;
}

static void
cut_slash(char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	if (n > 0 && s[n - 1] == '/' && strchr(s, '?') == NULL)
		s[n - 1] = '\0';
}

static int
take_base(struct http *h, const struct http_options *o, struct buf *why)
{
	const char *base = o->base;
	struct buf text = { 0 };
	int r = 0;

	if (base == NULL || *base == '\0') {
		buf_str(why, "no URL was given");
		return -1;
	}
	if (strncmp(base, "unix://", 7) == 0 && base[7] == '/') {
		h->loopback = 1;
		r = copy(&h->socket, base + 7) | copy(&h->shown, base) |
		    copy(&h->url, "http://localhost");
	} else if (strncmp(base, "http://", 7) == 0 ||
	    strncmp(base, "https://", 8) == 0) {
		r = split_url(h, base, o);
	} else if (strncmp(base, "tcp://", 6) == 0) {
		buf_printf(&text, "http://%s", base + 6);
		r = text.failed ? -1 : split_url(h, text.s, o);
	} else {
		r = -1;
	}
	buf_free(&text);
	cut_slash(h->url);
	cut_slash(h->shown);
	if (r == 0)
		return 0;
	buf_char(why, '\'');
	if (o->hide_path)
		buf_str(why, "(secret)");
	else
		put_masked(why, base);
	buf_str(why, "' is no http:, https:, tcp: or unix: address");
	return -1;
}

/* A header that is "Name: value" and nothing after it */
static int
add_header(struct http *h, const char *line, struct buf *why)
{
	size_t name = strcspn(line, ": \t");
	struct curl_slist *l;

	if (name == 0 || line[name] != ':' ||
	    line[strcspn(line, "\r\n")] != '\0') {
		buf_str(why, "a header is not of the form 'Name: value'");
		return -1;
	}
	l = curl_slist_append(h->headers, line);
	if (l == NULL)
		return -1;
	h->headers = l;
	return 0;
}

static int
take_headers(struct http *h, const struct http_options *o, struct buf *why)
{
	/* without this libcurl waits a second before it sends a long body */
	if (add_header(h, "Expect:", why) != 0)
		return -1;
	for (size_t i = 0; o->headers != NULL && o->headers[i] != NULL; i++)
		if (add_header(h, o->headers[i], why) != 0)
			return -1;
	return 0;
}

static double
or_default(double x, double otherwise)
{
	return x > 0 ? x : otherwise;
}

struct http *
http_open(const struct http_options *o, struct buf *why)
{
	static int begun;
	struct http *h;

	if (!begun && curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		buf_str(why, "libcurl does not start");
		return NULL;
	}
	begun = 1;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		goto fail;
	h->connect_s = or_default(o->connect_s, 5);
	h->total_s = or_default(o->total_s, 30);
	h->backoff_s = or_default(o->backoff_s, 0.25);
	h->max_wait_s = or_default(o->max_wait_s, 30);
	h->retries = o->retries;
	h->max_body = o->max_body > 0 ? o->max_body : (size_t)64 << 20;
	h->hide_path = o->hide_path;
	h->curl = curl_easy_init();
	if (h->curl == NULL || take_base(h, o, why) != 0 ||
	    read_secrets(h, o, why) != 0 || take_headers(h, o, why) != 0 ||
	    copy(&h->ca_file, o->ca_file) != 0 ||
	    copy(&h->cert_file, o->cert_file) != 0 ||
	    copy(&h->key_file, o->key_file) != 0 ||
	    copy(&h->ca_pem, o->ca_pem) != 0 ||
	    copy(&h->cert_pem, o->cert_pem) != 0 ||
	    copy(&h->key_pem, o->key_pem) != 0)
		goto fail;
	return h;
fail:
	if (why->len == 0)
		buf_str(why, "out of memory");
	http_close(h);
	return NULL;
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	if (h->curl != NULL)
		curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->headers);
	free(h->url);
	free(h->shown);
	free(h->user);
	free(h->password);
	free(h->token);
	free(h->socket);
	free(h->ca_file);
	free(h->cert_file);
	free(h->key_file);
	free(h->ca_pem);
	free(h->cert_pem);
	free(h->key_pem);
	free(h);
}

void
http_response_free(struct http_response *r)
{
	buf_free(&r->body);
	buf_free(&r->error);
	buf_free(&r->headers);
	*r = (struct http_response){ 0 };
}

void
http_escape(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
			buf_char(out, *s);
		else
			buf_printf(out, "%%%02X", c);
	}
}
