#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
number_format(char s[static NUMBER_SIZE], double x)
{
	if (!isfinite(x)) {
		snprintf(s, NUMBER_SIZE, "null");
	} else if (fabs(x) < 1e15 && x == trunc(x)) {
		/* also turns -0 into 0: nothing here means the sign of zero */
		snprintf(s, NUMBER_SIZE, "%lld", (long long)x);
	} else {
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(s, NUMBER_SIZE, "%.*g", digits, x);
			if (strtod(s, NULL) == x)
				break;
		}
	}
	return s;
}

int
number_parse(const char *s, double *x)
{
	char *end;
	double v;

	/* strtod also takes blanks, hexadecimal, inf and nan */
	if (*s == '\0' || s[strspn(s, "0123456789+-.eE")] != '\0')
		return -1;
	v = strtod(s, &end);
	if (end == s || *end != '\0' || !isfinite(v))
		return -1;
	*x = v;
	return 0;
}

int
number_count(const char *s, long lo, long hi, long *x)
{
	char *end;
	long v;

	if (*s == '\0' || s[strspn(s, "0123456789+-")] != '\0')
		return -1;
	errno = 0;
	v = strtol(s, &end, 10);
	if (end == s || *end != '\0' || errno != 0 || v < lo || v > hi)
		return -1;
	*x = v;
	return 0;
}

int
number_share(const char *s, double *x)
{
	char t[NUMBER_SIZE];
	size_t n = strlen(s);
	double v;

	if (n == 0 || n >= sizeof(t))
		return -1;
	memcpy(t, s, n + 1);
	if (t[n - 1] == '%')
		t[n - 1] = '\0';
	if (number_parse(t, &v) != 0 || v < 0)
		return -1;
	*x = s[n - 1] == '%' ? v / 100 : v;
	return 0;
}

int
number_bytes(const char *s, double *x)
{
	static const char units[] = "KMGT";
	char t[NUMBER_SIZE];
	size_t n = strspn(s, "0123456789.");
	double unit = 1, v;
	const char *u;

	if (n == 0 || n >= sizeof(t))
		return -1;
	memcpy(t, s, n);
	t[n] = '\0';
	if (number_parse(t, &v) != 0)
		return -1;
	s += n;
	if (*s != '\0' && (u = strchr(units, *s)) != NULL) {
		double base = s[1] == 'i' ? 1024 : 1000;

		unit = pow(base, (double)(u - units + 1));
		s += s[1] == 'i' ? 2 : 1;
	}
	if (*s == 'B')
		s++;
	v = round(v * unit);
	if (*s != '\0' || v > 9007199254740992.0)
		return -1;
	*x = v;
	return 0;
}

int
duration_parse(const char *s, double *seconds)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 },
		{ "d", 86400 }, { "w", 604800 }, { "min", 60 } };
	double sum = 0, v;

	if (number_parse(s, &v) == 0) {
		if (v < 0)
			return -1;
		*seconds = v;
		return 0;
	}
	if (*s == '\0')
		return -1;
	while (*s != '\0') {
		char t[NUMBER_SIZE];
		size_t n = strspn(s, "0123456789."), u, k;

		if (n == 0 || n >= sizeof(t))
			return -1;
		memcpy(t, s, n);
		t[n] = '\0';
		if (number_parse(t, &v) != 0)
			return -1;
		s += n;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		u = sizeof(units) / sizeof(units[0]);
		for (k = 0; k < u; k++)
			if (strlen(units[k].unit) == n &&
			    strncmp(units[k].unit, s, n) == 0)
				break;
		if (k == u)
			return -1;
		sum += v * units[k].seconds;
		s += n;
	}
	*seconds = sum;
	return 0;
}

char *
duration_format(char s[static NUMBER_SIZE], double seconds)
{
	double a = fabs(seconds);

	if (a < 120)
		snprintf(s, NUMBER_SIZE, "%.3g s", seconds);
	else if (a < 7200)
		snprintf(s, NUMBER_SIZE, "%.3g min", seconds / 60);
	else if (a < 172800)
		snprintf(s, NUMBER_SIZE, "%.3g h", seconds / 3600);
	else
		snprintf(s, NUMBER_SIZE, "%.4g d", seconds / 86400);
	return s;
}
