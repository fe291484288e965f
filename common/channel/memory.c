#include "channel/memory.h"

#include <stdlib.h>
#include <string.h>

#include "record/journal.h"

/* Beyond this the oldest are forgotten: then something is told once more. */
enum { MEMORY_MAX = 4096 };

struct entry {
	char *channel, *target, *key;
	int64_t at; /* when it was sent, or put up for sending */
};

struct memory {
	struct entry *e; /* in the order of what came first */
	size_t n;
	char **read; /* targets whose journal was read */
	size_t n_read;
	double longest; /* s */
};

struct memory *
memory_new(double longest)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (m != NULL)
		m->longest = longest;
	return m;
}

void
memory_reach(struct memory *m, double seconds)
{
	if (seconds > m->longest)
		m->longest = seconds;
}

static void
entry_free(struct entry *e)
{
	free(e->channel);
	free(e->target);
	free(e->key);
}

void
memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		entry_free(&m->e[i]);
	for (size_t i = 0; i < m->n_read; i++)
		free(m->read[i]);
	free(m->e);
	free(m->read);
	free(m);
}

static void
drop(struct memory *m, size_t i)
{
	entry_free(&m->e[i]);
	m->n--;
	memmove(&m->e[i], &m->e[i + 1], (m->n - i) * sizeof(*m->e));
}

/* The newest entry of that channel, target and key; NULL: none */
static struct entry *
find(struct memory *m, const char *channel, const char *target, const char *key)
{
	for (size_t i = m->n; i-- > 0;) {
		struct entry *e = &m->e[i];

		if (strcmp(e->key, key) == 0 &&
		    strcmp(e->target, target) == 0 &&
		    strcmp(e->channel, channel) == 0)
			return e;
	}
	return NULL;
}

/* "stopped" and "resumed" take turns: the newer makes the other one news. 1:
 * key is the older one. */
static int
is_over(struct memory *m, const char *channel, const char *target,
    const char *key, int64_t at)
{
	const char *other = NULL;
	struct entry *e = NULL;

	if (strcmp(key, "stopped") == 0)
		other = "resumed";
	else if (strcmp(key, "resumed") == 0)
		other = "stopped";
	if (other != NULL)
		e = find(m, channel, target, other);
	if (e != NULL && e->at > at)
		return 1;
	if (e != NULL)
		drop(m, (size_t)(e - m->e));
	return 0;
}

/* What cannot be remembered for want of memory is told again, no worse. */
static void
add(struct memory *m, const char *channel, const char *target, const char *key,
    int64_t at)
{
	struct entry e, *old, *more;

	if (is_over(m, channel, target, key, at))
		return;
	e = (struct entry){ strdup(channel), strdup(target), strdup(key), at };
	old = find(m, channel, target, key);
	if (old != NULL)
		drop(m, (size_t)(old - m->e));
	if (m->n == MEMORY_MAX)
		drop(m, 0);
	more = realloc(m->e, (m->n + 1) * sizeof(*more));
	if (more != NULL)
		m->e = more;
	if (more == NULL || e.channel == NULL || e.target == NULL ||
	    e.key == NULL)
		entry_free(&e);
	else
		m->e[m->n++] = e;
}

static int
take_line(void *ctx, const struct record *r, int64_t logged)
{
	const char *type = json_get_str(r->json, "type");
	const char *channel = json_get_str(r->json, "channel");
	const char *key = json_get_str(r->json, "key");

	if (type != NULL && strcmp(type, "notice") == 0 && channel != NULL &&
	    key != NULL && logged > 0)
		add(ctx, channel, record_target(r->json), key, logged);
	return 0;
}

/* Each journal is read once; what this run sends is remembered anyway. */
static int
read_journal(
    struct memory *m, const char *dir, const char *target, struct buf *why)
{
	int64_t since = journal_clock() - (int64_t)(m->longest * 1000);
	char **more;

	for (size_t i = 0; i < m->n_read; i++)
		if (strcmp(m->read[i], target) == 0)
			return 0;
	more = realloc(m->read, (m->n_read + 1) * sizeof(*more));
	if (more == NULL)
		return 0;
	m->read = more;
	m->read[m->n_read] = strdup(target);
	if (m->read[m->n_read] != NULL)
		m->n_read++;
	return journal_each(dir, target, since, take_line, m, why) < 0 ? -1 : 0;
}

int
memory_told(struct memory *m, const char *dir, const char *channel,
    const struct notice *n, double seconds, struct buf *why)
{
	int64_t now = journal_clock(), since = now - (int64_t)(seconds * 1000);
	const struct entry *e;
	int status = 0;

	if (dir != NULL && seconds > 0)
		status = read_journal(m, dir, n->target, why);
	e = find(m, channel, n->target, n->key);
	if (e != NULL && e->at > since && e->at <= now)
		return 1;
	add(m, channel, n->target, n->key, now);
	return status;
}

int
memory_alarmed(struct memory *m, const char *dir, const char *channel,
    const struct notice *n, struct buf *why)
{
	if (dir != NULL && read_journal(m, dir, n->target, why) != 0)
		return -1;
	return find(m, channel, n->target, "stopped") != NULL;
}

void
memory_waits(struct memory *m, const char *channel, const struct notice *n)
{
	add(m, channel, n->target, n->key, journal_clock());
}

void
memory_failed(struct memory *m, const char *channel, const struct notice *n)
{
	struct entry *e = find(m, channel, n->target, n->key);

	if (e != NULL)
		drop(m, (size_t)(e - m->e));
}

int
memory_sent(const char *dir, const char *channel, const struct notice *n,
    struct buf *why)
{
	struct buf line = { 0 };
	int status;

	if (dir == NULL)
		return 0;
	buf_str(&line, "{\"type\":\"notice\"");
	record_put_str(&line, "target", n->target);
	record_put_time(&line, "time", journal_clock());
	record_put_str(&line, "channel", channel);
	record_put_str(&line, "action", n->action);
	record_put_str(&line, "key", n->key);
	if (n->plan[0] != '\0')
		record_put_str(&line, "plan", n->plan);
	record_put_str(&line, "text", n->text.s);
	buf_char(&line, '}');
	if (line.failed) {
		buf_str(why, "out of memory");
		status = -1;
	} else {
		status = journal_append(dir, n->target, line.s, line.len, why);
	}
	buf_free(&line);
	return status;
}
