/* Mail: plain text to every address of 'to', each in a letter of its own, so
 * that one that is refused keeps no other from being told. Source: RFC 5322
 * (headers), RFC 2047 (a subject that is no ASCII), RFC 2045 (base64 where the
 * text is no ASCII or has lines too long for SMTP), RFC 3834 (a machine wrote
 * it). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/excerpt.h"
#include "base/utf8.h"
#include "channel/channel.h"
#include "channel/fit.h"
#include "channel/secret.h"
#include "http/mail.h"
#include "io/digest.h"

enum {
	SUBJECT_MAX = 200,
	WORD_MAX = 42, /* bytes: 56 in base64, 68 of the 75 of RFC 2047 */
	LINE_MAX_BYTES = 990, /* SMTP: 998 */
	BASE64_LINE = 57 /* bytes: 76 in base64 */
};

struct email {
	struct mail *mail;
	char *from;
	char **to;
	size_t n_to;
};

static void
email_close(void *self)
{
	struct email *e = self;

	mail_close(e->mail);
	for (size_t i = 0; e->to != NULL && i < e->n_to; i++)
		free(e->to[i]);
	free(e->to);
	free(e->from);
	free(e);
}

/* A bare address; one that could end a header or a command is none. */
static int
is_address(const char *s)
{
	size_t n = strlen(s), at = strcspn(s, "@");

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f ||
		    strchr("<>,;()\"\\", s[i]) != NULL)
			return 0;
	return at > 0 && at + 1 < n && n <= 254;
}

static int
copy_addresses(struct email *e, const struct conf_notify *conf, struct buf *why)
{
	if (conf == NULL || conf->from == NULL || conf->n_to == 0) {
		buf_str(why, "channel 'email' needs 'from' and 'to'");
		return -1;
	}
	e->from = strdup(conf->from);
	e->to = calloc(conf->n_to, sizeof(*e->to));
	if (e->from == NULL || e->to == NULL)
		return -1;
	for (; e->n_to < conf->n_to; e->n_to++)
		if ((e->to[e->n_to] = strdup(conf->to[e->n_to])) == NULL)
			return -1;
	for (size_t i = 0; i <= e->n_to; i++) {
		const char *s = i < e->n_to ? e->to[i] : e->from;

		if (is_address(s))
			continue;
		buf_printf(why, "channel 'email': '%s' is no mail address", s);
		return -1;
	}
	return 0;
}

static void *
email_open(const struct channel_settings *s, struct buf *why)
{
	struct mail_options o = { .url = s->url,
		.connect_s = 30, /* some let callers wait on purpose */
		.retries = s->retries };
	struct email *e = calloc(1, sizeof(*e));
	struct buf password = { 0 };
	int got = -1;

	if (e == NULL)
		return NULL;
	if (copy_addresses(e, s->conf, why) == 0) {
		o.username = s->conf->username;
		o.ca_file = s->conf->ca_file;
		got = secret_find("email", s->conf, &password, why);
	}
	if (got >= 0 && (got == 1) != (o.username != NULL)) {
		buf_str(why,
		    "channel 'email': 'username' and 'secret_file' or "
		    "'secret_env' go together");
		got = -1;
	}
	o.password = password.s;
	if (got >= 0)
		e->mail = mail_open(&o, why);
	secret_free(&password);
	if (e->mail != NULL)
		return e;
	email_close(e);
	return NULL;
}

static int
is_plain(const char *s, size_t n)
{
	size_t line = 0;

	for (size_t i = 0; i < n; i++) {
		line = s[i] == '\n' ? 0 : line + 1;
		if ((unsigned char)s[i] >= 0x7f || line > LINE_MAX_BYTES)
			return 0;
	}
	return 1;
}

