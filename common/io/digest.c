#include "io/digest.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdlib.h>

struct digest {
	struct sha256_ctx ctx;
};

static char *
finish(struct sha256_ctx *ctx, char hex[static DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t d[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(d), d);
	for (size_t i = 0; i < sizeof(d); i++) {
		hex[2 * i] = digits[d[i] >> 4];
		hex[2 * i + 1] = digits[d[i] & 15];
	}
	hex[2 * sizeof(d)] = '\0';
	return hex;
}

char *
digest_sha256(const void *p, size_t n, char hex[static DIGEST_HEX])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, p);
	return finish(&ctx, hex);
}

struct digest *
digest_new(void)
{
	struct digest *d = malloc(sizeof(*d));

	if (d != NULL)
		sha256_init(&d->ctx);
	return d;
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	sha256_update(&d->ctx, n, p);
}

char *
digest_end(struct digest *d, char hex[static DIGEST_HEX])
{
	finish(&d->ctx, hex);
	free(d);
	return hex;
}

void
digest_hmac(const void *key, size_t nkey, const void *p, size_t n,
    unsigned char mac[static 32])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, nkey, key);
	hmac_sha256_update(&ctx, n, p);
	hmac_sha256_digest(&ctx, 32, mac);
}

void
base64_add(struct buf *out, const void *p, size_t n)
{
	size_t len = BASE64_ENCODE_RAW_LENGTH(n);

	if (buf_reserve(out, len + 1) != 0)
		return;
	base64_encode_raw(out->s + out->len, n, p);
	out->len += len;
	out->s[out->len] = '\0';
}

/* What each of the four letters of a group adds to its 24 bits; BAD: it is no
 * letter of base64 */
enum { BAD = 1 << 24 };
static uint32_t letters[4][256];

static void
fill_letters(void)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int k = 0; k < 4; k++) {
		for (int c = 0; c < 256; c++)
			letters[k][c] = BAD;
		for (uint32_t v = 0; v < 64; v++)
			letters[k][(unsigned char)alphabet[v]] = v
			    << (18 - 6 * k);
	}
}

/* A group of four letters as 24 bits, with BAD in it where it is none */
static uint32_t
group(const unsigned char *s)
{
	return letters[0][s[0]] | letters[1][s[1]] | letters[2][s[2]] |
	    letters[3][s[3]];
}

/* The last group, which may be padded: bytes it holds, or -1. What padding
 * cuts off must be 0: one text for one content. */
static int
last_group(const unsigned char *s, uint32_t *v)
{
	unsigned char t[4] = { s[0], s[1], s[2], s[3] };
	int n = 3;

	if (t[3] == '=') {
		t[3] = 'A';
		n = 2;
		if (t[2] == '=') {
			t[2] = 'A';
			n = 1;
		}
	}
	*v = group(t);
	return *v & BAD || (n < 3 && (*v & (n == 2 ? 0xff : 0xffff))) ? -1 : n;
}

/* Nettle's decoder takes a letter at a time, which is most of the time that
 * loading a model takes. */
int
base64_read(const char *s, size_t n, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t v, bad = 0;
	unsigned char *to;
	int last = 0;

	if (n % 4 != 0 || buf_reserve(out, n / 4 * 3 + 1) != 0)
		return -1;
	if (letters[0][0] == 0)
		fill_letters();
	to = (unsigned char *)out->s + out->len;
	for (; n > 4; n -= 4, p += 4, to += 3) {
		v = group(p);
		bad |= v;
		to[0] = (unsigned char)(v >> 16 & 0xff);
		to[1] = (unsigned char)(v >> 8 & 0xff);
		to[2] = (unsigned char)(v & 0xff);
	}
	if (n == 4) {
		last = last_group(p, &v);
		for (int k = 0; k < last; k++)
			*to++ = (unsigned char)(v >> (16 - 8 * k) & 0xff);
	}
	if (bad & BAD || last < 0) {
		out->s[out->len] = '\0';
		return -1;
	}
	out->len = (size_t)((char *)to - out->s);
	out->s[out->len] = '\0';
	return 0;
}
