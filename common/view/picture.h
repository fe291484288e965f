/*
 * picture.h - the charts of a report
 * Private to the room.
 */
#ifndef VIEW_PICTURE_H
#define VIEW_PICTURE_H

#include "view/story.h"

/*
 * Each adds its chart to out: as a part of a page with page 1, else as a
 * picture of its own. 1, or 0 and nothing added: too few records for one.
 * picture_load: the last span ms of a load, its forecast, and what the
 *   instances carry
 * picture_counts: instances paid and wanted, and what was decided
 * picture_money: the month's cost up to now, against its budget
 * picture_seen: what was foreseen, and what came
 */
int picture_load(const struct view *v, const struct view_target *t,
    const struct story_load *l, int64_t span, int page, struct buf *out);
int picture_counts(const struct view_target *t, int page, struct buf *out);
int picture_money(const struct view *v, const struct view_target *t, int page,
    struct buf *out);
int picture_seen(const struct view_target *t, const struct story_load *l,
    const struct story_seen *s, size_t n, int page, struct buf *out);

#endif
