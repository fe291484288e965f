#include "channel/dispatch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"

enum { WAITING_MAX = 1000 }; /* of one channel */

struct post { /* a channel's queue */
	struct dispatch *d;
	struct channel *c;
	size_t number;
	int digest, started, failing;
	double patience; /* s */
	struct notice *first, *last;
	size_t n;
	pthread_t thread;
};

struct dispatch {
	struct post **posts;
	size_t n;
	dispatch_done *done;
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t change;
	int ending, at_once; /* no more will come; begin nothing more */
	int64_t ended; /* when; clock_monotonic */
};

struct dispatch *
dispatch_new(dispatch_done *done, void *ctx)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->done = done;
	d->ctx = ctx;
	if (pthread_mutex_init(&d->lock, NULL) == 0) {
		if (pthread_cond_init(&d->change, NULL) == 0)
			return d;
		pthread_mutex_destroy(&d->lock);
	}
	free(d);
	return NULL;
}

int
dispatch_add(struct dispatch *d, struct channel *c, int digest, double patience)
{
	struct post **more = realloc(d->posts, (d->n + 1) * sizeof(*more));
	struct post *p = calloc(1, sizeof(*p));

	if (more != NULL)
		d->posts = more;
	if (more == NULL || p == NULL) {
		free(p);
		return -1;
	}
	p->d = d;
	p->c = c;
	p->number = d->n;
	p->digest = digest;
	p->patience = patience;
	d->posts[d->n++] = p;
	return 0;
}

void
dispatch_lock(struct dispatch *d)
{
	pthread_mutex_lock(&d->lock);
}

void
dispatch_unlock(struct dispatch *d)
{
	pthread_mutex_unlock(&d->lock);
}

static void
free_list(struct notice *n)
{
	while (n != NULL) {
		struct notice *next = n->next;

		notice_free(n);
		n = next;
	}
}

/* Tells what became of each of the list, under the lock */
static void
settle(struct post *p, const struct notice *list, const char *error)
{
	for (; list != NULL; list = list->next)
		p->d->done(p->d->ctx, p->number, list, error);
}

/* What goes into one message next, taken off the queue; NULL: the end. The
 * lock is held, and let go while there is nothing to do. */
static struct notice *
next_batch(struct post *p)
{
	struct dispatch *d = p->d;
	struct notice *n;

	while (!d->ending && (p->first == NULL || p->digest))
		pthread_cond_wait(&d->change, &d->lock);
	if (p->first != NULL && d->ending &&
	    (d->at_once || p->failing ||
		(double)(clock_monotonic() - d->ended) > p->patience * 1000)) {
		settle(p, p->first, "not tried any more");
		free_list(p->first);
		p->first = NULL;
		p->n = 0;
	}
	n = p->first;
	if (n == NULL)
		return NULL;
	p->first = p->digest ? NULL : n->next;
	if (!p->digest)
		n->next = NULL;
	p->n = p->digest ? 0 : p->n - 1;
	return n;
}

/* One message of all of the list */
static int
send_list(struct post *p, const struct notice *list, int once, struct buf *why)
{
	struct buf text = { 0 }, records = { 0 };
	int several = list->next != NULL, status = -1;
	const char *before = "";

	buf_str(&records, several ? "[" : "");
	for (const struct notice *n = list; n != NULL; n = n->next) {
		if (n != list)
			buf_str(&text, "\n\n");
		buf_add(&text, n->text.s, n->text.len);
		if (n->record.len > 0) {
			buf_str(&records, before);
			buf_add(&records, n->record.s, n->record.len);
			before = ",";
		}
	}
	buf_str(&records, several ? "]" : "");
	if (text.failed || records.failed) {
		buf_str(why, "out of memory");
	} else {
		struct channel_message m = { text.s,
			*before != '\0' ? records.s : NULL, list };

		status = channel_send(p->c, &m, once, why);
	}
	buf_free(&text);
	buf_free(&records);
	return status;
}

static void *
run(void *ctx)
{
	struct post *p = ctx;
	struct notice *list;

	pthread_mutex_lock(&p->d->lock);
	while ((list = next_batch(p)) != NULL) {
		struct buf why = { 0 };
		int status;

		pthread_mutex_unlock(&p->d->lock);
		status = send_list(p, list, p->failing, &why);
		pthread_mutex_lock(&p->d->lock);
		p->failing = status != 0;
		settle(p, list,
		    status == 0		? NULL
			: why.s != NULL ? why.s
					: "out of memory");
		free_list(list);
		buf_free(&why);
	}
	pthread_mutex_unlock(&p->d->lock);
	return NULL;
}

/* Signals are for the thread that reads. */
static int
start(struct post *p)
{
	sigset_t all, old;
	int r;

	if (p->started)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	p->started = r == 0;
	return r == 0 ? 0 : -1;
}

int
dispatch_put(struct dispatch *d, size_t channel, struct notice *n)
{
	struct post *p = d->posts[channel];
	int status = -1;

	pthread_mutex_lock(&d->lock);
	if (p->n < WAITING_MAX && start(p) == 0) {
		n->next = NULL;
		if (p->first == NULL)
			p->first = n;
		else
			p->last->next = n;
		p->last = n;
		p->n++;
		pthread_cond_broadcast(&d->change);
		status = 0;
	}
	pthread_mutex_unlock(&d->lock);
	return status;
}

void
dispatch_finish(struct dispatch *d, int now)
{
	pthread_mutex_lock(&d->lock);
	d->ending = 1;
	d->at_once |= now;
	d->ended = clock_monotonic();
	pthread_cond_broadcast(&d->change);
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < d->n; i++) {
		if (d->posts[i]->started)
			pthread_join(d->posts[i]->thread, NULL);
		d->posts[i]->started = 0;
	}
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		free(d->posts[i]);
	free(d->posts);
	pthread_cond_destroy(&d->change);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
