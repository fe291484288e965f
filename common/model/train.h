/*
 * train.h - from a series to something learnt, and what people should know
 */
#ifndef MODEL_TRAIN_H
#define MODEL_TRAIN_H

#include "model/choose.h"
#include "model/mask.h"
#include "model/pattern.h"
#include "record/series.h"

struct train_task {
	double step; /* s; NAN: what suits the series */
	struct train_options options;
	const char *method; /* "auto" or the name of one */
	const struct mask *mask;
	size_t masks;
	const struct events *events; /* NULL: no calendar */
	int stamp_start; /* samples carry the start of their interval */
};

/* What was seen of a series, and what was chosen */
struct train_report {
	size_t masked; /* samples left out */
	size_t points; /* on the grid */
	double step, span_s, coverage, longest_gap_s;
	struct pattern pattern;
	struct choice choice;
};

/*
 * train_series(t, s, task, r, why): s is finished; its times and samples may
 * be changed (masks, stamps). 0 and *t to be freed with trained_free, or -1
 * with a text in *why: refused.
 */
int train_series(struct trained *t, struct series *s,
    const struct train_task *task, struct train_report *r, struct buf *why);

#endif
