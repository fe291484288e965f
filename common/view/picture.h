/*
 * picture.h - the charts of a report
 * Private to the room.
 */
#ifndef VIEW_PICTURE_H
#define VIEW_PICTURE_H

#include "view/view.h"

/* The last span ms of s with its forecast; nothing with fewer than two
 * samples */
void picture_load(const struct view *v, const struct series *s, int64_t span,
    struct buf *out);

/* Instances paid and wanted; nothing with fewer than two runs */
void picture_counts(const struct view_target *t, struct buf *out);

#endif
