#include "channel/desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "channel/address.h"
#include "channel/channel.h"
#include "channel/dispatch.h"
#include "channel/memory.h"
#include "channel/spool.h"
#include "channel/wording.h"
#include "conf/event.h"
#include "io/report.h"

#define LONG_AGO 3155760000.0 /* s */

/* One channel of one target, or of all */
struct way {
	const char *target; /* NULL: whatever the target */
	const char *name, *kind, *state;
	const struct conf_notify *conf;
	unsigned on;
	double repeat_after, timeout;
	int digest;
	struct channel *channel; /* NULL: it cannot be used */
	struct wording *wording; /* NULL: the usual text */
	size_t number; /* the dispatch's */
	struct spool spool;
	char *said; /* the newest failure that was reported */
	size_t lost, kept, dropped;
};

struct desk {
	const struct desk_options *o;
	struct way *ways;
	size_t n_ways;
	struct dispatch *dispatch;
	struct memory *memory;
	int status;
};

static void say_done(void *ctx, size_t channel, struct notice *n,
    const struct dispatch_news *news);

struct desk *
desk_new(const struct desk_options *o)
{
	struct desk *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->o = o;
	d->dispatch = dispatch_new(say_done, d);
	d->memory = memory_new(0);
	if (d->dispatch != NULL && d->memory != NULL)
		return d;
	desk_free(d);
	return NULL;
}

void
desk_free(struct desk *d)
{
	if (d == NULL)
		return;
	dispatch_free(d->dispatch);
	memory_free(d->memory);
	for (size_t i = 0; i < d->n_ways; i++) {
		channel_close(d->ways[i].channel);
		wording_free(d->ways[i].wording);
		spool_close(&d->ways[i].spool);
		free(d->ways[i].said);
	}
	free(d->ways);
	free(d);
}

static void
fail(struct desk *d, int status)
{
	d->status = status_worse(d->status, status);
}

/* A way that cannot be used is said, but records pass all the same: who cannot
 * tell must not keep others from acting. */
static void
open_channel(struct desk *d, struct way *w)
{
	struct channel_settings s = { .name = w->name,
		.retries = d->o->retries,
		.records = d->o->records || w->conf->body == CONF_BODY_RECORD,
		.state = w->state,
		.conf = w->conf };
	struct buf url = { 0 }, why = { 0 };

	if (!channel_wants_url(w->kind, w->conf) ||
	    address_find(w->conf, &url, &why) == 0) {
		s.url = url.s;
		w->channel = channel_open(w->kind, &s, &why);
	}
	if (w->channel == NULL && !d->o->dry_run) {
		warn("cannot tell '%s': %s", w->name,
		    why.s != NULL ? why.s : "out of memory");
		fail(d, STATUS_FAILED);
	}
	if (url.s != NULL)
		explicit_bzero(url.s, url.len);
	buf_free(&url);
	buf_free(&why);
}

/* Without its template a message goes out in the usual words: what has to be
 * told matters more than how. */
static void
open_wording(struct desk *d, struct way *w)
{
	enum wording_escape escape = channel_escape(w->kind, w->conf);
	struct buf why = { 0 };

	if (wording_open(w->conf, escape, &w->wording, &why) != 0) {
		warn("notify '%s': %s; it says the usual text", w->name,
		    why.s != NULL ? why.s : "out of memory");
		fail(d, STATUS_FAILED);
	}
	if (escape == WORDING_JSON)
		w->digest = 0; /* two bodies make none */
	buf_free(&why);
}

/* conf_check has seen to it that they are events */
static unsigned
events_of_conf(const struct conf_notify *from)
{
	unsigned all = 0;

	for (size_t i = 0; i < from->n_on; i++)
		event_word(from->on[i], strlen(from->on[i]), &all);
	return all != 0 ? all : (unsigned)EVENT_USUAL;
}

int
desk_add(
    struct desk *d, const struct conf_target *t, const struct conf_notify *from)
{
	struct way *more = realloc(d->ways, (d->n_ways + 1) * sizeof(*more));
	const struct desk_options *o = d->o;
	struct way *w;

	if (more == NULL)
		return -1;
	d->ways = more;
	w = &d->ways[d->n_ways++];
	*w = (struct way){ .target = t != NULL ? t->name : NULL,
		.name = from->name,
		.kind = from->channel != NULL ? from->channel : "webhook",
		.conf = from,
		.on = o->on != 0 ? o->on : events_of_conf(from),
		.digest = o->digest || from->digest,
		.repeat_after =
		    o->repeat_after >= 0 ? o->repeat_after : from->repeat_after,
		.timeout = o->timeout > 0 ? o->timeout : from->timeout,
		.state = o->state };
	if (w->state == NULL && t != NULL)
		w->state = t->state_dir;
	memory_reach(d->memory, o->alarms ? LONG_AGO : w->repeat_after);
	open_channel(d, w);
	open_wording(d, w);
	return 0;
}

