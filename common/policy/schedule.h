/*
 * schedule.h - which schedules and freezes are in force when
 *
 * How the times of a span are meant is said in conf/span.h.
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
