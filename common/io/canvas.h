/*
 * canvas.h - a small picture in few colours, and the PNG file of it
 *
 * Coordinates are pixels from the upper left; whatever lies outside is left
 * out. A colour is a number below the count of those given to canvas_png.
 */
#ifndef IO_CANVAS_H
#define IO_CANVAS_H

#include <stddef.h>

#include "base/buf.h"

struct canvas {
	int w, h;
	unsigned char *p; /* w x h colours, row by row */
};

/* canvas_new(c, w, h): all of colour 0; w and h from 1 to 4096. 0, or -1: no
 * memory, or no such size. */
int canvas_new(struct canvas *c, int w, int h);
void canvas_free(struct canvas *);

/* canvas_box(c, x, y, w, h, colour): filled; nothing where w or h is below 1 */
void canvas_box(struct canvas *c, int x, int y, int w, int h, int colour);

/* canvas_line(c, x0, y0, x1, y1, width, colour): both ends are in it */
void canvas_line(
    struct canvas *c, int x0, int y0, int x1, int y1, int width, int colour);

/* canvas_text(c, x, y, scale, colour, s): digits and . : % - + e k M G T, each
 * in 5 x 7 points of scale pixels, the next 6 to the right; others are blank */
void canvas_text(
    struct canvas *c, int x, int y, int scale, int colour, const char *s);

/* canvas_png(c, colours, n, out): the file (PNG, ISO/IEC 15948:2004, with a
 * palette of 8 bits) is added to out; colours: n of 1 to 256, 0xRRGGBB. 0, or
 * -1: no memory. The same picture, the same bytes. */
int canvas_png(
    const struct canvas *c, const unsigned *colours, size_t n, struct buf *out);

#endif
