/*
 * inbox.h - what came down the pipe, sorted by target, until decisions are due
 */
#ifndef POLICY_INBOX_H
#define POLICY_INBOX_H

#include <stdint.h>

#include "conf/conf.h"
#include "policy/decide.h"
#include "record/record.h"

struct inbox;

/*
 * inbox_new(c, single): for the targets of c, which must outlive it. single 1:
 * there is one target, made by options; it takes the name of the first that
 * records are about (unless named is 1), and its one signal any name. NULL: out
 * of memory.
 */
struct inbox *inbox_new(struct conf *c, int single, int named);
void inbox_free(struct inbox *);

/* inbox_count(b, n): the present count of a target no state comes for */
void inbox_count(struct inbox *, long instances);

/*
 * inbox_take(b, r, why): 1: taken in; 0: not what decisions are made from, or
 * (anomalies) also of interest to others; -1: a bad line, with why.
 */
int inbox_take(struct inbox *, const struct record *r, struct buf *why);

/*
 * inbox_decide(b, i, now, d, trace, why): the decision for the i-th target. A
 * series without a forecast counts as observed load. Reads the journal and time
 * zones. 0, or -1 with a message in *why. A journal that cannot be read counts
 * as lost: 0, and the message in *why all the same.
 */
int inbox_decide(struct inbox *, size_t i, int64_t now, struct decision *d,
    struct decide_trace *trace, struct buf *why);

#endif
