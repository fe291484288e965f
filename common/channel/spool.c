#include "channel/spool.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file.h"
#include "record/journal.h"

enum { FILE_MAX = 4 << 20 };

/* DIR/spool/TARGET/CHANNEL and what follows. 0, or -1: no memory. */
static int
put_path(struct buf *out, const char *dir, const char *target,
    const char *channel, const char *suffix)
{
	struct buf top = { 0 }, folder = { 0 };

	buf_printf(&top, "%s/spool", dir);
	if (!top.failed)
		journal_path(&folder, top.s, target, "");
	if (!top.failed && !folder.failed)
		journal_path(out, folder.s, channel, suffix);
	out->failed |= top.failed || folder.failed;
	buf_free(&top);
	buf_free(&folder);
	return out->failed ? -1 : 0;
}

static void
put_left(struct buf *out, const char *left)
{
	const char *before = "[";

	if (left == NULL || *left == '\0')
		return;
	record_put_key(out, "to");
	while (*left != '\0') {
		size_t n = strcspn(left, "\n");
		char *name = strndup(left, n);

		out->failed |= name == NULL;
		buf_str(out, before);
		buf_json_str(out, name != NULL ? name : "");
		before = ",";
		free(name);
		left += n + (left[n] == '\n');
	}
	buf_char(out, ']');
}

static void
put_notice(struct buf *out, const char *channel, const struct notice *n)
{
	buf_str(out, "{\"type\":\"unsent\"");
	record_put_str(out, "target", n->target);
	record_put_str(out, "channel", channel);
	record_put_time(out, "time", n->since);
	record_put_str(out, "action", n->action);
	record_put_str(out, "key", n->key);
	if (n->plan[0] != '\0')
		record_put_str(out, "plan", n->plan);
	record_put_key(out, "events");
	event_list(out, n->events);
	put_left(out, n->left.s);
	if (n->told)
		buf_str(out, ",\"told\":true");
	if (n->marked)
		buf_str(out, ",\"marked\":true");
	record_put_str(out, "grant", n->grant);
	record_put_str(out, "text", n->text.s);
	if (n->record.len > 0)
		record_put_str(out, "record", n->record.s);
	buf_str(out, "}\n");
}

static int
is_message(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static void
free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* Room for one more in folder */
static void
make_room(const char *folder, size_t *dropped)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, is_message, alphasort);

	for (int i = 0; i <= n - SPOOL_MAX; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]->d_name) > 0 &&
		    unlink(path) == 0)
			++*dropped;
		free(path);
	}
	if (n >= 0)
		free_names(names, n);
}

/* A name that nobody else uses: two processes may keep something in the same
 * millisecond */
static int
choose_name(const char *dir, const char *channel, struct notice *n,
    size_t *dropped, struct buf *why)
{
	static unsigned count;
	struct buf folder = { 0 };
	int status = -1;

	if (put_path(&folder, dir, n->target, channel, "") != 0) {
		buf_str(why, "out of memory");
	} else if (file_make_dirs(folder.s) != 0) {
		buf_printf(
		    why, "cannot make '%s': %s", folder.s, strerror(errno));
	} else {
		make_room(folder.s, dropped);
		if (asprintf(&n->file, "%s/%015" PRId64 "-%ld-%u.json",
			folder.s, n->since, (long)getpid(), ++count) > 0)
			status = 0;
		else
			n->file = NULL;
	}
	buf_free(&folder);
	return status;
}

int
spool_keep(const char *dir, const char *channel, struct notice *n,
    size_t *dropped, struct buf *why)
{
	int new = n->file == NULL, status = -1;
	struct buf line = { 0 };

	put_notice(&line, channel, n);
	if (line.failed) {
		buf_str(why, "out of memory");
	} else if (!new || choose_name(dir, channel, n, dropped, why) == 0) {
		status = file_replace(n->file, line.s, line.len, 0600);
		if (status != 0)
			buf_printf(why, "cannot write '%s': %s", n->file,
			    strerror(errno));
	}
	if (status != 0 && new) {
		free(n->file);
		n->file = NULL;
	}
	buf_free(&line);
	return status;
}

void
spool_done(struct notice *n)
{
	if (n->file != NULL)
		unlink(n->file);
	free(n->file);
	n->file = NULL;
}

void
spool_rest(
    const char *dir, const char *target, const char *channel, int64_t until)
{
	struct buf path = { 0 }, folder = { 0 }, line = { 0 };
	char s[CLOCK_SIZE];

	buf_printf(&line, "%s\n", clock_format(s, until));
	if (put_path(&folder, dir, target, channel, "") == 0 &&
	    put_path(&path, dir, target, channel, ".until") == 0 &&
	    !line.failed && file_make_dirs(folder.s) == 0)
		file_replace(path.s, line.s, line.len, 0600);
	buf_free(&path);
	buf_free(&folder);
	buf_free(&line);
}

static char *
copy(const struct json *j, const char *name)
{
	const char *s = json_get_str(j, name);

	return s != NULL ? strdup(s) : NULL;
}

static void
take_lists(struct notice *n, const struct json *j)
{
	const struct json *e;
	const char *s;

	for (e = json_first(json_get(j, "events")); e; e = json_next(e))
		if ((s = json_str(e)) != NULL)
			event_word(s, strlen(s), &n->events);
	for (e = json_first(json_get(j, "to")); e != NULL; e = json_next(e))
		if ((s = json_str(e)) != NULL)
			buf_printf(&n->left, "%s\n", s);
}

