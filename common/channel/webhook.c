/* A web hook: the message in a JSON object, {"text": "..."}, as Slack,
 * Mattermost, Rocket.Chat and the like take it, sent by POST. With records, the
 * object has the record itself too. */
#include <stdlib.h>

#include "channel/hook.h"

struct webhook {
	struct hook *hook;
	int records;
};

static void
webhook_close(void *self)
{
	struct webhook *w = self;

	hook_close(w->hook);
	free(w);
}

static void *
webhook_open(const struct channel_settings *s, struct buf *why)
{
	struct webhook *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->records = s->records;
	w->hook = hook_open(s, s->url, NULL, why);
	if (w->hook != NULL)
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

static int
webhook_send(
    void *self, const struct channel_message *m, int once, struct buf *why)
{
	const struct webhook *w = self;
	struct buf body = { 0 };
	struct letter l = { .body = &body };
	int status;

	put_body(w, m, &body);
	status = hook_post(w->hook, &l, once, NULL, why);
	buf_free(&body);
	return status;
}

static void
webhook_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct webhook *w = self;
	struct buf body = { 0 };

	put_body(w, m, &body);
	hook_show(w->hook, &body, out);
	buf_free(&body);
}

const struct channel_kind channel_webhook = {
	.name = "webhook",
	.address = ADDRESS_NEEDED,
	.open = webhook_open,
	.close = webhook_close,
	.send = webhook_send,
	.show = webhook_show,
};
