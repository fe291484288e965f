/* Discord's webhooks: {"content": "..."} of at most 2000 characters, with which
 * nobody is mentioned, whatever the text says. Source: Discord Developer
 * Documentation, "Webhook Resource": "Execute Webhook"; "Message Resource":
 * "Allowed Mentions Object". */
#include "channel/fit.h"
#include "channel/hook.h"

enum { TEXT_MAX = 2000 };

static void *
discord_open(const struct channel_settings *s, struct buf *why)
{
	return hook_open(s, s->url, NULL, why);
}

static void
discord_close(void *self)
{
	hook_close(self);
}

static void
put_body(const struct channel_message *m, struct buf *out)
{
	struct buf plain = { 0 }, text = { 0 };

	if (m->marked)
		buf_str(&plain, m->text);
	else
		fit_markdown(&plain, m->text);
	fit_units(&text, plain.s != NULL ? plain.s : "", TEXT_MAX);
	buf_str(out, "{\"content\":");
	buf_json_str(out, text.s != NULL ? text.s : "");
	buf_str(out, ",\"allowed_mentions\":{\"parse\":[]}}");
	out->failed |= plain.failed || text.failed;
	buf_free(&plain);
	buf_free(&text);
}

static int
discord_send(void *self, const struct channel_message *m, struct channel_try *t,
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
discord_show(void *self, const struct channel_message *m, struct buf *out)
{
	struct buf body = { 0 };

	put_body(m, &body);
	hook_show(self, &body, out);
	buf_free(&body);
}

const struct channel_kind channel_discord = {
	.name = "discord",
	.address = ADDRESS_NEEDED,
	.escape = WORDING_MARKDOWN,
	.open = discord_open,
	.close = discord_close,
	.send = discord_send,
	.show = discord_show,
};
