/*
 * Numbers from text and back. A million random doubles, drawn over all bit
 * patterns, read back to the same bits.
 */
#include "base/number.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void
parsing(void)
{
	static const struct {
		const char *s;
		int r;
		double x;
	} table[] = { { "0", 0, 0 }, { "-0", 0, 0 }, { "1", 0, 1 },
		{ "+1", 0, 1 }, { "-1.5", 0, -1.5 }, { ".5", 0, 0.5 },
		{ "5.", 0, 5 }, { "1e3", 0, 1000 }, { "1E-3", 0, 0.001 },
		{ "1.7976931348623157e308", 0, DBL_MAX },
		{ "5e-324", 0, 5e-324 }, { "1e-400", 0, 0 }, { "", -1, 0 },
		{ " 1", -1, 0 }, { "1 ", -1, 0 }, { "1e400", -1, 0 },
		{ "-1e400", -1, 0 }, { "0x10", -1, 0 }, { "nan", -1, 0 },
		{ "inf", -1, 0 }, { "1,5", -1, 0 }, { "1.2.3", -1, 0 },
		{ "1e", -1, 0 }, { "--1", -1, 0 }, { ".", -1, 0 },
		{ "e5", -1, 0 }, { "1_000", -1, 0 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double x = 77;

		check_row = table[i].s;
		check(number_parse(table[i].s, &x) == table[i].r);
		check(x == (table[i].r == 0 ? table[i].x : 77));
	}
	check_row = "";
}

static void
counting(void)
{
	static const struct {
		const char *s;
		long lo, hi;
		int r;
		long x;
	} table[] = { { "3", 0, 10, 0, 3 }, { "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 }, { "+7", 0, 10, 0, 7 },
		{ "-2", -5, 5, 0, -2 }, { "11", 0, 10, -1, 0 },
		{ "-1", 0, 10, -1, 0 }, { "", 0, 10, -1, 0 },
		{ "3.0", 0, 10, -1, 0 }, { "3x", 0, 10, -1, 0 },
		{ " 3", 0, 10, -1, 0 }, { "1e3", 0, 5000, -1, 0 },
		{ "99999999999999999999", 0, LONG_MAX, -1, 0 },
		{ "9007199254740992", 0, 1L << 53, 0, 1L << 53 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		long x = 77;

		check_row = table[i].s;
		check(number_count(table[i].s, table[i].lo, table[i].hi, &x) ==
		    table[i].r);
		check(x == (table[i].r == 0 ? table[i].x : 77));
	}
	check_row = "";
}

struct row {
	const char *s;
	int r;
	double x;
};

static void
shares_and_durations(void)
{
	static const struct row shares[] = { { "60%", 0, 0.6 },
		{ "0.6", 0, 0.6 }, { "0", 0, 0 }, { "150%", 0, 1.5 },
		{ "-1%", -1, 0 }, { "%", -1, 0 }, { "", -1, 0 },
		{ "60%%", -1, 0 }, { "sixty", -1, 0 },
		{ "0.0000000000000000000000000000000000001", -1, 0 } };
	static const struct row bytes[] = { { "4096", 0, 4096 },
		{ "512Mi", 0, 536870912 }, { "512M", 0, 512e6 },
		{ "1.5Gi", 0, 1610612736 }, { "2KB", 0, 2000 },
		{ "2KiB", 0, 2048 }, { "1T", 0, 1e12 }, { "7B", 0, 7 },
		{ "0", 0, 0 }, { "", -1, 0 }, { "Mi", -1, 0 },
		{ "-1Mi", -1, 0 }, { "1 Mi", -1, 0 }, { "1mi", -1, 0 },
		{ "1Mib", -1, 0 }, { "1BM", -1, 0 }, { "1e3", -1, 0 },
		{ "1e3000", -1, 0 }, { "9000T", 0, 9e15 },
		{ "10000T", -1, 0 } };
	static const struct row durations[] = { { "90s", 0, 90 },
		{ "5m", 0, 300 }, { "1h30m", 0, 5400 }, { "7d", 0, 604800 },
		{ "2w", 0, 1209600 }, { "500ms", 0, 0.5 }, { "60", 0, 60 },
		{ "1.5h", 0, 5400 }, { "10min", 0, 600 }, { "0", 0, 0 },
		{ "0s", 0, 0 }, { "", -1, 0 }, { "-5m", -1, 0 },
		{ "-60", -1, 0 }, { "5 m", -1, 0 }, { "m", -1, 0 },
		{ "5x", -1, 0 }, { "1h30", -1, 0 }, { "5M", -1, 0 },
		{ "1.2.3s", -1, 0 }, { "1e3s", -1, 0 }, { "inf", -1, 0 } };

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		double x = 77, want = shares[i].r == 0 ? shares[i].x : 77;

		check_row = shares[i].s;
		check(number_share(shares[i].s, &x) == shares[i].r);
		check(fabs(x - want) < 1e-15);
	}
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		double x = 77;

		check_row = bytes[i].s;
		check(number_bytes(bytes[i].s, &x) == bytes[i].r);
		check(x == (bytes[i].r == 0 ? bytes[i].x : 77));
	}
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		double x = 77, want = durations[i].r == 0 ? durations[i].x : 77;

		check_row = durations[i].s;
		check(duration_parse(durations[i].s, &x) == durations[i].r);
		check(fabs(x - want) < 1e-9);
	}
	check_row = "";
}

static void
formatting(void)
{
	static const struct {
		double x;
		const char *s;
	} table[] = { { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -3, "-3" },
		{ 0.1, "0.1" }, { 0.1 + 0.2, "0.30000000000000004" },
		{ 1.0 / 3, "0.3333333333333333" }, { 1e15, "1e+15" },
		{ 999999999999999, "999999999999999" }, { 1e-7, "1e-07" },
		{ 1763900000000, "1763900000000" },
		{ 9007199254740992, "9007199254740992" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ 5e-324, "4.94065645841247e-324" }, { NAN, "null" },
		{ INFINITY, "null" }, { -INFINITY, "null" } };
	static const struct {
		double seconds;
		const char *s;
	} spans[] = { { 0, "0 s" }, { 90, "90 s" }, { 300, "5 min" },
		{ 12600, "3.5 h" }, { 1209600, "14 d" }, { 0.25, "0.25 s" },
		{ -300, "-5 min" } };
	char s[NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		check_row = table[i].s;
		check(strcmp(number_format(s, table[i].x), table[i].s) == 0);
	}
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		check_row = spans[i].s;
		check(strcmp(duration_format(s, spans[i].seconds),
			  spans[i].s) == 0);
	}
	check_row = "";
}

static void
there_and_back(void)
{
	uint64_t state = 42;
	char s[NUMBER_SIZE];

	for (int i = 0; i < 1000000; i++) {
		double x, y = 0;

		/* xorshift64*: Vigna 2016 */
		state ^= state >> 12;
		state ^= state << 25;
		state ^= state >> 27;
		uint64_t bits = state * 2685821657736338717u;

		memcpy(&x, &bits, sizeof(x));
		if (!isfinite(x) || x == 0)
			continue;
		number_format(s, x);
		check_row = s;
		if (!check(number_parse(s, &y) == 0 &&
			memcmp(&x, &y, sizeof(x)) == 0))
			break;
	}
	check_row = "";
	for (int64_t i = -20000; i < 20000; i++) {
		double x = (double)i * 450359962737, y = 0;

		check(number_parse(number_format(s, x), &y) == 0 && x == y);
	}
}

int
main(void)
{
	parsing();
	counting();
	shares_and_durations();
	formatting();
	there_and_back();
	return check_status();
}
