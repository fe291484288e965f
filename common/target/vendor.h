/*
 * vendor.h - who rents machines out by an API over HTTPS: Hetzner, DigitalOcean
 * Private to the room: what all of them have in common is in vendor.c (what is
 * sent, and how often) and rent.c (which machines come and go); what differs is
 * one struct vendor_kind each.
 */
#ifndef TARGET_VENDOR_H
#define TARGET_VENDOR_H

#include <stdint.h>

#include "http/http.h"
#include "target/fleet.h"

enum vendor_trouble { /* why a machine was not made */
	TROUBLE_OTHER,
	TROUBLE_STOCK, /* there is none of this type at this place */
	TROUBLE_TAKEN, /* the name is in use */
	TROUBLE_BUSY /* not now: ask again soon */
};

struct vendor;

struct vendor_wish { /* a machine to be made */
	const char *name, *type, *place; /* place "": wherever */
	const char *user_data; /* or what stands for it; NULL: none */
};

struct vendor_kind {
	const char *name; /* the driver's */
	const char *base; /* where its API is */
	const char *token; /* the variable that its own tools read */
	const char *machines; /* "/servers": the path of all */
	const char *list; /* the member of answers that holds all */
	int per_page;
	int refills; /* the rate limit grows back bit by bit, and what its
		      * headers name is when it is whole again */
	/* check(v, why): the settings can be used: 0, or -1 and a message */
	int (*check)(const struct vendor *v, struct buf *why);
	/* filter(v, out): the query for ours only */
	void (*filter)(const struct vendor *v, struct buf *out);
	/* more(answer, page): the number of the next page; 0: there is none */
	long (*more)(const struct json *answer, long page);
	/* read(v, j, m): fills m; id "" where that fails */
	void (*read)(
	    const struct vendor *v, const struct json *j, struct machine *m);
	void (*create)(const struct vendor *v, const struct vendor_wish *w,
	    struct buf *body);
	enum vendor_trouble (*judge)(long status, const struct json *answer);
	/* stop(id, path, body): the request that lets one shut down */
	void (*stop)(const char *id, struct buf *path, struct buf *body);
	/* prove(v, m): marks one that has served; -1: it could not be done */
	int (*prove)(struct vendor *v, const struct machine *m);
	/* load_path, load: asks for the load of one from t0 to t1 (s since
	 * 1970), and reads the share of its processors in use; NAN */
	void (*load_path)(
	    const char *id, int64_t t0, int64_t t1, struct buf *path);
	double (*load)(const struct json *answer);
};

struct vendor {
	const struct vendor_kind *kind;
	struct http *h;
	char *host, *service;
	double timeout; /* s */
	double period, minimum; /* s that are paid at once, and at the least;
				 * 0: none */
	struct conf_machine machine; /* what it points to is the settings' */
	int64_t until; /* clock_monotonic's: nothing is begun after it */
	int64_t free_at; /* clock_wall's: nothing may be sent before it */
	int scarce; /* little is left of the rate limit */
	int64_t written_at; /* clock_monotonic's, of the last change; 0 */
	int64_t look_at; /* clock_monotonic's: the next look is not before */
	struct buf seen; /* what the last one found */
};

/* vendor_open(kind, settings, why): nothing is sent. NULL with a message. */
struct vendor *vendor_open(const struct vendor_kind *kind,
    const struct conf_apply *settings, struct buf *why);
void vendor_close(struct vendor *);

/*
 * vendor_send(v, q, r): as http_send, within v->until, waiting where the vendor
 * says that too much was asked, and repeating what may be repeated.
 */
int vendor_send(
    struct vendor *v, struct http_request *q, struct http_response *r);

/* vendor_get(v, path, why): an answer, or NULL and a message */
struct json *vendor_get(
    struct vendor *v, const struct buf *path, struct buf *why);

/* vendor_write(v, method, path, body): one request whose answer matters only in
 * whether it came: 0 or -1 */
int vendor_write(struct vendor *v, const char *method, const struct buf *path,
    const struct buf *body);

/* vendor_look(v, f, why): all machines of the service, probed and in order. 0
 * or -1. */
int vendor_look(struct vendor *v, struct fleet *f, struct buf *why);

/* vendor_find(v, name): there is a machine of ours of that name: 1, else 0;
 * -1: that cannot be told */
int vendor_find(struct vendor *v, const char *name);

/* What the drivers' functions are; self is a struct vendor */
void rent_close(void *self);
void rent_state(void *self, struct state *s);
enum target_outcome rent_scale(void *self, const struct target_change *change,
    struct buf *request, struct buf *why);
enum target_arrival rent_settled(void *self, long want, struct buf *why);
int rent_sweep(void *self, int remove, struct buf *request, struct buf *why);

#endif
