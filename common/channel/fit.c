#include "channel/fit.h"

#include <string.h>

#include "base/utf8.h"

static const char more[] = " ...";
enum { MORE = sizeof(more) - 1 };

/* Adds s up to max, counted in UTF-16 units or in bytes. */
static void
fit(struct buf *out, const char *s, size_t max, int units)
{
	size_t start = out->len, keep = out->len, used = 0, n = strlen(s);

	for (size_t i = 0; i < n && !out->failed;) {
		size_t k = utf8_len(s + i, n - i);
		size_t cost = units ? (k == 4 ? 2 : 1) : (k == 0 ? 3 : k);

		if (used + cost > max) {
			out->len = keep;
			out->s[keep] = '\0';
			buf_str(out, more);
			return;
		}
		if (k > 0)
			buf_add(out, s + i, k);
		else
			buf_str(out, "\xef\xbf\xbd");
		used += cost;
		if (used + MORE <= max)
			keep = out->len;
		i += k > 0 ? k : 1;
	}
	if (out->len == start)
		buf_str(out, "");
}

void
fit_units(struct buf *out, const char *s, size_t max)
{
	fit(out, s, max, 1);
}

void
fit_bytes(struct buf *out, const char *s, size_t max)
{
	fit(out, s, max, 0);
}

void
fit_escape(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '&')
			buf_str(out, "&amp;");
		else if (*s == '<')
			buf_str(out, "&lt;");
		else if (*s == '>')
			buf_str(out, "&gt;");
		else
			buf_char(out, *s);
}

void
fit_markdown(struct buf *out, const char *s)
{
	for (size_t i = 0; s[i] != '\0'; i++) {
		int start = i == 0 || s[i - 1] == '\n';

		if (strchr("\\*_~`[]<|", s[i]) != NULL ||
		    (start && strchr("#>+-", s[i]) != NULL))
			buf_char(out, '\\');
		buf_char(out, s[i]);
	}
}

void
fit_first(struct buf *out, const char *s)
{
	buf_add(out, s, strcspn(s, "\n"));
}
