/*
 * votes.h - what each signal says: within policy only
 */
#ifndef POLICY_VOTES_H
#define POLICY_VOTES_H

#include "policy/decide.h"

/* votes_look(in, i, door, ready, v): all that signal i says; ready -1: not
 * known */
void votes_look(const struct decide_input *in, size_t i,
    const struct need_door *door, long ready, struct decide_view *v);

/* votes_stale_after(t, step): age in s from which nothing is removed */
double votes_stale_after(const struct conf_target *t, double step);

/* votes_risk: P(overload) with n instances in the window, the largest of the
 * signals; NAN where none has a forecast */
double votes_risk(const struct decide_trace *trace, int keep, long n);

#endif
