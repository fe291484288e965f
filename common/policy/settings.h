/*
 * settings.h - what each strategy of a contest may choose from
 * Private to the room.
 */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include "policy/contest.h"

struct setting {
	char name[96];
	int ours; /* then q and price count, else rival */
	double q;
	double price; /* instance-hours an overloaded hour costs; NAN: the
		       * door is q's */
	struct rival rival;
};

struct settings {
	struct setting *s;
	size_t n;
	long **floors; /* what the rivals' floors point at */
	size_t n_floors;
	double *mean_1h;
};

/* settings_of(all, c, s): all settings of strategy s; only those of the parts
 * before c->sim.first are made use of. 0, or -1: out of memory. */
int settings_of(struct settings *all, const struct contest *c, enum strategy s);
void settings_free(struct settings *);

#endif
