/*
 * limits.h - what keeps a wanted count from being carried out: within policy
 * only
 */
#ifndef POLICY_LIMITS_H
#define POLICY_LIMITS_H

#include "policy/decide.h"

/* limits_budget(in, d, t): sets what was spent and what the rest of the month
 * can pay for, d->spent, t->spent and t->affordable; NAN without a budget */
void limits_budget(
    const struct decide_input *in, struct decision *d, struct decide_trace *t);

/* limits_apply(in, d, t): from d->want to t->to; t->forced names the
 * state that was in the way, if one was. t->n is known. */
void limits_apply(
    const struct decide_input *in, struct decision *d, struct decide_trace *t);

/* limits_approval(in, d, t): does a person have to agree? d->recommended,
 * action, cost_impact and plan are filled. */
void limits_approval(
    const struct decide_input *in, struct decision *d, struct decide_trace *t);

#endif
