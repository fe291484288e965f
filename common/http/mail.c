#include "http/mail.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "io/digest.h"

enum { REPLY_MAX = 1000, QUOTE_MAX = 300 };

struct mail {
	CURL *curl;
	char *url; /* with the name to say hello with, without login */
	char *shown;
	char *username, *password, *ca_file;
	int tls; /* STARTTLS, or nothing */
	double connect_s;
	long retries;
	char problem[CURL_ERROR_SIZE];
};

struct letter {
	const char *p;
	size_t n, at;
};

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void
mail_close(struct mail *m)
{
	if (m == NULL)
		return;
	if (m->curl != NULL)
		curl_easy_cleanup(m->curl);
	free(m->url);
	free(m->shown);
	free(m->username);
	wipe(m->password);
	free(m->ca_file);
	free(m);
}

/* This machine, by number or by its reserved name: 127.example.org is none */
static int
is_here(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	    (strncmp(host, "127.", 4) == 0 &&
		host[strspn(host, "0123456789.")] == '\0');
}

/* The path of an SMTP URL is the name in EHLO. 0 or -1. */
static int
put_hello(CURLU *u)
{
	char name[256] = "", *path = NULL, *s = NULL;
	struct buf b = { 0 };
	int r = -1;

	if (curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK)
		return -1;
	if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
		strcpy(name, "localhost");
	buf_printf(&b, "/%s", name);
	s = strlen(path) > 1 ? path : b.s;
	if (!b.failed && curl_url_set(u, CURLUPART_PATH, s, 0) == CURLUE_OK)
		r = 0;
	curl_free(path);
	buf_free(&b);
	return r;
}

/* What messages may show: scheme, host and port; and url itself. 0 or -1. */
static int
split(struct mail *m, const char *text, int *here)
{
	CURLU *u = curl_url();
	char *host = NULL, *shown = NULL, *url = NULL;
	int r = -1;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		goto done;
	*here = is_here(host);
	curl_url_set(u, CURLUPART_USER, NULL, 0);
	curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(u, CURLUPART_QUERY, NULL, 0);
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	if (put_hello(u) != 0 ||
	    curl_url_get(u, CURLUPART_URL, &url, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_PATH, NULL, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &shown, 0) != CURLUE_OK)
		goto done;
	m->url = strdup(url);
	m->shown = strdup(shown);
	if (m->shown != NULL && m->shown[0] != '\0' &&
	    m->shown[strlen(m->shown) - 1] == '/')
		m->shown[strlen(m->shown) - 1] = '\0';
	r = m->url != NULL && m->shown != NULL ? 0 : -1;
done:
	curl_free(host);
	curl_free(shown);
	curl_free(url);
	curl_url_cleanup(u);
	return r;
}

static int
copy(char **to, const char *from)
{
	if (from == NULL || *from == '\0')
		return 0;
	*to = strdup(from);
	return *to != NULL ? 0 : -1;
}

struct mail *
mail_open(const struct mail_options *o, struct buf *why)
{
	const char *url = o->url != NULL ? o->url : "";
	static int begun;
	struct mail *m;
	int here = 0;

	if (!begun && curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		buf_str(why, "libcurl does not start");
		return NULL;
	}
	begun = 1;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return NULL;
	m->connect_s = o->connect_s;
	m->retries = o->retries;
	if ((strncmp(url, "smtp://", 7) != 0 &&
		strncmp(url, "smtps://", 8) != 0) ||
	    split(m, url, &here) != 0) {
		/* it may hold a password, so it is not quoted */
		buf_str(why,
		    "the address of a mail server must be smtp://HOST:PORT or "
		    "smtps://HOST:PORT");
	} else if (copy(&m->username, o->username) == 0 &&
	    copy(&m->password, o->password) == 0 &&
	    copy(&m->ca_file, o->ca_file) == 0 &&
	    (m->curl = curl_easy_init()) != NULL) {
		m->tls = !here || m->username != NULL || m->ca_file != NULL;
		return m;
	}
	mail_close(m);
	return NULL;
}

void
mail_where(const struct mail *m, struct buf *out)
{
	buf_char(out, '\'');
	buf_excerpt(out, m->shown, strlen(m->shown), 400);
	buf_char(out, '\'');
}

static size_t
give(char *to, size_t size, size_t n, void *ctx)
{
	struct letter *l = ctx;

	n *= size;
	if (n > l->n - l->at)
		n = l->n - l->at;
	memcpy(to, l->p + l->at, n);
	l->at += n;
	return n;
}

/* The newest refusal is kept, to be quoted; a farewell may follow it */
static size_t
take_reply(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *reply = ctx;

	n *= size;
	if (n > 0 && (*p == '4' || *p == '5')) {
		buf_clear(reply);
		buf_add(reply, p, n < REPLY_MAX ? n : REPLY_MAX);
	}
	return n;
}

static size_t
drop(char *p, size_t size, size_t n, void *ctx)
{
	(void)p;
	(void)ctx;
	return size * n;
}