/* The message of a file; NULL: it is none, or no memory */
static struct notice *
read_notice(const char *path)
{
	struct notice *n = calloc(1, sizeof(*n));
	struct buf b = { 0 };
	const char *text, *why;
	struct json *j = NULL;
	long long since = 0;

	if (n != NULL && file_read(path, FILE_MAX, &b) == 0 && !b.failed &&
	    b.len > 0)
		j = json_parse(b.s, b.len, &why);
	text = json_get_str(j, "text");
	if (n != NULL && text != NULL &&
	    json_get_time(j, "time", &since) == 0) {
		const char *plan = json_get_str(j, "plan");
		const char *record = json_get_str(j, "record");

		n->since = since;
		n->target = copy(j, "target");
		n->action = copy(j, "action");
		n->key = copy(j, "key");
		n->grant = copy(j, "grant");
		n->told = json_get(j, "told") != NULL;
		n->marked = json_get(j, "marked") != NULL;
		n->file = strdup(path);
		snprintf(n->plan, sizeof(n->plan), "%s", plan ? plan : "");
		buf_str(&n->text, text);
		buf_str(&n->record, record != NULL ? record : "");
		take_lists(n, j);
	}
	json_free(j);
	buf_free(&b);
	if (n != NULL && n->target != NULL && n->action != NULL &&
	    n->key != NULL && n->file != NULL && !n->text.failed &&
	    !n->record.failed && !n->left.failed)
		return n;
	notice_free(n);
	return NULL;
}

/* Into a list that is in the order of time */
static void
put_in(struct notice **list, struct notice *n)
{
	while (*list != NULL && (*list)->since <= n->since)
		list = &(*list)->next;
	n->next = *list;
	*list = n;
}

static void
take_file(
    struct spool *s, const char *path, int ours, double keep_s, struct buf *why)
{
	struct notice *n = read_notice(path);

	if (n == NULL) {
		buf_printf(why, "%s'%s' is no message that can be read",
		    why->len > 0 ? "; " : "", path);
	} else if ((double)(clock_wall() - n->since) > keep_s * 1000) {
		s->old += ours && unlink(path) == 0;
		notice_free(n);
	} else {
		put_in(ours ? &s->mine : &s->others, n);
	}
}

static int
lock(struct spool *s, const char *folder)
{
	int *more = realloc(s->locks, (s->n_locks + 1) * sizeof(*more));
	char *path = NULL;
	int fd = -1;

	if (more != NULL)
		s->locks = more;
	if (more != NULL && asprintf(&path, "%s.lock", folder) > 0)
		fd = file_lock(path, 0);
	if (fd >= 0)
		s->locks[s->n_locks++] = fd;
	free(path);
	return fd >= 0;
}

static void
read_rest(struct spool *s, const char *folder)
{
	struct buf b = { 0 };
	char *path = NULL;
	int64_t until;

	if (asprintf(&path, "%s.until", folder) > 0 &&
	    file_read(path, 100, &b) == 0 && b.len > 0) {
		b.s[strcspn(b.s, "\n")] = '\0';
		if (clock_parse(b.s, &until) == 0 && until > s->until)
			s->until = until;
	}
	free(path);
	buf_free(&b);
}

/* One folder of messages */
static void
take_folder(struct spool *s, const char *folder, double keep_s, struct buf *why)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, is_message, alphasort), ours;

	read_rest(s, folder);
	if (n < 0) {
		if (errno != ENOENT)
			buf_printf(why, "cannot read '%s': %s", folder,
			    strerror(errno));
		return;
	}
	ours = n > 0 && lock(s, folder);
	for (int i = 0; i < n; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]->d_name) > 0)
			take_file(s, path, ours, keep_s, why);
		free(path);
	}
	free_names(names, n);
}

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int
spool_open(struct spool *s, const char *dir, const char *target,
    const char *channel, double keep_s, struct buf *why)
{
	struct buf top = { 0 }, folder = { 0 };
	struct dirent **names = NULL;
	int n = 0;

	if (target != NULL) {
		if (put_path(&folder, dir, target, channel, "") == 0)
			take_folder(s, folder.s, keep_s, why);
	} else {
		buf_printf(&top, "%s/spool", dir);
		n = scandir(
		    top.failed ? "" : top.s, &names, is_visible, alphasort);
	}
	for (int i = 0; i < n; i++) {
		struct buf of = { 0 };

		buf_printf(&of, "%s/%s", top.s, names[i]->d_name);
		if (!of.failed)
			journal_path(&folder, of.s, channel, "");
		if (!of.failed && !folder.failed)
			take_folder(s, folder.s, keep_s, why);
		buf_free(&of);
		buf_clear(&folder);
	}
	if (n > 0)
		free_names(names, n);
	buf_free(&top);
	buf_free(&folder);
	return why->len > 0 ? -1 : 0;
}

static void
free_list(struct notice *n)
{
	while (n != NULL) {
		struct notice *next = n->next;

		notice_free(n);
		n = next;
	}
}

void
spool_close(struct spool *s)
{
	free_list(s->mine);
	free_list(s->others);
	for (size_t i = 0; i < s->n_locks; i++)
		close(s->locks[i]);
	free(s->locks);
	*s = (struct spool){ 0 };
}
