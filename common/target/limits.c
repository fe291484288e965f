/* The limits of an instance of LXD: texts in its configuration */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "record/record.h"
#include "target/instance.h"

#define MIB 1048576.0

enum { WRITE_S = 30, PERIOD_MS = 100 };

struct limits { /* as the configuration has them */
	double count; /* limits.cpu; 0: all */
	double share, period; /* of time, ms; 0: no limit */
	double memory; /* bytes; 0: no limit */
	int odd_cpu, odd_memory; /* set in a way that is left alone */
	char etag[128];
};

/* "64MiB", "512MB", "1073741824". 0 or -1 */
static int
bytes_of(const char *s, double *x)
{
	char text[64];
	size_t n = strlen(s);

	if (n == 0 || n >= sizeof(text))
		return -1;
	memcpy(text, s, n + 1);
	if (text[n - 1] == 'B')
		text[--n] = '\0';
	if (n > 0 && text[n - 1] == 'k')
		text[n - 1] = 'K';
	return number_bytes(text, x);
}

/* "25ms/100ms"; a share in percent is no limit but a proportion. 0 or -1 */
static int
share_of(const char *s, double *share, double *period)
{
	int end = -1;

	if (sscanf(s, "%lfms/%lfms%n", share, period, &end) != 2 || end < 0 ||
	    s[end] != '\0')
		return -1;
	return *share > 0 && *period > 0 ? 0 : -1;
}

static void
take_limits(const struct json *config, struct limits *l)
{
	const char *count = json_get_str(config, "limits.cpu");
	const char *share = json_get_str(config, "limits.cpu.allowance");
	const char *memory = json_get_str(config, "limits.memory");

	*l = (struct limits){ .period = PERIOD_MS };
	/* "0-3" and "1,3" name processors; "2-2" does too */
	if (count != NULL && *count != '\0' &&
	    (number_parse(count, &l->count) != 0 || l->count < 1))
		l->odd_cpu = 1;
	if (share != NULL && *share != '\0' &&
	    share_of(share, &l->share, &l->period) != 0)
		l->odd_cpu = 1;
	if (memory != NULL && *memory != '\0' &&
	    bytes_of(memory, &l->memory) != 0)
		l->odd_memory = 1;
}

static void
take_size(const struct limits *l, struct size *s)
{
	double cores = l->share > 0 ? l->share / l->period : 0;

	*s = (struct size){ { 0 } };
	if (l->count > 0 && (cores <= 0 || l->count < cores))
		cores = l->count;
	s->x[SIZE_CPUS] = cores;
	s->x[SIZE_MEMORY] = l->memory;
}

/* 1; 0: it is gone; -1 and why */
static int
ask(struct lxd *d, const char *name, struct limits *l, struct buf *why)
{
	struct http_response r = { 0 };
	struct buf path = { 0 };
	struct http_request q = { .path = NULL };
	const struct json *instance;
	struct json *j = NULL;
	const char *text, *etag;
	int there = -1;

	lxd_path(&path, d, "instances", name, "");
	q.path = path.s;
	if (!path.failed && http_send(d->h, &q, &r) == 0 && r.body.s != NULL)
		j = json_parse(r.body.s, r.body.len, &text);
	instance = json_get(j, "metadata");
	if (instance != NULL) {
		/* what profiles say holds as well */
		take_limits(json_get(instance, "expanded_config"), l);
		etag = http_header(&r, "ETag");
		snprintf(
		    l->etag, sizeof(l->etag), "%s", etag != NULL ? etag : "");
		there = 1;
	} else if (r.status == 404) {
		there = 0;
	} else {
		buf_str(why,
		    r.error.s != NULL ? r.error.s : "an answer without sense");
	}
	json_free(j);
	http_response_free(&r);
	buf_free(&path);
	return there;
}

int
lxd_limits(
    struct lxd *d, const char *name, struct size_part *part, struct buf *why)
{
	static const char none[] = "is nothing that LXD reserves";
	static const char odd[] = "is set in a way that is left alone";
	struct limits l;
	int there = ask(d, name, &l, why);

	if (there <= 0)
		return there;
	snprintf(part->name, sizeof(part->name), "%s", name);
	take_size(&l, &part->has);
	part->fixed[SIZE_CPUS] = l.odd_cpu ? odd : NULL;
	part->fixed[SIZE_MEMORY] = l.odd_memory ? odd : NULL;
	part->fixed[SIZE_CPUS_KEPT] = part->fixed[SIZE_MEMORY_KEPT] = none;
	return 1;
}

