/* Pictures: what is drawn where, what lies outside, and that the file holds
 * it: check sums and sizes by zlib itself. */
#include "io/canvas.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "check.h"

enum { W = 12, H = 9 };

/* The rows as text, a digit a pixel, blanks for colour 0 */
static int
looks(const struct canvas *c, const char *const rows[H])
{
	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			int want = rows[y][x] == ' ' ? 0 : rows[y][x] - '0';

			if (c->p[y * c->w + x] != want) {
				fprintf(stderr, "%d,%d is %d, not %d\n", x, y,
				    c->p[y * c->w + x], want);
				return 0;
			}
		}
	return 1;
}

static void
drawing(void)
{
	static const char *const want[H] = {
		"22      1   ",
		"22     1    ",
		"3333  1     ",
		"     1      ",
		"            ",
		"            ",
		"            ",
		"        4444",
		"        4444",
	};
	struct canvas c;

	check(canvas_new(&c, W, H) == 0);
	canvas_line(&c, 8, 0, 5, 3, 1, 1);
	canvas_box(&c, -2, -2, 4, 4, 2);
	canvas_box(&c, 3, 3, 0, 5, 2);
	canvas_box(&c, 3, 3, 5, -1, 2);
	canvas_box(&c, 100, 100, 5, 5, 2);
	canvas_line(&c, 0, 2, 3, 2, 1, 3);
	canvas_line(&c, 9, 8, 14, 8, 3, 4); /* past two edges */
	check(looks(&c, want));
	canvas_free(&c);
	check(canvas_new(&c, 0, 5) == -1);
	check(canvas_new(&c, 5, 5000) == -1);
	canvas_free(&c);
}

static void
glyph(void)
{
	static const char *const seven[] = {
		"55555 ",
		"    5 ",
		"   5  ",
		"  5   ",
		" 5    ",
		" 5    ",
		" 5    ",
		"      ",
		"      ",
	};
	struct canvas c;

	check(canvas_new(&c, 6, H) == 0);
	canvas_text(&c, 0, 0, 1, 5, "7?");
	canvas_text(&c, -6, 0, 1, 5, "?7"); /* the same place again */
	check(looks(&c, seven));
	canvas_free(&c);
}

static uint32_t
u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* The chunk at *at, which moves behind it; NULL where it is not whole */
static const unsigned char *
chunk(const struct buf *b, size_t *at, const char *name, uint32_t *n)
{
	const unsigned char *p = (const unsigned char *)b->s + *at;

	if (b->len < *at + 12)
		return NULL;
	*n = u32(p);
	if (b->len < *at + 12 + *n || memcmp(p + 4, name, 4) != 0 ||
	    u32(p + 8 + *n) != crc32(0, p + 4, *n + 4))
		return NULL;
	*at += 12 + *n;
	return p + 8;
}

static void
file(void)
{
	static const unsigned colours[] = { 0xffffff, 0x123456 };
	unsigned char rows[H * (W + 1)];
	unsigned long size = sizeof(rows);
	const unsigned char *p;
	struct canvas c;
	struct buf b = { 0 };
	size_t at = 8;
	uint32_t n;

	check(canvas_new(&c, W, H) == 0);
	canvas_box(&c, 3, 2, 4, 5, 1);
	check(canvas_png(&c, colours, 2, &b) == 0);
	check(b.len > 8 && memcmp(b.s, "\x89PNG\r\n\x1a\n", 8) == 0);
	p = chunk(&b, &at, "IHDR", &n);
	if (check(p != NULL && n == 13)) {
		check(u32(p) == W && u32(p + 4) == H);
		check(memcmp(p + 8, "\x08\x03\0\0\0", 5) == 0);
	}
	p = chunk(&b, &at, "PLTE", &n);
	check(p != NULL && n == 6 &&
	    memcmp(p, "\xff\xff\xff\x12\x34\x56", 6) == 0);
	p = chunk(&b, &at, "IDAT", &n);
	if (check(p != NULL && uncompress(rows, &size, p, n) == Z_OK &&
		size == sizeof(rows)))
		for (int y = 0; y < H; y++)
			check(rows[y * (W + 1)] == 0 &&
			    memcmp(rows + y * (W + 1) + 1, c.p + y * W, W) ==
				0);
	p = chunk(&b, &at, "IEND", &n);
	check(p != NULL && n == 0 && at == b.len);
	buf_free(&b);
	canvas_free(&c);
}

int
main(void)
{
	drawing();
	glyph();
	file();
	return check_status();
}
