/* Messages made to fit what vendors take: limits in UTF-16 units and bytes,
 * never a character cut in two. */
#include "channel/fit.h"

#include <string.h>

#include "check.h"

static const struct {
	const char *name, *text, *want;
	size_t max;
	int units;
} rows[] = {
	{ "empty", "", "", 4, 1 },
	{ "just fits", "abcdefgh", "abcdefgh", 8, 1 },
	{ "one too many", "abcdefghi", "abcd ...", 8, 1 },
	{ "no room but for the mark", "abcdef", " ...", 4, 0 },
	{ "two bytes are one unit", "ääääää", "ääääää", 6, 1 },
	{ "two bytes are two bytes", "ääääää", "äää ...", 11, 0 },
	{ "a pair of surrogates is two units", "😀😀😀😀", "😀😀😀😀", 8, 1 },
	{ "a pair is not cut", "😀😀😀😀", " ...", 5, 1 },
	{ "a pair goes whole", "😀😀😀😀", "😀 ...", 7, 1 },
	{ "no UTF-8",
	    "a\xff"
	    "b",
	    "a\xef\xbf\xbd"
	    "b",
	    5, 0 },
	{ "no UTF-8 counts as what it becomes", "\xff\xff\xff",
	    "\xef\xbf\xbd ...", 7, 0 },
};

static int
is(const struct buf *b, const char *want)
{
	return !b->failed && b->s != NULL && strcmp(b->s, want) == 0 &&
	    b->len == strlen(want);
}

static void
fitting(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = { 0 };

		check_row = rows[i].name;
		if (rows[i].units)
			fit_units(&b, rows[i].text, rows[i].max);
		else
			fit_bytes(&b, rows[i].text, rows[i].max);
		if (!check(is(&b, rows[i].want)))
			fprintf(stderr, "got '%s'\n", b.s != NULL ? b.s : "");
		buf_free(&b);
	}
	check_row = "";
}

/* What stands in the buffer already stays, and does not count. */
static void
behind(void)
{
	struct buf b = { 0 };

	buf_str(&b, "AS_TEXT=");
	fit_bytes(&b, "abcdefghi", 8);
	check(is(&b, "AS_TEXT=abcd ..."));
	buf_free(&b);
}

static void
others(void)
{
	struct buf b = { 0 };

	fit_escape(&b, "<a&b> &amp;");
	check(is(&b, "&lt;a&amp;b&gt; &amp;amp;"));
	buf_clear(&b);
	fit_first(&b, "one\ntwo\n");
	check(is(&b, "one"));
	buf_free(&b);
}

int
main(void)
{
	fitting();
	behind();
	others();
	return check_status();
}
