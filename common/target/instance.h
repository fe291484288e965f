/*
 * instance.h - LXD's REST API: where it is, its requests, its operations
 * Private to the room: the driver lxd's hands.
 */
#ifndef TARGET_INSTANCE_H
#define TARGET_INSTANCE_H

#include <stdint.h>

#include "http/http.h"
#include "json/json.h"
#include "target/target.h"

struct lxd {
	struct http *h;
	char *host; /* as given, or found */
	char *project, *service;
	double timeout;
	int64_t until; /* of a change: clock_monotonic's */
	double period, minimum; /* s that are paid at once, and at the least;
				 * 0: none */
	struct conf_machine machine; /* what it points to is the settings' */
};

/* lxd_begin(d, settings, why): fills d; nothing is sent. 0, or -1 with a
 * message; lxd_end in either case */
int lxd_begin(
    struct lxd *d, const struct conf_apply *settings, struct buf *why);
void lxd_end(struct lxd *);

/* lxd_path(out, d, kind, name, query): "/1.0/kind/name?project=P&query"; name
 * may hold more of the path; what is "" is left out */
void lxd_path(struct buf *out, const struct lxd *d, const char *kind,
    const char *name, const char *query);

/* lxd_get(d, path, status, why): the answer, or NULL and a message; status,
 * unless NULL, gets that of the answer */
struct json *lxd_get(
    struct lxd *d, const struct buf *path, long *status, struct buf *why);

enum lxd_kind { LXD_CREATE, LXD_START, LXD_STOP, LXD_KILL, LXD_DELETE };

struct lxd_step { /* one thing done to one instance */
	char name[128];
	enum lxd_kind kind;
	int out; /* it takes no further part */
	struct buf body, shown; /* to create it; the latter without what may
				 * be a secret */
	char *operation; /* its path */
	enum target_outcome outcome;
	struct buf why;
};

struct lxd_source { /* what instances are made of */
	const char *name; /* of an instance, or "image:NAME" */
	struct json *found; /* the instance; NULL: an image */
};

/* lxd_source(d, s, why): looks s->name up. 0, or -1 with a message. */
int lxd_source(struct lxd *d, struct lxd_source *s, struct buf *why);
void lxd_source_free(struct lxd_source *);

/* lxd_create(step, d, from, why): the body that creates step->name. 0, or -1
 * with a message: the user data cannot be read. */
int lxd_create(struct lxd_step *step, const struct lxd *d,
    const struct lxd_source *from, struct buf *why);

/* lxd_show: adds the request of a step, as a person may see it */
void lxd_show(
    struct buf *out, const struct lxd *d, const struct lxd_step *step);

/* lxd_send begins a step, lxd_await waits for its end, at most until d->until;
 * the outcome is in step->outcome, and step->why unless it is
 * TARGET_WRITTEN */
void lxd_send(struct lxd *d, struct lxd_step *step);
void lxd_await(struct lxd *d, struct lxd_step *step);

/*
 * What an instance is given, changed while it runs. A whole number of cores is
 * limits.cpu, part of one a share of time in limits.cpu.allowance; one that has
 * such a share keeps it. LXD reserves nothing.
 *
 * lxd_limits(d, name, part, why): fills part: 1; 0: it is gone; -1 and why
 */
int lxd_limits(
    struct lxd *d, const char *name, struct size_part *part, struct buf *why);
double lxd_used(void *self, const struct size_part *part);
void lxd_round(struct size *size);
enum target_outcome lxd_resize(void *self, const struct size_change *change,
    struct buf *request, struct buf *why);

/* lxd_prove(d, name): marks one that has served. That it fails does no harm. */
void lxd_prove(struct lxd *d, const char *name);

#endif
