#include "conf/field.h"

#include <string.h>

#include "base/excerpt.h"

enum { SHOWN_MAX = 40 };

static const char *const words[FIELDS] = {
	[FIELD_TITLE] = "title",
	[FIELD_TEXT] = "text",
	[FIELD_TARGET] = "target",
	[FIELD_CHANNEL] = "channel",
	[FIELD_ACTION] = "action",
	[FIELD_STATUS] = "status",
	[FIELD_FROM] = "from",
	[FIELD_TO] = "to",
	[FIELD_CHANGE] = "change",
	[FIELD_REASON] = "reason",
	[FIELD_ERROR] = "error",
	[FIELD_MODE] = "mode",
	[FIELD_CURRENT_LOAD] = "current_load",
	[FIELD_PREDICTED_LOAD] = "predicted_load",
	[FIELD_CONFIDENCE] = "confidence",
	[FIELD_COST_IMPACT] = "cost_impact",
	[FIELD_CURRENCY] = "currency",
	[FIELD_STATES] = "states",
	[FIELD_ID] = "id",
	[FIELD_PLAN] = "plan",
	[FIELD_APPROVAL] = "approval",
	[FIELD_EXPIRES] = "expires",
	[FIELD_GRANT] = "grant",
	[FIELD_TIME] = "time",
	[FIELD_DRIVER] = "driver",
	[FIELD_REQUEST] = "request",
	[FIELD_KIND] = "kind",
	[FIELD_METRIC] = "metric",
	[FIELD_VALUE] = "value",
	[FIELD_EXPECTED] = "expected",
	[FIELD_LO] = "lo",
	[FIELD_HI] = "hi",
	[FIELD_SEVERITY] = "severity",
	[FIELD_RECORD] = "record",
};

void
field_words(struct buf *out)
{
	for (size_t i = 0; i < FIELDS; i++)
		buf_printf(out, "%s{%s}", i > 0 ? ", " : "", words[i]);
}

static int
find(const char *s, size_t n)
{
	for (int i = 0; i < FIELDS; i++)
		if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
			return i;
	return -1;
}

/* s is behind the brace that opens */
static int
take_field(
    const char **s, const char *name, struct field_part *p, struct buf *why)
{
	size_t n = strcspn(name, "{}\n");

	if (name[n] != '}') {
		buf_str(why, "'{");
		buf_excerpt(why, name, n, SHOWN_MAX);
		buf_str(why, "' has no '}'; a brace itself is '{{'");
		return -1;
	}
	*p = (struct field_part){ *s, n + 2, find(name, n) };
	if (p->field < 0) {
		buf_str(why, "'{");
		buf_excerpt(why, name, n, SHOWN_MAX);
		buf_str(why, "}' is none of ");
		field_words(why);
		return -1;
	}
	*s = name + n + 1;
	return 1;
}

int
field_next(const char **s, struct field_part *p, struct buf *why)
{
	size_t n = strcspn(*s, "{");

	if (**s == '\0')
		return 0;
	if (n == 0 && (*s)[1] != '{')
		return take_field(s, *s + 1, p, why);
	if (n == 0) { /* two for one */
		*p = (struct field_part){ *s, 1, -1 };
		*s += 2;
	} else {
		*p = (struct field_part){ *s, n, -1 };
		*s += n;
	}
	return 1;
}

int
field_check(const char *s, size_t *line, struct buf *why)
{
	struct field_part p;
	int r;

	*line = 1;
	while ((r = field_next(&s, &p, why)) > 0)
		for (size_t i = 0; i < p.len; i++)
			*line += p.text[i] == '\n';
	return r;
}
