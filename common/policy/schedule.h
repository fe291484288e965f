/*
 * schedule.h - which schedules and freezes are in force when
 *
 * A span [from, until) is read on the clocks of its time zone. A day is the
 * one that it begins on; until at or before from is on the next day. When
 * clocks go back, from is the first and until the last time that they show it;
 * when they go forward, a time that they leave out is the moment of the jump:
 * a span is never shorter than it reads. Neither from nor until: whole days.
 */
#ifndef POLICY_SCHEDULE_H
#define POLICY_SCHEDULE_H

#include <stdint.h>

#include "conf/conf.h"

struct schedule; /* a target's spans with their zones read */

/* schedule_make(t): t must outlive it. NULL with errno: a zone that cannot be
 * read, a time that is none, out of memory. */
struct schedule *schedule_make(const struct conf_target *t);
void schedule_free(struct schedule *);

struct schedule_floor {
	long min; /* the most that a schedule in force asks for; -1: none */
	long max; /* the least maximum of those in force; -1: none */
	const char *by; /* whose min it is; lives as long as the target */
};

/*
 * schedule_floor(s, from, to, f): floors of the schedules that are in force at
 * any time in [from, to], ms; maxima of those that are in force at from. s may
 * be NULL: none.
 */
void schedule_floor(const struct schedule *s, int64_t from, int64_t to,
    struct schedule_floor *f);

/* schedule_frozen(s, now): the name of a freeze that is in force, or NULL */
const char *schedule_frozen(const struct schedule *s, int64_t now);

#endif
