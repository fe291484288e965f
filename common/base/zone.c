#include "base/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MAX_FILE = 1 << 20, DAY = 86400, HEADER = 44 };

struct rule { /* when in a year clocks change: "M3.5.0/2" */
	char kind; /* 'M' month.week.day, 'J' day without Feb 29, 'D' with */
	int month, week, day;
	long time; /* seconds of the day; may lie outside it */
};

struct zone {
	size_t n; /* transitions */
	int64_t *at; /* ascending; from at[i] on offset[i] holds */
	long *offset;
	long before; /* what held before the first */
	int has_rules; /* after the last: std, and dst between two rules */
	int has_dst;
	long std, dst;
	struct rule start, end;
};

static int64_t
big_endian(const unsigned char *p, size_t n)
{
	uint64_t x = n > 0 && (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		x = x << 8 | p[i];
	return (int64_t)x;
}

/* --- the rule after the last transition: POSIX TZ, section 8.3 --- */

static int
number(const char **s, int lo, int hi, int *x)
{
	int v = 0, digits = 0;

	for (; **s >= '0' && **s <= '9' && digits < 4; ++*s, digits++)
		v = 10 * v + **s - '0';
	if (digits == 0 || v < lo || v > hi)
		return -1;
	*x = v;
	return 0;
}

/* [+-]hh[:mm[:ss]] */
static int
hours(const char **s, long *seconds)
{
	int sign = 1, part[3] = { 0, 0, 0 };

	if (**s == '+' || **s == '-')
		sign = *(*s)++ == '-' ? -1 : 1;
	for (int i = 0; i < 3; i++) {
		if (i > 0 && **s != ':')
			break;
		if (i > 0)
			++*s;
		if (number(s, 0, i == 0 ? 167 : 59, &part[i]) != 0)
			return -1;
	}
	*seconds = sign * (part[0] * 3600L + part[1] * 60L + part[2]);
	return 0;
}

/* A name: three letters or more, or anything between < and > */
static int
name(const char **s)
{
	const char *from = *s;

	if (**s == '<') {
		const char *close = strchr(*s, '>');

		if (close == NULL)
			return -1;
		*s = close + 1;
		return 0;
	}
	while ((**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z'))
		++*s;
	return *s - from >= 3 ? 0 : -1;
}

static int
rule(const char **s, struct rule *r)
{
	*r = (struct rule){ .kind = 'D', .time = 7200 };
	if (*(*s)++ != ',')
		return -1;
	if (**s == 'M') {
		r->kind = *(*s)++;
		if (number(s, 1, 12, &r->month) != 0 || *(*s)++ != '.' ||
		    number(s, 1, 5, &r->week) != 0 || *(*s)++ != '.' ||
		    number(s, 0, 6, &r->day) != 0)
			return -1;
	} else {
		if (**s == 'J')
			r->kind = *(*s)++;
		if (number(s, r->kind == 'J', 365, &r->day) != 0)
			return -1;
	}
	if (**s == '/') {
		++*s;
		return hours(s, &r->time);
	}
	return 0;
}

static int
read_rules(struct zone *z, const char *s)
{
	if (*s == '\0')
		return 0;
	if (name(&s) != 0 || hours(&s, &z->std) != 0)
		return -1;
	z->std = -z->std; /* POSIX counts westwards */
	z->has_rules = 1;
	if (*s == '\0')
		return 0;
	z->has_dst = 1;
	z->dst = z->std + 3600;
	if (name(&s) != 0)
		return -1;
	if (*s != ',') {
		if (hours(&s, &z->dst) != 0)
			return -1;
		z->dst = -z->dst;
	}
	if (rule(&s, &z->start) != 0 || rule(&s, &z->end) != 0)
		return -1;
	return *s == '\0' ? 0 : -1;
}

static int
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Seconds since 1970 of a clock without a zone, when a rule says so */
static int64_t
rule_time(const struct rule *r, int64_t year)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int64_t day;

	if (r->kind == 'M') {
		int length = lengths[r->month - 1] +
		    (r->month == 2 && is_leap(year) ? 1 : 0);
		int64_t first = clock_civil_days(year, r->month, 1);
		/* 1970-01-01 was a Thursday, 4 */
		int64_t weekday = ((first + 4) % 7 + 7) % 7;
		int64_t d = (r->day - weekday + 7) % 7 + 7 * (r->week - 1);

		while (d >= length)
			d -= 7;
		day = first + d;
	} else {
		day = clock_civil_days(year, 1, 1) + r->day;
		if (r->kind == 'J')
			day -= r->day < 60 || !is_leap(year) ? 1 : 0;
	}
	return day * DAY + r->time;
}

static int64_t
year_of(int64_t t)
{
	int64_t days = t / DAY - (t % DAY < 0);
	int64_t y = 1970 + days / 366 - (days < 0);

	while (clock_civil_days(y + 1, 1, 1) <= days)
		y++;
	return y;
}

static long
offset_by_rules(const struct zone *z, int64_t t)
{
	int64_t y = year_of(t + z->std), start, end;

	if (!z->has_dst)
		return z->std;
	start = rule_time(&z->start, y) - z->std;
	end = rule_time(&z->end, y) - z->dst;
	if (start < end)
		return t >= start && t < end ? z->dst : z->std;
	return t >= end && t < start ? z->std : z->dst;
}

/* --- the file --- */

struct header {
	size_t isut, isstd, leap, times, types, chars;
};

static int
read_header(const unsigned char *p, size_t n, struct header *h)
{
	size_t *const fields[] = { &h->isut, &h->isstd, &h->leap, &h->times,
		&h->types, &h->chars };

	if (n < HEADER || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return -1;
	for (size_t i = 0; i < 6; i++) {
		int64_t v = big_endian(p + 20 + 4 * i, 4);

		if (v < 0 || v > MAX_FILE)
			return -1;
		*fields[i] = (size_t)v;
	}
	return 0;
}

static size_t
data_size(const struct header *h, size_t wide)
{
	return h->times * (wide + 1) + h->types * 6 + h->chars +
	    h->leap * (wide + 4) + h->isstd + h->isut;
}

/* p: the data of version 2 and what follows it */
static int
read_data(struct zone *z, const unsigned char *p, size_t n, struct header *h)
{
	const unsigned char *index = p + 8 * h->times, *types;
	size_t size = data_size(h, 8);
	char footer[256];

	if (size > n || h->types == 0 || n - size < 2 ||
	    n - size - 2 >= sizeof(footer) || p[size] != '\n' ||
	    p[n - 1] != '\n')
		return -1;
	types = index + h->times;
	z->before = (long)big_endian(types, 4);
	z->at = calloc(h->times + 1, sizeof(*z->at));
	z->offset = calloc(h->times + 1, sizeof(*z->offset));
	if (z->at == NULL || z->offset == NULL)
		return -1;
	for (; z->n < h->times; z->n++) {
		size_t i = z->n;

		z->at[i] = big_endian(p + 8 * i, 8);
		if (index[i] >= h->types || (i > 0 && z->at[i] <= z->at[i - 1]))
			return -1;
		z->offset[i] = (long)big_endian(types + 6 * index[i], 4);
	}
	memcpy(footer, p + size + 1, n - size - 2);
	footer[n - size - 2] = '\0';
	return read_rules(z, footer);
}

static int
read_zone(struct zone *z, const unsigned char *p, size_t n)
{
	struct header h;
	size_t skip;

	if (read_header(p, n, &h) != 0)
		return -1;
	skip = HEADER + data_size(&h, 4);
	if (skip >= n || read_header(p + skip, n - skip, &h) != 0)
		return -1;
	return read_data(z, p + skip + HEADER, n - skip - HEADER, &h);
}

/* A name is letters, digits and - + _ between slashes: no way out of the
 * folder, no "posixrules" of tomorrow's making */
static int
is_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 200 && s[0] != '/' && s[n - 1] != '/' &&
	    strstr(s, "//") == NULL &&
	    s[strspn(s,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-+_/")] == '\0';
}

struct zone *
zone_load(const char *zone)
{
	const char *dir = getenv("TZDIR");
	struct zone *z = calloc(1, sizeof(*z));
	unsigned char *p = NULL;
	char path[512];
	FILE *f = NULL;
	size_t n = 0;

	if (z == NULL || strcmp(zone, "UTC") == 0)
		return z;
	if (dir == NULL || *dir == '\0')
		dir = "/usr/share/zoneinfo";
	errno = EINVAL;
	if (!is_name(zone) || strlen(dir) > 256)
		goto fail;
	snprintf(path, sizeof(path), "%s/%s", dir, zone);
	f = fopen(path, "re");
	p = malloc(MAX_FILE);
	if (f == NULL || p == NULL)
		goto fail;
	n = fread(p, 1, MAX_FILE, f);
	errno = EINVAL;
	if (n == 0 || n == MAX_FILE || read_zone(z, p, n) != 0)
		goto fail;
	fclose(f);
	free(p);
	return z;
fail:
	if (f != NULL)
		fclose(f);
	free(p);
	zone_free(z);
	return NULL;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->at);
	free(z->offset);
	free(z);
}

long
zone_offset(const struct zone *z, int64_t t)
{
	size_t lo = 0, hi = z->n;

	if (z->n == 0 || t < z->at[0])
		return z->n == 0 && z->has_rules ? offset_by_rules(z, t)
						 : z->before;
	if (t >= z->at[z->n - 1] && z->has_rules)
		return offset_by_rules(z, t);
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (z->at[mid] <= t)
			lo = mid;
		else
			hi = mid;
	}
	return z->offset[lo];
}

int64_t
zone_moment(const struct zone *z, int64_t local, int last)
{
	/* clocks change by hours, and not twice in two days */
	int64_t a = local - zone_offset(z, local - DAY);
	int64_t b = local - zone_offset(z, local + DAY);
	int64_t lo = a < b ? a : b, hi = a < b ? b : a;
	int is_lo = lo + zone_offset(z, lo) == local;
	int is_hi = hi + zone_offset(z, hi) == local;

	if (is_lo && is_hi)
		return last ? hi : lo;
	if (is_lo || is_hi)
		return is_lo ? lo : hi;
	/* never shown: the first moment at which the clock shows more */
	lo -= DAY;
	hi += DAY;
	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (mid + zone_offset(z, mid) >= local)
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}
