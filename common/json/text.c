#include <string.h>

#include "json/json.h"
#include "json/scan.h"

int
json_check(const char *s, size_t n, const char **why)
{
	size_t at = scan_value(s, n, 0, 0, NULL, why);

	if (at == 0)
		return -1;
	*why = "more after the value";
	return scan_blanks(s, n, at) == n ? 0 : -1;
}

/* The name in the n bytes of s (with quotes, maybe escapes) is name. */
static int
same_name(const char *s, size_t n, const char *name)
{
	struct json *j;
	const char *why;
	int same;

	if (memchr(s, '\\', n) == NULL)
		return n - 2 == strlen(name) && memcmp(s + 1, name, n - 2) == 0;
	j = json_parse(s, n, &why);
	same =
	    j != NULL && json_str(j) != NULL && strcmp(json_str(j), name) == 0;
	json_free(j);
	return same;
}

int
json_span(const char *s, size_t n, const char *name, size_t *at, size_t *len)
{
	size_t i = scan_blanks(s, n, 0), bare = 0;
	const char *why;

	if (i >= n || s[i] != '{')
		return -1;
	for (i++;; i++) {
		size_t key, end;

		i = scan_blanks(s, n, i);
		if (i >= n || s[i] != '"')
			return -1;
		key = i;
		end = scan_string(s, n, i, &why);
		if (end == 0)
			return -1;
		i = scan_blanks(s, n, end) + 1; /* over the colon */
		i = scan_blanks(s, n, i);
		*at = i;
		i = scan_value(s, n, i, 1, &bare, &why);
		if (i == 0)
			return -1;
		*len = i - *at;
		if (same_name(s + key, end - key, name))
			return 0;
		i = scan_blanks(s, n, i);
		if (i >= n || s[i] != ',')
			return -1;
	}
}

void
json_splice(const char *s, size_t n, const char *members, struct buf *out)
{
	size_t end = n, first;

	while (end > 0 && s[end - 1] != '}')
		end--;
	if (end == 0)
		return;
	end--;
	first = scan_blanks(s, n, 0) + 1;
	buf_add(out, s, end);
	if (*members != '\0') {
		if (scan_blanks(s, n, first) != end)
			buf_char(out, ',');
		buf_str(out, members);
	}
	buf_add(out, s + end, n - end);
}

int
json_replace(const char *s, size_t n, const char *name, const char *value,
    struct buf *out)
{
	size_t at, len, i = scan_blanks(s, n, 0);
	struct buf m = { 0 };

	if (i >= n || s[i] != '{')
		return -1;
	if (json_span(s, n, name, &at, &len) == 0) {
		buf_add(out, s, at);
		buf_str(out, value);
		buf_add(out, s + at + len, n - at - len);
		return 0;
	}
	buf_json_str(&m, name);
	buf_char(&m, ':');
	buf_str(&m, value);
	if (!m.failed)
		json_splice(s, n, m.s, out);
	out->failed |= m.failed;
	buf_free(&m);
	return 0;
}
