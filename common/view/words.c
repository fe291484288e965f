#include "view/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"

#define DIGITS_MAX 1e12 /* beyond that a number has an exponent */
#define PERCENT_MAX 1e6

/* Of the C locale, whatever the reader's is */
static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January", "February", "March", "April",
	"May", "June", "July", "August", "September", "October", "November",
	"December" };

static struct tm
civil(int64_t ms)
{
	time_t s = (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000));
	struct tm tm = { 0 };

	gmtime_r(&s, &tm);
	return tm;
}

void
words_day(struct buf *b, int64_t ms)
{
	struct tm tm = civil(ms);

	buf_printf(b, "%s, %d %s %d", days[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900);
}

void
words_moment(struct buf *b, int64_t ms)
{
	struct tm tm = civil(ms);

	buf_printf(b, "%d %.3s, %02d:%02d", tm.tm_mday, months[tm.tm_mon],
	    tm.tm_hour, tm.tm_min);
}

void
words_month(struct buf *b, int64_t ms)
{
	struct tm tm = civil(ms);

	buf_printf(b, "%s %d", months[tm.tm_mon], tm.tm_year + 1900);
}

void
words_month_ends(int64_t ms, int64_t *from, int64_t *until)
{
	struct tm tm = civil(ms);
	int64_t y = tm.tm_year + 1900;
	int m = tm.tm_mon + 1;

	*from = clock_civil_days(y, m, 1) * 86400000;
	*until = clock_civil_days(m == 12 ? y + 1 : y, m == 12 ? 1 : m + 1, 1) *
	    86400000;
}

const char *
words_action(const char *action)
{
	static const char *const words[][2] = { { "scale_up", "scale up" },
		{ "scale_down", "scale down" }, { "maintain", "stay" },
		{ "emergency_scale", "scale up at once" }, { "hold", "hold" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(action, words[i][0]) == 0)
			return words[i][1];
	return action;
}

void
words_money(struct buf *b, double x, int plus, const char *currency)
{
	char s[400];
	int great = fabs(x) >= DIGITS_MAX;
	int n = snprintf(s, sizeof(s), great ? "%.4g" : "%.2f", fabs(x));

	if (x < 0)
		buf_str(b, "-");
	else if (plus)
		buf_str(b, "+");
	/* groups of three digits before the point, apart by U+202F */
	for (int i = 0; i < n; i++) {
		buf_char(b, s[i]);
		if (!great && n - i > 4 && (n - 4 - i) % 3 == 0)
			buf_str(b, "\u202f");
	}
	if (currency != NULL && currency[0] != '\0')
		buf_printf(b, "\u00a0%s", currency);
}

void
words_number(struct buf *b, double x)
{
	static const struct {
		double of;
		const char *word;
	} units[] = { { 1e9, "G" }, { 1e6, "M" }, { 1e4, "k" } };
	double divisor = 1;
	const char *unit = "";

	for (size_t i = 0; i < 3; i++)
		if (fabs(x) >= units[i].of && units[i].of >= 1e4) {
			divisor = units[i].of == 1e4 ? 1e3 : units[i].of;
			unit = units[i].word;
			break;
		}
	buf_printf(b, "%.4g%s", x / divisor, unit);
}

void
words_share(struct buf *b, double x)
{
	double percent = 100 * x;

	if (fabs(percent) >= PERCENT_MAX) {
		buf_printf(b, "%.3g\u00a0%%", percent);
		return;
	}
	buf_printf(b, "%.*f\u00a0%%",
	    fabs(percent) < 0.05     ? 0
		: fabs(percent) < 10 ? 1
				     : 0,
	    percent);
}

/* C0 but LF, DEL and C1; U+202A..202E and U+2066..2069 */
static int
is_control(const unsigned char *s, size_t n)
{
	if (n == 1)
		return (s[0] < ' ' && s[0] != '\n') || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return n == 3 && s[0] == 0xe2 &&
	    ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

void
words_clean(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0, k; i<n; i += k> 0 ? k : 1) {
		k = utf8_len(s + i, n - i);
		if (k == 0)
			buf_char(b, '?');
		else if (is_control((const unsigned char *)s + i, k))
			buf_char(b, ' ');
		else
			buf_add(b, s + i, k);
	}
}
