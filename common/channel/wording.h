/*
 * wording.h - the text of a message as somebody wants it, with what a record
 * says in the place of its fields (conf/field.h)
 *
 * A field that is not known is empty; in JSON a number or the record is null
 * then. Texts of the record are on one line and cut where they are too long.
 */
#ifndef CHANNEL_WORDING_H
#define CHANNEL_WORDING_H

#include "channel/notice.h"
#include "conf/conf.h"
#include "json/json.h"

/* How what a record says is written, so that it is taken for nothing but
 * text; what the template itself says stays as it is. */
enum wording_escape {
	WORDING_PLAIN, /* as it is; the channel sees to the whole text */
	WORDING_ENTITIES, /* & < and > as &amp; &lt; &gt; */
	WORDING_MARKDOWN, /* a backslash before \ * _ ~ ` [ ] < > | */
	WORDING_JSON /* as within a string; numbers and the record bare */
};

struct wording;

/*
 * wording_open(conf, escape, w, why): what 'text' of conf or the file of its
 * 'template' says. 0, and *w NULL where there is neither; or -1 with
 * "FILE:LINE: what is wrong" or another message in *why: the file cannot be
 * read, something in it is no field, with WORDING_JSON it makes no JSON.
 */
int wording_open(const struct conf_notify *conf, enum wording_escape escape,
    struct wording **w, struct buf *why);
void wording_free(struct wording *); /* NULL is fine */

/* wording_marked(w): 1: the text is to leave as it is, for all that has to be
 * escaped is */
int wording_marked(const struct wording *);

/* wording_fill(w, n, out): the text for n, without LF at its end, is added to
 * out; never nothing */
void wording_fill(
    const struct wording *w, const struct notice *n, struct buf *out);

#endif
