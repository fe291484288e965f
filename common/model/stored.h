/*
 * stored.h - what was learnt, to and from a model record
 */
#ifndef MODEL_STORED_H
#define MODEL_STORED_H

#include "model/trained.h"
#include "record/model.h"

/*
 * stored_write(t, metric, out): the line of a model file, without LF. metric
 * is the JSON text of the labels. 0, or -1: out of memory.
 */
int stored_write(const struct trained *t, const char *metric, struct buf *out);

/*
 * stored_read(t, m, why): what m holds, everything checked. 0 and *t to be
 * freed with trained_free, or -1 with a static text in *why.
 */
int stored_read(struct trained *t, const struct model *m, const char **why);

/* stored_effect(e, out): what a name of a calendar does, as a JSON object */
void stored_effect(const struct effect *e, struct buf *out);

/* stored_validation(v, out): a validation as a JSON object */
void stored_validation(const struct validation *v, struct buf *out);

#endif
