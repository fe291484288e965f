#include "io/digest.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdint.h>

char *
digest_sha256(const void *p, size_t n, char hex[static DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t d[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, p);
	sha256_digest(&ctx, sizeof(d), d);
	for (size_t i = 0; i < sizeof(d); i++) {
		hex[2 * i] = digits[d[i] >> 4];
		hex[2 * i + 1] = digits[d[i] & 15];
	}
	hex[2 * sizeof(d)] = '\0';
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

int
base64_read(const char *s, size_t n, struct buf *out)
{
	struct base64_decode_ctx ctx;
	size_t len = BASE64_DECODE_LENGTH(n);

	if (buf_reserve(out, len + 1) != 0)
		return -1;
	base64_decode_init(&ctx);
	if (!base64_decode_update(
		&ctx, &len, (uint8_t *)out->s + out->len, n, s) ||
	    !base64_decode_final(&ctx)) {
		out->s[out->len] = '\0';
		return -1;
	}
	out->len += len;
	out->s[out->len] = '\0';
	return 0;
}
