/*
 * fuzz.h - texts mutated at random, for readers that must withstand anything
 *
 * A program defines fuzz_seeds and fuzz_one() and gets main():
 *     PROGRAM [SECONDS [SEED]]    mutates seeds (default 3 s, seed 1)
 *     PROGRAM FILE...             tries what the files hold, to look again
 * A text that makes fuzz_one() return anything but 0 is left in the file
 * fuzz-failed of the present folder; so is one that ends the program, if the
 * sanitizers end it. Built with -fsanitize=fuzzer -DLIBFUZZER it is a libFuzzer
 * program.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "io/file.h"

extern const char *const fuzz_seeds[]; /* NULL-ended */

/* 0, or a static text: what does not hold. s has no NUL after it. */
const char *fuzz_one(const char *s, size_t n);

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
	if (fuzz_one((const char *)s, n) != NULL)
		abort();
	return 0;
}
#else

enum { FUZZ_MAX = 4096 };

static uint64_t fuzz_state;
static char fuzz_text[FUZZ_MAX];
static volatile size_t fuzz_len;

static size_t
fuzz_draw(size_t below)
{
	/* xorshift64*: Vigna 2016 */
	fuzz_state ^= fuzz_state >> 12;
	fuzz_state ^= fuzz_state << 25;
	fuzz_state ^= fuzz_state >> 27;
	return (size_t)((fuzz_state * 2685821657736338717u) >> 33) % below;
}

static void
fuzz_keep(void)
{
	FILE *f = fopen("fuzz-failed", "w");

	if (f == NULL)
		return;
	fwrite(fuzz_text, 1, fuzz_len, f);
	fclose(f);
	fprintf(stderr, "the text is in the file fuzz-failed\n");
}

static void
fuzz_caught(int sig)
{
	fuzz_keep();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
fuzz_insert(size_t at, const char *s, size_t n)
{
	if (fuzz_len + n > FUZZ_MAX)
		return;
	memmove(fuzz_text + at + n, fuzz_text + at, fuzz_len - at);
	memcpy(fuzz_text + at, s, n);
	fuzz_len += n;
}

static void
fuzz_cut(size_t at, size_t n)
{
	memmove(fuzz_text + at, fuzz_text + at + n, fuzz_len - at - n);
	fuzz_len -= n;
}

/* One change somewhere */
static void
fuzz_change(void)
{
	static const char *const words[] = { "{", "}", "[", "]", ",", ":", "\"",
		"\\", "null", "NaN", "-Inf", "1e999", "-0", "\\u0000",
		"\\ud800", "\\u0061", "\xc3", "\xff", "9007199254740993",
		"1.7976931348623157e308", "-1", "0", "\"type\":\"state\",",
		"2026-11-23T17:00:00Z", "T", "+14:00", "5m" };
	size_t at = fuzz_draw(fuzz_len + 1), n = fuzz_len - at;
	const char *w;
	char piece[64];

	switch (fuzz_draw(6)) {
	case 0:
		if (n > 0)
			fuzz_text[at] = (char)fuzz_draw(256);
		break;
	case 1:
		w = words[fuzz_draw(sizeof(words) / sizeof(words[0]))];
		fuzz_insert(at, w, strlen(w));
		break;
	case 2:
		fuzz_cut(at, n > 0 ? fuzz_draw(n < 20 ? n : 20) : 0);
		break;
	case 3: /* a piece again, somewhere else */
		n = n < sizeof(piece) ? n : sizeof(piece);
		memcpy(piece, fuzz_text + at, n);
		fuzz_insert(fuzz_draw(fuzz_len + 1), piece, n);
		break;
	case 4:
		if (n > 0)
			fuzz_text[at] ^= (char)(1 << fuzz_draw(8));
		break;
	default:
		if (fuzz_draw(20) == 0)
			fuzz_cut(at, n);
		break;
	}
}

/* The text in memory of just its size, so that a read past it is seen */
static const char *
fuzz_try(void)
{
	char *exact = malloc(fuzz_len > 0 ? fuzz_len : 1);
	const char *why;

	if (exact == NULL)
		exit(1);
	memcpy(exact, fuzz_text, fuzz_len);
	why = fuzz_one(exact, fuzz_len);
	free(exact);
	return why;
}

static int
fuzz_again(char **files)
{
	int failed = 0;

	for (; *files != NULL; files++) {
		struct buf b = { 0 };
		const char *why;

		if (file_read(*files, FUZZ_MAX, &b) != 0)
			return 1;
		memcpy(fuzz_text, b.s, b.len);
		fuzz_len = b.len;
		buf_free(&b);
		why = fuzz_try();
		printf("%s: %s\n", *files, why != NULL ? why : "all holds");
		failed |= why != NULL;
	}
	return failed;
}

int
main(int argc, char **argv)
{
	double seconds = 3, seed = 1;
	size_t seeds = 0, tried = 0;
	const char *why = NULL;
	time_t end;

	if (argc > 1 && number_parse(argv[1], &seconds) != 0)
		return fuzz_again(argv + 1);
	if (argc > 2 && number_parse(argv[2], &seed) != 0)
		return 2;
	signal(SIGABRT, fuzz_caught);
	signal(SIGSEGV, fuzz_caught);
	while (fuzz_seeds[seeds] != NULL)
		seeds++;
	fuzz_state = (uint64_t)seed * 2 + 1;
	end = time(NULL) + (time_t)seconds;
	for (; why == NULL && time(NULL) <= end; tried++) {
		const char *s = fuzz_seeds[fuzz_draw(seeds)];

		fuzz_len = strlen(s);
		memcpy(fuzz_text, s, fuzz_len);
		for (size_t k = fuzz_draw(12); k > 0; k--)
			fuzz_change();
		why = fuzz_try();
	}
	if (why != NULL) {
		fprintf(stderr, "%s: %s\n", argv[0], why);
		fuzz_keep();
		return 1;
	}
	printf("%s: %zu texts\n", argv[0], tried);
	return 0;
}
#endif

#endif
