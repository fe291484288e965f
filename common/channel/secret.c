#include "channel/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"

void
secret_free(struct buf *b)
{
	if (b->s != NULL)
		explicit_bzero(b->s, b->len);
	buf_free(b);
}

static int
read_it(const char *kind, const char *file, const char *env, struct buf *out,
    struct buf *why)
{
	const char *s;

	if (file != NULL) {
		if (file_secret(file, out) == 0)
			return 0;
		buf_printf(why, "cannot read '%s': %s", file,
		    errno == EPERM ? "others can read or write it (chmod 600)"
				   : strerror(errno));
		return -1;
	}
	s = getenv(env);
	if (s != NULL) {
		buf_str(out, s);
		return 0;
	}
	buf_printf(why, "channel '%s': the environment has no %s", kind, env);
	return -1;
}

int
secret_read(const char *kind, const char *file, const char *env,
    struct buf *out, struct buf *why)
{
	if (file == NULL && env == NULL)
		return 0;
	if (read_it(kind, file, env, out, why) != 0)
		return -1;
	while (out->len > 0 && strchr(" \t\r\n", out->s[out->len - 1]) != NULL)
		out->s[--out->len] = '\0';
	if (out->failed) {
		buf_str(why, "out of memory");
		return -1;
	}
	if (out->len == 0) {
		buf_printf(why, "channel '%s': the secret is empty", kind);
		return -1;
	}
	for (size_t i = 0; i < out->len; i++) {
		if ((unsigned char)out->s[i] >= 0x20)
			continue;
		buf_printf(
		    why, "channel '%s': the secret has several lines", kind);
		return -1;
	}
	return 1;
}

int
secret_find(const char *kind, const struct conf_notify *conf, struct buf *out,
    struct buf *why)
{
	if (conf == NULL)
		return 0;
	return secret_read(kind, conf->secret_file, conf->secret_env, out, why);
}
