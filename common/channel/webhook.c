/* A web hook: the message in a JSON object, {"text": "..."}, as Slack,
 * Mattermost, Rocket.Chat and the like take it, sent by POST. With records, the
 * object has the record itself too; with a template for a body, it is the
 * body. Signed where there is a secret: the header
 * X-Autoscale-Signature holds the time and the HMAC-SHA-256 (RFC 2104) of that
 * time, a dot and the body, so that who listens can tell who speaks, and an old
 * message that is played again from a new one. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "channel/hook.h"
#include "channel/secret.h"
#include "io/digest.h"

struct webhook {
	struct hook *hook;
	struct buf secret; /* empty: not signed */
	int records;
};

static void
webhook_close(void *self)
{
	struct webhook *w = self;

	hook_close(w->hook);
	secret_free(&w->secret);
	free(w);
}

static void *
webhook_open(const struct channel_settings *s, struct buf *why)
{
	const struct conf_notify *conf = s->conf;
	struct webhook *w = calloc(1, sizeof(*w));
	int got = 0;

	if (w == NULL)
		return NULL;
	w->records = s->records;
	if (conf != NULL)
		got = secret_read("webhook", conf->signature_file,
		    conf->signature_env, &w->secret, why);
	if (got >= 0)
		w->hook = hook_open(s, s->url, w->secret.s, why);
	if (w->hook != NULL)
		return w;
	webhook_close(w);
	return NULL;
}

static void
put_body(
    const struct webhook *w, const struct channel_message *m, struct buf *out)
{
	if (m->marked) { /* the whole body is somebody's own */
		buf_str(out, m->text);
		return;
	}
	buf_str(out, "{\"text\":");
	buf_json_str(out, m->text);
	if (w->records && m->record != NULL) {
		buf_str(
		    out, *m->record == '[' ? ",\"records\":" : ",\"record\":");
		buf_str(out, m->record);
	}
	buf_char(out, '}');
}

/* "X-Autoscale-Signature: t=1763900000,v1=..." */
static void
put_signature(const struct webhook *w, const struct buf *body, struct buf *out)
{
	int64_t now = clock_wall() / 1000;
	struct buf plain = { 0 };
	unsigned char mac[32];

	buf_printf(&plain, "%" PRId64 ".", now);
	buf_add(&plain, body->s, body->len);
	out->failed |= plain.failed;
	if (!plain.failed) {
		digest_hmac(
		    w->secret.s, w->secret.len, plain.s, plain.len, mac);
		buf_printf(
		    out, "X-Autoscale-Signature: t=%" PRId64 ",v1=", now);
		for (size_t i = 0; i < sizeof(mac); i++)
			buf_printf(out, "%02x", mac[i]);
	}
	buf_free(&plain);
}

static int
webhook_send(void *self, const struct channel_message *m, struct channel_try *t,
    struct buf *why)
{
	const struct webhook *w = self;
	struct buf body = { 0 }, signature = { 0 };
	const char *headers[] = { NULL, NULL };
	struct letter l = { .headers = headers, .body = &body };
	int status;

	put_body(w, m, &body);
	if (w->secret.len > 0 && !body.failed)
		put_signature(w, &body, &signature);
	body.failed |= signature.failed;
	headers[0] = signature.s;
	status = hook_post(w->hook, &l, t, NULL, why);
	buf_free(&body);
	buf_free(&signature);
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
