/* The health of machines: a request to each, in threads of their own, so that
 * those that are silent cost the time of one. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "target/fleet.h"

enum { AT_ONCE = 32 };

struct probe {
	struct machine *m;
	const char *health;
	double seconds;
};

static void
put_value(struct buf *out, const struct machine *m, const char *name, size_t n)
{
	if (n == 7 && memcmp(name, "address", n) == 0)
		buf_printf(
		    out, strchr(m->address, ':') ? "[%s]" : "%s", m->address);
	else if (n == 4 && memcmp(name, "name", n) == 0)
		buf_str(out, m->name);
	else if (n == 2 && memcmp(name, "id", n) == 0)
		buf_str(out, m->id);
	else
		buf_printf(out, "{%.*s}", (int)n, name);
}

static void
put_url(struct buf *out, const struct machine *m, const char *health)
{
	const char *open, *close;

	while ((open = strchr(health, '{')) != NULL &&
	    (close = strchr(open, '}')) != NULL) {
		buf_add(out, health, (size_t)(open - health));
		put_value(out, m, open + 1, (size_t)(close - open - 1));
		health = close + 1;
	}
	buf_str(out, health);
}

static void *
probe(void *ctx)
{
	struct probe *p = ctx;
	struct http_response r = { 0 };
	struct http_request q = { .once = 1 };
	struct http_options o = { .connect_s = p->seconds,
		.total_s = p->seconds,
		.max_body = 1 << 20 };
	struct buf url = { 0 }, ignored = { 0 };
	struct http *h = NULL;

	put_url(&url, p->m, p->health);
	o.base = url.s;
	if (!url.failed)
		h = http_open(&o, &ignored);
	p->m->ready = h != NULL && http_send(h, &q, &r) == 0;
	http_response_free(&r);
	http_close(h);
	buf_free(&url);
	buf_free(&ignored);
	return NULL;
}

static void
probe_some(struct probe *p, size_t n)
{
	pthread_t threads[AT_ONCE];
	char begun[AT_ONCE] = { 0 };

	for (size_t k = 0; k < n; k++)
		begun[k] = pthread_create(&threads[k], NULL, probe, &p[k]) == 0;
	for (size_t k = 0; k < n; k++)
		if (begun[k])
			pthread_join(threads[k], NULL);
		else
			probe(&p[k]); /* no more threads: then one by one */
}

void
fleet_probe(struct fleet *f, const char *health, double seconds)
{
	struct probe some[AT_ONCE];
	size_t n = 0;

	for (size_t k = 0; k < f->n; k++) {
		struct machine *m = &f->all[k];

		m->ready = m->runs;
		if (!m->runs || health == NULL)
			continue;
		m->ready = 0;
		if (m->address[0] == '\0' &&
		    strstr(health, "{address}") != NULL)
			continue;
		some[n++] = (struct probe){ m, health, seconds };
		if (n == AT_ONCE) {
			probe_some(some, n);
			n = 0;
		}
	}
	probe_some(some, n);
}
