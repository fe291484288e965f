/*
 * This machine itself, from procfs: one sample, now. Rates come from two
 * readings; each file is read at most twice in a run.
 *
 *	cpu      cores in use: all but idle, waiting for disks, and stolen
 *	memory   bytes that could not be given to a new process
 *	load     the load average over a minute
 *	network  bytes a second, both ways, without loopback and bridges
 *	disk     disks kept busy: 1 is one disk at work all the time
 *
 * Source: proc(5), and Documentation/admin-guide/iostats.rst of Linux.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file.h"
#include "source/source.h"

enum { MAX_FILE = 1 << 20, METRICS = 5 };

struct reading {
	double v; /* NAN: it could not be made out */
	int64_t at; /* clock_monotonic; 0: not read yet */
};

struct proc {
	char *root; /* "/proc" */
	struct reading r[METRICS][2];
};

/* Each takes the text of its file and gives a value, or NAN */

static double
read_cpu(const char *s)
{
	uint64_t user, nice, system, idle, wait, irq, soft;

	if (sscanf(s,
		"cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		" %" SCNu64 " %" SCNu64,
		&user, &nice, &system, &idle, &wait, &irq, &soft) != 7)
		return NAN;
	return (double)(user + nice + system + irq + soft) /
	    (double)sysconf(_SC_CLK_TCK);
}

static double
read_memory(const char *s)
{
	const char *t = strstr(s, "MemTotal:");
	const char *a = strstr(s, "MemAvailable:");
	uint64_t total, available;

	if (t == NULL || a == NULL ||
	    sscanf(t, "MemTotal: %" SCNu64, &total) != 1 ||
	    sscanf(a, "MemAvailable: %" SCNu64, &available) != 1 ||
	    available > total)
		return NAN;
	return (double)(total - available) * 1024;
}

static double
read_load(const char *s)
{
	double x;

	return sscanf(s, "%lf", &x) == 1 ? x : (double)NAN;
}

static int
begins_with_any(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strncmp(s, *list, strlen(*list)) == 0)
			return 1;
	return 0;
}

static double
read_network(const char *s)
{
	/* what passes here passes a real interface too, or never leaves */
	static const char *const inner[] = { "lo:", "veth", "docker", "br-",
		NULL };
	double sum = 0;

	for (; s != NULL && *s != '\0'; s = strchr(s, '\n')) {
		uint64_t in, out;
		const char *colon;

		s += strspn(s, " \n");
		colon = strchr(s, ':');
		if (colon == NULL || colon > s + strcspn(s, "\n") ||
		    begins_with_any(s, inner))
			continue;
		if (sscanf(colon + 1,
			"%" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &in,
			&out) == 2)
			sum += (double)in + (double)out;
	}
	return sum;
}

