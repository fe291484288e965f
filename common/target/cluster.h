/*
 * cluster.h - a Kubernetes API server: where it is, and who we are to it
 * Private to the room: what the driver kubernetes needs to send a request.
 */
#ifndef TARGET_CLUSTER_H
#define TARGET_CLUSTER_H

#include "http/http.h"

struct cluster {
	struct http *h;
	char *namespace; /* the one meant where none is named */
	char *token_file; /* read again for every request; NULL: none */
	char *authorization; /* header, where there is no such file; or NULL */
};

/*
 * cluster_open(c, host, timeout, why): host is
 *
 *	"http://127.0.0.1:8001"	a server that asks nothing of us, such as
 *				'kubectl proxy'; https with the system's
 *				authorities
 *	"in-cluster"		where we run in a pod: its service account;
 *				"in-cluster:DIR" where that is mounted in DIR
 *	"/etc/web.kube"		a file as 'kubectl config view --raw --minify
 *				--flatten -o json' prints it, with a token, a
 *				token's file, a client certificate, or a user
 *				and a password; refused if others can read it
 *	NULL, ""		$KUBECONFIG, else "in-cluster"
 *
 * timeout: seconds for an answer, 30 at most. Nothing is sent yet. 0, or -1
 * with a message and nothing to close.
 */
int cluster_open(
    struct cluster *c, const char *host, double timeout, struct buf *why);
void cluster_close(struct cluster *c);

/* cluster_send(c, q, r, why): as http_send, as who we are; on failure why has
 * the message, with what to do about it */
int cluster_send(const struct cluster *c, struct http_request *q,
    struct http_response *r, struct buf *why);

#endif
