/*
 * replica.h - one more container, made from one that is there
 * Private to the room: the driver docker's part that knows what of a container
 * belongs to it alone.
 */
#ifndef TARGET_REPLICA_H
#define TARGET_REPLICA_H

#include "base/buf.h"
#include "json/json.h"

/* What every container that we made carries; its value is the name of the
 * container that it was made from. */
#define REPLICA_LABEL "autoscale.replica"

struct replica {
	const char *name; /* of the new one */
	const char *from; /* name of the one it is made from */
	const char *image; /* reference; NULL: as the template says */
	const char *number; /* its number for compose; NULL: not compose's */
};

/*
 * replica_body(text, n, r, out): the body of a request that creates r, from
 * the n bytes of text with which the engine described the template. All of
 * Config and HostConfig stays byte for byte but for what no two containers can
 * share: the host name, if it is the template's own id; the hardware address;
 * ports of the host, which the engine is to choose (a range stays); addresses
 * in networks; aliases that are the template's own id or name. 0, or -1: the
 * text is no such description, or no memory.
 */
int replica_body(
    const char *text, size_t n, const struct replica *r, struct buf *out);

/*
 * replica_network(template, k, r, name, out): the k-th network (from 0) that
 * the new container has to be connected to once it is created: *name, which
 * lives in template, and the request's body. 0, or -1: no more.
 */
int replica_network(const struct json *template, size_t k,
    const struct replica *r, const char **name, struct buf *out);

#endif
