/*
 * app - a small web application that burns CPU time, for the demonstration and
 * the end-to-end tests
 * Use: app [PORT [ADDRESS [WORKERS [METRICS-PORT]]]]
 * Listens on ADDRESS:PORT (127.0.0.1; 0 or none: the kernel chooses the port)
 * and prints the port it got as its first and only line. GET /work?ms=N&wait=M
 * keeps one of the WORKERS (8) for N ms of CPU time and then for M ms of
 * nothing, as if for a database, and answers 200. GET /metrics answers
 * Prometheus text: connections as they come, requests by path as they are
 * answered, a histogram of their durations, CPU time. So does METRICS-PORT,
 * however long the workers' queue is. Any other path answers 404. Answers name
 * their instance, by the name of the host. At SIGTERM it takes no more, answers
 * what it has taken, and ends.
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

enum { BOUNDS = 8, MAX_MS = 10000, WAITING = 1024 };

static const double bound[BOUNDS] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
	1 };

/* What /metrics tells. Written by all workers, under the lock. */
static struct {
	pthread_mutex_t lock;
	unsigned long arrived, work, other;
	unsigned long bucket[BOUNDS + 1];
	double seconds;
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Connections that wait for a worker. They are taken in at once, so that what
 * arrives can be told from what is managed. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	int c[WAITING];
	size_t first, n, busy; /* busy: in the hands of workers */
} line = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.emptied = PTHREAD_COND_INITIALIZER };

static volatile sig_atomic_t ended;
static char instance[64];

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
	    "# TYPE app_connections_total counter\n"
	    "app_connections_total %lu\n"
	    "# TYPE app_requests_total counter\n"
	    "app_requests_total{path=\"/work\",code=\"200\"} %lu\n"
	    "app_requests_total{path=\"other\",code=\"404\"} %lu\n"
	    "# TYPE app_request_duration_seconds histogram\n",
	    seen.arrived, seen.work, seen.other);
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

/* The number behind name in the query, within 0 and MAX_MS */
static long
number(const char *query, const char *name, long otherwise)
{
	const char *p = strstr(query, name);
	long ms = p != NULL ? strtol(p + strlen(name), NULL, 10) : otherwise;

	return ms < 0 || ms > MAX_MS ? MAX_MS : ms;
}

/* query ends where the line does */
static void
work(struct page *p, char *query)
{
	double start = seconds(CLOCK_MONOTONIC);
	struct timespec rest;
	long ms, wait;

	query[strcspn(query, " \r\n")] = '\0';
	ms = number(query, "?ms=", 10);
	wait = number(query, "&wait=", 0);
	burn(ms);
	rest.tv_sec = wait / 1000;
	rest.tv_nsec = wait % 1000 * 1000000;
	nanosleep(&rest, NULL);
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
	    "Content-Length: %zu\r\nX-Instance: %s\r\n"
	    "Connection: close\r\n\r\n%s",
	    status, body.len, instance, body.text);
	for (size_t at = 0; at < whole.len; at += (size_t)n) {
		n = write(c, whole.text + at, whole.len - at);
		if (n <= 0)
			return;
	}
}

/* A client that says nothing does not keep a worker for ever. */
static void
be_patient(int c)
{
	struct timeval patience = { .tv_sec = 10 };

	setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void *
serve(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&line.lock);
	for (;;) {
		int c;

		while (line.n == 0)
			pthread_cond_wait(&line.filled, &line.lock);
		c = line.c[line.first];
		line.first = (line.first + 1) % WAITING;
		line.n--;
		line.busy++;
		pthread_mutex_unlock(&line.lock);
		answer(c);
		close(c);
		pthread_mutex_lock(&line.lock);
		line.busy--;
		pthread_cond_signal(&line.emptied);
	}
	return NULL;
}

/* Answers for itself, one after the other: nothing else comes here. */
static void *
serve_metrics(void *listener)
{
	for (;;) {
		int c = accept(*(int *)listener, NULL, NULL);

		if (c < 0)
			continue;
		be_patient(c);
		answer(c);
		close(c);
	}
	return NULL;
}

static void
enter(int c)
{
	be_patient(c);
	pthread_mutex_lock(&seen.lock);
	seen.arrived++;
	pthread_mutex_unlock(&seen.lock);
	pthread_mutex_lock(&line.lock);
	if (line.n < WAITING) {
		line.c[(line.first + line.n++) % WAITING] = c;
		pthread_cond_signal(&line.filled);
	} else {
		close(c);
	}
	pthread_mutex_unlock(&line.lock);
}

/* Until SIGTERM; then until all that came in before has its answer */
static void
take_all(int listener)
{
	while (!ended) {
		int c = accept(listener, NULL, NULL);

		if (c >= 0)
			enter(c);
	}
	close(listener);
	pthread_mutex_lock(&line.lock);
	while (line.n + line.busy > 0)
		pthread_cond_wait(&line.emptied, &line.lock);
	pthread_mutex_unlock(&line.lock);
}

static void
on_term(int number)
{
	(void)number;
	ended = 1;
}

static int
open_port(long *port, const char *address)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)*port) };
	socklen_t len = sizeof(a);
	int on = 1;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(s, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(s, 512) != 0 ||
	    getsockname(s, (struct sockaddr *)&a, &len) != 0)
		return -1;
	*port = ntohs(a.sin_port);
	return s;
}

/* Signals go to the one thread that waits for connections. */
static int
start_threads(long workers, int *metrics)
{
	sigset_t term;
	pthread_t t;
	int r = 0;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	if (*metrics >= 0)
		r = pthread_create(&t, NULL, serve_metrics, metrics);
	for (long i = 0; i < workers && r == 0; i++)
		r = pthread_create(&t, NULL, serve, NULL);
	pthread_sigmask(SIG_UNBLOCK, &term, NULL);
	return r;
}

/* argv[k] as a number up to most, or otherwise; ends with a message */
static long
argument(char *argv[], int argc, int k, long otherwise, long most)
{
	char *end;
	long n;

	if (argc <= k)
		return otherwise;
	n = strtol(argv[k], &end, 10);
	if (end == argv[k] || *end != '\0' || n < 0 || n > most) {
		fprintf(
		    stderr, "app: '%s' is not from 0 to %ld\n", argv[k], most);
		exit(2);
	}
	return n;
}

int
main(int argc, char *argv[])
{
	long port = argument(argv, argc, 1, 0, 65535);
	const char *address = argc > 2 ? argv[2] : "127.0.0.1";
	long workers = argument(argv, argc, 3, 8, 1000);
	long metrics_port = argument(argv, argc, 4, 0, 65535);
	struct sigaction a = { .sa_handler = on_term }; /* no SA_RESTART */
	int listener, metrics = -1;

	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &a, NULL);
	gethostname(instance, sizeof(instance) - 1);
	listener = open_port(&port, address);
	if (argc > 4)
		metrics = open_port(&metrics_port, address);
	if (listener < 0 || (argc > 4 && metrics < 0)) {
		fprintf(stderr, "app: cannot listen: %s\n", strerror(errno));
		return 2;
	}
	printf("%ld\n", port);
	if (fflush(stdout) != 0 || start_threads(workers, &metrics) != 0)
		return 2;
	take_all(listener);
	return 0;
}