static void
set_up(struct mail *m, double total_s)
{
	CURL *c = m->curl;

	curl_easy_reset(c); /* keeps the connection */
	m->problem[0] = '\0';
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_URL, m->url);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
	    c, CURLOPT_CONNECTTIMEOUT_MS, lround(m->connect_s * 1000));
	curl_easy_setopt(
	    c, CURLOPT_TIMEOUT_MS, lround(fmax(total_s, 0.001) * 1000));
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, m->problem);
	curl_easy_setopt(c, CURLOPT_USE_SSL,
	    (long)(m->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (m->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, m->ca_file);
	if (m->username != NULL) {
		curl_easy_setopt(c, CURLOPT_USERNAME, m->username);
		curl_easy_setopt(c, CURLOPT_PASSWORD,
		    m->password != NULL ? m->password : "");
	}
}

static CURLcode
transfer(struct mail *m, const char *from, struct curl_slist *to,
    struct letter *l, double total_s, struct buf *reply)
{
	CURL *c = m->curl;

	set_up(m, total_s);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	/* RFC 1870: too large is said before it is sent */
	curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)l->n);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_READDATA, l);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_reply);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, reply);
	return curl_easy_perform(c);
}

static int
holds(const struct buf *reply, const char *s, size_t n)
{
	return n > 0 && memmem(reply->s, reply->len, s, n) != NULL;
}

/* Some servers quote the login that they refuse: as RFC 4616 has it, or the
 * password alone as of AUTH LOGIN */
static int
tells_password(const struct mail *m, const struct buf *reply)
{
	struct buf login = { 0 }, plain = { 0 }, alone = { 0 };
	int told = 1; /* no memory: as if it did */

	if (m->password == NULL || *m->password == '\0')
		return 0;
	buf_char(&login, '\0');
	buf_str(&login, m->username != NULL ? m->username : "");
	buf_char(&login, '\0');
	buf_str(&login, m->password);
	base64_add(&plain, login.s != NULL ? login.s : "", login.len);
	base64_add(&alone, m->password, strlen(m->password));
	if (!login.failed && !plain.failed && !alone.failed)
		told = holds(reply, m->password, strlen(m->password)) ||
		    holds(reply, plain.s, plain.len) ||
		    holds(reply, alone.s, alone.len);
	for (struct buf *b[] = { &login, &plain, &alone }, **p = b; p < b + 3;
	     p++) {
		if ((*p)->s != NULL)
			explicit_bzero((*p)->s, (*p)->len);
		buf_free(*p);
	}
	return told;
}

static void
explain(const struct mail *m, CURLcode code, long status,
    const struct buf *reply, struct buf *why)
{
	const char *text =
	    m->problem[0] != '\0' ? m->problem : curl_easy_strerror(code);
	int quote =
	    status >= 400 && reply->len > 0 && !tells_password(m, reply);

	buf_str(why, status >= 400 ? "" : "cannot send by ");
	mail_where(m, why);
	if (status < 400) {
		buf_str(why, ": ");
		buf_excerpt(why, text, strlen(text), QUOTE_MAX);
		return;
	}
	buf_str(why,
	    code == CURLE_LOGIN_DENIED ? " refused the login: "
				       : " refused it: ");
	if (quote) {
		buf_char(why, '"');
		buf_excerpt(why, reply->s, reply->len, QUOTE_MAX);
		buf_char(why, '"');
	} else {
		buf_printf(why, "%ld", status);
	}
}

static int
worth_another(CURLcode code, long status)
{
	if (status >= 400)
		return status < 500;
	return code == CURLE_COULDNT_CONNECT ||
	    code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_OPERATION_TIMEDOUT || code == CURLE_GOT_NOTHING ||
	    code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR;
}

/* A login that is refused, or a server that takes nothing at all, is no fault
 * of the letter (RFC 4954, section 6). Of the latter libcurl says the same as
 * of one that has seen the letter: given tells them apart. */
static int
is_final(CURLcode code, long status, int given)
{
	return status >= 500 && status != 530 && status != 534 &&
	    status != 535 && status != 538 && code != CURLE_LOGIN_DENIED &&
	    (code != CURLE_WEIRD_SERVER_REPLY || given);
}

int
mail_send(struct mail *m, const char *from, const char *to, const char *p,
    size_t n, struct mail_try *t, struct buf *why)
{
	int64_t end = clock_monotonic() + (int64_t)(t->budget_s * 1000);
	struct curl_slist *list = curl_slist_append(NULL, to);
	CURLcode code = CURLE_OUT_OF_MEMORY;
	struct buf reply = { 0 };
	double pause = 1, left = t->budget_s;
	long status = 0;
	int given = 0;

	for (long tries = 0; list != NULL; tries++) {
		struct letter l = { p, n, 0 };

		buf_clear(&reply);
		status = 0;
		code = transfer(m, from, list, &l, left, &reply);
		if (code != CURLE_OK)
			curl_easy_getinfo(
			    m->curl, CURLINFO_RESPONSE_CODE, &status);
		given = l.at > 0;
		left = (double)(end - clock_monotonic()) / 1000;
		if (code == CURLE_OK || t->once || tries >= m->retries ||
		    left <= pause || !worth_another(code, status))
			break;
		clock_sleep(pause);
		left -= pause;
		pause *= 2;
	}
	if (code != CURLE_OK)
		explain(m, code, status, &reply, why);
	t->answered = status >= 400;
	t->refused = code != CURLE_OK && is_final(code, status, given);
	curl_slist_free_all(list);
	buf_free(&reply);
	return code == CURLE_OK ? 0 : -1;
}
