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
	struct timespec ts = { (time_t)seconds,
		(long)((seconds - floor(seconds)) * 1e9) };

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

/* "Z", "+01:00", "-0130" or nothing: minutes east of UTC */
static int
parse_zone(const char *s, int *minutes)
{
	int h, m, n = 0;
	char sign;

	*minutes = 0;
	if (*s == '\0' || strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return 0;
	sign = *s;
	if ((sign != '+' && sign != '-') ||
	    (sscanf(s + 1, "%2d:%2d%n", &h, &m, &n) != 2 &&
		sscanf(s + 1, "%2d%2d%n", &h, &m, &n) != 2) ||
	    s[1 + n] != '\0' || h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*minutes = (sign == '-' ? -1 : 1) * (h * 60 + m);
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

static int
parse_date(const char *s, int64_t *ms)
{
	int y, mo, d, h = 0, mi = 0, n = 0, zone = 0;
	double sec = 0;

	if (sscanf(s, "%4d-%2d-%2d%n", &y, &mo, &d, &n) != 3 || n != 10)
		return -1;
	s += n;
	if (*s == 'T' || *s == 't' || *s == ' ') {
		int k = 0;

		if (sscanf(s + 1, "%2d:%2d%n", &h, &mi, &k) != 2 || k != 5)
			return -1;
		s += 1 + k;
		if (*s == ':') {
			char t[NUMBER_SIZE];
			size_t w = strspn(s + 1, "0123456789.");

			if (w < 2 || w >= sizeof(t))
				return -1;
			memcpy(t, s + 1, w);
			t[w] = '\0';
			if (number_parse(t, &sec) != 0)
				return -1;
			s += 1 + w;
		}
		if (parse_zone(s, &zone) != 0)
			return -1;
	} else if (*s != '\0') {
		return -1;
	}
	if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) ||
	    h < 0 || h > 24 || mi < 0 || mi > 59 || sec >= 61)
		return -1;
	*ms = (clock_civil_days(y, mo, d) * 1440 + h * 60 + mi - zone) * 60000 +
	    (int64_t)llround(sec * 1000);
	return 0;
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
	int64_t sec = ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
	int frac = (int)(ms - sec * 1000);
	time_t t = (time_t)sec;
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year + 1900 > 9999 ||
	    tm.tm_year + 1900 < 1) {
		snprintf(s, CLOCK_SIZE, "%lld", (long long)ms);
		return s;
	}
	n = strftime(s, CLOCK_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (frac != 0)
		n += (size_t)snprintf(s + n, CLOCK_SIZE - n, ".%03d", frac);
	s[n] = 'Z';
	s[n + 1] = '\0';
	return s;
}
