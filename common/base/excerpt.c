#include "base/excerpt.h"

/* The length of the UTF-8 character at s, at most n bytes; 0: none is there.
 * Source: Unicode 15, table 3-7. */
static size_t
character(const unsigned char *s, size_t n)
{
	size_t k = s[0] < 0x80 ? 1
	    : s[0] < 0xc2      ? 0
	    : s[0] < 0xe0      ? 2
	    : s[0] < 0xf0      ? 3
	    : s[0] < 0xf5      ? 4
			       : 0;

	if (k == 0 || k > n)
		return 0;
	for (size_t i = 1; i < k; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return k;
}

void
buf_excerpt(struct buf *b, const char *s, size_t n, size_t max)
{
	size_t end = b->len + max;
	int blank = 0, begun = 0;

	for (size_t i = 0; i < n;) {
		const unsigned char *c = (const unsigned char *)s + i;
		size_t k = character(c, n - i);

		if (*c <= ' ' || *c == 0x7f) {
			blank = begun;
			i++;
			continue;
		}
		if (b->failed || b->len + 1 + k > end) {
			buf_str(b, "...");
			return;
		}
		if (blank)
			buf_char(b, ' ');
		blank = 0;
		begun = 1;
		if (k > 0)
			buf_add(b, c, k);
		else
			buf_char(b, '?');
		i += k > 0 ? k : 1;
	}
}
