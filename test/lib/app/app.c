/*
 * app - a small web application for the end-to-end tests
 * Use: app [PORT]
 * Listens on 127.0.0.1:PORT (0 or none: the kernel chooses) and prints the port
 * it got as its first and only line. GET /work?ms=N burns N ms of CPU time and
 * answers 200; GET /metrics answers Prometheus text: requests by path, a
 * histogram of their durations, CPU time; any other path answers 404.
 * Ends at SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 8, BOUNDS = 8, MAX_MS = 10000 };

static const double bound[BOUNDS] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
	1 };

/* What /metrics tells. Written by all workers, under the lock. */
static struct {
	pthread_mutex_t lock;
	unsigned long work, other;
	unsigned long bucket[BOUNDS + 1];
	double seconds;
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A text that never runs over its end; it is cut instead. */
struct page {
	char text[4096];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct page *p, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(p->text + p->len, sizeof(p->text) - p->len, format, ap);
	va_end(ap);
	if (n > 0)
		p->len += (size_t)n;
	if (p->len >= sizeof(p->text))
		p->len = sizeof(p->text) - 1;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
burn(long ms)
{
	double end = seconds(CLOCK_THREAD_CPUTIME_ID) + (double)ms / 1e3;
	volatile double x = 1;

	while (seconds(CLOCK_THREAD_CPUTIME_ID) < end)
		for (int i = 0; i < 1000; i++)
			x = x * 1.0000001 + 1e-9;
}

static void
count_work(double took)
{
	size_t b = 0;

	while (b < BOUNDS && took > bound[b])
		b++;
	pthread_mutex_lock(&seen.lock);
	seen.work++;
	seen.bucket[b]++;
	seen.seconds += took;
	pthread_mutex_unlock(&seen.lock);
}

static void
metrics(struct page *p)
{
	unsigned long sum = 0;

	pthread_mutex_lock(&seen.lock);
	put(p,
	    "# TYPE app_requests_total counter\n"
	    "app_requests_total{path=\"/work\",code=\"200\"} %lu\n"
	    "app_requests_total{path=\"other\",code=\"404\"} %lu\n"
	    "# TYPE app_request_duration_seconds histogram\n",
	    seen.work, seen.other);
	for (size_t b = 0; b < BOUNDS; b++) {
		sum += seen.bucket[b];
		put(p, "app_request_duration_seconds_bucket{le=\"%g\"} %lu\n",
		    bound[b], sum);
	}
	sum += seen.bucket[BOUNDS];
	put(p,
	    "app_request_duration_seconds_bucket{le=\"+Inf\"} %lu\n"
	    "app_request_duration_seconds_sum %.6f\n"
	    "app_request_duration_seconds_count %lu\n",
	    sum, seen.seconds, sum);
	pthread_mutex_unlock(&seen.lock);
	put(p,
	    "# TYPE process_cpu_seconds_total counter\n"
	    "process_cpu_seconds_total %.6f\n",
	    seconds(CLOCK_PROCESS_CPUTIME_ID));
}

static void
work(struct page *p, const char *query)
{
	double start = seconds(CLOCK_MONOTONIC);
	long ms =
	    strncmp(query, "?ms=", 4) == 0 ? strtol(query + 4, NULL, 10) : 10;

	if (ms < 0 || ms > MAX_MS)
		ms = MAX_MS;
	burn(ms);
	count_work(seconds(CLOCK_MONOTONIC) - start);
	put(p, "burnt %ld ms\n", ms);
}

static void
answer(int c)
{
	struct page body = { .len = 0 }, whole = { .len = 0 };
	char request[2048];
	const char *status = "200 OK";
	ssize_t n = read(c, request, sizeof(request) - 1);

	if (n <= 0)
		return;
	request[n] = '\0';
	if (strncmp(request, "GET /metrics ", 13) == 0) {
		metrics(&body);
	} else if (strncmp(request, "GET /work", 9) == 0) {
		work(&body, request + 9);
	} else {
		status = "404 Not Found";
		put(&body, "no such page\n");
		pthread_mutex_lock(&seen.lock);
		seen.other++;
		pthread_mutex_unlock(&seen.lock);
	}
	put(&whole,
	    "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
	    status, body.len, body.text);
	for (size_t at = 0; at < whole.len; at += (size_t)n) {
		n = write(c, whole.text + at, whole.len - at);
		if (n <= 0)
			return;
	}
}

static void *
serve(void *arg)
{
	const int *listener = arg;

	for (;;) {
		int c = accept(*listener, NULL, NULL);

		if (c < 0)
			continue;
		answer(c);
		close(c);
	}
	return NULL;
}

static int
open_port(long port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int on = 1;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s < 0 ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(s, 64) != 0 ||
	    getsockname(s, (struct sockaddr *)&a, &len) != 0)
		return -1;
	printf("%d\n", ntohs(a.sin_port));
	return fflush(stdout) == 0 ? s : -1;
}

int
main(int argc, char *argv[])
{
	long port = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	static int listener;
	pthread_t t;

	signal(SIGPIPE, SIG_IGN);
	if (port < 0 || port > 65535) {
		fprintf(stderr, "app: not a port: '%s'\n", argv[1]);
		return 2;
	}
	listener = open_port(port);
	if (listener < 0) {
		fprintf(stderr, "app: cannot listen: %s\n", strerror(errno));
		return 2;
	}
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&t, NULL, serve, &listener) != 0)
			return 2;
	for (;;)
		pause();
}
