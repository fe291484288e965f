/*
 * Whatever a template says, it is refused with a reason or makes a text of
 * whatever record; where it makes JSON of two records it does so of all.
 */
#include "channel/wording.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "fuzz.h"

const char *const fuzz_seeds[] = {
	"{target} {status} {from} -> {to} ({change})\n{reason}{error}{grant}",
	"{{\"a\":\"{reason}\",\"b\":{from},\"c\":{record},\"d\":{value}}",
	"{title}{text}{kind}{metric}{lo}{hi}{states} }} {{ {id}{time}",
	NULL,
};

static char target[] = "w\"e\\b", action[] = "scale_up", name[] = "o<ps>";
static char grant[] = "as-approve --state 'a b' grant 0123456789abcdef";
static char record[] =
    "{\"type\":\"result\",\"action\":\"scale_up\",\"reason\":\"\\u0001\\\"*\\\\"
    "<b>\",\"cost_impact\":-1e300,\"states\":[\"a\",1,\"\\n\"],\"result\":{"
    "\"status\":\"failed\",\"from\":1e308,\"error\":\"\\ud83d\\ude00\"}}";

static const char *
try_notice(const struct wording *w, const struct notice *n, int json)
{
	const char *wrong = NULL, *text;
	struct buf b = { 0 };

	wording_fill(w, n, &b);
	if (b.failed || b.len == 0)
		wrong = "no text";
	else if (json && json_check(b.s, b.len, &text) != 0)
		wrong = "no JSON";
	buf_free(&b);
	return wrong;
}

static const char *
try_as(char *path, enum wording_escape escape)
{
	struct conf_notify conf = { .name = name, .template = path };
	struct notice n = { .target = target, .action = action };
	struct wording *w;
	struct buf why = { 0 };
	const char *wrong = NULL;

	if (wording_open(&conf, escape, &w, &why) != 0) {
		wrong = why.len > 0 ? NULL : "no reason given";
		buf_free(&why);
		return wrong;
	}
	buf_str(&n.text, "title \"\\\n{to}");
	wrong = try_notice(w, &n, escape == WORDING_JSON);
	n.record = (struct buf){ .s = record, .len = sizeof(record) - 1 };
	n.grant = grant;
	if (wrong == NULL)
		wrong = try_notice(w, &n, escape == WORDING_JSON);
	buf_free(&n.text);
	wording_free(w);
	return wrong;
}

const char *
fuzz_one(const char *s, size_t n)
{
	int fd = memfd_create("words", MFD_CLOEXEC);
	const char *wrong = NULL;
	char path[64];

	if (fd < 0 || write(fd, s, n) != (ssize_t)n)
		exit(1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = WORDING_PLAIN; i <= WORDING_JSON && wrong == NULL; i++)
		wrong = try_as(path, (enum wording_escape)i);
	close(fd);
	return wrong;
}
