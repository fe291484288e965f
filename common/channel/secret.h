/*
 * secret.h - the secret of a channel, from a file or the environment only
 */
#ifndef CHANNEL_SECRET_H
#define CHANNEL_SECRET_H

#include "base/buf.h"
#include "conf/conf.h"

/*
 * secret_find(kind, conf, out, why): what secret_file or secret_env names is
 * added to out. 1: it was; 0: conf names neither (or is NULL); -1 with a
 * message in *why: it cannot be read, is empty, or has several lines.
 */
int secret_find(const char *kind, const struct conf_notify *conf,
    struct buf *out, struct buf *why);

/* secret_read(kind, file, env, out, why): the same with the file, or else the
 * environment variable, that is not NULL */
int secret_read(const char *kind, const char *file, const char *env,
    struct buf *out, struct buf *why);

void secret_free(struct buf *); /* wipes it first */

#endif
