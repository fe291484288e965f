/*
 * http.c - what as-fetch does not use of common/http: unix sockets, POST and
 * its retries, a connection that is kept, hidden paths
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/http.h"

static int failed;

static void
check(int good, const char *what, const char *is)
{
	if (good)
		return;
	printf("http: %s: %s\n", what, is != NULL ? is : "(nothing)");
	failed = 1;
}

enum { MAX_CONNECTIONS = 16 };

/* A server on a unix socket: it gives the replies in turn, one a request, and
 * keeps what it was sent. An empty reply closes the connection. */
struct server {
	int fd;
	const char *const *replies; /* NULL-ended */
	size_t connections, requests;
	struct buf seen;
	pthread_mutex_t lock;
	pthread_t thread, each[MAX_CONNECTIONS];
};

struct connection {
	struct server *s;
	int fd;
};

/* One request, its body too where it has a Content-Length: 0 or -1 */
static int
hear(int fd, struct buf *b)
{
	buf_clear(b);
	for (;;) {
		char part[1024], *end, *length;
		ssize_t k = read(fd, part, sizeof(part));

		if (k <= 0)
			return -1;
		buf_add(b, part, (size_t)k);
		end = strstr(b->s, "\r\n\r\n");
		length = strstr(b->s, "Content-Length: ");
		if (end != NULL &&
		    (length == NULL || length > end ||
			strlen(end + 4) >= (size_t)atol(length + 16)))
			return 0;
	}
}

static void *
talk(void *ctx)
{
	struct connection *c = ctx;
	struct server *s = c->s;
	struct buf b = { 0 };
	const char *r = "?";

	while (*r != '\0' && hear(c->fd, &b) == 0) {
		pthread_mutex_lock(&s->lock);
		buf_add(&s->seen, b.s, b.len);
		r = s->replies[s->requests];
		if (r != NULL)
			s->requests++;
		else
			r = "";
		pthread_mutex_unlock(&s->lock);
		if (write(c->fd, r, strlen(r)) < 0)
			break;
	}
	close(c->fd);
	free(c);
	buf_free(&b);
	return NULL;
}

static void *
serve(void *ctx)
{
	struct server *s = ctx;

	while (s->connections < MAX_CONNECTIONS) {
		struct connection *c = malloc(sizeof(*c));

		if (c == NULL)
			abort();
		c->s = s;
		c->fd = accept(s->fd, NULL, NULL);
		if (c->fd < 0 ||
		    pthread_create(&s->each[s->connections], NULL, talk, c) !=
			0) {
			free(c);
			break;
		}
		s->connections++;
	}
	return NULL;
}

static void
start(struct server *s, const char *path, const char *const *replies)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	*s = (struct server){ .replies = replies };
	pthread_mutex_init(&s->lock, NULL);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(s->fd, 4) != 0 ||
	    pthread_create(&s->thread, NULL, serve, s) != 0) {
		perror(path);
		exit(1);
	}
}

/* The client is to be closed before: its connections end the threads */
static void
stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->connections; i++)
		pthread_join(s->each[i], NULL);
	close(s->fd);
}

