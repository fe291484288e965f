#include "conf/keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const char *const day_names[] = { "mon", "tue", "wed", "thu", "fri",
	"sat", "sun" };

static int
bad(const struct conf_key *key, const char *text, const char *wanted,
    struct buf *why)
{
	buf_printf(why, "'%s': '%s' is not %s", key->name, text, wanted);
	return -1;
}

static int
out_of_bounds(const struct conf_key *key, const char *text, struct buf *why)
{
	char lo[NUMBER_SIZE], hi[NUMBER_SIZE];

	if (key->kind == KIND_SHARE)
		buf_printf(why, "'%s': '%s' is not between %s%% and %s%%",
		    key->name, text, number_format(lo, key->lo * 100),
		    number_format(hi, key->hi * 100));
	else
		buf_printf(why, "'%s': '%s' is not between %s and %s",
		    key->name, text, number_format(lo, key->lo),
		    number_format(hi, key->hi));
	return -1;
}

static int
set_text(char **to, const char *text, struct buf *why)
{
	char *copy = NULL;

	if (*text != '\0') {
		copy = strdup(text);
		if (copy == NULL) {
			buf_str(why, "out of memory");
			return -1;
		}
	}
	free(*to);
	*to = copy;
	return 0;
}

static int
set_number(
    double *to, const struct conf_key *key, const char *text, struct buf *why)
{
	double x;

	if (*text == '\0') {
		*to = NAN;
		return 0;
	}
	if (key->kind == KIND_DURATION && duration_parse(text, &x) != 0)
		return bad(key, text, "a duration such as 90s, 5m or 1h", why);
	if (key->kind == KIND_SHARE && number_share(text, &x) != 0)
		return bad(key, text, "a share such as 60% or 0.6", why);
	if (key->kind == KIND_NUMBER && number_parse(text, &x) != 0)
		return bad(key, text, "a number", why);
	if (!(x >= key->lo && x <= key->hi))
		return out_of_bounds(key, text, why);
	*to = x;
	return 0;
}

/* A number with % is a share of the instances, one without a count: but below
 * 1 it can only be a share. */
static int
set_step(double *to, int *share, const struct conf_key *key, const char *text,
    struct buf *why)
{
	size_t n = strlen(text);
	double x;

	if (number_share(text, &x) != 0)
		return bad(key, text,
		    "a number of instances or a share such as 50%", why);
	if (!(x >= key->lo && x <= key->hi))
		return out_of_bounds(key, text, why);
	*share = text[n - 1] == '%' || x < 1;
	if (!*share && x != floor(x))
		return bad(key, text, "a whole number of instances", why);
	*to = x;
	return 0;
}

static int
set_amount(struct conf_amount *to, const struct conf_key *key, const char *text,
    struct buf *why)
{
	struct conf_amount a = { NAN, strcmp(text, "auto") == 0 };
	int bytes = key->kind == KIND_BYTES;

	if (*text != '\0' && !a.automatic) {
		if ((bytes ? number_bytes : number_parse)(text, &a.fixed) != 0)
			return bad(key, text,
			    bytes ? "a size such as 512Mi, or auto"
				  : "a number of cores, or auto",
			    why);
		if (!(a.fixed >= key->lo && a.fixed <= key->hi))
			return out_of_bounds(key, text, why);
	}
	*to = a;
	return 0;
}

static int
set_word(int *to, const struct conf_key *key, const char *text, struct buf *why)
{
	int i;

	for (i = 0; key->words[i] != NULL; i++)
		if (strcmp(key->words[i], text) == 0) {
			*to = i;
			return 0;
		}
	buf_printf(why, "'%s': '%s' is none of", key->name, text);
	for (i = 0; key->words[i] != NULL; i++)
		buf_printf(why, "%s %s", i > 0 ? "," : "", key->words[i]);
	return -1;
}

static int
set_bool(int *to, const struct conf_key *key, const char *text, struct buf *why)
{
	static const char *const yes[] = { "yes", "true", "on" };
	static const char *const no[] = { "no", "false", "off" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*to = strcmp(text, yes[i]) == 0;
			return 0;
		}
	return bad(key, text, "yes or no", why);
}

static int
set_days(unsigned *to, const struct conf_key *key, const char *const *texts,
    size_t n, struct buf *why)
{
	unsigned days = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = 0;

		while (d < 7 && strcmp(texts[i], day_names[d]) != 0)
			d++;
		if (d == 7)
			return bad(key, texts[i],
			    "one of mon, tue, wed, thu, fri, sat, sun", why);
		days |= 1u << d;
	}
	*to = days;
	return 0;
}

static int
set_list(char ***list, size_t *len, const char *const *texts, size_t n,
    struct buf *why)
{
	char **l = calloc(n + 1, sizeof(*l));

	for (size_t i = 0; l != NULL && i < n; i++) {
		l[i] = strdup(texts[i]);
		if (l[i] == NULL) {
			while (i > 0)
				free(l[--i]);
			free(l);
			l = NULL;
		}
	}
	if (l == NULL) {
		buf_str(why, "out of memory");
		return -1;
	}
	for (size_t i = 0; i < *len; i++)
		free((*list)[i]);
	free(*list);
	*list = l;
	*len = n;
	return 0;
}