/* sda1 of sda, nvme0n1p1 of nvme0n1 */
static int
is_part_of(const char *name, const char *disk)
{
	size_t n = strlen(disk);

	if (n == 0 || strncmp(name, disk, n) != 0)
		return 0;
	name += n;
	if (disk[n - 1] >= '0' && disk[n - 1] <= '9' && *name++ != 'p')
		return 0;
	return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

static double
read_disk(const char *s)
{
	static const char *const not_disks[] = { "loop", "ram", "zram", "dm-",
		"md", "sr", "fd", NULL };
	char disk[64] = "";
	double sum = 0;

	for (; s != NULL && *s != '\0'; s = strchr(s, '\n')) {
		char name[64];
		uint64_t ms;

		s += *s == '\n';
		if (sscanf(s,
			"%*u %*u %63s %*u %*u %*u %*u %*u %*u %*u %*u %*u "
			"%" SCNu64,
			name, &ms) != 2 ||
		    begins_with_any(name, not_disks))
			continue;
		/* partitions follow their disk, and count in it */
		if (is_part_of(name, disk))
			continue;
		memcpy(disk, name, sizeof(disk));
		sum += (double)ms / 1000;
	}
	return sum;
}

static const struct {
	const char *name, *file;
	double (*read)(const char *text);
	int rate;
} metrics[METRICS] = {
	{ "cpu", "stat", read_cpu, 1 },
	{ "memory", "meminfo", read_memory, 0 },
	{ "load", "loadavg", read_load, 0 },
	{ "network", "net/dev", read_network, 1 },
	{ "disk", "diskstats", read_disk, 1 },
};

static void *
open_proc(const struct source_settings *set, struct buf *why)
{
	const char *url = set->conf->url;
	struct proc *p = calloc(1, sizeof(*p));

	/* the default of url is a server; a path is procfs mounted elsewhere */
	if (url == NULL || *url != '/')
		url = "/proc";
	if (p != NULL && (p->root = strdup(url)) != NULL)
		return p;
	free(p);
	buf_str(why, "out of memory");
	return NULL;
}

static void
close_proc(void *self)
{
	struct proc *p = self;

	free(p->root);
	free(p);
}

/* One reading of metric m. 0, or -1 with a message. */
static int
take_reading(struct proc *p, size_t m, struct reading *r, struct buf *error)
{
	struct buf path = { 0 }, text = { 0 };
	int status = -1;

	if (r->at != 0)
		return 0;
	buf_printf(&path, "%s/%s", p->root, metrics[m].file);
	buf_str(&text, "");
	if (path.failed || text.failed) {
		buf_str(error, "out of memory");
	} else if (file_read(path.s, MAX_FILE, &text) != 0) {
		buf_printf(
		    error, "cannot read '%s': %s", path.s, strerror(errno));
	} else {
		r->at = clock_monotonic();
		r->v = metrics[m].read(text.s);
		status = 0;
		if (isnan(r->v)) {
			buf_printf(error, "'%s' cannot be made out", path.s);
			status = -1;
		}
	}
	buf_free(&text);
	buf_free(&path);
	return status;
}

/* All that rates need is read before the pause, so that there is one pause
 * however many signals there are */
static int
take_rate(struct proc *p, size_t m, struct buf *error)
{
	struct buf ignored = { 0 };
	int64_t left;

	for (size_t k = 0; k < METRICS; k++)
		if (k != m && metrics[k].rate)
			take_reading(p, k, &p->r[k][0], &ignored);
	buf_free(&ignored);
	if (take_reading(p, m, &p->r[m][0], error) != 0)
		return -1;
	left = p->r[m][0].at + SOURCE_APART - clock_monotonic();
	if (left > 0 && p->r[m][1].at == 0)
		clock_sleep((double)left / 1000);
	return take_reading(p, m, &p->r[m][1], error);
}

static enum source_outcome
ask_proc(void *self, const struct source_ask *ask, struct source_answer *a)
{
	struct proc *p = self;
	int64_t apart = 0;
	struct reading *r;
	size_t m = 0;
	double v;

	while (m < METRICS && strcmp(metrics[m].name, ask->query) != 0)
		m++;
	if (m == METRICS) {
		buf_printf(&a->error,
		    "'%.200s' is none of cpu, memory, load, network, disk",
		    ask->query);
		return SOURCE_WRONG;
	}
	r = p->r[m];
	if (metrics[m].rate ? take_rate(p, m, &a->error) != 0
			    : take_reading(p, m, &r[0], &a->error) != 0)
		return SOURCE_FAILED;
	v = r[0].v;
	if (metrics[m].rate) {
		apart = r[1].at - r[0].at;
		/* less than before: a device went, or the counter turned */
		v = r[1].v >= v ? (r[1].v - v) * 1000 / (double)apart
				: (double)NAN;
	}
	if (samples_add(&a->samples, clock_now() + apart, v) == 0)
		return SOURCE_GOOD;
	buf_str(&a->error, "out of memory");
	return SOURCE_FAILED;
}

const struct source_kind source_proc = { "proc", open_proc, close_proc,
	ask_proc };
