#include "base/shell.h"

#include <string.h>

void
shell_word(struct buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-+:@%=,";

	if (*s != '\0' && s[strspn(s, plain)] == '\0') {
		buf_str(b, s);
		return;
	}
	buf_char(b, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_str(b, "'\\'");
		buf_char(b, *s);
	}
	buf_char(b, '\'');
}
