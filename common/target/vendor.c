#include "target/vendor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"

enum {
	CALL_S = 30, /* longest wait for one answer */
	PROBE_S = 2,
	PAGES = 200,
	TRIES = 4 /* of what may be repeated, besides the rate limit */
};

static int
is_local(const char *host)
{
	return strncmp(host, "http://127.", 11) == 0 ||
	    strncmp(host, "http://localhost", 16) == 0 ||
	    strncmp(host, "http://[::1]", 12) == 0;
}

/* The token as a header; -1: there is none, or no clean one */
static int
put_token(const struct vendor *v, struct buf *header, struct buf *why)
{
	const char *name = v->machine.token_env, *token;

	if (name == NULL)
		name = v->kind->token;
	token = getenv(name);
	if (token == NULL || *token == '\0') {
		buf_printf(why,
		    "driver '%s' needs a token: 'token_file', or the variable "
		    "%s of the environment",
		    v->kind->name, name);
		return -1;
	}
	for (const char *s = token; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~') {
			buf_printf(why,
			    "the token in %s has a character that no token has",
			    name);
			return -1;
		}
	buf_printf(header, "Authorization: Bearer %s", token);
	return header->failed ? -1 : 0;
}

static int
connect_to(struct vendor *v, struct buf *why)
{
	struct buf header = { 0 };
	const char *headers[2] = { NULL, NULL };
	struct http_options o = { .base = v->host,
		.total_s = CALL_S,
		.headers = headers,
		.ca_file = v->machine.ca_file,
		.bearer_token_file = v->machine.token_file };

	if (strncmp(v->host, "https://", 8) != 0 && !is_local(v->host)) {
		buf_printf(why,
		    "driver '%s' gives its token to https:// only, not to '%s'",
		    v->kind->name, v->host);
		return -1;
	}
	if (v->machine.token_file == NULL) {
		if (put_token(v, &header, why) != 0) {
			buf_free(&header);
			return -1;
		}
		headers[0] = header.s;
	}
	v->h = http_open(&o, why);
	buf_free(&header);
	return v->h != NULL ? 0 : -1;
}

struct vendor *
vendor_open(const struct vendor_kind *kind, const struct conf_apply *settings,
    struct buf *why)
{
	const char *service = settings->service, *host = settings->host;
	struct vendor *v = calloc(1, sizeof(*v));

	if (v == NULL) {
		buf_str(why, "out of memory");
		return NULL;
	}
	v->kind = kind;
	v->machine = settings->machine;
	v->timeout = settings->timeout > 0 ? settings->timeout : 120;
	v->period = settings->billing == BILL_MONTH ? 730 * 3600.0 : 3600.0;
	v->minimum = settings->minimum > 0 ? settings->minimum : 0;
	v->service = strdup(service != NULL ? service : "");
	v->host = strdup(host != NULL && *host != '\0' ? host : kind->base);
	if (v->service == NULL || v->host == NULL) {
		buf_str(why, "out of memory");
	} else if (!fleet_name_fits(v->service)) {
		buf_printf(why,
		    "driver '%s' needs a service: a name of a-z, 0-9 and "
		    "hyphens, at most 40",
		    kind->name);
	} else if (kind->check(v, why) == 0 && connect_to(v, why) == 0) {
		return v;
	}
	vendor_close(v);
	return NULL;
}

void
vendor_close(struct vendor *v)
{
	if (v == NULL)
		return;
	http_close(v->h);
	free(v->host);
	free(v->service);
	buf_free(&v->seen);
	free(v);
}

static int
header_number(const struct http_response *r, const char *name, double *x)
{
	const char *s = http_header(r, name);

	return s != NULL ? number_parse(s, x) : -1;
}

/* How long nothing may be sent, in seconds: what the headers say of the rate
 * limit. Retry-After goes before the rest. */
static double
pause_asked(struct vendor *v, const struct http_response *r)
{
	double limit = 0, left = -1, reset = 0, wait = 0;
	double now = (double)clock_wall() / 1000;

	header_number(r, "RateLimit-Limit", &limit);
	header_number(r, "RateLimit-Remaining", &left);
	header_number(r, "RateLimit-Reset", &reset);
	if (left >= 0)
		v->scarce = left * 10 < limit;
	if (left == 0 || r->status == 429) {
		wait = reset - now;
		if (v->kind->refills && limit > left && left >= 0)
			wait = ceil(wait / (limit - left));
	}
	if (r->status == 429 && header_number(r, "Retry-After", &reset) == 0)
		wait = reset;
	/* no more than a day, whatever the clocks say */
	return wait > 86400 ? 86400 : wait > 0 ? wait : 0;
}

/* Waits for s seconds unless that is too long: -1 */
static int
nap(const struct vendor *v, double s)
{
	if (clock_monotonic() + (int64_t)(s * 1000) > v->until)
		return -1;
	clock_sleep(s);
	return 0;
}

/* Before a request: 0, or -1 and an answer that says that none was sent */
static int
admit(struct vendor *v, struct http_response *r)
{
	char until[CLOCK_SIZE];
	int64_t ms = v->free_at - clock_wall();

	if (ms <= 0 || nap(v, (double)ms / 1000) == 0)
		return 0;
	http_response_free(r);
	*r = (struct http_response){ .status = 0 };
	buf_printf(&r->error,
	    "the rate limit of '%s' is used up: nothing may be sent before %s",
	    v->host, clock_format(until, v->free_at));
	return -1;
}

