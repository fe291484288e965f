/*
 * calendar.h - what holidays and sales do to a load
 *
 * Loads are taken to logarithms (features.h, struct transform). What is left of
 * them after the level of the week around, L, and the profile of the half hours
 * of the week, W, both of time without events, is what events did. The effect
 * of a name is, by half hours after the begin, the median of its earlier times:
 * of u - L - W, or, where that repeats better, of u - L, for days that are a
 * kind of their own whatever weekday they fall on. It is made smaller by as
 * much as half hours without events stray, 1 - N^2 / A^2, and is none at all
 * where A^2 < 2 N^2 or where it would not have helped at the times it was
 * learnt from, each by the others.
 *
 * Methods never see events: effects are taken away from the history that they
 * are given, and put back on what they forecast.
 * Source: James and Stein 1961, Estimation with quadratic loss, for making
 * effects smaller; Box and Tiao 1975, Intervention analysis, JASA 70, for
 * effects that are added in the scale in which the load is modelled.
 */
#ifndef MODEL_CALENDAR_H
#define MODEL_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

#include "model/features.h"
#include "model/grid.h"
#include "model/pack.h"
#include "record/events.h"

enum {
	CALENDAR_BINS = 1344, /* of an effect: four weeks of half hours */
	CALENDAR_WEEK = 336, /* half hours */
	CALENDAR_NAMES = 256,
	CALENDAR_AHEAD_S = 400 * 86400 /* how far events are kept */
};

/* One name and what it does */
struct effect {
	char name[EVENT_NAME];
	size_t seen; /* times in history, at least half of it observed */
	size_t to_come; /* times after history */
	double size; /* mean of the effect, in logarithms */
	double share; /* what is left of it after being made smaller; 0: none */
	double spread; /* how far one time may be from it, in logarithms */
	int own_kind; /* not relative to the weekday */
	size_t bins;
	double *bin; /* bins values, in logarithms */
};

/* A time of an event whose effect is known */
struct effect_span {
	int64_t from, until; /* epoch s */
	size_t effect;
};

struct calendar {
	struct transform transform;
	double bin_s; /* 1800, or more where steps are longer */
	double week[CALENDAR_WEEK]; /* W */
	size_t effects, spans;
	struct effect *effect; /* by name; all that the history overlaps */
	struct effect_span *span; /* by from */
	int64_t longest; /* of the spans, s */
	size_t unseen; /* names with times to come, none in history */
	char **unseen_name;
};

/*
 * calendar_learn(c, g, n, ev): learns from samples 0..n-1 of g and takes the
 * effects from g->y: of each time by what was known of the earlier ones. The
 * first time of a name is filled with what was usual, and is no longer
 * observed. 0 and *c to be freed with calendar_free, or -1: out of memory.
 */
int calendar_learn(
    struct calendar *c, struct grid *g, size_t n, const struct events *ev);
void calendar_free(struct calendar *);

/* calendar_used(c): whether any effect is left */
int calendar_used(const struct calendar *c);

/* calendar_remove(c, g): takes the effects from g->y */
void calendar_remove(const struct calendar *c, struct grid *g);

/*
 * calendar_effect(c, t, step, spread): the effect on the sample at t (epoch s,
 * the end of its interval of step s), in logarithms; 0 where there is no event.
 * spread, unless NULL: how far it may be off.
 */
double calendar_effect(
    const struct calendar *c, double t, double step, double *spread);

/* calendar_put(c, y, effect): y as it is with the effect */
double calendar_put(const struct calendar *c, double y, double effect);

/* calendar_name(c, t, step): the name of the event at t, NULL: none */
const char *calendar_name(const struct calendar *c, double t, double step);

void calendar_save(const struct calendar *, struct buf *out);

/* calendar_load: what calendar_save wrote, everything checked. 0, or -1 with
 * nothing to free. */
int calendar_load(struct calendar *, struct unpack *);

#endif
