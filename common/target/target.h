/*
 * target.h - a thing that can be scaled, behind one small struct of functions
 *
 *	struct buf why = { 0 };
 *	struct target *t = target_open("web", &conf->apply, &why);
 *	struct state s;
 *
 *	if (t == NULL)
 *		die("%s", why.s);
 *	if (target_read(t, &s) != 0)
 *		warn("%s", s.error);
 *	target_close(t);
 *
 * Nothing here keeps a count in memory from one call to the next: each call
 * asks the target itself. Counts are instances, times seconds.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <signal.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "record/state.h"
#include "target/size.h"

struct target; /* an opened one */

/*
 * target_open(name, settings, why): name is what records call the target;
 * settings->driver chooses the driver, service and host are the driver's own.
 * Both are copied; what settings->machine points to must stay until
 * target_close. Nothing is sent yet. NULL with a message in *why: no such
 * driver (the message lists those there are), a setting that the driver needs
 * or cannot use, no memory.
 */
struct target *target_open(
    const char *name, const struct conf_apply *settings, struct buf *why);
void target_close(struct target *);

const char *target_driver(const struct target *); /* its driver's name */

/* target_blind(t): 1: its driver takes what is asked for to serve */
int target_blind(const struct target *t);

/* target_drivers(out): "compose, docker, ...": the names of those there are */
void target_drivers(struct buf *out);

/*
 * target_read(t, s): fills s, time included (clock_wall where --now is not
 * given). Returns 0 and s->known 1; or -1, s->known 0 and s->error a message
 * that says what to do.
 */
int target_read(struct target *t, struct state *s);

struct target_change {
	long from, to; /* the count must be from; >= 0 both */
	const char *version; /* and the version this, unless it is "" */
	int dry_run; /* write nothing */
	const struct json *record; /* of the decision, for what else it asks;
				    * may be NULL */
};

enum target_outcome {
	TARGET_WRITTEN, /* the target took the change */
	TARGET_DRY, /* dry run: everything but the write itself was done */
	TARGET_CHANGED, /* count or version is another: nothing written */
	TARGET_REFUSED, /* the target would not: nothing written */
	TARGET_AWAY, /* out of reach: nothing written */
	TARGET_UNSURE /* sent, but no answer came: read back */
};

/*
 * target_scale(t, change, request, why): compares count and version and
 * changes the count, in one step as seen by any other writer that compares as
 * well. request gets the request sent or, in a dry run, that would be: method,
 * place and the member changed; it stays empty where it did not come to one.
 * why gets a message unless TARGET_WRITTEN or TARGET_DRY.
 */
enum target_outcome target_scale(struct target *t,
    const struct target_change *change, struct buf *request, struct buf *why);

enum target_arrival {
	TARGET_THERE, /* want is asked for and serves, read back */
	TARGET_LATE, /* not within the time; why says what holds it up */
	TARGET_STUCK, /* it would not come about in any time; why, too */
	TARGET_ELSEWHERE, /* somebody asked for another count meanwhile */
	TARGET_LOST, /* could not be read back; why says so */
	TARGET_STOPPED /* *stop became true while waiting */
};

/*
 * target_wait(t, want, seconds, stop, why): reads the target back until want
 * instances are asked for and serve, at most for seconds. stop may be NULL.
 */
enum target_arrival target_wait(struct target *t, long want, double seconds,
    const volatile sig_atomic_t *stop, struct buf *why);

/* target_restores(t): 1: its driver can put back what did not come about */
int target_restores(const struct target *t);

/*
 * target_restore(t, from, to, back, request, why): after target_scale changed
 * from into to, and that did not come about: changes to into *back, which is
 * from, or what serves where that is more, so that nothing that came is lost.
 * Only where nobody else has changed the target since. TARGET_WRITTEN: it has
 * *back now; request stays empty where nothing had to be sent, *back is then
 * either to (all of it serves) or what the target put back by itself. Else why
 * has a message.
 */
enum target_outcome target_restore(struct target *t, long from, long to,
    long *back, struct buf *request, struct buf *why);

/* target_sweeps(t): 1: its driver orders what is paid for, served or not */
int target_sweeps(const struct target *t);

/*
 * target_sweep(t, remove, request, why): what we ordered and that has not
 * served within its grace, and so counts no more. remove 0: request says how it
 * would be removed, and stays empty where there is none; what serves for the
 * first time is marked as having served, so that it is none of these from now
 * on. remove 1: it is removed. 0; -1 with a message: it could not be looked at,
 * or not all of it went. For turns that are in earnest only.
 */
int target_sweep(
    struct target *t, int remove, struct buf *request, struct buf *why);

/*
 * What instances are given. target_sizing(t): how its driver changes it; NULL:
 * it cannot. The rest is for those that can.
 *
 * target_sizes(t, parts, why): what there is, without what memory they use; 0
 * or -1 with a message. size_free in any case.
 * target_used(t, part): bytes of memory in use now; NAN: it cannot tell
 * target_resize(t, change, request, why): as target_scale, for one part that
 * still has to have what it had
 */
struct target_sizing {
	/* all have it by now, and serve: one look, as a driver's settled. NULL:
	 * what was set holds at once. Where it is there, instances are replaced
	 * by and by: they restart. */
	enum target_arrival (*settled)(
	    void *self, const struct size *size, struct buf *why);
	int (*sizes)(void *self, struct size_parts *parts, struct buf *why);
	double (*used)(void *self, const struct size_part *part); /* or NULL */
	void (*round)(struct size *size); /* to what can be set; or NULL */
	enum target_outcome (*resize)(void *self,
	    const struct size_change *change, struct buf *request,
	    struct buf *why);
};

const struct target_sizing *target_sizing(const struct target *t);
int target_sizes(struct target *t, struct size_parts *parts, struct buf *why);
double target_used(struct target *t, const struct size_part *part);
enum target_outcome target_resize(struct target *t,
    const struct size_change *change, struct buf *request, struct buf *why);

/* target_resized(t, size, seconds, stop, why): as target_wait, until instances
 * that are replaced for it have that size */
enum target_arrival target_resized(struct target *t, const struct size *size,
    double seconds, const volatile sig_atomic_t *stop, struct buf *why);

/*
 * A driver. self is what open made; name is the driver's own. The functions
 * are called as the ones above promise; read fills instances, ready, version
 * and known, or error.
 */
struct target_driver {
	const char *name;
	int blind; /* 1: ready is but what is asked for, it sees no more */
	void *(*open)(const struct conf_apply *settings, struct buf *why);
	void (*close)(void *self);
	void (*read)(void *self, struct state *s);
	enum target_outcome (*scale)(void *self,
	    const struct target_change *change, struct buf *request,
	    struct buf *why);
	/* restore: as target_restore; NULL: this driver leaves what it did */
	enum target_outcome (*restore)(void *self, long from, long to,
	    long *back, struct buf *request, struct buf *why);
	/* settled(self, want, why): one look; why as target_wait's */
	enum target_arrival (*settled)(void *self, long want, struct buf *why);
	/* explain(self, why): asks what holds it up, once, after a time-out;
	 * NULL: this driver knows no more than settled said */
	void (*explain)(void *self, struct buf *why);
	/* sweep: as target_sweep; NULL: nothing that it made is paid for unless
	 * it counts */
	int (*sweep)(
	    void *self, int remove, struct buf *request, struct buf *why);
	const struct target_sizing *sizing; /* NULL: instances have no size
					     * that it could change */
};

extern const struct target_driver target_compose, target_digitalocean,
    target_docker, target_exec, target_file, target_hetzner, target_kubernetes,
    target_lxd, target_nomad, target_swarm;

#endif
