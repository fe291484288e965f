/*
 * Bytes that grow, JSON strings, excerpts of foreign text, and the characters
 * of UTF-8 they rest on. The sequences are those of the Unicode standard's
 * tables 3-7 and 3-8.
 */
#include "base/buf.h"

#include <stdint.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/utf8.h"
#include "check.h"

static int
is(const struct buf *b, const char *want)
{
	int same = !b->failed && b->s != NULL && b->len == strlen(want) &&
	    memcmp(b->s, want, b->len + 1) == 0;

	if (!same)
		fprintf(stderr, "got '%s', wanted '%s'\n",
		    b->s != NULL ? b->s : "(nothing)", want);
	return same;
}

static void
growing(void)
{
	struct buf b = { 0 };

	buf_add(&b, "", 0);
	check(is(&b, ""));
	buf_str(&b, "one");
	buf_char(&b, ' ');
	buf_printf(&b, "%d%s", 2, "3");
	buf_num(&b, 0.1);
	check(is(&b, "one 230.1"));
	buf_clear(&b);
	check(is(&b, ""));
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "%05d", i);
	check(b.len == 500000 && strlen(b.s) == 500000);
	check(memcmp(b.s + 499995, "99999", 6) == 0);
	buf_free(&b);
	check(b.s == NULL && b.len == 0 && b.cap == 0);
	buf_free(&b);
	/* room asked for is there, to the byte */
	for (size_t n = 0; n < 1030; n++) {
		struct buf c = { 0 };

		check(buf_reserve(&c, n) == 0 && c.cap > n);
		buf_free(&c);
	}
}

static void
failing(void)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX / 4 + 1,
		SIZE_MAX / 8 };

	for (size_t i = 0; i < 3; i++) {
		struct buf b = { 0 };

		buf_str(&b, "kept");
		check(buf_reserve(&b, sizes[i]) == -1 && b.failed);
		buf_str(&b, " and more");
		buf_char(&b, 'x');
		buf_printf(&b, "%s", "y");
		buf_json_str(&b, "z");
		check(b.failed && b.len == 4 && strcmp(b.s, "kept") == 0);
		buf_free(&b);
		check(!b.failed);
		buf_str(&b, "anew");
		check(is(&b, "anew"));
		buf_free(&b);
	}
}

static void
strings(void)
{
	static const char *const table[][2] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "say \"a\\b\"", "\"say \\\"a\\\\b\\\"\"" },
		{ "a\nb\tc\rd", "\"a\\nb\\tc\\rd\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "a\xff"
		  "b\xc3",
		    "\"a\xef\xbf\xbd"
		    "b\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf b = { 0 };

		check_row = table[i][1];
		buf_json_str(&b, table[i][0]);
		check(is(&b, table[i][1]));
		buf_free(&b);
	}
	check_row = "";
}

static void
characters(void)
{
	static const struct {
		const char *s;
		size_t n, len;
	} table[] = {
		{ "a", 1, 1 },
		{ "\x7f", 1, 1 },
		{ "\0", 1, 1 },
		{ "\x80", 1, 0 },
		{ "\xbf\xbf", 2, 0 },
		{ "\xc0\x80", 2, 0 },
		{ "\xc1\xbf", 2, 0 },
		{ "\xc2\x80", 2, 2 },
		{ "\xdf\xbf", 2, 2 },
		{ "\xdf\xbf", 1, 0 },
		{ "\xc2\x7f", 2, 0 },
		{ "\xc2\xc0", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xe0\xa0\x80", 2, 0 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xed\xbf\xbf", 3, 0 },
		{ "\xee\x80\x80", 3, 3 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xef\xbf\x41", 3, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf0\x90\x80\x80", 3, 0 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xff\xff\xff\xff", 4, 0 },
	};
	static const char text[] = "a\xc3\xa4\xe2\x82\xac";
	static const size_t cuts[] = { 0, 1, 1, 3, 3, 3, 6 };
	char row[16];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(row, sizeof(row), "row %zu", i);
		check_row = row;
		check(utf8_len(table[i].s, table[i].n) == table[i].len);
	}
	check_row = "";
	for (size_t n = 0; n <= 6; n++)
		check(utf8_cut(text, n) == cuts[n]);
}

static void
excerpts(void)
{
	static const struct {
		const char *s;
		size_t max;
		const char *want;
	} table[] = {
		{ "", 10, "" },
		{ " \n\t ", 10, "" },
		{ "short", 10, "short" },
		{ "just ten..", 10, "just ten.." },
		{ "eleven char", 10, "eleven cha..." },
		{ "  a \r\n\x1b[31m b  ", 20, "a [31m b" },
		{ "\xc3\xa4\xc3\xa4", 4, "\xc3\xa4\xc3\xa4" },
		{ "\xc3\xa4\xc3\xa4", 3, "\xc3\xa4..." },
		{ "a\xff"
		  "b",
		    9, "a?b" },
		{ "c1 \xc2\x9b J", 9, "c1 J" },
		{ "anything", 0, "..." },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf b = { 0 };

		check_row = table[i].want;
		buf_str(&b, "");
		buf_excerpt(&b, table[i].s, strlen(table[i].s), table[i].max);
		check(is(&b, table[i].want));
		buf_free(&b);
	}
	check_row = "";
}

int
main(void)
{
	growing();
	failing();
	strings();
	characters();
	excerpts();
	return check_status();
}
