#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

static int64_t pinned;
static int is_pinned;

int64_t
clock_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_now(void)
{
	if (!is_pinned)
		clock_pin(clock_wall());
	return pinned;
}

void
clock_pin(int64_t ms)
{
	pinned = ms;
	is_pinned = 1;
}

void
clock_sleep(double seconds)
{
	struct timespec ts = { 0 };

	if (!(seconds > 0))
		return;
	ts.tv_sec = (time_t)fmin(seconds, 1e9);
	ts.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

int64_t
clock_civil_days(int64_t y, int m, int d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

/* Just `digits` digits at *s, which moves on: 0 or -1 */
static int
take_digits(const char **s, int digits, int *x)
{
	*x = 0;
	for (int i = 0; i < digits; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		*x = *x * 10 + (**s - '0');
	}
	return 0;
}

/* The character c at *s, which moves on: 1; else 0 */
static int
take_char(const char **s, char c)
{
	if (**s != c)
		return 0;
	(*s)++;
	return 1;
}

/* The rest of s is "Z", "+01:00", "-0130" or nothing: minutes east of UTC */
static int
parse_zone(const char *s, int *minutes)
{
	int sign = *s == '-' ? -1 : 1, h, m;

	*minutes = 0;
	if (*s == '\0' || strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return 0;
	if (!take_char(&s, '+') && !take_char(&s, '-'))
		return -1;
	if (take_digits(&s, 2, &h) != 0)
		return -1;
	take_char(&s, ':');
	if (take_digits(&s, 2, &m) != 0 || *s != '\0' || h > 23 || m > 59)
		return -1;
	*minutes = sign * (h * 60 + m);
	return 0;
}

static int
month_days(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	if (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0))
		return 29;
	return days[m - 1];
}

/* "17:00", "17:00:00" or "17:00:00.25" at *s, which moves on, in ms. A second
 * 60 is a leap second, which here is the next minute's first. */
static int
parse_clock(const char **s, int64_t *ms)
{
	int h, mi, sec = 0, digit;
	double frac = 0, place = 1000;

	if (take_digits(s, 2, &h) != 0 || !take_char(s, ':') ||
	    take_digits(s, 2, &mi) != 0)
		return -1;
	if (take_char(s, ':')) {
		if (take_digits(s, 2, &sec) != 0)
			return -1;
		if (take_char(s, '.')) {
			if (**s < '0' || **s > '9')
				return -1;
			while (take_digits(s, 1, &digit) == 0)
				frac += digit * (place /= 10);
		}
	}
	if (h > 23 || mi > 59 || sec > 60)
		return -1;
	*ms = ((h * 60 + mi) * 60 + sec) * (int64_t)1000 + llround(frac);
	return 0;
}

static int
parse_date(const char *s, int64_t *ms)
{
	int y, mo, d, zone = 0;
	int64_t in_day = 0;

	if (take_digits(&s, 4, &y) != 0 || !take_char(&s, '-') ||
	    take_digits(&s, 2, &mo) != 0 || !take_char(&s, '-') ||
	    take_digits(&s, 2, &d) != 0)
		return -1;
	if (*s != '\0') {
		if (!take_char(&s, 'T') && !take_char(&s, 't') &&
		    !take_char(&s, ' '))
			return -1;
		if (parse_clock(&s, &in_day) != 0 || parse_zone(s, &zone) != 0)
			return -1;
	}
	if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo))
		return -1;
	*ms = (clock_civil_days(y, mo, d) * 1440 - zone) * 60000 + in_day;
	return 0;
}

int
clock_rfc3339(const char *s, int64_t *ms)
{
	const char *time = strpbrk(s, "Tt ");

	if (time == NULL || strpbrk(time, "Zz+-") == NULL)
		return -1;
	return parse_date(s, ms);
}

int
clock_parse(const char *s, int64_t *ms)
{
	double v;

	if (number_parse(s, &v) == 0) {
		if (fabs(v) > 2.5e14)
			return -1;
		*ms = (int64_t)llround(fabs(v) >= 1e11 ? v : v * 1000);
		return 0;
	}
	return parse_date(s, ms);
}

char *
clock_format(char s[static CLOCK_SIZE], int64_t ms)
{
	int64_t sec = ms / 1000 - (ms % 1000 < 0);
	int frac = (int)(ms - sec * 1000);
	time_t t = (time_t)sec;
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year + 1900 > 9999 ||
	    tm.tm_year + 1900 < 1) {
		snprintf(s, CLOCK_SIZE, "%lld", (long long)ms);
		return s;
	}
	n = (size_t)snprintf(s, CLOCK_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	if (frac != 0)
		n += (size_t)snprintf(s + n, CLOCK_SIZE - n, ".%03d", frac);
	s[n] = 'Z';
	s[n + 1] = '\0';
	return s;
}
