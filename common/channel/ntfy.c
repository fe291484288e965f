/* ntfy: the text by POST to the address of a topic, its first line as Title.
 * What needs a look has a higher Priority. Source: docs.ntfy.sh, "Publishing":
 * message title, message priority, tags and emojis, access tokens; a message of
 * more than 4,096 bytes would become an attachment. */
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "channel/fit.h"
#include "channel/hook.h"
#include "channel/notice.h"
#include "channel/secret.h"
#include "io/digest.h"

enum { TEXT_MAX = 4096, TITLE_MAX = 200 };

struct ntfy {
	struct hook *hook;
	struct buf login; /* a header with the token; empty: none */
};

static void
ntfy_close(void *self)
{
	struct ntfy *n = self;

	hook_close(n->hook);
	secret_free(&n->login);
	free(n);
}

static void *
ntfy_open(const struct channel_settings *s, struct buf *why)
{
	struct ntfy *n = calloc(1, sizeof(*n));
	struct buf token = { 0 };
	int got;

	if (n == NULL)
		return NULL;
	got = secret_find("ntfy", s->conf, &token, why);
	if (got == 1)
		buf_printf(&n->login, "Authorization: Bearer %s", token.s);
	if (got >= 0 && !n->login.failed)
		n->hook = hook_open(s, s->url, token.s, why);
	secret_free(&token);
	if (n->hook != NULL)
		return n;
	ntfy_close(n);
	return NULL;
}

static unsigned
events_of(const struct channel_message *m)
{
	unsigned all = 0;

	for (const struct notice *n = m->notices; n != NULL; n = n->next)
		all |= n->events;
	return all;
}

/* A header is ASCII: other text goes as RFC 2047 has it, which ntfy reads. */
static void
put_title(struct buf *out, const char *text)
{
	struct buf title = { 0 };
	int plain = 1;

	buf_excerpt(&title, text, strcspn(text, "\n"), TITLE_MAX);
	for (size_t i = 0; i < title.len; i++)
		plain &= (unsigned char)title.s[i] < 0x80;
	buf_str(out, "Title: ");
	if (plain) {
		buf_str(out, title.s != NULL ? title.s : "");
	} else {
		buf_str(out, "=?UTF-8?B?");
		base64_add(out, title.s, title.len);
		buf_str(out, "?=");
	}
	out->failed |= title.failed;
	buf_free(&title);
}

static const char *
priority(unsigned events)
{
	if ((events & (EVENT_FAILED | EVENT_STOPPED | EVENT_EMERGENCY)) != 0)
		return "Priority: high";
	if ((events & (EVENT_UNCHANGED | EVENT_MAINTAIN)) != 0)
		return "Priority: low";
	return "Priority: default";
}

/* ntfy shows these as pictures */
static const char *
tags(unsigned events)
{
	if ((events & (EVENT_FAILED | EVENT_STOPPED)) != 0)
		return "Tags: rotating_light,autoscale";
	if ((events &
		(EVENT_EMERGENCY | EVENT_ANOMALY | EVENT_REFUSED |
		    EVENT_PENDING)) != 0)
		return "Tags: warning,autoscale";
	return "Tags: autoscale";
}

/* What follows the first line; all of it where nothing does */
static void
put_rest(struct buf *out, const char *text)
{
	const char *end = strchr(text, '\n');

	fit_bytes(out, end != NULL ? end + 1 : text, TEXT_MAX);
}

static int
ntfy_send(void *self, const struct channel_message *m, struct channel_try *t,
    struct buf *why)
{
	const struct ntfy *n = self;
	struct buf title = { 0 }, body = { 0 };
	unsigned events = events_of(m);
	const char *headers[] = { NULL, priority(events), tags(events),
		n->login.s, NULL };
	struct letter l = { .headers = headers,
		.type = "text/plain; charset=utf-8",
		.body = &body };
	int status;

	put_title(&title, m->text);
	put_rest(&body, m->text);
	body.failed |= title.failed;
	headers[0] = title.failed ? "Title: autoscale" : title.s;
	status = hook_post(n->hook, &l, t, NULL, why);
	buf_free(&title);
	buf_free(&body);
	return status;
}

static void
ntfy_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct ntfy *n = self;
	struct buf body = { 0 };

	put_title(&body, m->text);
	buf_printf(
	    &body, ", %s, %s: ", priority(events_of(m)), tags(events_of(m)));
	put_rest(&body, m->text);
	hook_show(n->hook, &body, out);
	buf_free(&body);
}

const struct channel_kind channel_ntfy = {
	.name = "ntfy",
	.address = ADDRESS_NEEDED,
	.open = ntfy_open,
	.close = ntfy_close,
	.send = ntfy_send,
	.show = ntfy_show,
};
