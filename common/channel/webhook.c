/* A web hook: the message in a JSON object, {"text": "..."}, as Slack,
 * Mattermost, Rocket.Chat and the like take it, sent by POST. With records, the
 * object has the record itself too. */
#include <stdlib.h>
#include <string.h>

#include "channel/channel.h"
#include "http/http.h"

enum {
	ANSWER_MAX = 65536, /* of the answer we only want to know the status */
	SECRET_MIN = 8 /* a shorter piece of a path is no secret */
};

struct webhook {
	struct http *http;
	char *url; /* to keep it out of messages */
	int slash; /* the URL ends in one, which matters to some servers */
	int records;
};

static void
webhook_close(void *self)
{
	struct webhook *w = self;

	http_close(w->http);
	free(w->url);
	free(w);
}

static void *
webhook_open(const struct channel_settings *s, struct buf *why)
{
	double each = s->timeout > 0 ? s->timeout : 10;
	struct http_options o = { .base = s->url,
		.connect_s = each < 5 ? each : 5,
		.total_s = each,
		.retries = s->retries,
		.backoff_s = each < 1 ? each : 1,
		.max_wait_s = each,
		.max_body = ANSWER_MAX,
		.hide_path = 1 };
	struct webhook *w = calloc(1, sizeof(*w));
	size_t n = s->url != NULL ? strlen(s->url) : 0;

	if (w == NULL)
		return NULL;
	w->records = s->records;
	w->url = strdup(n > 0 ? s->url : "");
	w->slash = n > 0 && s->url[n - 1] == '/' && strchr(s->url, '?') == NULL;
	if (w->url != NULL)
		w->http = http_open(&o, why);
	if (w->http != NULL)
		return w;
	webhook_close(w);
	return NULL;
}

static void
put_body(
    const struct webhook *w, const struct channel_message *m, struct buf *out)
{
	buf_str(out, "{\"text\":");
	buf_json_str(out, m->text);
	if (w->records && m->record != NULL) {
		buf_str(
		    out, *m->record == '[' ? ",\"records\":" : ",\"record\":");
		buf_str(out, m->record);
	}
	buf_char(out, '}');
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

/*
 * A server's answer may quote the address that it was asked for. Whatever is
 * long enough in its path and query to be a token is struck out of a message.
 */
static void
put_safely(const struct webhook *w, const char *message, struct buf *why)
{
	static const char ends[] = "/?&=#;";
	const char *s = strstr(w->url, "://");
	struct buf a = { 0 }, b = { 0 };

	buf_str(&a, message);
	s = s != NULL ? s + 3 : w->url;
	for (s += strcspn(s, "/?"); *s != '\0' && !a.failed;) {
		size_t n;

		s += strspn(s, ends);
		n = strcspn(s, ends);
		if (n >= SECRET_MIN) {
			struct buf old = a;

			put_without(&b, a.s, s, n);
			a = b;
			b = old;
			buf_clear(&b);
		}
		s += n;
	}
	buf_str(why, a.failed ? "out of memory" : a.s);
	buf_free(&a);
	buf_free(&b);
}

static int
webhook_send(
    void *self, const struct channel_message *m, int once, struct buf *why)
{
	const struct webhook *w = self;
	struct http_response r = { 0 };
	struct buf body = { 0 };
	int status = -1;

	put_body(w, m, &body);
	if (body.failed) {
		buf_str(why, "out of memory");
	} else {
		/* told twice is better than not told */
		struct http_request q = { .method = "POST",
			.path = w->slash ? "/" : "",
			.body = body.s,
			.n_body = body.len,
			.repeatable = 1,
			.once = once };

		status = http_send(w->http, &q, &r);
		if (status != 0)
			put_safely(w,
			    r.error.len > 0 ? r.error.s : "out of memory", why);
	}
	http_response_free(&r);
	buf_free(&body);
	return status;
}

static void
webhook_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct webhook *w = self;

	buf_str(out, "POST ");
	http_where(w->http, "", out);
	buf_char(out, ' ');
	put_body(w, m, out);
}

const struct channel_kind channel_webhook = {
	.name = "webhook",
	.open = webhook_open,
	.close = webhook_close,
	.send = webhook_send,
	.show = webhook_show,
};
