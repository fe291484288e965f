/*
 * again.h - a past decision made again, from what its record was made from
 */
#ifndef POLICY_AGAIN_H
#define POLICY_AGAIN_H

#include "base/buf.h"
#include "conf/conf.h"
#include "json/json.h"

enum again {
	AGAIN_SAME, /* the same decision, member by member */
	AGAIN_OTHER,
	AGAIN_OTHER_SETTINGS, /* another, but the settings are others, too */
	AGAIN_OTHER_VERSION, /* another, but as-decide is another, too */
	AGAIN_NOT /* the record does not hold enough, or the files do not */
};

/*
 * again_decide(record, c, out): decides once more what record (a decision, or a
 * result with one in it) says, with the code that made it. c holds the files
 * that are given now; the one target that the record is about gets the options
 * of then, so that c is of no further use. *out gets, a line each, the members
 * that differ, or why it cannot be done.
 */
enum again again_decide(
    const struct json *record, struct conf *c, struct buf *out);

#endif