/* Encoded words must hold whole characters, so that each can be read alone. */
static void
put_subject(struct buf *out, const char *text)
{
	struct buf s = { 0 };

	buf_excerpt(&s, text, strcspn(text, "\n"), SUBJECT_MAX);
	buf_str(out, "Subject: ");
	if (s.len > 0 && is_plain(s.s, s.len)) {
		buf_str(out, s.s);
	} else {
		for (size_t i = 0, n; i < s.len; i += n) {
			n = s.len - i;
			if (n > WORD_MAX)
				n = utf8_cut(s.s + i, WORD_MAX);
			buf_str(out, i > 0 ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
			base64_add(out, s.s + i, n);
			buf_str(out, "?=");
		}
	}
	buf_str(out, "\r\n");
	out->failed |= s.failed;
	buf_free(&s);
}

/* Names in a date are English, whatever the place */
static void
put_date(struct buf *out, int64_t ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t s = (time_t)(ms / 1000);
	struct tm t;

	if (gmtime_r(&s, &t) == NULL)
		return;
	buf_printf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n",
	    days + (ptrdiff_t)3 * t.tm_wday, t.tm_mday,
	    months + (ptrdiff_t)3 * t.tm_mon, t.tm_year + 1900, t.tm_hour,
	    t.tm_min, t.tm_sec);
}

/* The same for the same letter: who gets it twice can tell */
static void
put_id(struct buf *out, const char *from, const char *to, const char *text)
{
	struct buf b = { 0 };
	char hex[DIGEST_HEX];

	buf_printf(&b, "%s\n%s\n%s", from, to, text);
	if (!b.failed)
		buf_printf(out, "Message-ID: <%.32s%s>\r\n",
		    digest_sha256(b.s, b.len, hex), strchr(from, '@'));
	out->failed |= b.failed;
	buf_free(&b);
}

static void
put_body(struct buf *out, const char *text)
{
	struct buf b = { 0 };
	size_t n = strlen(text);
	int plain = is_plain(text, n);

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			buf_char(&b, '\r');
		buf_char(&b, text[i]);
	}
	buf_str(&b, "\r\n");
	buf_printf(out,
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    plain ? "7bit" : "base64");
	if (plain)
		buf_add(out, b.s, b.len);
	for (size_t i = 0; !plain && i < b.len; i += BASE64_LINE) {
		base64_add(out, b.s + i,
		    b.len - i < BASE64_LINE ? b.len - i : BASE64_LINE);
		buf_str(out, "\r\n");
	}
	out->failed |= b.failed;
	buf_free(&b);
}

static void
put_letter(
    const struct email *e, const char *to, const char *text, struct buf *out)
{
	buf_printf(out, "From: <%s>\r\nTo: <%s>\r\n", e->from, to);
	put_subject(out, text);
	put_date(out, clock_wall());
	put_id(out, e->from, to, text);
	buf_str(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
	put_body(out, text);
}

static const char *
email_receiver(const void *self, size_t i)
{
	const struct email *e = self;

	return i < e->n_to ? e->to[i] : NULL;
}

static int
email_send(void *self, const struct channel_message *m, struct channel_try *t,
    struct buf *why)
{
	const struct email *e = self;
	const char *to = e->to[m->receiver];
	struct mail_try mt = { .budget_s = t->budget_s, .once = t->once };
	struct buf text = { 0 }, b = { 0 }, bad = { 0 };
	int status = -1;

	fit_bytes(&text, m->text, (size_t)1 << 20); /* and no bad UTF-8 */
	put_letter(e, to, text.s != NULL ? text.s : "", &b);
	if (b.failed || text.failed)
		buf_str(&bad, "out of memory");
	else
		status = mail_send(e->mail, e->from, to, b.s, b.len, &mt, &bad);
	if (status != 0)
		buf_printf(why, "<%s>: %s", to,
		    bad.s != NULL ? bad.s : "out of memory");
	t->answered = mt.answered;
	t->refused = mt.refused;
	buf_free(&text);
	buf_free(&b);
	buf_free(&bad);
	return status;
}

static void
email_show(void *self, const struct channel_message *m, struct buf *out)
{
	const struct email *e = self;

	buf_str(out, "mail by ");
	mail_where(e->mail, out);
	buf_printf(out, " from <%s> to", e->from);
	for (size_t i = 0; i < e->n_to; i++)
		buf_printf(out, " <%s>", e->to[i]);
	buf_str(out, ": ");
	for (const char *c = m->text; *c != '\0'; c++)
		if (*c == '\n')
			buf_str(out, " | ");
		else
			buf_char(out, *c);
}

const struct channel_kind channel_email = {
	.name = "email",
	.address = ADDRESS_NEEDED,
	.open = email_open,
	.close = email_close,
	.send = email_send,
	.show = email_show,
	.receiver = email_receiver,
};
