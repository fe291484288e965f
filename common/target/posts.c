/* Containers take their time to stop, so they are stopped together: a thread
 * each, with a connection of its own. */
#include <pthread.h>
#include <stdlib.h>

#include "target/engine.h"

static void *
post(void *ctx)
{
	struct engine_post *p = ctx;
	struct http_request q = { .method = "POST",
		.path = p->path.s,
		.total_s = p->seconds,
		.once = 1 };

	p->failed = http_send(p->e.h, &q, &p->r) != 0;
	return NULL;
}

int
engine_post_all(
    const struct engine *e, struct engine_post *p, size_t n, struct buf *why)
{
	pthread_t *threads = calloc(n + 1, sizeof(*threads));
	char *begun = calloc(n + 1, 1);
	int r = -1;

	if (threads == NULL || begun == NULL) {
		buf_str(why, "out of memory");
		goto out;
	}
	for (size_t k = 0; k < n; k++)
		if (engine_again(&p[k].e, e, p[k].seconds, why) != 0)
			goto out;
	for (size_t k = 0; k < n; k++)
		begun[k] = pthread_create(&threads[k], NULL, post, &p[k]) == 0;
	for (size_t k = 0; k < n; k++)
		if (begun[k])
			pthread_join(threads[k], NULL);
		else
			post(&p[k]); /* no more threads: then by and by */
	r = 0;
out:
	free(begun);
	free(threads);
	return r;
}

void
engine_post_free(struct engine_post *p, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		buf_free(&p[k].path);
		http_response_free(&p[k].r);
		engine_close(&p[k].e);
	}
}
