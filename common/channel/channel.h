/*
 * channel.h - a way to tell people, behind one small struct of functions
 *
 *	struct channel_settings s = { .name = "ops", .url = secret };
 *	struct channel *c = channel_open("webhook", &s, &why);
 *	struct channel_message m = { "web: scaled up 3 -> 5", NULL };
 *
 *	if (c == NULL || channel_send(c, &m, 0, &why) != 0)
 *		warn("%s", why.s);
 *	channel_close(c);
 *
 * A URL is a secret: no message names more of it than scheme, host and port.
 * One channel is not to be used by two threads at once.
 */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include "base/buf.h"
#include "conf/conf.h"

struct channel_settings {
	const char *name; /* what messages call it */
	const char *url; /* where it leads; a secret */
	double timeout; /* s: what one try may take, and the wait before
			 * another at most; 0: 10 */
	long retries; /* more tries after the first */
	int records; /* the whole record goes with the text */
	const struct conf_notify *conf; /* what only some kinds want: secret,
					 * receivers, ...; NULL: nothing */
};

struct channel_message {
	const char *text; /* UTF-8; its first line can stand alone */
	const char *record; /* what it tells of: the JSON text of a record or of
			     * an array of records; NULL: of none */
	const struct notice *notices; /* the same one by one, linked by next;
				       * NULL: not known */
};

struct notice;
struct channel; /* an opened one */

/*
 * channel_open(kind, settings, why): all texts are copied, nothing is sent yet.
 * NULL with a message in *why: no such kind (it lists those there are), a
 * setting that cannot be used, no memory.
 */
struct channel *channel_open(
    const char *kind, const struct channel_settings *s, struct buf *why);
void channel_close(struct channel *);

const char *channel_name(const struct channel *);

int channel_known(const char *kind); /* 1: there is such a kind */
void channel_kinds(struct buf *out); /* "webhook, ..." */

/* channel_wants_url(kind, conf): 1: an address has to be found for it; 0: there
 * is no such kind, or it has none, or does without the one that conf names not
 */
int channel_wants_url(const char *kind, const struct conf_notify *conf);

/*
 * channel_send(c, m, once, why): sends m, again where that may help, but only
 * one time with once. 0, or -1 with a message in *why. Takes at most
 * channel_patience().
 */
int channel_send(struct channel *c, const struct channel_message *m, int once,
    struct buf *why);

/* channel_patience(s): the longest that channel_send may take, in seconds; each
 * of several receivers has its own time */
double channel_patience(const struct channel_settings *s);

/* channel_show(c, m, out): what channel_send would send, and where, for a
 * person; one line, without secrets */
void channel_show(
    struct channel *c, const struct channel_message *m, struct buf *out);

enum channel_address {
	ADDRESS_NEEDED,
	ADDRESS_KNOWN, /* the vendor's, unless settings name another */
	ADDRESS_NONE
};

/* A kind of channel. self is what open made. */
struct channel_kind {
	const char *name;
	enum channel_address address;
	void *(*open)(const struct channel_settings *s, struct buf *why);
	void (*close)(void *self);
	int (*send)(void *self, const struct channel_message *m, int once,
	    struct buf *why);
	void (*show)(
	    void *self, const struct channel_message *m, struct buf *out);
};

extern const struct channel_kind channel_webhook, channel_slack,
    channel_discord, channel_dingtalk, channel_ntfy, channel_telegram,
    channel_alertmanager, channel_exec, channel_email;

#endif