size_t
desk_channels(const struct desk *d)
{
	return d->n_ways;
}

static struct way *
way_of(struct desk *d, size_t channel)
{
	for (size_t i = 0; i < d->n_ways; i++)
		if (d->ways[i].channel != NULL && d->ways[i].number == channel)
			return &d->ways[i];
	return NULL;
}

static void
say(struct desk *d, const struct buf *why, int status)
{
	warn("%s", why->s != NULL ? why->s : "out of memory");
	fail(d, status);
}

/* Once for each way and error */
static void
say_error(struct way *w, const char *error)
{
	if (error == NULL || (w->said != NULL && strcmp(w->said, error) == 0))
		return;
	warn("cannot tell '%s': %s", w->name, error);
	free(w->said);
	w->said = strdup(error);
}

/* 1: it is on disk, to be sent by a later run */
static int
keep(struct desk *d, struct way *w, struct notice *n)
{
	struct buf why = { 0 };
	int status = -1;

	if (w->state == NULL || !(w->conf->keep_unsent > 0))
		return 0;
	status = spool_keep(w->state, w->name, n, &w->dropped, &why);
	if (status != 0)
		say(d, &why, STATUS_FAILED);
	buf_free(&why);
	return status == 0;
}

/* The journal has it, once somebody was told */
static void
remember(struct desk *d, struct way *w, struct notice *n)
{
	struct buf why = { 0 };

	if (!n->told && memory_sent(w->state, w->name, n, &why) != 0)
		say(d, &why, STATUS_FAILED);
	n->told = 1;
	buf_free(&why);
}

/* In a thread of the dispatch's, under its lock */
static void
say_done(void *ctx, size_t channel, struct notice *n,
    const struct dispatch_news *news)
{
	struct desk *d = ctx;
	struct way *w = way_of(d, channel);

	if (w == NULL)
		return;
	say_error(w, news->error);
	if (news->error != NULL || news->outcome == DISPATCH_LEFT)
		fail(d, STATUS_REMOTE);
	if (news->some)
		remember(d, w, n);
	if (news->wait_s > 0 && news->outcome == DISPATCH_FAILED &&
	    w->state != NULL)
		spool_rest(w->state, n->target, w->name,
		    clock_wall() + (int64_t)(news->wait_s * 1000));
	switch (news->outcome) {
	case DISPATCH_FAILED:
		keep(d, w, n);
		break;
	case DISPATCH_SENT:
		spool_done(n);
		break;
	case DISPATCH_REFUSED:
		w->lost++;
		memory_failed(d->memory, w->name, n);
		spool_done(n);
		break;
	case DISPATCH_LEFT:
		if (n->file != NULL || keep(d, w, n)) {
			w->kept++;
		} else {
			w->lost++;
			memory_failed(d->memory, w->name, n);
		}
		break;
	}
}

/* What an earlier run left goes first */
static void
take_spool(struct desk *d, struct way *w)
{
	struct buf why = { 0 };

	if (spool_open(&w->spool, w->state, w->target, w->name,
		w->conf->keep_unsent, &why) != 0)
		say(d, &why, STATUS_FAILED);
	w->dropped += w->spool.old;
	for (const struct notice *n = w->spool.mine; n != NULL; n = n->next)
		memory_waits(d->memory, w->name, n);
	for (const struct notice *n = w->spool.others; n != NULL; n = n->next)
		memory_waits(d->memory, w->name, n);
	buf_free(&why);
}

static void
put_spool(struct desk *d, struct way *w)
{
	struct notice *n = w->spool.mine;

	w->spool.mine = NULL;
	while (n != NULL) {
		struct notice *next = n->next;

		if (dispatch_put(d->dispatch, w->number, n) != 0)
			notice_free(n); /* its file stays */
		n = next;
	}
}

