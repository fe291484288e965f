/*
 * hook.h - a message on its way by HTTP; what the web channels share
 */
#ifndef CHANNEL_HOOK_H
#define CHANNEL_HOOK_H

#include "channel/channel.h"
#include "http/http.h"

struct hook;

struct letter {
	const char *path; /* behind the address; NULL: nothing */
	const char *const *headers; /* NULL-ended; NULL: none */
	const char *type; /* of the body; NULL: application/json */
	const struct buf *body;
};

/*
 * hook_open(s, url, why): letters to url go as s says. Whatever is long enough
 * in the path and query of url to be a token, and secret (may be NULL), are
 * struck out of every message. NULL with a message in *why, which may be empty
 * where there was no memory.
 */
struct hook *hook_open(const struct channel_settings *s, const char *url,
    const char *secret, struct buf *why);
void hook_close(struct hook *); /* NULL is fine */

/*
 * hook_post(h, l, t, answer, why): 0, or -1 with a message in *why. The body of
 * the answer is added to *answer, which may be NULL.
 */
int hook_post(struct hook *h, const struct letter *l, struct channel_try *t,
    struct buf *answer, struct buf *why);

/* hook_blame(h, message, why): adds message to why, without the secrets */
void hook_blame(const struct hook *h, const char *message, struct buf *why);

/* hook_show(h, body, out): "POST 'http://host' BODY", line ends as spaces */
void hook_show(const struct hook *h, const struct buf *body, struct buf *out);

#endif
