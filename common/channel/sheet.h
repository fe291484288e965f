/*
 * sheet.h - a message as a page of HTML with a picture of the last day of each
 * target, for a mail: nothing in it is fetched from anywhere
 */
#ifndef CHANNEL_SHEET_H
#define CHANNEL_SHEET_H

#include "channel/channel.h"

enum { SHEET_PICTURES = 4, SHEET_ID = 320 };

struct sheet_picture {
	struct buf png;
	char id[SHEET_ID]; /* Content-ID without < >; the page says cid:ID */
	const char *target; /* the notice's */
};

struct sheet {
	struct buf html; /* lines ended by LF, the last too */
	struct sheet_picture pictures[SHEET_PICTURES];
	size_t n;
};

/*
 * sheet_make(p, m, state, id): m->notices one by one, with m->text where there
 * are none. state: the folder of the journals; NULL: only what the records say
 * is known, which is no picture. id: what the Content-IDs end in, "HEX@HOST".
 * What cannot be read or drawn is not there; failed of p->html: no memory.
 * sheet_free releases either way.
 */
void sheet_make(struct sheet *p, const struct channel_message *m,
    const char *state, const char *id);
void sheet_free(struct sheet *);

#endif
