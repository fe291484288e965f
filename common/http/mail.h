/*
 * mail.h - one letter to one receiver by SMTP (RFC 5321), through libcurl
 *
 * smtps:// is TLS from the first byte; smtp:// has to become TLS by STARTTLS
 * (RFC 3207), except where the host is this machine and neither a login nor
 * an authority is given. Certificates are always verified. A connection is kept
 * from letter to letter; one struct mail is not to be used by two threads at
 * once.
 */
#ifndef HTTP_MAIL_H
#define HTTP_MAIL_H

#include <stddef.h>

#include "base/buf.h"

/* Texts are copied. */
struct mail_options {
	const char *url; /* "smtp://host:587", "smtps://host"; a path is the
			  * name to say hello with, else this machine's is */
	const char *username, *password; /* NULL: no login */
	const char *ca_file; /* PEM, instead of the system's authorities */
	double connect_s; /* until a connection stands */
	long retries; /* more tries after the first */
};

struct mail;

/* NULL with a message in *why: no such URL, no memory */
struct mail *mail_open(const struct mail_options *o, struct buf *why);
void mail_close(struct mail *);

/* How long to go on, and what became of it */
struct mail_try {
	double budget_s; /* for all tries and the waits between them */
	int once; /* only one */
	int answered; /* out: a reply of 400 or more came */
	int refused; /* out: this letter, or its receiver, will never do */
};

/*
 * mail_send(m, from, to, p, n, t, why): the n bytes of a letter, headers and
 * all, lines ended by CRLF (a line that begins with a dot is seen to). from and
 * to are bare addresses. Tried again, after one second, then two and so on, as
 * t says: no connection, a time-out, and replies of 4xx. 0, or -1 with a
 * message in *why that holds no password.
 */
int mail_send(struct mail *m, const char *from, const char *to, const char *p,
    size_t n, struct mail_try *t, struct buf *why);

/* mail_where(m, out): scheme, host and port, in quotes */
void mail_where(const struct mail *m, struct buf *out);

#endif
