/*
 * Whatever a settings file holds, it is read or refused with a reason; what was
 * read prints as a file that reads the same.
 */
#include "conf/conf.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

const char *const fuzz_seeds[] = {
	"target web {\n\tmode = monitor\n\thistory = 14d\n\tstep = 5m\n}\n"
	"source {\n\ttype = prometheus\n\turl = \"http://localhost:9090\"\n}\n"
	"signal cpu {\n\tquery = 'sum(rate(x{a!~\"b|c\"}[5m]))'\n\tunit = cores"
	"\n\tcapacity = 2\n\ttarget = 60%\n\temergency = 90%\n}\n",
	"target shop {\n\tdecision_interval = 1m # here\n}\nsignal load {\n\t"
	"query = \"a\\nb\"\n\tcapacity = 10\n}\npolicy {\n\tmin_instances = "
	"1\n\t"
	"max_instances = 10\n}\ncost {\n\tper_instance = 50\n\tmax_monthly = "
	"500"
	"\n}\napply {\n\tdriver = file\n\tservice = \"web.count\"\n}\n",
	"// a\n/* b */ # c\ntarget a {}\ntarget b {}\n",
	NULL,
};

/* 0 if the text was read; c is empty otherwise */
static int
load(struct conf *c, const char *s, size_t n, struct buf *why)
{
	int fd = memfd_create("conf", MFD_CLOEXEC), r;
	char path[64];
	char *paths[] = { path };

	if (fd < 0 || write(fd, s, n) != (ssize_t)n)
		exit(1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = conf_load(c, paths, 1, why);
	close(fd);
	return r;
}

/* The settings of all targets, without where each is from */
static void
print(const struct conf *c, struct buf *b)
{
	for (size_t i = 0; i < c->n; i++)
		conf_print(&c->targets[i], b);
}

static void
without_remarks(struct buf *b)
{
	size_t k = 0;
	int in = 0;

	for (size_t i = 0; i < b->len; i++) {
		in = b->s[i] == '#' || (in && b->s[i] != '\n');
		if (!in)
			b->s[k++] = b->s[i];
	}
	b->len = k;
}

const char *
fuzz_one(const char *s, size_t n)
{
	struct buf why = { 0 }, one = { 0 }, two = { 0 };
	const char *wrong = NULL;
	struct conf c = { 0 }, d = { 0 };

	if (load(&c, s, n, &why) != 0) {
		wrong = why.len > 0 ? NULL : "no reason given";
		buf_free(&why);
		return wrong;
	}
	print(&c, &one);
	if (load(&d, one.len > 0 ? one.s : "", one.len, &why) != 0) {
		fprintf(stderr, "%s\n", why.s);
		wrong = "settings printed do not read";
	} else {
		print(&d, &two);
		without_remarks(&one);
		without_remarks(&two);
		if (one.len != two.len || memcmp(one.s, two.s, one.len) != 0)
			wrong = "settings printed read otherwise";
	}
	buf_free(&one);
	buf_free(&two);
	buf_free(&why);
	conf_free(&c);
	conf_free(&d);
	return wrong;
}
