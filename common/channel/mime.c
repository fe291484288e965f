#include "channel/mime.h"

#include <string.h>

#include "io/digest.h"

enum {
	LINE_MAX_BYTES = 990, /* SMTP: 998 */
	BASE64_LINE = 57 /* bytes: 76 in base64 */
};

int
mime_is_plain(const char *s, size_t n)
{
	size_t line = 0;

	for (size_t i = 0; i < n; i++) {
		line = s[i] == '\n' ? 0 : line + 1;
		if ((unsigned char)s[i] >= 0x7f || line > LINE_MAX_BYTES)
			return 0;
	}
	return 1;
}

static void
put_base64(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i += BASE64_LINE) {
		base64_add(
		    out, s + i, n - i < BASE64_LINE ? n - i : BASE64_LINE);
		buf_str(out, "\r\n");
	}
}

void
mime_text(struct buf *out, const char *type, const char *text)
{
	struct buf b = { 0 };
	size_t n = strlen(text);
	int plain = mime_is_plain(text, n);

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			buf_char(&b, '\r');
		buf_char(&b, text[i]);
	}
	if (n == 0 || text[n - 1] != '\n')
		buf_str(&b, "\r\n");
	buf_printf(out,
	    "Content-Type: %s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    type, plain ? "7bit" : "base64");
	if (plain)
		buf_add(out, b.s, b.len);
	else
		put_base64(out, b.s, b.len);
	out->failed |= b.failed;
	buf_free(&b);
}

static void
put_picture(struct buf *out, const struct sheet_picture *p, size_t i)
{
	buf_printf(out,
	    "Content-Type: image/png; name=\"load-%zu.png\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-ID: <%s>\r\n"
	    "Content-Disposition: inline; filename=\"load-%zu.png\"\r\n\r\n",
	    i + 1, p->id, i + 1);
	put_base64(out, p->png.s, p->png.len);
}

void
mime_sheet(
    struct buf *out, const char *text, const struct sheet *p, const char *seed)
{
	buf_printf(out,
	    "Content-Type: "
	    "multipart/alternative;\r\n\tboundary=\"=_a_%s\"\r\n\r\n"
	    "--=_a_%s\r\n",
	    seed, seed);
	mime_text(out, "text/plain", text);
	buf_printf(out, "\r\n--=_a_%s\r\n", seed);
	if (p->n > 0)
		buf_printf(out,
		    "Content-Type: multipart/related; type=\"text/html\";\r\n\t"
		    "boundary=\"=_r_%s\"\r\n\r\n--=_r_%s\r\n",
		    seed, seed);
	mime_text(out, "text/html", p->html.s != NULL ? p->html.s : "");
	for (size_t i = 0; i < p->n; i++) {
		buf_printf(out, "\r\n--=_r_%s\r\n", seed);
		put_picture(out, &p->pictures[i], i);
	}
	if (p->n > 0)
		buf_printf(out, "\r\n--=_r_%s--\r\n", seed);
	buf_printf(out, "\r\n--=_a_%s--\r\n", seed);
}
