/*
 * online.h - a forecaster that learns sample by sample
 *
 * For each lead of a grid of horizons a ridge regression on 19 features of the
 * past (recent values, moving averages of 1 h, 6 h, 1 d and 7 d, the same time
 * yesterday, its mean over a week, last week, two harmonics of the day), with
 * Huber's weights and a half-life of 28 days, refitted once a day; blended
 * with the last value, the mean of three, the average of an hour and two
 * profiles of the day by their losses of late (half-life 3 days), in
 * proportion to (least loss / loss)^8. All of it is causal: the forecast at
 * an origin depends on samples up to there only, so that every origin is a
 * held-out one. It has no seed: same samples, same forecast.
 *
 * Source: Hoerl and Kennard 1970, Ridge regression; Huber 1964, Robust
 * estimation of a location parameter; Herbster and Warmuth 1998, Tracking the
 * best expert, for blending by discounted loss. Ours: the features, and the
 * constants, which were measured on 59 public load series.
 */
#ifndef MODEL_ONLINE_H
#define MODEL_ONLINE_H

#include <stddef.h>

#include "base/buf.h"
#include "model/grid.h"
#include "model/pack.h"

enum { ONLINE_LEADS = 20 };

struct online;

/*
 * online_leads(H, lead): the leads, in steps, that are learnt for a horizon of
 * H steps: 1 2 3 4 6 8 12 18 24 ... and H itself. Between two of them a
 * forecast is the line that joins theirs. Returns how many.
 */
size_t online_leads(size_t H, size_t lead[static ONLINE_LEADS]);

/*
 * online_fit(g, n, H, path): learns samples 0..n-1 of g, one after the other.
 * path, unless NULL, has n rows, one an origin, of the forecasts at the leads,
 * each made before what follows it was looked at. 1 <= n <= g->n, 1 <= H.
 * NULL: out of memory. Free with online_free.
 */
struct online *online_fit(
    const struct grid *g, size_t n, size_t H, double *path);
void online_free(struct online *);

size_t online_horizon(const struct online *); /* H */
int64_t online_end(const struct online *); /* epoch s of the newest learnt */

/*
 * online_run(o, g, from, to, path): forecasts at the origins from..to-1 of g
 * into path, to - from rows of the leads. Where g holds what was learnt and
 * goes on from there (the newest sample learnt is a point of it, with two days
 * before it) what follows is learnt on the way, though o stays as it is: the
 * rows are those that online_fit of all would have given. Else what was learnt
 * is used as it is. Returns 0, or -1: out of memory.
 */
int online_run(const struct online *o, const struct grid *g, size_t from,
    size_t to, double *path);

void online_save(const struct online *, struct buf *out);

/* online_load: what online_save wrote; NULL where the bytes are not that */
struct online *online_load(struct unpack *);

/* whether it is of so many steps, each of step s */
int online_fits(const struct online *, size_t H, double step);

#endif
