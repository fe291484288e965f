/*
 * address.h - where a channel leads: a secret, from wherever it is kept
 */
#ifndef CHANNEL_ADDRESS_H
#define CHANNEL_ADDRESS_H

#include "base/buf.h"
#include "conf/conf.h"

/* Where it is looked for unless settings name another place */
#define ADDRESS_VARIABLE "ALERT_WEBHOOK_URL"

/* address_find(from, url, why): it is added to url, without blanks at its end.
 * 0, or -1 with a message in *why: it is not there, or others can read it. */
int address_find(
    const struct conf_notify *from, struct buf *url, struct buf *why);

#endif
