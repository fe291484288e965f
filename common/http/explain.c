#include <string.h>

#include "base/excerpt.h"
#include "base/number.h"
#include "http/private.h"
#include "json/json.h"

enum { QUOTE_MAX = 300 };

static void
put_json_text(struct buf *b, const char *s)
{
	buf_excerpt(b, s, strlen(s), QUOTE_MAX);
}

/* The kind of error in brackets and its text, where the body is one of the
 * JSON shapes that servers use. 0, or -1: it is none. */
static int
put_json_error(struct buf *b, const struct buf *body)
{
	const char *why, *type, *text;
	struct json *j;
	int r = -1;

	if (body->len == 0 || body->s[0] != '{')
		return -1;
	j = json_parse(body->s, body->len, &why);
	type = json_get_str(j, "errorType");
	text = json_get_str(j, "error");
	if (text == NULL)
		text = json_get_str(j, "message");
	if (text == NULL) /* Kubernetes wraps, Hetzner nests */
		text = json_get_str(json_get(j, "error"), "message");
	if (text != NULL) {
		if (type != NULL) {
			buf_str(b, " (");
			put_json_text(b, type);
			buf_char(b, ')');
		}
		buf_str(b, ": ");
		put_json_text(b, text);
		r = 0;
	}
	json_free(j);
	return r;
}

static void
put_body(struct buf *b, const struct buf *body)
{
	const char *s = body->s, *title, *end;

	if (body->len == 0 || s[strspn(s, " \t\r\n")] == '\0') {
		buf_str(b, " with an empty body");
		return;
	}
	if (put_json_error(b, body) == 0)
		return;
	buf_str(b, ": \"");
	/* a page for people: its title says it */
	title = strcasestr(s, "<title>");
	end = title != NULL ? strcasestr(title, "</title>") : NULL;
	if (end != NULL && end > title + 7)
		buf_excerpt(b, title + 7, (size_t)(end - title - 7), QUOTE_MAX);
	else
		buf_excerpt(b, s, body->len, QUOTE_MAX);
	buf_char(b, '"');
}

void
http_where(const struct http *h, const char *path, struct buf *out)
{
	buf_char(out, '\'');
	buf_excerpt(out, h->shown, strcspn(h->shown, "?#"), 400);
	if (path != NULL && !h->hide_path)
		buf_excerpt(out, path, strcspn(path, "?#"), 400);
	buf_char(out, '\'');
}

static void
put_tries(const struct http_response *r, struct buf *b)
{
	if (r->tries > 1)
		buf_printf(b, " (%d tries)", r->tries);
}

void
explain_status(const struct http *h, const char *path, const struct attempt *a,
    struct http_response *r)
{
	struct buf *b = &r->error;
	char s[NUMBER_SIZE];

	http_where(h, path, b);
	buf_printf(b, " answered %ld", r->status);
	if (a->redirect != NULL) {
		buf_str(b, ": it has moved to '");
		buf_excerpt(b, a->redirect,
		    h->hide_path ? 0 : strcspn(a->redirect, "?#"), QUOTE_MAX);
		buf_str(b, "', which is not followed");
	} else {
		put_body(b, &r->body);
	}
	if (a->too_late)
		buf_printf(
		    b, " (asks to wait %s)", duration_format(s, a->wait_s));
	put_tries(r, b);
}

/* The system's word for a connection that failed, else libcurl's own */
static void
put_reason(const struct http *h, const struct attempt *a, struct buf *b)
{
	const char *s = h->problem;

	if (a->code == CURLE_COULDNT_CONNECT && a->os_error != 0)
		s = strerror((int)a->os_error);
	else if (*s == '\0')
		s = curl_easy_strerror(a->code);
	buf_excerpt(b, s, strlen(s), QUOTE_MAX);
}

static void
put_timeout(const struct http *h, const struct attempt *a,
    const struct http_response *r, struct buf *b)
{
	char s[NUMBER_SIZE];

	if (!r->sent) {
		buf_str(b, " no connection within ");
		buf_str(b,
		    duration_format(s,
			h->connect_s < a->total_s ? h->connect_s : a->total_s));
		buf_str(b, ": timed out");
		return;
	}
	buf_printf(b, " timed out after %s, %zu bytes of the answer had come",
	    duration_format(s, a->total_s), r->body.len);
}

static void
put_failure(const struct http *h, const struct attempt *a,
    const struct http_response *r, struct buf *b)
{
	switch ((int)a->code) {
	case CURLE_OPERATION_TIMEDOUT:
		put_timeout(h, a, r, b);
		return;
	case CURLE_GOT_NOTHING:
		buf_str(b, " closed the connection without an answer");
		return;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2_STREAM:
		buf_printf(b, " broke off, %zu bytes of the answer had come: ",
		    r->body.len);
		put_reason(h, a, b);
		return;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		buf_str(b, " gave an answer that is not HTTP");
		return;
	default:
		buf_str(b, ": ");
		put_reason(h, a, b);
		return;
	}
}

void
explain_failure(const struct http *h, const char *path, const struct attempt *a,
    struct http_response *r)
{
	struct buf *b = &r->error;

	if (a->too_long) {
		http_where(h, path, b);
		buf_printf(
		    b, " gave an answer of more than %zu bytes", h->max_body);
	} else if (a->code == CURLE_COULDNT_CONNECT ||
	    a->code == CURLE_COULDNT_RESOLVE_HOST) {
		buf_str(b, "cannot reach ");
		http_where(h, path, b);
		buf_str(b, ": ");
		put_reason(h, a, b);
	} else {
		http_where(h, path, b);
		put_failure(h, a, r, b);
	}
	put_tries(r, b);
}

/* {"retry_after": 0.65} of Discord ("Rate Limits": "Exceeding A Rate Limit"),
 * {"parameters": {"retry_after": 5}} of Telegram ("ResponseParameters") */
double
explain_wait(const struct http_response *r)
{
	const char *why;
	struct json *j;
	double s = -1;

	if (r->status != 429 || r->body.len == 0 || r->body.s[0] != '{')
		return -1;
	j = json_parse(r->body.s, r->body.len, &why);
	if (json_get_num(j, "retry_after", &s) != 0)
		json_get_num(json_get(j, "parameters"), "retry_after", &s);
	json_free(j);
	return s >= 0 ? s : -1;
}
