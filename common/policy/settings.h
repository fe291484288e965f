/*
 * settings.h - what each strategy of a contest may choose from
 * Private to the room.
 */
#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include "policy/contest.h"

struct setting {
	char name[96];
	int ours; /* then by, q and price count, else rival */
	const struct replay *by; /* the forecasts that it goes by */
	double q;
	double price; /* instance-hours an overloaded hour costs; NAN: the
		       * door is q's */
	int reactive; /* then ours without a forecast, by these */
	double target, stabilisation;
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

/*
 * contest_choose(c, all, first, last, best, r): the cheapest of the settings
 * that overloaded at most c->allow of steps [first, last), else the one that
 * overloaded least, and what came of it. 0, or -1: out of memory.
 */
int contest_choose(const struct contest *c, const struct settings *all,
    size_t first, size_t last, size_t *best, struct simulate_result *r);

/* contest_setting(c, s, first, last, r): one setting on these steps */
int contest_setting(const struct contest *c, const struct setting *s,
    size_t first, size_t last, struct simulate_result *r);

#endif
