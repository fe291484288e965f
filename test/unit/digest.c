/*
 * SHA-256: FIPS 180-4's examples. HMAC-SHA-256: RFC 4231. Base64: RFC 4648.
 */
#include "io/digest.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void
sha256(void)
{
	static const char *const table[][2] = {
		{ "",
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b78"
		    "52b855" },
		{ "abc",
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2"
		    "0015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419"
		    "db06c1" },
	};
	char hex[DIGEST_HEX], *million = malloc(1000000);

	for (size_t i = 0; i < 3; i++) {
		check_row = table[i][0];
		check(
		    strcmp(digest_sha256(table[i][0], strlen(table[i][0]), hex),
			table[i][1]) == 0);
	}
	check_row = "";
	if (million == NULL)
		exit(1);
	memset(million, 'a', 1000000);
	check(strcmp(digest_sha256(million, 1000000, hex),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc711"
		  "2cd0") == 0);
	free(million);
}

/* n bytes, all of them c */
static const char *
run_of(int c, size_t n)
{
	static char s[256];

	memset(s, c, n);
	return s;
}

static void
hmac_is(const char *key, size_t nkey, const char *text, const char *hex)
{
	unsigned char mac[32];
	char got[65];

	digest_hmac(key, nkey, text, strlen(text), mac);
	for (int i = 0; i < 32; i++)
		snprintf(got + 2 * i, 3, "%02x", mac[i]);
	check_row = got;
	check(strcmp(got, hex) == 0);
	check_row = "";
}

static void
hmac(void)
{
	hmac_is(run_of(0x0b, 20), 20, "Hi There",
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_is("Jefe", 4, "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hmac_is(run_of(0xaa, 131), 131,
	    "Test Using Larger Than Block-Size Key - Hash Key First",
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
base64(void)
{
	static const char *const table[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Z", "Zg",
		"Zg=", "Zg===", "Zh==", "Zm9v!", "=", "Zm=v",
		"Zm9vYg==Zg==", "Zm-_" };
	struct buf b = { 0 }, c = { 0 };

	for (size_t i = 0; i < 7; i++) {
		check_row = table[i][1];
		buf_clear(&b);
		buf_clear(&c);
		base64_add(&b, table[i][0], strlen(table[i][0]));
		check(b.len == strlen(table[i][1]) &&
		    strcmp(b.s, table[i][1]) == 0);
		check(base64_read(b.s, b.len, &c) == 0 &&
		    strcmp(c.s, table[i][0]) == 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row = bad[i];
		buf_clear(&c);
		buf_str(&c, "kept");
		check(base64_read(bad[i], strlen(bad[i]), &c) == -1);
		check(c.len == 4 && strcmp(c.s, "kept") == 0);
	}
	check_row = "";
	buf_clear(&c);
	check(base64_read("Zm9v\nYmFy\n", 10, &c) == -1); /* RFC 4648, 3.3 */
	buf_free(&b);
	buf_free(&c);
}

static void
there_and_back(void)
{
	unsigned char bytes[300];

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct buf b = { 0 }, c = { 0 };

		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)(i * 37 + n);
		base64_add(&b, bytes, n);
		check(b.len == (n + 2) / 3 * 4);
		check(base64_read(b.s, b.len, &c) == 0 && c.len == n &&
		    memcmp(c.s, bytes, n) == 0);
		buf_free(&b);
		buf_free(&c);
	}
}

int
main(void)
{
	sha256();
	hmac();
	base64();
	there_and_back();
	return check_status();
}
