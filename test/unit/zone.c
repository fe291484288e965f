/*
 * Time zones against the C library's own reading of the same files, and the
 * two nights a year that are not 24 hours long.
 */
#include "base/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "check.h"
#include "math/random.h"

/* Half hours, the southern half, a rule in the file's last line alone, clocks
 * that go back by half an hour, an hour ahead all winter, no rule at all */
static const char *const names[] = { "Europe/Berlin", "America/New_York",
	"Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago",
	"Europe/Dublin", "Africa/Casablanca", "Pacific/Apia", "Asia/Tehran",
	"Pacific/Kiritimati", "UTC", "Etc/GMT+5" };

static void
as_the_library(const char *name, struct random *r)
{
	struct zone *z = zone_load(name);

	if (!check(z != NULL))
		return;
	setenv("TZ", name, 1);
	tzset();
	for (int i = 0; i < 20000; i++) {
		/* 1920 to 2120, seconds */
		int64_t t = -1577923200 +
		    (int64_t)random_next(r) % INT64_C(3155760000) * 2;
		time_t c = (time_t)t;
		struct tm tm;

		localtime_r(&c, &tm);
		if (!check(zone_offset(z, t) == tm.tm_gmtoff)) {
			fprintf(stderr, "%s at %lld: %ld, not %ld\n", name,
			    (long long)t, zone_offset(z, t), tm.tm_gmtoff);
			break;
		}
	}
	zone_free(z);
}

/* A clock without a zone, as seconds */
static int64_t
local(const char *s)
{
	int64_t ms = 0;

	check(clock_parse(s, &ms) == 0);
	return ms / 1000;
}

static void
nights(void)
{
	static const struct {
		const char *zone, *local;
		int last;
		const char *utc;
	} rows[] = {
		/* written out from the rules: Berlin is at +1, in summer +2;
		 * 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 02:00 */
		{ "Europe/Berlin", "2026-01-15T08:00:00", 0,
		    "2026-01-15T07:00:00" },
		{ "Europe/Berlin", "2026-07-15T08:00:00", 1,
		    "2026-07-15T06:00:00" },
		{ "Europe/Berlin", "2026-03-29T02:30:00", 0,
		    "2026-03-29T01:00:00" },
		{ "Europe/Berlin", "2026-03-29T02:30:00", 1,
		    "2026-03-29T01:00:00" },
		{ "Europe/Berlin", "2026-03-29T03:00:00", 0,
		    "2026-03-29T01:00:00" },
		{ "Europe/Berlin", "2026-10-25T02:30:00", 0,
		    "2026-10-25T00:30:00" },
		{ "Europe/Berlin", "2026-10-25T02:30:00", 1,
		    "2026-10-25T01:30:00" },
		{ "Europe/Berlin", "2026-10-25T03:00:00", 0,
		    "2026-10-25T02:00:00" },
		/* beyond the table, by the rule of the last line */
		{ "Europe/Berlin", "2095-07-15T08:00:00", 0,
		    "2095-07-15T06:00:00" },
		/* half an hour: 2026-10-04 02:00 becomes 02:30 */
		{ "Australia/Lord_Howe", "2026-10-04T02:15:00", 0,
		    "2026-10-03T15:30:00" },
		/* the day that never was there: 2011-12-30 */
		{ "Pacific/Apia", "2011-12-30T12:00:00", 0,
		    "2011-12-30T10:00:00" },
		{ "UTC", "2026-10-25T02:30:00", 1, "2026-10-25T02:30:00" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct zone *z = zone_load(rows[i].zone);

		check_row = rows[i].local;
		if (check(z != NULL))
			check(zone_moment(z, local(rows[i].local),
				  rows[i].last) == local(rows[i].utc));
		zone_free(z);
	}
	check_row = "";
}

static void
refused(void)
{
	static const char *const bad[] = { "", "Europe/Berlinn",
		"../../etc/passwd", "/etc/localtime", "Europe/", "Europe",
		"tzdata.zi", "zone.tab", "Europe//Berlin", "Euro pe/Berlin" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zone *z = zone_load(bad[i]);

		check_row = bad[i];
		check(z == NULL);
		zone_free(z);
	}
	check_row = "";
}

/* A file cut anywhere, or with any byte changed, is refused or read; it never
 * leads outside of it (the sanitizers watch). */
static void
broken_files(void)
{
	char dir[] = "/tmp/zone-XXXXXX", path[64];
	unsigned char text[8192], copy[8192];
	struct random r = random_start(3, 1);
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
	size_t n;

	check(f != NULL);
	if (f == NULL)
		return;
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	check(mkdtemp(dir) != NULL);
	setenv("TZDIR", dir, 1);
	snprintf(path, sizeof(path), "%s/broken", dir);
	for (int i = 0; i < 3000; i++) {
		size_t len = i % 2 ? n : random_below(&r, (uint32_t)n);
		struct zone *z;

		memcpy(copy, text, n);
		for (int k = 0; i % 2 && k < 3; k++)
			copy[random_below(&r, (uint32_t)n)] =
			    (unsigned char)random_next(&r);
		f = fopen(path, "wb");
		if (!check(f != NULL))
			break;
		fwrite(copy, 1, len, f);
		fclose(f);
		z = zone_load("broken");
		if (z != NULL) {
			zone_offset(z, (int64_t)random_next(&r));
			zone_moment(z, (int64_t)random_next(&r), 0);
		}
		check(z == NULL || len == n);
		zone_free(z);
	}
	unsetenv("TZDIR");
	remove(path);
	remove(dir);
}

int
main(void)
{
	struct random r = random_start(3, 2);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		as_the_library(names[i], &r);
	nights();
	refused();
	broken_files();
	return check_status();
}