static struct http *
connect_to(const char *path, long retries, int hide)
{
	struct buf base = { 0 }, why = { 0 };
	struct http *h;

	buf_printf(&base, "unix://%s", path);
	h = http_open(&(struct http_options){ .base = base.s,
			  .retries = retries,
			  .backoff_s = 0.01,
			  .hide_path = hide,
			  .total_s = 10 },
	    &why);
	if (h == NULL) {
		printf("http: %s\n", why.s);
		exit(1);
	}
	buf_free(&base);
	return h;
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: b \r\n\r\nhi"
#define BUSY "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"

static void
test_socket(const char *path)
{
	static const char *const replies[] = { OK, OK, OK, OK, NULL };
	const char *own[] = { "If-Match: 7", NULL };
	struct http_response r = { 0 };
	struct http *h = connect_to(path, 0, 0);
	struct server s;

	start(&s, path, replies);
	check(http_send(h, &(struct http_request){ .path = "/a?b=c" }, &r) == 0,
	    "GET", r.error.s);
	check(r.status == 200 && r.body.len == 2 && strcmp(r.body.s, "hi") == 0,
	    "body", r.body.s);
	check(http_header(&r, "x-two") != NULL &&
		strcmp(http_header(&r, "x-two"), "b") == 0,
	    "header", http_header(&r, "x-two"));
	check(http_header(&r, "x-t") == NULL, "no header", NULL);
	check(http_send(h,
		  &(struct http_request){ .method = "PUT",
		      .path = "/p",
		      .body = "{}",
		      .n_body = 2,
		      .headers = own },
		  &r) == 0,
	    "PUT", r.error.s);
	check(
	    http_send(h, &(struct http_request){ .method = "DELETE" }, &r) == 0,
	    "DELETE", r.error.s);
	check(http_send(h,
		  &(struct http_request){ .method = "POST", .path = "/n" },
		  &r) == 0,
	    "POST without a body", r.error.s);
	http_close(h);
	stop(&s);
	check(strstr(s.seen.s, "GET /a?b=c HTTP/1.1\r\n") != NULL &&
		strstr(s.seen.s, "PUT /p HTTP/1.1\r\n") != NULL &&
		strstr(s.seen.s, "\r\nIf-Match: 7\r\n") != NULL &&
		strstr(s.seen.s, "\r\nContent-Type: application/json\r\n") !=
		    NULL &&
		strstr(s.seen.s, "\r\n\r\n{}DELETE / ") != NULL &&
		strstr(s.seen.s, "POST /n HTTP/1.1\r\n") != NULL,
	    "seen", s.seen.s);
	check(strstr(s.seen.s, "Expect:") == NULL, "Expect", s.seen.s);
	buf_free(&s.seen);
	http_response_free(&r);
}

/* A connection is kept, but not for what may go out only once */
static void
test_connections(const char *path)
{
	static const char *const replies[] = { OK, OK, OK, OK, "", NULL };
	struct http_request post = { .method = "POST", .path = "/p" };
	struct http_response r = { 0 };
	struct http *h = connect_to(path, 0, 0);
	struct server s;

	start(&s, path, replies);
	for (int i = 0; i < 3; i++)
		check(http_send(h, &(struct http_request){ 0 }, &r) == 0, "GET",
		    r.error.s);
	check(http_send(h, &post, &r) == 0, "POST", r.error.s);
	check(http_send(h, &post, &r) != 0 && r.tries == 1 && r.status == 0 &&
		r.sent,
	    "POST without an answer", r.error.s);
	http_close(h);
	stop(&s);
	check(s.requests == 5, "nothing was sent twice", s.seen.s);
	check(s.connections == 3, "a connection each", NULL);
	buf_free(&s.seen);
	http_response_free(&r);
}

static void
test_retries(const char *path)
{
	static const char *const replies[] = { BUSY, BUSY, OK, BUSY, BUSY, OK,
		BUSY, NULL };
	struct http_request post = { .method = "POST", .path = "/p" };
	struct http_response r = { 0 };
	struct http *h = connect_to(path, 3, 0);
	struct server s;

	start(&s, path, replies);
	check(
	    http_send(h, &(struct http_request){ .method = "PUT" }, &r) == 0 &&
		r.tries == 3,
	    "PUT is tried again", r.error.s);
	check(http_send(h, &post, &r) != 0 && r.tries == 1 && r.status == 503,
	    "POST is not", r.error.s);
	check(r.error.len > 0 &&
		strstr(r.error.s, "/p' answered 503: \"busy\"") != NULL,
	    "error", r.error.s);
	post.repeatable = 1;
	check(http_send(h, &post, &r) == 0 && r.tries == 2, "POST that may be",
	    r.error.s);
	check(http_send(h, &(struct http_request){ .once = 1 }, &r) != 0 &&
		r.tries == 1,
	    "once", r.error.s);
	http_close(h);
	stop(&s);
	buf_free(&s.seen);
	post.repeatable = 0;
	h = connect_to(path, 3, 0);
	check(http_send(h, &post, &r) != 0 && r.tries == 4 && !r.sent,
	    "POST that was not sent is tried again", r.error.s);
	check(r.error.len > 0 && strncmp(r.error.s, "cannot reach", 12) == 0,
	    "error", r.error.s);
	http_response_free(&r);
	http_close(h);
}

static void
test_hidden(void)
{
	struct http_options o = { .base = "http://u:p@127.0.0.1:1/s3cret?k=v",
		.hide_path = 1 };
	struct http_response r = { 0 };
	struct buf b = { 0 };
	struct http *h = http_open(&o, &b);

	check(h != NULL && http_send(h, &(struct http_request){ 0 }, &r) != 0,
	    "sent", NULL);
	check(r.error.len > 0 &&
		strncmp(r.error.s, "cannot reach 'http://127.0.0.1:1': ", 35) ==
		    0,
	    "hidden", r.error.s);
	http_close(h);
	http_response_free(&r);
	o.base = "htp://host/s3cret";
	check(http_open(&o, &b) == NULL && strstr(b.s, "s3cret") == NULL,
	    "hidden", b.s);
	buf_clear(&b);
	http_escape(&b, "a b/\xc3\xa4-._~&=+");
	check(strcmp(b.s, "a%20b%2F%C3%A4-._~%26%3D%2B") == 0, "escape", b.s);
	buf_free(&b);
}

int
main(void)
{
	char dir[] = "/tmp/as-http.XXXXXX";
	struct buf path = { 0 };

	if (mkdtemp(dir) == NULL)
		return 1;
	buf_printf(&path, "%s/s", dir);
	test_socket(path.s);
	test_connections(path.s);
	test_retries(path.s);
	test_hidden();
	unlink(path.s);
	rmdir(dir);
	buf_free(&path);
	return failed;
}
