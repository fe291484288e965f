#include "channel/hook.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

enum {
	ANSWER_MAX = 65536, /* of the answer we only want to know the status */
	SECRET_MIN = 8 /* a shorter piece of a path is no secret */
};

struct hook {
	struct http *http;
	char *url, *secret; /* to keep them out of messages */
	int slash; /* the URL ends in one, which matters to some servers */
};

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void
hook_close(struct hook *h)
{
	if (h == NULL)
		return;
	http_close(h->http);
	wipe(h->url);
	wipe(h->secret);
	free(h);
}

struct hook *
hook_open(const struct channel_settings *s, const char *url, const char *secret,
    struct buf *why)
{
	struct http_options o = { .base = url,
		.retries = s->retries,
		.backoff_s = 1,
		.max_body = ANSWER_MAX,
		.hide_path = 1 };
	struct hook *h = calloc(1, sizeof(*h));
	size_t n = url != NULL ? strlen(url) : 0;

	if (h == NULL)
		return NULL;
	h->url = strdup(n > 0 ? url : "");
	h->secret = strdup(secret != NULL ? secret : "");
	h->slash = n > 0 && url[n - 1] == '/' && strchr(url, '?') == NULL;
	if (h->url != NULL && h->secret != NULL)
		h->http = http_open(&o, why);
	if (h->http != NULL)
		return h;
	hook_close(h);
	return NULL;
}

/* s with every occurrence of the n bytes at secret as "..." */
static void
put_without(struct buf *out, const char *s, const char *secret, size_t n)
{
	const char *at;

	while ((at = memmem(s, strlen(s), secret, n)) != NULL) {
		buf_add(out, s, (size_t)(at - s));
		buf_str(out, "...");
		s = at + n;
	}
	buf_str(out, s);
}

static void
strike(struct buf *a, const char *secret, size_t n)
{
	struct buf b = { 0 };

	put_without(&b, a->failed ? "" : a->s, secret, n);
	b.failed |= a->failed;
	buf_free(a);
	*a = b;
}

/* A server's answer may quote the address that it was asked for. */
void
hook_blame(const struct hook *h, const char *message, struct buf *why)
{
	static const char ends[] = "/?&=#;";
	const char *s = strstr(h->url, "://");
	struct buf a = { 0 };

	buf_str(&a, message);
	if (*h->secret != '\0')
		strike(&a, h->secret, strlen(h->secret));
	s = s != NULL ? s + 3 : h->url;
	for (s += strcspn(s, "/?"); *s != '\0';) {
		size_t n;

		s += strspn(s, ends);
		n = strcspn(s, ends);
		if (n >= SECRET_MIN)
			strike(&a, s, n);
		s += n;
	}
	buf_str(why, a.failed ? "out of memory" : a.s);
	buf_free(&a);
}

/* What an answer says of the next message. 400, 413 and 422 are the words for
 * a body that will never do; the rest may be mended at the other end. Discord
 * says how many more it takes, and when it will take more. */
static void
take_answer(const struct http_response *r, struct channel_try *t)
{
	const char *left = http_header(r, "X-RateLimit-Remaining");
	const char *after = http_header(r, "X-RateLimit-Reset-After");
	double s;

	t->answered = r->status != 0;
	t->refused = r->status == 400 || r->status == 413 || r->status == 422;
	t->wait_s = r->wait_s;
	if (left != NULL && strcmp(left, "0") == 0 && after != NULL &&
	    number_parse(after, &s) == 0 && s > t->wait_s)
		t->wait_s = s;
}

int
hook_post(struct hook *h, const struct letter *l, struct channel_try *t,
    struct buf *answer, struct buf *why)
{
	const char *path = l->path != NULL ? l->path : h->slash ? "/" : "";
	struct http_response r = { 0 };
	int status = -1;

	if (l->body->failed) {
		buf_str(why, "out of memory");
	} else {
		/* told twice is better than not told */
		struct http_request q = { .method = "POST",
			.path = path,
			.body = l->body->s != NULL ? l->body->s : "",
			.n_body = l->body->len,
			.content_type = l->type,
			.headers = l->headers,
			.repeatable = 1,
			.once = t->once,
			.total_s = t->budget_s,
			.budget_s = t->budget_s };

		status = http_send(h->http, &q, &r);
		take_answer(&r, t);
		if (status != 0)
			hook_blame(h,
			    r.error.len > 0 ? r.error.s : "out of memory", why);
		else if (answer != NULL)
			buf_add(answer, r.body.s, r.body.len);
	}
	http_response_free(&r);
	return status;
}

void
hook_show(const struct hook *h, const struct buf *body, struct buf *out)
{
	buf_str(out, "POST ");
	http_where(h->http, "", out);
	buf_char(out, ' ');
	for (size_t i = 0; i < body->len; i++)
		buf_char(out, body->s[i] == '\n' ? ' ' : body->s[i]);
	out->failed |= body->failed;
}
