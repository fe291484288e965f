/*
 * plot.h - the last day of a target as a picture, and in a sentence
 *
 * Above the load that was seen, with the band from what was expected to what
 * is passed 5 times of 100; below the count of instances. Times are UTC.
 */
#ifndef CHANNEL_PLOT_H
#define CHANNEL_PLOT_H

#include "channel/day.h"

/* The size to show it at; the picture has twice as many pixels each way */
enum { PLOT_W = 560, PLOT_H = 250 };

/* What it is drawn in, 0xRRGGBB: for a legend */
#define PLOT_LOAD 0x1f5fa8
#define PLOT_BAND 0xf3d3a8
#define PLOT_INSTANCES 0x2f7d4f

/* plot_png(x, out): the PNG file is added to out. 0; 1: there is not enough for
 * a picture, that is two loads; -1: no memory */
int plot_png(const struct day *x, struct buf *out);

/* plot_words(x, out): the same for who does not see it */
void plot_words(const struct day *x, struct buf *out);

#endif