static int
repeatable(const struct http_request *q)
{
	return q->repeatable || q->method == NULL ||
	    strcmp(q->method, "POST") != 0;
}

/* Seconds until it may be sent once more; -1: not at all */
static double
again(struct vendor *v, const struct http_request *q,
    const struct http_response *r, double pause)
{
	enum vendor_trouble t = TROUBLE_OTHER;
	const char *text;
	struct json *j;

	if (r->status == 429)
		return v->free_at > clock_wall() ? 0 : pause;
	if (r->status == 0)
		return !r->sent || repeatable(q) ? pause : -1;
	if (r->status >= 500)
		return repeatable(q) ? pause : -1;
	j = r->body.s != NULL ? json_parse(r->body.s, r->body.len, &text)
			      : NULL;
	if (j != NULL)
		t = v->kind->judge(r->status, j);
	json_free(j);
	return t == TROUBLE_BUSY ? pause : -1;
}

int
vendor_send(struct vendor *v, struct http_request *q, struct http_response *r)
{
	double pause = 0.5, wait;
	int tries = 0;

	q->once = 1;
	q->total_s = CALL_S;
	for (;;) {
		double left = (double)(v->until - clock_monotonic()) / 1000;
		int done;

		if (admit(v, r) != 0)
			return -1;
		q->total_s = left < 1 ? 1 : left < CALL_S ? left : CALL_S;
		done = http_send(v->h, q, r);
		wait = pause_asked(v, r);
		if (wait > 0)
			v->free_at = clock_wall() + (int64_t)(wait * 1000);
		if (done == 0)
			return 0;
		wait = again(v, q, r, pause);
		if (wait < 0 || (r->status != 429 && ++tries >= TRIES) ||
		    nap(v, wait) != 0)
			return -1;
		pause = pause < 8 ? pause * 2 : pause;
	}
}

struct json *
vendor_get(struct vendor *v, const struct buf *path, struct buf *why)
{
	struct http_request q = { .path = path->s };
	struct http_response r = { 0 };
	const char *text = "it is empty";
	struct json *j = NULL;

	if (path->failed)
		buf_str(why, "out of memory");
	else if (vendor_send(v, &q, &r) != 0)
		buf_str(why, r.error.s != NULL ? r.error.s : "out of memory");
	else if (r.body.s == NULL ||
	    (j = json_parse(r.body.s, r.body.len, &text)) == NULL)
		buf_printf(why, "'%s' gave an answer that is not JSON: %s",
		    v->host, text);
	http_response_free(&r);
	return j;
}

int
vendor_write(struct vendor *v, const char *method, const struct buf *path,
    const struct buf *body)
{
	struct http_request q = { .method = method,
		.path = path->s,
		.body = body != NULL ? body->s : NULL,
		.n_body = body != NULL ? body->len : 0,
		.repeatable = 1 };
	struct http_response r = { 0 };
	int done = -1;

	if (!path->failed && (body == NULL || !body->failed))
		done = vendor_send(v, &q, &r);
	http_response_free(&r);
	return done;
}

/* One page. Returns the number of the next, 0 if there is none, -1 */
static long
take_page(struct vendor *v, struct fleet *f, long page, struct buf *why)
{
	struct buf path = { 0 };
	struct json *j;
	long next = -1;

	buf_printf(&path, "%s?", v->kind->machines);
	v->kind->filter(v, &path);
	buf_printf(&path, "&per_page=%d&page=%ld", v->kind->per_page, page);
	j = vendor_get(v, &path, why);
	buf_free(&path);
	if (j == NULL)
		return -1;
	if (json_get(j, v->kind->list) == NULL)
		buf_printf(why, "'%s' gave no list of machines", v->host);
	else
		next = v->kind->more(j, page);
	for (const struct json *i = json_first(json_get(j, v->kind->list));
	     i != NULL && next >= 0; i = json_next(i)) {
		struct machine *m = fleet_add(f);

		if (m == NULL) {
			buf_str(why, "out of memory");
			next = -1;
			break;
		}
		v->kind->read(v, i, m);
		if (m->id[0] == '\0')
			f->n--;
	}
	json_free(j);
	return next;
}

int
vendor_look(struct vendor *v, struct fleet *f, struct buf *why)
{
	long page = 1;

	*f = (struct fleet){ .all = NULL };
	for (int k = 0; k < PAGES && page > 0; k++)
		page = take_page(v, f, page, why);
	if (page == 0) {
		fleet_probe(f, v->machine.health, PROBE_S);
		if (fleet_finish(f, v->machine.orphan_after) == 0)
			return 0;
		buf_str(why, "out of memory");
	} else if (page > 0) {
		buf_printf(why, "'%s' gave more than %d pages of machines",
		    v->host, PAGES);
	}
	fleet_free(f);
	return -1;
}

int
vendor_find(struct vendor *v, const char *name)
{
	struct buf path = { 0 }, ignored = { 0 };
	struct json *j;
	int found = -1;

	buf_printf(&path, "%s?name=", v->kind->machines);
	http_escape(&path, name);
	j = vendor_get(v, &path, &ignored);
	if (j != NULL)
		found = 0;
	for (const struct json *i = json_first(json_get(j, v->kind->list));
	     i != NULL; i = json_next(i)) {
		struct machine m = { .load = NAN };

		v->kind->read(v, i, &m);
		found |= m.counts && m.ours && strcmp(m.name, name) == 0;
	}
	json_free(j);
	buf_free(&path);
	buf_free(&ignored);
	return found;
}
