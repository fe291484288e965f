/*
 * result.h - the texts of results and intents
 * Private to the room.
 */
#ifndef TARGET_RESULT_H
#define TARGET_RESULT_H

#include "target/apply.h"

/* result_retype(out, line, n, type, member, value): the record line with its
 * type replaced by type (JSON text) and member set to value (JSON text), the
 * rest byte for byte; without LF. out->failed where that cannot be. */
void result_retype(struct buf *out, const char *line, size_t n,
    const char *type, const char *member, const struct buf *value);

/*
 * result_judge(intent, s, error): what became of a change that was cut off,
 * from what it set out to do and the target as it is now: APPLY_APPLIED,
 * APPLY_FAILED (it was not made), APPLY_UNCHANGED (no count was to change), or
 * APPLY_TIMEOUT (nobody knows). error gets a message in any case.
 */
enum apply_status result_judge(
    const struct json *intent, const struct state *s, struct buf *error);

#endif
