#include "io/out.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { OUT_SIZE = 65536 };

static char pending[OUT_SIZE];
static size_t used;
static int failure;

int
out_failed(void)
{
	return failure != 0;
}

int
out_errno(void)
{
	return failure;
}

/* Standard output that someone made non-blocking: waits for room. 1. */
static int
await(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	poll(&p, 1, -1);
	return 1;
}

static int
push(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(STDOUT_FILENO, p, n);

		if (k < 0 && (errno == EINTR || (errno == EAGAIN && await())))
			continue;
		if (k < 0) {
			failure = errno;
			return -1;
		}
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
out_flush(void)
{
	size_t n = used;

	if (failure != 0) {
		errno = failure;
		return -1;
	}
	used = 0;
	return push(pending, n);
}

int
out_write(const void *p, size_t n)
{
	if (used + n > OUT_SIZE && out_flush() != 0)
		return -1;
	if (failure != 0)
		return -1;
	if (n > OUT_SIZE)
		return push(p, n);
	memcpy(pending + used, p, n);
	used += n;
	return 0;
}

int
out_close(void)
{
	int r = out_flush();

	if (close(STDOUT_FILENO) != 0 && errno != EBADF && r == 0) {
		failure = errno;
		r = -1;
	}
	return r;
}