void
desk_begin(struct desk *d)
{
	size_t number = 0;

	for (size_t i = 0; i < d->n_ways; i++) {
		struct way *w = &d->ways[i];
		double wait = 0;

		if (w->channel == NULL)
			continue;
		if (w->state != NULL && !d->o->dry_run)
			take_spool(d, w);
		if (w->spool.until > 0)
			wait = (double)(w->spool.until - clock_wall()) / 1000;
		if (dispatch_add(d->dispatch, w->channel, w->digest, w->timeout,
			wait) != 0) {
			warn("cannot tell '%s': out of memory", w->name);
			fail(d, STATUS_FAILED);
			channel_close(w->channel);
			w->channel = NULL;
			continue;
		}
		w->number = number++;
	}
	for (size_t i = 0; i < d->n_ways; i++) /* threads begin here */
		if (d->ways[i].channel != NULL)
			put_spool(d, &d->ways[i]);
}

/* A copy of n in the words of w; NULL: no memory */
static struct notice *
put_words(const struct way *w, const struct notice *n)
{
	struct notice *copy = notice_copy(n);
	struct buf text = { 0 };

	if (copy == NULL || w->wording == NULL)
		return copy;
	wording_fill(w->wording, n, &text);
	buf_free(&copy->text);
	copy->text = text;
	copy->marked = wording_marked(w->wording);
	if (!text.failed)
		return copy;
	notice_free(copy);
	return NULL;
}

/* A dry run: what would go out */
static void
show_words(const struct way *w, const struct notice *n)
{
	struct buf b = { 0 };

	if (w->channel != NULL) {
		struct channel_message m = { .text = n->text.s,
			.marked = n->marked,
			.record = n->record.len > 0 ? n->record.s : NULL,
			.notices = n };

		channel_show(w->channel, &m, &b);
	} else {
		buf_str(&b, "(no address is set) ");
		for (const char *c = n->text.s; *c != '\0'; c++)
			if (*c == '\n')
				buf_str(&b, " | ");
			else
				buf_char(&b, *c);
	}
	warn("would tell '%s': %s", w->name, b.failed ? "?" : b.s);
	buf_free(&b);
}

static void
show(const struct way *w, const struct notice *n)
{
	struct notice *copy = put_words(w, n);

	if (copy != NULL)
		show_words(w, copy);
	notice_free(copy);
}

/* 1: w has not been told of n lately */
static int
is_news(struct desk *d, const struct way *w, const struct notice *n)
{
	struct buf why = { 0 };
	int told = 0;

	dispatch_lock(d->dispatch);
	if ((n->events & EVENT_RESUMED) != 0)
		told =
		    memory_alarmed(d->memory, w->state, w->name, n, &why) <= 0;
	if (told == 0)
		told = memory_told(
		    d->memory, w->state, w->name, n, w->repeat_after, &why);
	if (why.len > 0)
		say(d, &why, STATUS_FAILED);
	dispatch_unlock(d->dispatch);
	buf_free(&why);
	return told != 1;
}

/* A copy of n goes to w. */
static void
put_up(struct desk *d, struct way *w, const struct notice *n)
{
	static const struct dispatch_news full = { DISPATCH_LEFT,
		"too much waits already", 0, 0 };
	struct notice *copy = put_words(w, n);

	if (copy != NULL)
		copy->since = clock_wall();
	if (copy == NULL) {
		warn("cannot tell '%s': out of memory", w->name);
		fail(d, STATUS_FAILED);
	} else if (dispatch_put(d->dispatch, w->number, copy) != 0) {
		dispatch_lock(d->dispatch);
		say_done(d, w->number, copy, &full);
		dispatch_unlock(d->dispatch);
		notice_free(copy);
	}
}

void
desk_tell(struct desk *d, struct notice *n)
{
	for (size_t i = 0; i < d->n_ways; i++) {
		struct way *w = &d->ways[i];

		if ((w->on & n->events) == 0 ||
		    (w->target != NULL && strcmp(w->target, n->target) != 0) ||
		    !is_news(d, w, n))
			continue;
		if (d->o->dry_run)
			show(w, n);
		else if (w->channel != NULL)
			put_up(d, w, n);
	}
	notice_free(n);
}

int
desk_finish(struct desk *d, int now)
{
	dispatch_finish(d->dispatch, now);
	for (size_t i = 0; i < d->n_ways; i++) {
		struct way *w = &d->ways[i];

		if (w->lost > 0)
			warn("'%s' was not told of %zu", w->name, w->lost);
		if (w->kept > 0)
			warn("'%s' was not told of %zu; a later run will try "
			     "again",
			    w->name, w->kept);
		if (w->dropped > 0)
			warn("'%s' will not be told of the %zu oldest that "
			     "waited: too old, or too many",
			    w->name, w->dropped);
		w->lost = w->kept = w->dropped = 0;
	}
	return d->status;
}
