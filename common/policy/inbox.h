/*
 * inbox.h - what came down the pipe, sorted by target, until decisions are due
 */
#ifndef POLICY_INBOX_H
#define POLICY_INBOX_H

#include <stdint.h>

#include "conf/conf.h"
#include "policy/basis.h"
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

/* inbox_outage(b, i, since): the i-th target may be out since then, ms */
void inbox_outage(struct inbox *, size_t i, int64_t since);

/* inbox_recall(b, h): instead of what journals say; h NULL: there are none. It
 * must outlive b. */
void inbox_recall(struct inbox *, const struct history *h);

/* Where a decision's basis goes, and what it says of the command */
struct inbox_basis {
	struct basis_given given;
	struct buf *out; /* gets the member `basis` */
};

/*
 * inbox_decide(b, i, now, d, trace, basis, why): the decision for the i-th
 * target; trace and basis may be NULL. A series without a forecast counts as
 * observed load. Reads the journal and time zones. 0, or -1 with a message in
 * *why. A journal that cannot be read counts as lost: 0, and the message in
 * *why all the same.
 */
int inbox_decide(struct inbox *, size_t i, int64_t now, struct decision *d,
    struct decide_trace *trace, const struct inbox_basis *basis,
    struct buf *why);

#endif
