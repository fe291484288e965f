#include "record/model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "record/series.h"

/* bytes: of what can be read only once, and of labels and settings */
enum { FILE_LIMIT = 1 << 30, HEAD_LIMIT = 1 << 20 };

static const char model[] = "{\"type\":\"model\",";
static const char parts_head[] = MODEL_PARTS_HEAD;

static char *
label(const struct json *metric, const char *name, const char *otherwise)
{
	const char *s = json_get_str(metric, name);

	return strdup(s != NULL ? s : otherwise);
}

static void
line_free(struct model_line *l)
{
	free(l->key);
	free(l->name);
	free(l->target);
	free(l->unit);
}

/* The labels of a line: the part before the components is a whole object but
 * for its brace */
static void
find_labels(struct model_line *l, struct buf *head)
{
	struct buf key = { 0 };
	const struct json *metric;
	const char *why;
	struct json *j;

	buf_char(head, '}');
	j = head->failed ? NULL : json_parse(head->s, head->len, &why);
	metric = json_get(j, "metric");
	if (metric != NULL && json_type(metric) == JSON_OBJECT &&
	    series_key(metric, &key) == 0) {
		l->key = key.s;
		l->name = label(metric, "__name__", "load");
		l->target = label(metric, "target", "default");
		l->unit = label(metric, "unit", "");
		if (l->name == NULL || l->target == NULL || l->unit == NULL) {
			line_free(l);
			l->key = l->name = l->target = l->unit = NULL;
		}
	} else {
		buf_free(&key);
	}
	json_free(j);
}

/* A line on its way by */
struct passing {
	size_t at, len, number;
	struct buf head; /* what comes before the components */
	enum { HEAD, PARTS, BROKEN, OTHER } where;
};

static void
pass(struct passing *l, const char *p, size_t n)
{
	size_t size = sizeof(parts_head) - 1, had = l->head.len;
	size_t from = had > size ? had - size : 0, least = sizeof(model) - 1;
	char *s;

	l->len += n;
	if (l->where != HEAD)
		return;
	buf_add(&l->head, p, n);
	if (l->head.failed || l->head.len < least)
		return;
	s = memmem(l->head.s + from, l->head.len - from, parts_head, size);
	if (memcmp(l->head.s, model, least) != 0) {
		l->where = OTHER;
	} else if (s != NULL) {
		l->where = PARTS;
		l->head.len = (size_t)(s - l->head.s);
		*s = '\0';
	} else if (l->head.len > HEAD_LIMIT) {
		l->where = BROKEN;
	}
}

/* The end of a line. 0 or -1. */
static int
passed(struct model_file *f, struct passing *l)
{
	struct model_line *more, *new;
	int failed = l->head.failed;

	if (!failed && l->where != OTHER && l->len >= sizeof(model)) {
		more = realloc(f->line, (f->n + 1) * sizeof(*more));
		failed = more == NULL;
		if (!failed) {
			f->line = more;
			new = &f->line[f->n++];
			*new = (struct model_line){
				.at = l->at, .len = l->len, .number = l->number
			};
			if (l->where == PARTS)
				find_labels(new, &l->head);
		}
	}
	buf_clear(&l->head);
	l->where = HEAD;
	l->at += l->len + 1;
	l->len = 0;
	l->number++;
	return failed ? -1 : 0;
}

static int
look_at(struct model_file *f, struct passing *l, const char *p, size_t n)
{
	while (n > 0) {
		const char *lf = memchr(p, '\n', n);
		size_t k = lf != NULL ? (size_t)(lf - p) : n;

		pass(l, p, k);
		if (lf == NULL)
			return 0;
		if (passed(f, l) != 0)
			return -1;
		p += k + 1;
		n -= k + 1;
	}
	return 0;
}

/* Every line of the file. 0, or -1 with errno. */
static int
look_through(struct model_file *f, struct passing *l)
{
	char room[MODEL_PIECE];
	ssize_t n;
	int failed;

	if (f->from.s != NULL) {
		failed = look_at(f, l, f->text.s, f->text.len);
	} else {
		do {
			n = read(f->from.fd, room, sizeof(room));
			failed = n > 0 && look_at(f, l, room, (size_t)n) != 0;
		} while (!failed && (n > 0 || (n < 0 && errno == EINTR)));
		if (n < 0)
			return -1;
	}
	if (!failed && l->len > 0)
		failed = passed(f, l) != 0;
	if (failed)
		errno = ENOMEM;
	return failed ? -1 : 0;
}

int
model_file_open(struct model_file *f, const char *path)
{
	struct passing l = { .number = 1 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0, e;
	struct stat st;

	*f = (struct model_file){ .from = { NULL, -1 } };
	if (fd < 0)
		return -1;
	f->from.fd = fd;
	/* what can be read only once is kept */
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		r = file_read_fd(fd, FILE_LIMIT, &f->text);
		f->from.s = f->text.s;
	}
	if (r == 0)
		r = look_through(f, &l);
	e = errno;
	buf_free(&l.head);
	if (r != 0)
		model_file_close(f);
	errno = e;
	return r;
}

int
model_file_read(
    const struct model_file *f, size_t i, struct model *m, const char **why)
{
	return model_read_at(m, &f->from, f->line[i].at, f->line[i].len, why);
}

void
model_file_close(struct model_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		line_free(&f->line[i]);
	free(f->line);
	buf_free(&f->text);
	if (f->from.fd >= 0)
		close(f->from.fd);
	*f = (struct model_file){ .from = { NULL, -1 } };
}
