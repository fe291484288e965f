/*
 * Times from text and back. Epoch seconds come from date(1): date -d TIME +%s.
 */
#include "base/clock.h"

#include <string.h>

#include "check.h"

static const struct {
	const char *s;
	int r;
	int64_t ms;
} table[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 },
	{ "2026-11-23T17:00:00Z", 0, 1795453200000 },
	{ "2026-11-23t17:00:00z", 0, 1795453200000 },
	{ "2026-11-23T17:00:00.5+01:00", 0, 1795449600500 },
	{ "2026-11-23T17:00:00-0130", 0, 1795458600000 },
	{ "2026-11-23 17:00:00", 0, 1795453200000 },
	{ "2026-11-23T17:00", 0, 1795453200000 },
	{ "2026-11-23T17:00Z", 0, 1795453200000 },
	{ "2026-11-23", 0, 1795392000000 },
	{ "2026-11-23T17:00:00.123456789Z", 0, 1795453200123 },
	{ "2026-11-23T17:00:00.9996Z", 0, 1795453201000 },
	{ "2024-02-29T00:00:00Z", 0, 1709164800000 },
	{ "2000-02-29T00:00:00Z", 0, 951782400000 },
	{ "1969-12-31T23:59:59.5Z", 0, -500 },
	{ "0001-01-01T00:00:00Z", 0, -62135596800000 },
	{ "9999-12-31T23:59:59Z", 0, 253402300799000 },
	{ "2016-12-31T23:59:60Z", 0, 1483228800000 },
	{ "1763900000", 0, 1763900000000 },
	{ "1763900000.25", 0, 1763900000250 },
	{ "1763900000250", 0, 1763900000250 },
	{ "99999999999", 0, 99999999999000 },
	{ "100000000000", 0, 100000000000 },
	{ "-1", 0, -1000 },
	{ "0", 0, 0 },
	{ "", -1, 0 },
	{ "now", -1, 0 },
	{ "1e300", -1, 0 },
	{ "nan", -1, 0 },
	{ "2026-11-23T17:00:00Zx", -1, 0 },
	{ "2026-11-23T17:00:00 Z", -1, 0 },
	{ " 2026-11-23T17:00:00Z", -1, 0 },
	{ "2026-11-23T17:00:00Z ", -1, 0 },
	{ "2026-11-23T17:00:00+1:00", -1, 0 },
	{ "2026-11-23T17:00:00+01:0", -1, 0 },
	{ "2026-11-23T17:00:00+24:00", -1, 0 },
	{ "2026-11-23T17:00:00+01:60", -1, 0 },
	{ "2026-11-23T17:00:00.Z", -1, 0 },
	{ "2026-11-23T17:0:00Z", -1, 0 },
	{ "2026-11-23T7:00:00Z", -1, 0 },
	{ "2026-11-23T+7:00:00Z", -1, 0 },
	{ "2026-11-23T", -1, 0 },
	{ "2026-11-23T24:00:00Z", -1, 0 },
	{ "2026-11-23T17:60:00Z", -1, 0 },
	{ "2026-11-23T17:00:61Z", -1, 0 },
	{ "2026-11-31T17:00:00Z", -1, 0 },
	{ "2023-02-29T00:00:00Z", -1, 0 },
	{ "1900-02-29T00:00:00Z", -1, 0 },
	{ "2026-13-01T00:00:00Z", -1, 0 },
	{ "2026-00-01T00:00:00Z", -1, 0 },
	{ "2026-01-00T00:00:00Z", -1, 0 },
	{ "0000-01-01T00:00:00Z", -1, 0 },
	{ "+026-01-01T00:00:00Z", -1, 0 },
	{ "26-01-01T00:00:00Z", -1, 0 },
	{ "2026/01/01T00:00:00Z", -1, 0 },
	{ "20260101", 0, 20260101000 },
};

static void
parsing(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t ms = 77;

		check_row = table[i].s;
		check(clock_parse(table[i].s, &ms) == table[i].r);
		check(ms == (table[i].r == 0 ? table[i].ms : 77));
	}
}

/* What a record may hold is less than what a person may type. */
static void
records(void)
{
	static const char *const good[] = { "2026-11-23T17:00:00Z",
		"2026-11-23T17:00:00.5+01:00", "2026-11-23 17:00:00-00:30" };
	static const char *const bad[] = { "1763900000", "2026-11-23", "",
		"2026-11-23T17:00:00", "2026-11-23 17:00:00", "T", "Z" };
	int64_t ms;

	for (size_t i = 0; i < 3; i++) {
		check_row = good[i];
		check(clock_rfc3339(good[i], &ms) == 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row = bad[i];
		check(clock_rfc3339(bad[i], &ms) == -1);
	}
	check_row = "";
}

static void
formatting(void)
{
	static const struct {
		int64_t ms;
		const char *s;
	} texts[] = { { 0, "1970-01-01T00:00:00Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 1795453200250, "2026-11-23T17:00:00.250Z" },
		{ 951782400000, "2000-02-29T00:00:00Z" },
		{ -62135596800000, "0001-01-01T00:00:00Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ 253402300800000, "253402300800000" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" } };
	char s[CLOCK_SIZE];
	int64_t ms = 0, back;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		check_row = texts[i].s;
		check(strcmp(clock_format(s, texts[i].ms), texts[i].s) == 0);
	}
	check_row = "";
	for (int i = 0; i < 20000; i++) {
		ms += 123456789012;
		if (ms > 253402300799999)
			ms -= 253402300799999 + 62135596800000;
		check(clock_parse(clock_format(s, ms), &back) == 0);
		check(back == ms);
	}
}

/* Every day from 1600 to 2400 follows the one before. */
static void
calendar(void)
{
	static const int len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int64_t day = clock_civil_days(1600, 1, 1);

	check(clock_civil_days(1970, 1, 1) == 0);
	check(clock_civil_days(2000, 3, 1) == 11017);
	for (int y = 1600; y < 2400; y++)
		for (int m = 1; m <= 12; m++) {
			int leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
			int n = len[m - 1] + (m == 2 && leap);

			for (int d = 1; d <= n; d++, day++)
				check(clock_civil_days(y, m, d) == day);
		}
}

static void
present(void)
{
	int64_t before = clock_wall(), mono = clock_monotonic(), now;

	now = clock_now();
	check(now >= before && now <= clock_wall());
	clock_sleep(0.02);
	clock_sleep(-1);
	clock_sleep(0);
	check(clock_monotonic() - mono >= 20);
	check(clock_monotonic() - mono < 900);
	check(clock_now() == now);
	clock_pin(1234);
	check(clock_now() == 1234);
	check(clock_wall() > 1700000000000);
}

int
main(void)
{
	parsing();
	records();
	formatting();
	calendar();
	present();
	return check_status();
}
