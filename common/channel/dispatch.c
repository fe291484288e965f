#include "channel/dispatch.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum {
	WAITING_MAX = 1000, /* of one channel */
	FAILS_MAX = 3, /* one that answers, but with errors: then it is dead */
	PAUSE_MAX = 60 /* s */
};

struct queue {
	struct notice *first, *last;
};

struct post { /* a channel's */
	struct dispatch *d;
	struct channel *c;
	size_t number;
	int digest, started;
	double timeout; /* s */
	struct queue waiting;
	struct queue again; /* what it alone may be to blame for failed */
	size_t n;
	int dead, fails; /* fails: in a row */
	double pause; /* s: before the next try */
	int64_t free_at, again_at; /* clock_monotonic */
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
	pthread_condattr_t attr;
	int made = 0;

	if (d == NULL)
		return NULL;
	d->done = done;
	d->ctx = ctx;
	if (pthread_mutex_init(&d->lock, NULL) == 0) {
		if (pthread_condattr_init(&attr) == 0) {
			pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
			made = pthread_cond_init(&d->change, &attr) == 0;
			pthread_condattr_destroy(&attr);
		}
		if (made)
			return d;
		pthread_mutex_destroy(&d->lock);
	}
	free(d);
	return NULL;
}

int
dispatch_add(struct dispatch *d, struct channel *c, int digest, double timeout,
    double wait)
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
	p->timeout = timeout;
	p->pause = 1;
	p->dead = wait > 0;
	p->free_at = clock_monotonic() + (int64_t)(fmax(wait, 0) * 1000);
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
put_last(struct queue *q, struct notice *n)
{
	n->next = NULL;
	if (q->first == NULL)
		q->first = n;
	else
		q->last->next = n;
	q->last = n;
}

/* The whole of list goes before what is there */
static void
put_first(struct queue *q, struct notice *list)
{
	struct notice *end = list;

	while (end->next != NULL)
		end = end->next;
	end->next = q->first;
	if (q->first == NULL)
		q->last = end;
	q->first = list;
}

static struct notice *
take_first(struct queue *q)
{
	struct notice *n = q->first;

	if (n != NULL) {
		q->first = n->next;
		n->next = NULL;
	}
	return n;
}

/* Tells what became of each of the list, under the lock; frees it where that
 * is the end of it */
static void
settle(struct post *p, struct notice *list, const struct dispatch_news *news)
{
	while (list != NULL) {
		struct notice *next = list->next;

		p->d->done(p->d->ctx, p->number, list, news);
		if (news->outcome != DISPATCH_FAILED) {
			notice_free(list);
			p->n--;
		}
		list = next;
	}
}

static void
leave_all(struct post *p)
{
	static const struct dispatch_news news = { DISPATCH_LEFT, NULL, 0, 0 };

	settle(p, p->waiting.first, &news);
	settle(p, p->again.first, &news);
	p->waiting.first = p->again.first = NULL;
}

/* When p must be done with everything, once the end has come */
static int64_t
deadline(const struct post *p)
{
	return p->d->ended + (int64_t)(p->timeout * 1000);
}

/* 1: nothing more is begun */
static int
is_over(const struct post *p, int64_t now)
{
	if (!p->d->ending)
		return 0;
	return p->d->at_once || p->waiting.first == NULL ||
	    (p->dead && now < p->free_at) || now >= deadline(p) ||
	    p->free_at >= deadline(p);
}

/* Waits for a change; until: or that time, if it is not 0 */
static void
rest(struct dispatch *d, int64_t until)
{
	struct timespec t = { .tv_sec = until / 1000,
		.tv_nsec = until % 1000 * 1000000 };

	if (until == 0)
		pthread_cond_wait(&d->change, &d->lock);
	else
		pthread_cond_timedwait(&d->change, &d->lock, &t);
}

/* What can leave together: those for the same receivers, of one markup */
static struct notice *
take_digest(struct queue *q)
{
	struct queue all = { 0 }, others = { 0 };
	struct notice *n;

	while ((n = take_first(q)) != NULL)
		if (all.first == NULL ||
		    (n->marked == all.first->marked &&
			n->left.len == all.first->left.len &&
			memcmp(n->left.len > 0 ? n->left.s : "",
			    n->left.len > 0 ? all.first->left.s : "",
			    n->left.len) == 0))
			put_last(&all, n);
		else
			put_last(&others, n);
	*q = others;
	return all.first;
}

/* What goes into one message next, taken off the queue; NULL: the end. The
 * lock is held, and let go while there is nothing to do. */
static struct notice *
next_batch(struct post *p)
{
	struct dispatch *d = p->d;

	for (;;) {
		int64_t now = clock_monotonic();
		int ready = now >= p->free_at && (!p->digest || d->ending);

		if (is_over(p, now)) {
			leave_all(p);
			return NULL;
		}
		if (ready && p->again.first != NULL && now >= p->again_at)
			return take_first(&p->again);
		if (ready && p->waiting.first != NULL)
			return p->digest ? take_digest(&p->waiting)
					 : take_first(&p->waiting);
		if (now < p->free_at && p->waiting.first != NULL &&
		    (!p->digest || d->ending))
			rest(d, p->free_at);
		else
			rest(d,
			    p->again.first != NULL && !p->digest
				? p->again_at > p->free_at ? p->again_at
							   : p->free_at
				: 0);
	}
}

