/* Slack's incoming webhooks: {"text": "..."}, in which &, < and > are written
 * as entities, for in mrkdwn they begin links and mentions. Source:
 * docs.slack.dev, "Sending messages using incoming webhooks", "Formatting
 * message text": "Escaping text"; longest text: chat.postMessage, 40,000
 * characters. */
#include "channel/fit.h"
#include "channel/hook.h"

enum { TEXT_MAX = 40000 };

static void *
slack_open(const struct channel_settings *s, struct buf *why)
{
	return hook_open(s, s->url, NULL, why);
}

static void
slack_close(void *self)
{
	hook_close(self);
}

static void
put_body(const struct channel_message *m, struct buf *out)
{
	struct buf plain = { 0 }, text = { 0 };

	/* five bytes stand for one at most */
	fit_units(&plain, m->text, m->marked ? TEXT_MAX : TEXT_MAX / 5);
	if (m->marked)
		buf_str(&text, plain.s != NULL ? plain.s : "");
	else
		fit_escape(&text, plain.s != NULL ? plain.s : "");
	buf_str(out, "{\"text\":");
	buf_json_str(out, text.s != NULL ? text.s : "");
	buf_char(out, '}');
	out->failed |= plain.failed || text.failed;
	buf_free(&plain);
	buf_free(&text);
}

static int
slack_send(void *self, const struct channel_message *m, struct channel_try *t,
    struct buf *why)
{
	struct buf body = { 0 };
	struct letter l = { .body = &body };
	int status;

	put_body(m, &body);
	status = hook_post(self, &l, t, NULL, why);
	buf_free(&body);
	return status;
}

static void
slack_show(void *self, const struct channel_message *m, struct buf *out)
{
	struct buf body = { 0 };

	put_body(m, &body);
	hook_show(self, &body, out);
	buf_free(&body);
}

const struct channel_kind channel_slack = {
	.name = "slack",
	.address = ADDRESS_NEEDED,
	.escape = WORDING_ENTITIES,
	.open = slack_open,
	.close = slack_close,
	.send = slack_send,
	.show = slack_show,
};
