/* The count stands in a file: one whole number and nothing else. The file is
 * replaced in one step, so that whoever reads it sees the old count or the
 * new one. Those who change it through us wait for one another at PATH.lock. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "io/digest.h"
#include "io/file.h"
#include "target/target.h"

enum {
	FILE_MAX = 4096, /* a longer file holds something else */
	COUNT_MAX = 1000000,
	LOCK_WAIT = 5 /* seconds */
};

struct file_target {
	char *path, *lock;
};

static void
file_close(void *self)
{
	struct file_target *f = self;

	free(f->path);
	free(f->lock);
	free(f);
}

static void *
file_open(const struct conf_apply *settings, struct buf *why)
{
	struct file_target *f;

	if (settings->service == NULL || *settings->service == '\0') {
		buf_str(why,
		    "driver 'file' needs a service: the path of the "
		    "file that holds the count");
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	if (f != NULL &&
	    ((f->path = strdup(settings->service)) == NULL ||
		asprintf(&f->lock, "%s.lock", settings->service) < 0)) {
		f->lock = NULL;
		file_close(f);
		f = NULL;
	}
	if (f == NULL)
		buf_str(why, "out of memory");
	return f;
}

/* The one whole number in a text with blanks around it, or -1 */
static long
count_in(const char *s)
{
	static const char blanks[] = " \t\r\n";
	char digits[NUMBER_SIZE];
	size_t len;
	long n = -1;

	s += strspn(s, blanks);
	len = strspn(s, "0123456789");
	if (len == 0 || len >= sizeof(digits))
		return -1;
	memcpy(digits, s, len);
	digits[len] = '\0';
	s += len;
	if (s[strspn(s, blanks)] != '\0' ||
	    number_count(digits, 0, COUNT_MAX, &n) != 0)
		return -1;
	return n;
}

/* What the file holds, and which file it is. 0, or -1 and a message */
static int
read_file(const struct file_target *f, struct stat *st, struct buf *text,
    struct buf *why)
{
	/* not waiting: it might be a pipe */
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = -1;

	if (fd >= 0 && fstat(fd, st) == 0 && !S_ISREG(st->st_mode)) {
		buf_printf(why, "'%s' is no plain file", f->path);
		close(fd);
		return -1;
	}
	if (fd >= 0)
		r = file_read_fd(fd, FILE_MAX, text);
	if (r != 0)
		buf_printf(why, "cannot read the count in '%s': %s%s", f->path,
		    strerror(errno),
		    errno == ENOENT ? "; write the present count into it" : "");
	if (fd >= 0)
		close(fd);
	return r;
}

/* The count, and a version that every replacement changes even where the
 * count is the same again; or -1 and a message */
static long
look(const struct file_target *f, char version[static 17], struct buf *why)
{
	struct buf text = { 0 }, seen = { 0 };
	char hex[DIGEST_HEX];
	struct stat st;
	long n = -1;

	if (read_file(f, &st, &text, why) != 0)
		goto out;
	buf_printf(&seen, "%ju %ju %jd.%09ld ", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino, (intmax_t)st.st_mtim.tv_sec,
	    st.st_mtim.tv_nsec);
	buf_add(&seen, text.s, text.len);
	if (text.len > 0 && strlen(text.s) == text.len && !seen.failed)
		n = count_in(text.s);
	if (n < 0)
		buf_printf(why,
		    "'%s' does not hold a whole number from 0 to %d and "
		    "nothing else",
		    f->path, COUNT_MAX);
	else
		snprintf(
		    version, 17, "%.16s", digest_sha256(seen.s, seen.len, hex));
out:
	buf_free(&seen);
	buf_free(&text);
	return n;
}

static void
file_state(void *self, struct state *s)
{
	struct buf why = { 0 };
	char version[17] = "";
	long n = look(self, version, &why);

	if (n >= 0) {
		s->known = 1;
		s->instances = s->ready = n;
		snprintf(s->version, sizeof(s->version), "%s", version);
	} else {
		snprintf(s->error, sizeof(s->error), "%s",
		    why.s != NULL ? why.s : "out of memory");
	}
	buf_free(&why);
}

/* The last step: compares, and writes unless this is a dry run */
static enum target_outcome
compare_and_write(const struct file_target *f,
    const struct target_change *change, struct buf *request, struct buf *why)
{
	char version[17] = "", text[NUMBER_SIZE];
	long n = look(f, version, why);

	if (n < 0)
		return TARGET_AWAY;
	if (n != change->from) {
		buf_printf(why, "'%s' holds %ld now, not %ld", f->path, n,
		    change->from);
		return TARGET_CHANGED;
	}
	if (change->version[0] != '\0' &&
	    strcmp(change->version, version) != 0) {
		buf_printf(why, "'%s' was written since: version %s, not %s",
		    f->path, version, change->version);
		return TARGET_CHANGED;
	}
	buf_printf(request, "WRITE %s %ld", f->path, change->to);
	if (change->dry_run)
		return TARGET_DRY;
	snprintf(text, sizeof(text), "%ld\n", change->to);
	if (file_replace(f->path, text, strlen(text), 0644) == 0)
		return TARGET_WRITTEN;
	buf_printf(why, "cannot write '%s': %s", f->path, strerror(errno));
	return TARGET_UNSURE; /* renamed, but perhaps not synced */
}

static enum target_outcome
file_scale(void *self, const struct target_change *change, struct buf *request,
    struct buf *why)
{
	const struct file_target *f = self;
	enum target_outcome o;
	int lock = -1;

	if (!change->dry_run) {
		lock = file_lock(f->lock, LOCK_WAIT);
		if (lock < 0) {
			buf_printf(why, "cannot lock '%s': %s", f->lock,
			    strerror(errno));
			return TARGET_AWAY;
		}
	}
	o = compare_and_write(f, change, request, why);
	if (lock >= 0)
		close(lock);
	return o;
}

static enum target_arrival
file_settled(void *self, long want, struct buf *why)
{
	const struct file_target *f = self;
	char version[17];
	long n = look(f, version, why);

	if (n < 0)
		return TARGET_LOST;
	if (n == want)
		return TARGET_THERE;
	buf_printf(why, "'%s' holds %ld now, not %ld", f->path, n, want);
	return TARGET_ELSEWHERE;
}

const struct target_driver target_file = {
	.name = "file",
	.blind = 1,
	.open = file_open,
	.close = file_close,
	.read = file_state,
	.scale = file_scale,
	.settled = file_settled,
};
