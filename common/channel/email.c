/* Mail: plain text, and beside it a page with a picture, to every address of
 * 'to', each in a letter of its own, so that one that is refused keeps no other
 * from being told. Source: RFC 5322 (headers), RFC 2047 (a subject that is no
 * ASCII), RFC 2045 (base64 where the text is no ASCII or has lines too long for
 * SMTP), RFC 3834 (a machine wrote it). */
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
#include "channel/mime.h"
#include "channel/sheet.h"
#include "channel/secret.h"
#include "http/mail.h"
#include "io/digest.h"

enum {
	SUBJECT_MAX = 200,
	WORD_MAX = 42, /* bytes: 56 in base64, 68 of the 75 of RFC 2047 */
	SEED = 32 /* hexadecimal digits that are this letter's alone */
};

struct email {
	struct mail *mail;
	char *from;
	char **to;
	size_t n_to;
	char *state; /* where the journals are; NULL: nowhere */
	int html;
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
	free(e->state);
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
	e->html = s->conf != NULL && s->conf->html;
	if (s->state != NULL)
		e->state = strdup(s->state);
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

/* Encoded words must hold whole characters, so that each can be read alone. */
static void
put_subject(struct buf *out, const char *text)
{
	struct buf s = { 0 };

	buf_excerpt(&s, text, strcspn(text, "\n"), SUBJECT_MAX);
	buf_str(out, "Subject: ");
	if (s.len > 0 && mime_is_plain(s.s, s.len)) {
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
make_seed(
    char seed[SEED + 1], const char *from, const char *to, const char *text)
{
	struct buf b = { 0 };
	char hex[DIGEST_HEX];

	buf_printf(&b, "%s\n%s\n%s", from, to, text);
	snprintf(seed, SEED + 1, "%s",
	    digest_sha256(b.s != NULL ? b.s : "", b.len, hex));
	buf_free(&b);
}

static void
put_sheet(const struct email *e, const struct channel_message *m,
    const char *text, const char *seed, struct buf *out)
{
	struct channel_message whole = *m;
	struct sheet p;
	char id[SHEET_ID - 8];

	whole.text = text;
	snprintf(id, sizeof(id), "%s%s", seed, strchr(e->from, '@'));
	sheet_make(&p, &whole, e->state, id);
	mime_sheet(out, text, &p, seed);
	out->failed |= p.html.failed;
	sheet_free(&p);
}

static void
put_letter(const struct email *e, const struct channel_message *m,
    const char *text, struct buf *out)
{
	const char *to = e->to[m->receiver];
	char seed[SEED + 1];

	make_seed(seed, e->from, to, text);
	buf_printf(out, "From: <%s>\r\nTo: <%s>\r\n", e->from, to);
	put_subject(out, text);
	put_date(out, clock_wall());
	buf_printf(out, "Message-ID: <%s%s>\r\n", seed, strchr(e->from, '@'));
	buf_str(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
	if (e->html)
		put_sheet(e, m, text, seed, out);
	else
		mime_text(out, "text/plain", text);
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
	put_letter(e, m, text.s != NULL ? text.s : "", &b);
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
