/*
 * trained.h - a method that has learnt a series, and how far off it was
 */
#ifndef MODEL_TRAINED_H
#define MODEL_TRAINED_H

#include <stdint.h>

#include "model/calendar.h"
#include "model/calibrate.h"
#include "model/method.h"
#include "model/validate.h"

/*
 * What a track is kept for. Decisions rest on two windows after now: ahead,
 * (boot, boot + interval], and keep, (0, boot + interval]. The newest sample
 * may be older than now, and what it forecasts then has to reach further: the
 * pair of windows comes again for being late by 1, 2 and 3 steps.
 */
enum { TRACK_LATE = 3 };
enum track_use {
	TRACK_AHEAD, /* + 2 * steps late */
	TRACK_KEEP,
	TRACK_NEXT = 2 * (TRACK_LATE + 1), /* one step: for the drop guard */
	TRACK_HOUR, /* the next hour's mean */
	TRACKS_FIXED,
	TRACK_PEAKS = TRACKS_FIXED, /* 1, 2, 3, 6 steps and the horizon */
	TRACK_STEPS = TRACK_PEAKS + FORECAST_PEAKS, /* each lead */
	TRACKS_MAX = TRACK_STEPS + 20
};

/* Points to learn from, the newest: four weeks of minutes */
enum { TRAIN_POINTS = 40320 };

struct train_options {
	double horizon; /* s */
	double boot, interval; /* s, of the decisions */
	uint64_t seed;
	unsigned threads;
	int brief; /* forecasting on the spot: no validation of quantiles, and
		    * only those windows that are late by this many steps */
	size_t late;
};

struct trained {
	const struct method *method;
	void *state; /* of the method */
	/* whose forecasts the decisions' windows and the drop guard rest on,
	 * TRACK_AHEAD to TRACK_NEXT; NULL: the method itself */
	const struct method *decider;
	void *decider_state;
	double step; /* s */
	size_t H; /* what is forecast, in steps */
	size_t reach; /* what the method looks ahead, >= H: decisions' windows
		       * and the next hour are within it */
	double boot, interval;
	uint64_t seed;
	int64_t end; /* epoch ms of the newest sample, to the second */
	size_t samples; /* learnt, on the grid, without gaps */
	double span_s;
	struct load_mean mean;
	size_t peaks, peak_w[FORECAST_PEAKS];
	size_t steps, step_lead[20];
	struct track track[TRACKS_MAX];
	struct validation validation;
	struct calendar calendar; /* methods know loads without its effects */
	int accepted; /* better than the last value on held-out data */
};

/*
 * trained_fit(t, m, g, n, o, why): m learns samples 0..n-1 of g; its held-out
 * errors make the tables. 0 and *t to be freed with trained_free, or -1 with a
 * static text in *why.
 */
int trained_fit(struct trained *t, const struct method *m, const struct grid *g,
    size_t n, const struct train_options *o, const char **why);
void trained_free(struct trained *);

/*
 * trained_tables(t, g, n, held, decider, o, why): the part of it after the
 * methods' own fits: tables and validation from held-out rows of the method,
 * and of the decider, NULL where t has none. t has method, state and decider
 * set, and its shape. 0 or -1.
 */
int trained_tables(struct trained *t, const struct grid *g, size_t n,
    const struct rows *held, const struct rows *decider,
    const struct train_options *o, const char **why);

/* trained_same(t, i): the first track that is of the same windows and of the
 * same method as track i, which may be i itself */
size_t trained_same(const struct trained *t, size_t i);

/* trained_shape(t, step, o): sets step, H, reach, boot, interval and the
 * tracks' windows for these options */
void trained_shape(
    struct trained *t, double step, const struct train_options *o);

/* trained_window(t, late): the steps of the window ahead for samples that are
 * late by so many steps; keep begins at 1 and ends there too */
struct window_steps trained_window(const struct trained *t, size_t late);

#endif
