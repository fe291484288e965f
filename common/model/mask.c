#include "model/mask.h"

#include <string.h>

#include "base/clock.h"

int
mask_parse(const char *s, struct mask *m)
{
	char t[128], *slash;
	size_t n;

	s += strspn(s, " \t");
	n = strcspn(s, " \t\r#");
	/* after it nothing but the line's end or a comment: \0 counts, too */
	if (n >= sizeof(t) ||
	    strchr("\r#", s[n + strspn(s + n, " \t")]) == NULL)
		return -1;
	memcpy(t, s, n);
	t[n] = '\0';
	slash = strchr(t, '/');
	if (slash == NULL)
		return -1;
	*slash = '\0';
	if (clock_parse(t, &m->from) != 0 ||
	    clock_parse(slash + 1, &m->until) != 0 || m->from >= m->until)
		return -1;
	return 0;
}
