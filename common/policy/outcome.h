/*
 * outcome.h - what came of a strategy's replay, as a record or in a table
 */
#ifndef POLICY_OUTCOME_H
#define POLICY_OUTCOME_H

#include "base/buf.h"
#include "policy/contest.h"
#include "record/series.h"

/* outcome_cost(c, r): money a month for what ran, with the provider's rounding,
 * minimum and cap; NAN where there is no price */
double outcome_cost(const struct contest *c, const struct simulate_result *r);

/* outcome_write(b, s, c, res): a backtest record of series s, with LF */
void outcome_write(struct buf *b, const struct series *s,
    const struct contest *c, const struct contest_result *res);

/* outcome_head(b, s, c), outcome_row(b, c, res): the table for people */
void outcome_head(
    struct buf *b, const struct series *s, const struct contest *c);
void outcome_row(
    struct buf *b, const struct contest *c, const struct contest_result *res);

#endif
