/* Telegram's Bot API: sendMessage with the bot's token in the path, to every
 * chat of 'to'. Plain text, so that nothing in it is taken for markup. Source:
 * core.telegram.org/bots/api, "Making requests", "sendMessage": text of 1 to
 * 4096 characters. */
#include <stdlib.h>
#include <string.h>

#include "channel/fit.h"
#include "channel/hook.h"
#include "channel/secret.h"

enum { TEXT_MAX = 4096 };

struct telegram {
	struct hook *hook;
	struct buf path; /* "/bot<token>/sendMessage" */
	char **chats;
	size_t n_chats;
};

static void
telegram_close(void *self)
{
	struct telegram *t = self;

	hook_close(t->hook);
	secret_free(&t->path);
	for (size_t i = 0; t->chats != NULL && i < t->n_chats; i++)
		free(t->chats[i]);
	free(t->chats);
	free(t);
}

static int
copy_chats(struct telegram *t, const struct conf_notify *conf)
{
	t->chats = calloc(conf->n_to, sizeof(*t->chats));
	if (t->chats == NULL)
		return -1;
	for (t->n_chats = 0; t->n_chats < conf->n_to; t->n_chats++)
		if ((t->chats[t->n_chats] = strdup(conf->to[t->n_chats])) ==
		    NULL)
			return -1;
	return 0;
}

static int
prepare(struct telegram *t, const struct channel_settings *s, struct buf *why)
{
	const char *url = s->url != NULL ? s->url : "https://api.telegram.org";
	struct buf token = { 0 };
	int got = secret_find("telegram", s->conf, &token, why);

	if (got == 0 || (got == 1 && s->conf->n_to == 0)) {
		buf_str(why,
		    "channel 'telegram' needs 'to' (a chat) and "
		    "'secret_file' or 'secret_env' (the bot's token)");
	} else if (got == 1 && token.s[strcspn(token.s, "/?#% ")] != '\0') {
		buf_str(
		    why, "channel 'telegram': the secret is no bot's token");
	} else if (got == 1 && copy_chats(t, s->conf) == 0) {
		buf_printf(&t->path, "/bot%s/sendMessage", token.s);
		if (!t->path.failed)
			t->hook = hook_open(s, url, token.s, why);
	}
	secret_free(&token);
	return t->hook != NULL ? 0 : -1;
}

static void *
telegram_open(const struct channel_settings *s, struct buf *why)
{
	struct telegram *t = calloc(1, sizeof(*t));

	if (t == NULL || prepare(t, s, why) == 0)
		return t;
	telegram_close(t);
	return NULL;
}

static void
put_body(const char *chat, const struct channel_message *m, struct buf *out)
{
	struct buf text = { 0 };

	fit_units(&text, m->text, TEXT_MAX);
	buf_str(out, "{\"chat_id\":");
	buf_json_str(out, chat);
	buf_str(out, ",\"text\":");
	buf_json_str(out, text.s != NULL ? text.s : "");
	buf_str(out, ",\"disable_web_page_preview\":true}");
	out->failed |= text.failed;
	buf_free(&text);
}

static const char *
telegram_receiver(const void *self, size_t i)
{
	const struct telegram *t = self;

	return i < t->n_chats ? t->chats[i] : NULL;
}

static int
telegram_send(void *self, const struct channel_message *m,
    struct channel_try *try, struct buf *why)
{
	const struct telegram *t = self;
	struct buf body = { 0 };
	struct letter l = { .path = t->path.s, .body = &body };
	int status;

	put_body(t->chats[m->receiver], m, &body);
	status = hook_post(t->hook, &l, try, NULL, why);
	buf_free(&body);
	return status;
}

static void
telegram_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct telegram *t = self;

	for (size_t i = 0; i < t->n_chats; i++) {
		struct buf body = { 0 };

		put_body(t->chats[i], m, &body);
		buf_str(out, i > 0 ? "; " : "");
		hook_show(t->hook, &body, out);
		buf_free(&body);
	}
}

const struct channel_kind channel_telegram = {
	.name = "telegram",
	.address = ADDRESS_KNOWN,
	.open = telegram_open,
	.close = telegram_close,
	.send = telegram_send,
	.show = telegram_show,
	.receiver = telegram_receiver,
};
