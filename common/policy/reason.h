/*
 * reason.h - decisions in words: within policy only
 */
#ifndef POLICY_REASON_H
#define POLICY_REASON_H

#include "policy/decide.h"

/* reason_write(in, d, t): one sentence into d->reason */
void reason_write(const struct decide_input *in, struct decision *d,
    const struct decide_trace *t);

#endif
