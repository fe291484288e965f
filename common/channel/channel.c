#include "channel/channel.h"

#include <stdlib.h>
#include <string.h>

static const struct channel_kind *const kinds[] = { &channel_webhook,
	&channel_slack, &channel_discord, &channel_dingtalk, &channel_ntfy,
	&channel_telegram, &channel_alertmanager, &channel_exec,
	&channel_email };

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct channel {
	const struct channel_kind *kind;
	char *name;
	void *self;
};

static const struct channel_kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

int
channel_known(const char *kind)
{
	return find_kind(kind) != NULL;
}

int
channel_wants_url(const char *kind, const struct conf_notify *conf)
{
	const struct channel_kind *k = find_kind(kind);

	if (k == NULL || k->address == ADDRESS_NONE)
		return 0;
	return k->address == ADDRESS_NEEDED || conf->url != NULL ||
	    conf->url_env != NULL || conf->url_file != NULL;
}

enum wording_escape
channel_escape(const char *kind, const struct conf_notify *conf)
{
	const struct channel_kind *k = find_kind(kind);

	if (k == &channel_webhook && conf->body == CONF_BODY_TEMPLATE)
		return WORDING_JSON;
	return k != NULL ? k->escape : WORDING_PLAIN;
}

void
channel_kinds(struct buf *out)
{
	for (size_t i = 0; i < KINDS; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", kinds[i]->name);
}

struct channel *
channel_open(
    const char *kind, const struct channel_settings *s, struct buf *why)
{
	const struct channel_kind *k = find_kind(kind);
	struct channel *c;

	if (k == NULL) {
		buf_printf(why, "there is no channel '%s'; there is: ", kind);
		channel_kinds(why);
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c != NULL && (c->name = strdup(s->name)) != NULL) {
		c->kind = k;
		c->self = k->open(s, why);
		if (c->self != NULL)
			return c;
	}
	if (why->len == 0)
		buf_str(why, "out of memory");
	channel_close(c);
	return NULL;
}

void
channel_close(struct channel *c)
{
	if (c == NULL)
		return;
	if (c->self != NULL)
		c->kind->close(c->self);
	free(c->name);
	free(c);
}

const char *
channel_name(const struct channel *c)
{
	return c->name;
}

int
channel_send(struct channel *c, const struct channel_message *m,
    struct channel_try *t, struct buf *why)
{
	t->answered = t->refused = 0;
	t->wait_s = 0;
	return c->kind->send(c->self, m, t, why);
}

size_t
channel_receivers(const struct channel *c)
{
	size_t n = 0;

	if (c->kind->receiver == NULL)
		return 1;
	while (c->kind->receiver(c->self, n) != NULL)
		n++;
	return n;
}

const char *
channel_receiver(const struct channel *c, size_t i)
{
	return c->kind->receiver != NULL ? c->kind->receiver(c->self, i) : "";
}

void
channel_show(
    struct channel *c, const struct channel_message *m, struct buf *out)
{
	c->kind->show(c->self, m, out);
}