/* The message that a list makes */
static void
compose(const struct notice *list, struct buf *text, struct buf *records)
{
	int several = list->next != NULL;
	const char *before = "";

	buf_str(records, several ? "[" : "");
	for (const struct notice *n = list; n != NULL; n = n->next) {
		if (n != list)
			buf_str(text, "\n\n");
		buf_add(text, n->text.s, n->text.len);
		if (n->record.len > 0) {
			buf_str(records, before);
			buf_add(records, n->record.s, n->record.len);
			before = ",";
		}
	}
	if (*before == '\0')
		buf_clear(records);
	else
		buf_str(records, several ? "]" : "");
}

/* What sending a batch came to */
struct result {
	struct dispatch_news news;
	struct buf why, left;
	int answered;
	size_t sent, refused, failed;
};

static int
is_left(const struct notice *n, const char *name)
{
	size_t len = strlen(name);

	if (n->left.len == 0)
		return 1;
	for (const char *s = n->left.s; *s != '\0'; s += *s == '\n') {
		size_t k = strcspn(s, "\n");

		if (k == len && memcmp(s, name, k) == 0)
			return 1;
		s += k;
	}
	return 0;
}

/* One receiver is told, by until. */
static void
send_one(
    struct post *p, struct channel_message *m, int64_t until, struct result *r)
{
	double budget = (double)(until - clock_monotonic()) / 1000;
	struct channel_try t = { .budget_s = fmax(budget, 0.001),
		.once = p->fails > 0 };
	struct buf why = { 0 };

	if (channel_send(p->c, m, &t, &why) == 0) {
		r->sent++;
	} else if (t.refused) {
		r->refused++;
	} else {
		r->failed++;
		r->answered = t.answered;
		buf_printf(
		    &r->left, "%s\n", channel_receiver(p->c, m->receiver));
	}
	if (why.len > 0)
		buf_printf(&r->why, "%s%s", r->why.len > 0 ? "; " : "", why.s);
	r->news.wait_s = fmax(r->news.wait_s, t.wait_s);
	buf_free(&why);
}

/* One message of all of the list to everyone who is left. After one that could
 * not be reached, or that asks to be left alone, the rest of them wait too. */
static void
send_list(
    struct post *p, const struct notice *list, int64_t until, struct result *r)
{
	struct buf text = { 0 }, records = { 0 };
	size_t n = channel_receivers(p->c);

	compose(list, &text, &records);
	for (size_t i = 0; i < n; i++) {
		const char *name = channel_receiver(p->c, i);
		struct channel_message m = { .text = text.s,
			.marked = list->marked,
			.record = records.len > 0 ? records.s : NULL,
			.notices = list,
			.receiver = i };

		if (!is_left(list, name))
			continue;
		if (text.failed || records.failed || r->news.wait_s > 0 ||
		    (r->failed > 0 && !r->answered)) {
			r->failed++;
			buf_printf(&r->left, "%s\n", name);
		} else {
			send_one(p, &m, until, r);
		}
	}
	if (text.failed || records.failed)
		buf_str(&r->why, "out of memory");
	buf_free(&text);
	buf_free(&records);
}

/* The list goes back, to be tried again after a pause. */
static void
put_back(struct post *p, struct notice *list, struct result *r)
{
	int64_t now = clock_monotonic();

	for (struct notice *n = list; n != NULL; n = n->next) {
		buf_clear(&n->left);
		if (channel_receivers(p->c) > 1 && !r->left.failed)
			buf_add(&n->left, r->left.s, r->left.len);
	}
	settle(p, list, &r->news);
	p->fails++;
	p->dead = !r->answered || r->news.wait_s > 0 || p->fails >= FAILS_MAX;
	if (p->dead) {
		put_first(&p->waiting, list);
		p->free_at = now + (int64_t)(p->pause * 1000);
	} else {
		while (list != NULL) {
			struct notice *next = list->next;

			put_last(&p->again, list);
			list = next;
		}
		p->again_at = now + (int64_t)(p->pause * 1000);
	}
	p->pause = fmin(2 * p->pause, PAUSE_MAX);
}

static void
send_batch(struct post *p, struct notice *list)
{
	struct dispatch *d = p->d;
	struct result r = { 0 };
	int64_t until;

	until = d->ending ? deadline(p)
			  : clock_monotonic() + (int64_t)(p->timeout * 1000);
	pthread_mutex_unlock(&d->lock);
	send_list(p, list, until, &r);
	pthread_mutex_lock(&d->lock);
	r.news.outcome = r.failed > 0 ? DISPATCH_FAILED
	    : r.sent > 0	      ? DISPATCH_SENT
				      : DISPATCH_REFUSED;
	if (r.failed + r.refused > 0)
		r.news.error = r.why.s != NULL ? r.why.s : "out of memory";
	r.news.some = r.sent > 0;
	if (r.failed > 0) {
		put_back(p, list, &r);
	} else {
		p->fails = p->dead = 0;
		p->pause = 1;
		settle(p, list, &r.news);
	}
	if (r.news.wait_s > 0 &&
	    clock_monotonic() + (int64_t)(r.news.wait_s * 1000) > p->free_at)
		p->free_at =
		    clock_monotonic() + (int64_t)(r.news.wait_s * 1000);
	buf_free(&r.why);
	buf_free(&r.left);
}

static void *
run(void *ctx)
{
	struct post *p = ctx;
	struct notice *list;

	pthread_mutex_lock(&p->d->lock);
	while ((list = next_batch(p)) != NULL)
		send_batch(p, list);
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
		put_last(&p->waiting, n);
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