int
conf_value(void *part, const struct conf_key *key, const char *const *texts,
    size_t n, struct buf *why)
{
	char *p = part;
	void *at = p + key->at, *at2 = p + key->at2;

	/* nothing is "not set", and then the default holds */
	if (n == 1 && *texts[0] == '\0' && key->value != NULL)
		texts = &key->value;
	if (key->kind == KIND_LIST)
		return set_list(at, at2, texts, n, why);
	if (key->kind == KIND_DAYS)
		return set_days(at, key, texts, n, why);
	switch (key->kind) {
	case KIND_TEXT:
	case KIND_SECRET:
		return set_text(at, texts[0], why);
	case KIND_COUNT:
		*(long *)at = -1;
		if (*texts[0] == '\0' ||
		    number_count(texts[0], (long)key->lo, (long)key->hi, at) ==
			0)
			return 0;
		buf_printf(why,
		    "'%s': '%s' is not a whole number from %.0f to %.0f",
		    key->name, texts[0], key->lo, key->hi);
		return -1;
	case KIND_DURATION:
	case KIND_SHARE:
	case KIND_NUMBER:
		return set_number(at, key, texts[0], why);
	case KIND_BOOL:
		return set_bool(at, key, texts[0], why);
	case KIND_WORD:
		return set_word(at, key, texts[0], why);
	case KIND_STEP:
		return set_step(at, at2, key, texts[0], why);
	case KIND_CORES:
	case KIND_BYTES:
		return set_amount(at, key, texts[0], why);
	case KIND_DAYS:
	case KIND_LIST:
		break;
	}
	return -1;
}

static int
show_days(unsigned days, struct buf *out)
{
	const char *comma = "";

	if (days == 0)
		return -1;
	buf_char(out, '{');
	for (unsigned d = 0; d < 7; d++)
		if ((days & 1u << d) != 0) {
			buf_printf(out, "%s%s", comma, day_names[d]);
			comma = ", ";
		}
	buf_char(out, '}');
	return 0;
}

/* In single quotes: in those libconfuse puts nothing in place of ${NAME} */
void
conf_show_text(const char *s, struct buf *out)
{
	buf_char(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			buf_char(out, '\\');
		buf_char(out, *s);
	}
	buf_char(out, '\'');
}

static int
show_list(char *const *list, size_t n, struct buf *out)
{
	if (n == 0)
		return -1;
	buf_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		buf_str(out, i > 0 ? ", " : "");
		conf_show_text(list[i], out);
	}
	buf_char(out, '}');
	return 0;
}

static int
show_number(double x, enum conf_kind kind, struct buf *out)
{
	if (isnan(x))
		return -1;
	buf_num(out, kind == KIND_SHARE ? x * 100 : x);
	buf_str(out,
	    kind == KIND_SHARE		? "%"
		: kind == KIND_DURATION ? "s"
					: "");
	return 0;
}

/* Sizes in the largest unit that shows them whole */
static int
show_amount(const struct conf_amount *a, enum conf_kind kind, struct buf *out)
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi" };
	double x = a->fixed;
	size_t u = 0;

	if (a->automatic)
		buf_str(out, "auto");
	if (a->automatic || isnan(x))
		return a->automatic ? 0 : -1;
	for (; kind == KIND_BYTES && u < 3 && fmod(x, 1024) == 0; u++)
		x /= 1024;
	buf_num(out, x);
	buf_str(out, units[u]);
	return 0;
}

int
conf_show(const void *part, const struct conf_key *key, struct buf *out)
{
	const char *p = part;
	const void *at = p + key->at, *at2 = p + key->at2;
	const char *s;

	switch (key->kind) {
	case KIND_TEXT:
	case KIND_SECRET:
		s = *(char *const *)at;
		if (s == NULL)
			return -1;
		conf_show_text(
		    key->kind == KIND_SECRET ? "(not shown)" : s, out);
		return 0;
	case KIND_COUNT:
		if (*(const long *)at < 0)
			return -1;
		buf_printf(out, "%ld", *(const long *)at);
		return 0;
	case KIND_DURATION:
	case KIND_SHARE:
	case KIND_NUMBER:
		return show_number(*(const double *)at, key->kind, out);
	case KIND_BOOL:
		buf_str(out, *(const int *)at ? "yes" : "no");
		return 0;
	case KIND_WORD:
		buf_str(out, key->words[*(const int *)at]);
		return 0;
	case KIND_STEP:
		return show_number(*(const double *)at,
		    *(const int *)at2 ? KIND_SHARE : KIND_NUMBER, out);
	case KIND_CORES:
	case KIND_BYTES:
		return show_amount(at, key->kind, out);
	case KIND_DAYS:
		return show_days(*(const unsigned *)at, out);
	case KIND_LIST:
		return show_list(
		    *(char *const *const *)at, *(const size_t *)at2, out);
	}
	return -1;
}
