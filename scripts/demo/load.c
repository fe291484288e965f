/*
 * load - a stream of requests whose rate is told, and what became of them
 * Use: load ADDRESS PORT PATH
 * Reads lines of standard input: "12.5" from now on so many requests a second.
 * A request leaves when it is due, whether earlier ones have been answered or
 * not (as people do). Writes lines, times in seconds since 1970:
 *
 *	load TIME RATE SENT ANSWERED FAILED MEAN_MS SERVING
 *
 * once a second, counts and mean of that second, and at once, whenever the
 * number of instances changes that have answered within the last second (by
 * their X-Instance)
 *
 *	serving TIME N
 *
 * Ends with its input, or at SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 256, INSTANCES = 256, PATIENCE_S = 10 };

static struct sockaddr_in place;
static char request[512];

static struct {
	pthread_mutex_t lock;
	pthread_cond_t due;
	unsigned long waiting; /* due, and no client has them yet */
	unsigned long sent, answered, failed; /* within this second */
	double took; /* sum of those answered, s */
	struct {
		char name[64];
		double at; /* when it answered last */
	} instance[INSTANCES];
	size_t n;
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER, .due = PTHREAD_COND_INITIALIZER };

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Under the lock. An instance that was not seen for long gives up its place. */
static void
answered_by(const char *name, double at)
{
	size_t old = 0;

	for (size_t k = 0; k < seen.n; k++) {
		if (strcmp(seen.instance[k].name, name) == 0) {
			seen.instance[k].at = at;
			return;
		}
		if (seen.instance[k].at < seen.instance[old].at)
			old = k;
	}
	if (seen.n < INSTANCES)
		old = seen.n++;
	snprintf(seen.instance[old].name, sizeof(seen.instance[old].name), "%s",
	    name);
	seen.instance[old].at = at;
}

/* One request; 0 if it was answered with 200. name gets the instance's. */
static int
ask(char *name, size_t size)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	char answer[4096];
	size_t n = 0, len = strlen(request);
	const char *p;
	ssize_t got;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r = -1;

	if (s < 0)
		return -1;
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(s, (const struct sockaddr *)&place, sizeof(place)) == 0 &&
	    send(s, request, len, MSG_NOSIGNAL) == (ssize_t)len) {
		while (n < sizeof(answer) - 1 &&
		    (got = read(s, answer + n, sizeof(answer) - 1 - n)) > 0)
			n += (size_t)got;
		answer[n] = '\0';
		p = strstr(answer, "X-Instance: ");
		if (strncmp(answer, "HTTP/1.1 200", 12) == 0 && p != NULL) {
			snprintf(name, size, "%.*s",
			    (int)strcspn(p + 12, "\r\n"), p + 12);
			r = 0;
		}
	}
	close(s);
	return r;
}

static void *
client(void *unused)
{
	char name[64];

	(void)unused;
	pthread_mutex_lock(&seen.lock);
	for (;;) {
		double began;
		int r;

		while (seen.waiting == 0)
			pthread_cond_wait(&seen.due, &seen.lock);
		seen.waiting--;
		pthread_mutex_unlock(&seen.lock);
		began = now(CLOCK_MONOTONIC);
		r = ask(name, sizeof(name));
		pthread_mutex_lock(&seen.lock);
		if (r == 0) {
			seen.answered++;
			seen.took += now(CLOCK_MONOTONIC) - began;
			answered_by(name, now(CLOCK_REALTIME));
		} else {
			seen.failed++;
		}
	}
	return NULL;
}

/* Under the lock: those that answered within the last second */
static size_t
serving(double at)
{
	size_t n = 0;

	for (size_t k = 0; k < seen.n; k++)
		n += seen.instance[k].at > at - 1;
	return n;
}

static void
report(double rate)
{
	static double next;
	static size_t before;
	double at = now(CLOCK_REALTIME);
	size_t n;

	pthread_mutex_lock(&seen.lock);
	n = serving(at);
	if (n != before)
		printf("serving %.3f %zu\n", at, n);
	before = n;
	if (at >= next) {
		printf("load %.3f %.1f %lu %lu %lu %.0f %zu\n", at, rate,
		    seen.sent, seen.answered, seen.failed,
		    seen.answered > 0 ? 1000 * seen.took / (double)seen.answered
				      : 0,
		    n);
		seen.sent = seen.answered = seen.failed = 0;
		seen.took = 0;
		next = next == 0 || at > next + 1 ? at + 1 : next + 1;
	}
	pthread_mutex_unlock(&seen.lock);
	fflush(stdout);
}

static void
send_due(unsigned long n)
{
	pthread_mutex_lock(&seen.lock);
	seen.sent += n;
	seen.waiting += n;
	if (n > 1)
		pthread_cond_broadcast(&seen.due);
	else if (n == 1)
		pthread_cond_signal(&seen.due);
	pthread_mutex_unlock(&seen.lock);
}

/* The newest whole line of input: a rate, or -1: none came, -2: its end */
static double
told(void)
{
	static char text[4096];
	static size_t n;
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	double rate = -1;
	char *lf;
	ssize_t got;

	if (poll(&p, 1, 10) <= 0)
		return -1;
	got = read(STDIN_FILENO, text + n, sizeof(text) - 1 - n);
	if (got <= 0)
		return got < 0 && errno == EINTR ? -1 : -2;
	n += (size_t)got;
	text[n] = '\0';
	while ((lf = strchr(text, '\n')) != NULL) {
		rate = strtod(text, NULL);
		n -= (size_t)(lf + 1 - text);
		memmove(text, lf + 1, n + 1);
	}
	return rate;
}

int
main(int argc, char *argv[])
{
	double rate = 0, due = 0, last = now(CLOCK_MONOTONIC), at, word;
	pthread_t t;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &place.sin_addr) != 1) {
		fprintf(stderr, "usage: load ADDRESS PORT PATH\n");
		return 2;
	}
	place.sin_family = AF_INET;
	place.sin_port = htons((unsigned short)strtol(argv[2], NULL, 10));
	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n",
	    argv[3]);
	for (int i = 0; i < CLIENTS; i++)
		if (pthread_create(&t, NULL, client, NULL) != 0)
			return 2;
	while ((word = told()) > -2) {
		at = now(CLOCK_MONOTONIC);
		due += rate * (at - last);
		last = at;
		if (word >= 0)
			rate = word;
		send_due((unsigned long)due);
		due -= (double)(unsigned long)due;
		report(rate);
	}
	return 0;
}
