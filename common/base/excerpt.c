#include "base/excerpt.h"

#include "base/utf8.h"

void
buf_excerpt(struct buf *b, const char *s, size_t n, size_t max)
{
	size_t end = b->len + max;
	int blank = 0, begun = 0;

	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t k = utf8_len(s + i, n - i), take = k > 0 ? k : 1;

		if (c <= ' ' || c == 0x7f ||
		    (k == 2 && c == 0xc2 && (unsigned char)s[i + 1] < 0xa0)) {
			blank = begun; /* C0, DEL or C1 */
			i += take;
			continue;
		}
		if (b->failed || b->len + (size_t)blank + take > end) {
			buf_str(b, "...");
			return;
		}
		if (blank)
			buf_char(b, ' ');
		blank = 0;
		begun = 1;
		if (k > 0)
			buf_add(b, s + i, k);
		else
			buf_char(b, '?');
		i += take;
	}
}
