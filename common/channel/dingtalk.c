/* DingTalk's custom robots: a markdown message, signed where there is a secret
 * and with the keyword where the robot wants one. What a robot refuses it
 * answers with 200 and an "errcode". Source: open.dingtalk.com, "Custom robot
 * access" and "Customize robot security settings": timestamp in milliseconds,
 * LF and secret, HMAC-SHA256 with the secret as key, base64, escaped for a
 * query; the body has at most 20,000 bytes; more than 20 messages a minute are
 * answered with "errcode" 130101, and for ten minutes none is taken. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "channel/fit.h"
#include "channel/hook.h"
#include "channel/secret.h"
#include "io/digest.h"
#include "json/json.h"

enum {
	TEXT_MAX = 9000, /* twice that in JSON, and the rest */
	TITLE_MAX = 200,
	TOO_FAST =
	    130101, /* more than 20 a minute: the robot is then mute ... */
	TOO_FAST_S = 600 /* ... for ten */
};

struct dingtalk {
	struct hook *hook;
	char *keyword; /* NULL: none */
	struct buf secret; /* empty: none */
	int query; /* the address has a query already */
};

static void
dingtalk_close(void *self)
{
	struct dingtalk *d = self;

	hook_close(d->hook);
	secret_free(&d->secret);
	free(d->keyword);
	free(d);
}

static void *
dingtalk_open(const struct channel_settings *s, struct buf *why)
{
	const char *keyword = s->conf != NULL ? s->conf->keyword : NULL;
	struct dingtalk *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	if (keyword != NULL)
		d->keyword = strdup(keyword);
	d->query = s->url != NULL && strchr(s->url, '?') != NULL;
	if ((keyword == NULL || d->keyword != NULL) &&
	    secret_find("dingtalk", s->conf, &d->secret, why) >= 0)
		d->hook = hook_open(s, s->url, d->secret.s, why);
	if (d->hook != NULL)
		return d;
	dingtalk_close(d);
	return NULL;
}

/* Markdown joins lines unless two blanks stand before the end. */
static void
put_lines(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '\n')
			buf_str(out, "  \n");
		else
			buf_char(out, *s);
}

static void
put_text(
    const struct dingtalk *d, const struct channel_message *m, struct buf *out)
{
	struct buf text = { 0 }, plain = { 0 }, lines = { 0 };

	if (m->marked)
		buf_str(&text, m->text);
	else
		fit_markdown(&text, m->text);
	if (d->keyword != NULL && !text.failed &&
	    strstr(text.s != NULL ? text.s : "", d->keyword) == NULL)
		buf_printf(&plain, "%s\n", d->keyword);
	buf_str(&plain, text.s != NULL ? text.s : "");
	put_lines(&lines, plain.s != NULL ? plain.s : "");
	fit_bytes(out, lines.s != NULL ? lines.s : "", TEXT_MAX);
	out->failed |= text.failed || plain.failed || lines.failed;
	buf_free(&text);
	buf_free(&plain);
	buf_free(&lines);
}

static void
put_body(
    const struct dingtalk *d, const struct channel_message *m, struct buf *out)
{
	struct buf title = { 0 }, text = { 0 };

	buf_excerpt(&title, m->text, strcspn(m->text, "\n"), TITLE_MAX);
	put_text(d, m, &text);
	buf_str(out, "{\"msgtype\":\"markdown\",\"markdown\":{\"title\":");
	buf_json_str(out, title.s != NULL ? title.s : "");
	buf_str(out, ",\"text\":");
	buf_json_str(out, text.s != NULL ? text.s : "");
	buf_str(out, "}}");
	out->failed |= title.failed || text.failed;
	buf_free(&title);
	buf_free(&text);
}

/* "?timestamp=...&sign=..." */
static void
put_signature(const struct dingtalk *d, struct buf *out)
{
	struct buf plain = { 0 }, sign = { 0 };
	int64_t now = clock_wall(); /* more than an hour off is refused */
	unsigned char mac[32];

	if (d->secret.len == 0)
		return;
	buf_printf(&plain, "%" PRId64 "\n%s", now, d->secret.s);
	if (!plain.failed)
		digest_hmac(
		    d->secret.s, d->secret.len, plain.s, plain.len, mac);
	base64_add(&sign, mac, sizeof(mac));
	buf_printf(
	    out, "%ctimestamp=%" PRId64 "&sign=", d->query ? '&' : '?', now);
	http_escape(out, sign.s != NULL ? sign.s : "");
	out->failed |= plain.failed || sign.failed;
	secret_free(&plain);
	secret_free(&sign);
}

/* 0 where the answer says that it was taken */
static int
judge(const struct dingtalk *d, const struct buf *answer, double *wait_s,
    struct buf *why)
{
	const char *text = NULL, *said;
	struct json *j =
	    answer->len > 0 ? json_parse(answer->s, answer->len, &text) : NULL;
	struct buf b = { 0 };
	double code = -1;

	if (json_get_num(j, "errcode", &code) != 0) {
		buf_str(&b, "DingTalk gave no 'errcode': \"");
		buf_excerpt(
		    &b, answer->s != NULL ? answer->s : "", answer->len, 300);
		buf_char(&b, '"');
	} else if (code < 0 || code > 0) {
		if (lround(code) == TOO_FAST)
			*wait_s = TOO_FAST_S;
		said = json_get_str(j, "errmsg");
		buf_printf(&b, "DingTalk refused it (%.0f): ", code);
		buf_excerpt(&b, said != NULL ? said : "",
		    said != NULL ? strlen(said) : 0, 300);
	}
	if (b.len > 0)
		hook_blame(d->hook, b.s, why);
	json_free(j);
	buf_free(&b);
	return why->len > 0 ? -1 : 0;
}

static int
dingtalk_send(void *self, const struct channel_message *m,
    struct channel_try *t, struct buf *why)
{
	const struct dingtalk *d = self;
	struct buf body = { 0 }, query = { 0 }, answer = { 0 };
	struct letter l = { .body = &body };
	int status;

	put_body(d, m, &body);
	put_signature(d, &query);
	body.failed |= query.failed;
	l.path = query.s;
	status = hook_post(d->hook, &l, t, &answer, why);
	if (status == 0)
		status = judge(d, &answer, &t->wait_s, why);
	buf_free(&body);
	buf_free(&query);
	buf_free(&answer);
	return status;
}

static void
dingtalk_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct dingtalk *d = self;
	struct buf body = { 0 };

	put_body(d, m, &body);
	hook_show(d->hook, &body, out);
	buf_free(&body);
}

const struct channel_kind channel_dingtalk = {
	.name = "dingtalk",
	.address = ADDRESS_NEEDED,
	.escape = WORDING_MARKDOWN,
	.open = dingtalk_open,
	.close = dingtalk_close,
	.send = dingtalk_send,
	.show = dingtalk_show,
};
