/*
 * resources.h - what each instance should be given: within policy only
 *
 * Of a signal with `resource`, the load of the whole pool in cores or bytes:
 *   limit = the peak within the horizon, with a certainty of 99 %, or the
 *     newest load if that is more, / instances recommended / target
 *   reservation = the median of that peak / instances recommended
 * and memory never below what an instance was seen to use within the hour. What
 * is computed is rounded up to one of eight steps an octave, so that it does
 * not change with every decision. Several signals of one resource: the largest.
 */
#ifndef POLICY_RESOURCES_H
#define POLICY_RESOURCES_H

#include "policy/decide.h"

/* resources_advise(in, d, t): fills d->resources; the count is decided. What
 * is automatic is left out where its signal is missing, stale or without a
 * forecast, or the count not known. */
void resources_advise(const struct decide_input *in, struct decision *d,
    const struct decide_trace *t);

#endif