double
lxd_used(void *self, const struct size_part *part)
{
	struct buf path = { 0 }, name = { 0 }, ignored = { 0 };
	struct lxd *d = self;
	struct json *j = NULL;
	double x = 0;

	buf_printf(&name, "%s/state", part->name);
	if (!name.failed)
		lxd_path(&path, d, "instances", name.s, "");
	if (!name.failed && !path.failed)
		j = lxd_get(d, &path, NULL, &ignored);
	json_get_num(json_get(json_get(j, "metadata"), "memory"), "usage", &x);
	json_free(j);
	buf_free(&path);
	buf_free(&name);
	buf_free(&ignored);
	if (!(x > 0))
		x = NAN;
	return x;
}

/* Time is shared out in milliseconds. */
void
lxd_round(struct size *size)
{
	double *cpus = &size->x[SIZE_CPUS];

	if (*cpus != floor(*cpus))
		*cpus = ceil(*cpus * PERIOD_MS - 1e-6) / PERIOD_MS;
}

static void
put_cpus(struct buf *b, const struct limits *l, double cpus)
{
	char text[64];
	int whole = cpus == floor(cpus);

	if (l->share <= 0 && whole) {
		snprintf(text, sizeof(text), "%.0f", cpus);
		record_put_str(b, "limits.cpu", text);
		return;
	}
	snprintf(text, sizeof(text), "%.0fms/%.0fms",
	    ceil(cpus * l->period - 1e-6), l->period);
	record_put_str(b, "limits.cpu.allowance", text);
	/* fewer processors than that would be the limit */
	if (l->count > 0 && l->count < cpus) {
		snprintf(text, sizeof(text), "%.0f", ceil(cpus));
		record_put_str(b, "limits.cpu", text);
	}
}

static void
put_memory(struct buf *b, double memory)
{
	char text[64];

	if (fmod(memory, MIB) == 0)
		snprintf(text, sizeof(text), "%.0fMiB", memory / MIB);
	else
		snprintf(text, sizeof(text), "%.0f", memory);
	record_put_str(b, "limits.memory", text);
}

/* The last step: sends it unless this is a dry run */
static enum target_outcome
patch(struct lxd *d, const struct buf *path, const struct buf *body,
    const struct limits *l, struct buf *why)
{
	char match[sizeof(l->etag) + 16];
	const char *headers[] = { match, NULL };
	struct http_request q = { .method = "PATCH",
		.path = path->s,
		.body = body->s,
		.n_body = body->len,
		.headers = l->etag[0] != '\0' ? headers : NULL,
		.total_s = WRITE_S,
		.once = 1 };
	struct http_response r = { 0 };
	enum target_outcome o = TARGET_WRITTEN;

	snprintf(match, sizeof(match), "If-Match: %s", l->etag);
	if (http_send(d->h, &q, &r) != 0) {
		buf_str(why, r.error.s != NULL ? r.error.s : "out of memory");
		if (r.status == 404 || r.status == 412)
			o = TARGET_CHANGED;
		else if (r.status == 0)
			o = r.sent ? TARGET_UNSURE : TARGET_AWAY;
		else
			o = TARGET_REFUSED;
	}
	http_response_free(&r);
	return o;
}

static enum target_outcome
send_change(struct lxd *d, const struct limits *l,
    const struct size_change *change, struct buf *request, struct buf *why)
{
	const struct size_part *p = change->part;
	const double *to = change->to.x, *was = p->has.x;
	struct buf path = { 0 }, body = { 0 };
	enum target_outcome o = TARGET_DRY;

	lxd_path(&path, d, "instances", p->name, "");
	buf_str(&body, "{\"config\":{");
	if (to[SIZE_CPUS] != was[SIZE_CPUS])
		put_cpus(&body, l, to[SIZE_CPUS]);
	if (to[SIZE_MEMORY] != was[SIZE_MEMORY])
		put_memory(&body, to[SIZE_MEMORY]);
	buf_str(&body, "}}");
	if (path.failed || body.failed) {
		buf_str(why, "out of memory");
		o = TARGET_REFUSED;
	} else {
		buf_printf(request, "PATCH %s %s", path.s, body.s);
		if (!change->dry_run)
			o = patch(d, &path, &body, l, why);
	}
	buf_free(&path);
	buf_free(&body);
	return o;
}

enum target_outcome
lxd_resize(void *self, const struct size_change *change, struct buf *request,
    struct buf *why)
{
	const struct size_part *p = change->part;
	struct lxd *d = self;
	struct limits l;
	struct size now;
	int there = ask(d, p->name, &l, why);

	if (there < 0)
		return TARGET_AWAY;
	if (there > 0)
		take_size(&l, &now);
	if (there > 0 && size_same(&now, &p->has))
		return send_change(d, &l, change, request, why);
	buf_printf(why, "'%s' %s", p->name,
	    there ? "was given something else meanwhile" : "is gone");
	return TARGET_CHANGED;
}
