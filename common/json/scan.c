#include "json/scan.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

size_t
scan_blanks(const char *s, size_t n, size_t at)
{
	while (at < n &&
	    (s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r'))
		at++;
	return at;
}

size_t
scan_bare(const char *s, size_t n, size_t at)
{
	static const char *const words[] = { "infinity", "inf", "nan" };
	size_t sign = at < n && (s[at] == '+' || s[at] == '-');

	for (size_t k = 0; k < 3; k++) {
		size_t w = strlen(words[k]);

		if (at + sign + w <= n &&
		    strncasecmp(s + at + sign, words[k], w) == 0)
			return sign + w;
	}
	return 0;
}

static int
hex4(const char *s)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *p = s[i] ? strchr(digits, s[i]) : NULL;

		if (p == NULL)
			return -1;
		v = v * 16 + (int)((p - digits) & 15);
	}
	return v;
}

/* The index after the escape whose backslash is at s[at], or 0 */
static size_t
scan_escape(const char *s, size_t n, size_t at, const char **why)
{
	int v, w;

	if (at + 1 < n && s[at + 1] != 'u' && s[at + 1] != '\0' &&
	    strchr("\"\\/bfnrt", s[at + 1]) != NULL)
		return at + 2;
	*why = "a bad escape in a string";
	if (at + 6 > n || s[at + 1] != 'u' || (v = hex4(s + at + 2)) < 0)
		return 0;
	if (v == 0) {
		*why = "a NUL in a string";
		return 0;
	}
	if (v < 0xd800 || v > 0xdfff)
		return at + 6;
	*why = "half of a surrogate pair in a string";
	if (v > 0xdbff || at + 12 > n || s[at + 6] != '\\' || s[at + 7] != 'u')
		return 0;
	w = hex4(s + at + 8);
	return w >= 0xdc00 && w <= 0xdfff ? at + 12 : 0;
}

size_t
scan_string(const char *s, size_t n, size_t at, const char **why)
{
	for (at++; at < n;) {
		unsigned char c = (unsigned char)s[at];
		size_t k;

		if (c == '"')
			return at + 1;
		if (c == '\\') {
			at = scan_escape(s, n, at, why);
			if (at == 0)
				return 0;
		} else if (c < 0x20) {
			*why = c == 0 ? "a NUL in a string"
				      : "a control character in a string";
			return 0;
		} else if (c < 0x80) {
			at++;
		} else {
			k = utf8_len(s + at, n - at);
			if (k == 0) {
				*why = "a string that is not UTF-8";
				return 0;
			}
			at += k;
		}
	}
	*why = "a string without an end";
	return 0;
}

static size_t
digits(const char *s, size_t n, size_t at)
{
	while (at < n && s[at] >= '0' && s[at] <= '9')
		at++;
	return at;
}

/* RFC 8259, section 6 */
static size_t
scan_number(const char *s, size_t n, size_t at, const char **why)
{
	size_t i = at + (s[at] == '-'), j = digits(s, n, i);

	*why = "a number that is not JSON";
	if (j == i || (s[i] == '0' && j > i + 1))
		return 0;
	if (j < n && s[j] == '.') {
		i = j + 1;
		j = digits(s, n, i);
		if (j == i)
			return 0;
	}
	if (j < n && (s[j] == 'e' || s[j] == 'E')) {
		i = j + 1;
		if (i < n && (s[i] == '+' || s[i] == '-'))
			i++;
		j = digits(s, n, i);
		if (j == i)
			return 0;
	}
	*why = "a number of more than 60 characters";
	return j - at > 60 ? 0 : j; /* cJSON's limit is 63 */
}

/* An array or an object, from its opening bracket */
static size_t
scan_nested(const char *s, size_t n, size_t at, int depth, size_t *bare,
    const char **why)
{
	int object = s[at] == '{';
	char close = object ? '}' : ']';

	if (depth >= SCAN_DEPTH) {
		*why = "more than 100 levels deep";
		return 0;
	}
	at = scan_blanks(s, n, at + 1);
	if (at < n && s[at] == close)
		return at + 1;
	for (;;) {
		if (object) {
			at = scan_blanks(s, n, at);
			*why = "a member without a name";
			if (at >= n || s[at] != '"')
				return 0;
			at = scan_string(s, n, at, why);
			if (at == 0)
				return 0;
			at = scan_blanks(s, n, at);
			*why = "a name without a colon";
			if (at >= n || s[at] != ':')
				return 0;
			at++;
		}
		at = scan_value(s, n, at, depth + 1, bare, why);
		if (at == 0)
			return 0;
		at = scan_blanks(s, n, at);
		*why = "cut short";
		if (at >= n)
			return 0;
		if (s[at] == close)
			return at + 1;
		*why = "a comma is missing";
		if (s[at] != ',')
			return 0;
		at++;
	}
}

size_t
scan_value(const char *s, size_t n, size_t at, int depth, size_t *bare,
    const char **why)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t k;

	at = scan_blanks(s, n, at);
	if (at >= n) {
		*why = "cut short";
		return 0;
	}
	if (s[at] == '{' || s[at] == '[')
		return scan_nested(s, n, at, depth, bare, why);
	if (s[at] == '"')
		return scan_string(s, n, at, why);
	k = scan_bare(s, n, at);
	if (k > 0 && bare != NULL) {
		(*bare)++;
		return at + k;
	}
	if (s[at] == '-' || (s[at] >= '0' && s[at] <= '9'))
		return scan_number(s, n, at, why);
	for (int i = 0; i < 3; i++) {
		size_t w = strlen(words[i]);

		if (at + w <= n && memcmp(s + at, words[i], w) == 0)
			return at + w;
	}
	*why = "not JSON";
	return 0;
}
