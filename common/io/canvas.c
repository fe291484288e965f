#include "io/canvas.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SIDE_MAX = 4096, GLYPH_W = 5, GLYPH_H = 7 };

/* Rows from the top, the highest of five bits at the left */
static const struct {
	char c;
	unsigned char rows[GLYPH_H];
} glyphs[] = {
	{ '0', { 0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e } },
	{ '1', { 0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e } },
	{ '2', { 0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f } },
	{ '3', { 0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e } },
	{ '4', { 0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02 } },
	{ '5', { 0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e } },
	{ '6', { 0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e } },
	{ '7', { 0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08 } },
	{ '8', { 0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e } },
	{ '9', { 0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c } },
	{ '.', { 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c } },
	{ ':', { 0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00 } },
	{ '%', { 0x18, 0x19, 0x02, 0x04, 0x08, 0x13, 0x03 } },
	{ '-', { 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00 } },
	{ '+', { 0x00, 0x04, 0x04, 0x1f, 0x04, 0x04, 0x00 } },
	{ 'e', { 0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e } },
	{ 'k', { 0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12 } },
	{ 'M', { 0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11 } },
	{ 'G', { 0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f } },
	{ 'T', { 0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04 } },
};

int
canvas_new(struct canvas *c, int w, int h)
{
	*c = (struct canvas){ 0 };
	if (w < 1 || h < 1 || w > SIDE_MAX || h > SIDE_MAX)
		return -1;
	c->p = calloc((size_t)w, (size_t)h);
	if (c->p == NULL)
		return -1;
	c->w = w;
	c->h = h;
	return 0;
}

void
canvas_free(struct canvas *c)
{
	free(c->p);
	*c = (struct canvas){ 0 };
}

void
canvas_box(struct canvas *c, int x, int y, int w, int h, int colour)
{
	int x1 = x + w > c->w ? c->w : x + w, y1 = y + h > c->h ? c->h : y + h;

	if (x < 0)
		x = 0;
	if (y < 0)
		y = 0;
	for (; y < y1 && x < x1; y++)
		memset(
		    c->p + (ptrdiff_t)y * c->w + x, colour, (size_t)(x1 - x));
}

/* By steps along the longer side: Bresenham 1965 in whole numbers */
void
canvas_line(
    struct canvas *c, int x0, int y0, int x1, int y1, int width, int colour)
{
	int dx = abs(x1 - x0), dy = -abs(y1 - y0), error = dx + dy;
	int sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1;

	for (;;) {
		int twice = 2 * error;

		canvas_box(
		    c, x0 - width / 2, y0 - width / 2, width, width, colour);
		if (x0 == x1 && y0 == y1)
			break;
		if (twice >= dy) {
			error += dy;
			x0 += sx;
		}
		if (twice <= dx) {
			error += dx;
			y0 += sy;
		}
	}
}

static void
put_glyph(struct canvas *c, int x, int y, int scale, int colour, char which)
{
	for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++) {
		if (glyphs[i].c != which)
			continue;
		for (int k = 0; k < GLYPH_W * GLYPH_H; k++)
			if (glyphs[i].rows[k / GLYPH_W] >>
				(GLYPH_W - 1 - k % GLYPH_W) &
			    1)
				canvas_box(c, x + k % GLYPH_W * scale,
				    y + k / GLYPH_W * scale, scale, scale,
				    colour);
	}
}

void
canvas_text(
    struct canvas *c, int x, int y, int scale, int colour, const char *s)
{
	for (; *s != '\0'; s++, x += (GLYPH_W + 1) * scale)
		put_glyph(c, x, y, scale, colour, *s);
}

static void
put_u32(unsigned char *p, unsigned long x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(x >> (24 - 8 * i) & 0xff);
}

/* Length, name, content, and the check sum of the latter two */
static void
put_chunk(struct buf *out, const char *name, const void *p, size_t n)
{
	unsigned char word[4];
	unsigned long sum;

	put_u32(word, n);
	buf_add(out, word, 4);
	buf_add(out, name, 4);
	if (n > 0)
		buf_add(out, p, n);
	sum = crc32(0, (const unsigned char *)name, 4);
	if (n > 0)
		sum = crc32(sum, p, (unsigned)n);
	put_u32(word, sum);
	buf_add(out, word, 4);
}

/* Each row begins with its filter: none, for that is best with a palette */
static int
put_pixels(struct buf *out, const struct canvas *c)
{
	size_t row = (size_t)c->w + 1, n = row * (size_t)c->h;
	unsigned long room = compressBound(n);
	unsigned char *plain = calloc(1, n), *packed = malloc(room);
	int status = -1;

	if (plain != NULL && packed != NULL) {
		for (int y = 0; y < c->h; y++)
			memcpy(plain + row * (size_t)y + 1,
			    c->p + (ptrdiff_t)y * c->w, (size_t)c->w);
		if (compress2(packed, &room, plain, n, 9) == Z_OK) {
			put_chunk(out, "IDAT", packed, room);
			status = 0;
		}
	}
	free(plain);
	free(packed);
	return status;
}

int
canvas_png(
    const struct canvas *c, const unsigned *colours, size_t n, struct buf *out)
{
	static const unsigned char magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n',
		0x1a, '\n' };
	unsigned char head[13] = { 0 }, palette[3 * 256];

	put_u32(head, (unsigned long)c->w);
	put_u32(head + 4, (unsigned long)c->h);
	head[8] = 8; /* bits a pixel */
	head[9] = 3; /* of a palette */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 3; k++)
			palette[3 * i + k] =
			    (unsigned char)(colours[i] >> (16 - 8 * k) & 0xff);
	buf_add(out, magic, sizeof(magic));
	put_chunk(out, "IHDR", head, sizeof(head));
	put_chunk(out, "PLTE", palette, 3 * n);
	if (put_pixels(out, c) != 0)
		return -1;
	put_chunk(out, "IEND", NULL, 0);
	return out->failed ? -1 : 0;
}
