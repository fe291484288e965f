/*
 * explain.h - one past decision in words, from its record alone
 */
#ifndef VIEW_EXPLAIN_H
#define VIEW_EXPLAIN_H

#include "base/buf.h"
#include "json/json.h"

/*
 * view_explain(decision, word, result, out): lines of text with LF: what was
 * decided and why, which rule prevailed and why each other did not, what held
 * it, the load, the money, the target as it was seen, a person's word (a grant
 * or denial record, or NULL), what came of it (a result record, or NULL).
 * Members that are missing or of another type are passed over; no control
 * character leaves.
 */
void view_explain(const struct json *decision, const struct json *word,
    const struct json *result, struct buf *out);

#endif
