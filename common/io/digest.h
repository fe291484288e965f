/*
 * digest.h - SHA-256, HMAC-SHA-256 and base64, by nettle
 */
#ifndef IO_DIGEST_H
#define IO_DIGEST_H

#include <stddef.h>

#include "base/buf.h"

enum { DIGEST_HEX = 65 };

/* digest_sha256(p, n, hex): 64 hex digits and a NUL. Returns hex. */
char *digest_sha256(const void *p, size_t n, char hex[static DIGEST_HEX]);

/* The same of what comes in pieces. digest_new: NULL with errno ENOMEM.
 * digest_end releases d and returns hex. */
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *p, size_t n);
char *digest_end(struct digest *d, char hex[static DIGEST_HEX]);

/* digest_hmac(key, nkey, p, n, mac): HMAC-SHA-256 (RFC 2104), 32 bytes */
void digest_hmac(const void *key, size_t nkey, const void *p, size_t n,
    unsigned char mac[static 32]);

/* base64_add(out, p, n): RFC 4648 base64 with padding, no line breaks */
void base64_add(struct buf *out, const void *p, size_t n);

/* base64_read(s, n, out): the bytes that s spells are added to out. 0, or -1
 * where s is not base64 (blanks are not) and out as it was. */
int base64_read(const char *s, size_t n, struct buf *out);

#endif
