#include "conf/when.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static int
daily(const char *s, int64_t *seconds)
{
	int h, m;

	if (strlen(s) != 5 || s[2] != ':' || strspn(s, "0123456789") != 2 ||
	    strspn(s + 3, "0123456789") != 2)
		return -1;
	h = 10 * (s[0] - '0') + s[1] - '0';
	m = 10 * (s[3] - '0') + s[4] - '0';
	if (m > 59 || h * 60 + m > 24 * 60)
		return -1;
	*seconds = h * 3600 + m * 60;
	return 0;
}

int
when_parse(const char *text, struct when *w)
{
	char full[CLOCK_SIZE];
	size_t n = strlen(text);
	int64_t ms;

	*w = (struct when){ .daily = 1 };
	if (daily(text, &w->s) == 0)
		return 0;
	w->daily = 0;
	/* a zone stands in a key of its own: none may follow the time */
	if (n != 10 && n != 16 && n != 19)
		return -1;
	if (text[strspn(text, "0123456789-T: ")] != '\0' ||
	    strspn(text, "0123456789-") < 10)
		return -1;
	snprintf(full, sizeof(full), "%s%s", text, n == 16 ? ":00" : "");
	if (clock_parse(full, &ms) != 0)
		return -1;
	w->s = ms / 1000;
	return 0;
}
