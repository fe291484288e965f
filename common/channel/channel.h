/*
 * channel.h - a way to tell people, behind one small struct of functions
 *
 *	struct channel_settings s = { .name = "ops", .url = secret };
 *	struct channel *c = channel_open("webhook", &s, &why);
 *	struct channel_message m = { .text = "web: scaled up 3 -> 5" };
 *	struct channel_try t = { .budget_s = 10 };
 *
 *	if (c == NULL || channel_send(c, &m, &t, &why) != 0)
 *		warn("%s", why.s);
 *	channel_close(c);
 *
 * A URL is a secret: no message names more of it than scheme, host and port.
 * One channel is not to be used by two threads at once.
 */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include "base/buf.h"
#include "channel/wording.h"
#include "conf/conf.h"

struct channel_settings {
	const char *name; /* what messages call it */
	const char *url; /* where it leads; a secret */
	long retries; /* more tries after the first */
	int records; /* the whole record goes with the text */
	const char *state; /* the folder of the journals; NULL: none */
	const struct conf_notify *conf; /* what only some kinds want: secret,
					 * receivers, ...; NULL: nothing */
};

struct channel_message {
	const char *text; /* UTF-8; its first line can stand alone */
	int marked; /* it leaves as it is: it is the channel's own markup */
	const char *record; /* what it tells of: the JSON text of a record or of
			     * an array of records; NULL: of none */
	const struct notice *notices; /* the same one by one, linked by next;
				       * NULL: not known */
	size_t receiver; /* which of channel_receivers() it is for */
};

/* One message on its way: how long, and what became of it */
struct channel_try {
	double budget_s; /* for all tries and the waits between them; above 0 */
	int once; /* only one */
	int answered; /* out: the other side is there, but did not take it */
	int refused; /* out: and will never take this message */
	double wait_s; /* out, also where it was sent: no other one before so
			* many seconds; 0: at once */
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

/* channel_escape(kind, conf): how values in a text for it are written */
enum wording_escape channel_escape(
    const char *kind, const struct conf_notify *conf);

/*
 * channel_send(c, m, t, why): sends m to one receiver, again where that may
 * help. 0, or -1 with a message in *why; after t->budget_s at the latest.
 */
int channel_send(struct channel *c, const struct channel_message *m,
    struct channel_try *t, struct buf *why);

/* channel_receivers(c): how many it tells, each by a message of its own; and
 * the name of one of them: "" where there is only one, without a name */
size_t channel_receivers(const struct channel *c);
const char *channel_receiver(const struct channel *c, size_t i);

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
	enum wording_escape escape; /* of values in a template */
	void *(*open)(const struct channel_settings *s, struct buf *why);
	void (*close)(void *self);
	int (*send)(void *self, const struct channel_message *m,
	    struct channel_try *t, struct buf *why);
	void (*show)(
	    void *self, const struct channel_message *m, struct buf *out);
	/* the name of receiver i; NULL: there are no more. A kind without this
	 * has one receiver. */
	const char *(*receiver)(const void *self, size_t i);
};

extern const struct channel_kind channel_webhook, channel_slack,
    channel_discord, channel_dingtalk, channel_ntfy, channel_telegram,
    channel_alertmanager, channel_exec, channel_email;

#endif
