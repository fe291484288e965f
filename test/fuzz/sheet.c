/*
 * Whatever a journal and a record say, the page of a mail is made, in UTF-8,
 * and nothing of what they say becomes markup.
 */
#include "channel/sheet.h"

#include <sys/stat.h>

#include "base/utf8.h"
#include "channel/notice.h"
#include "fuzz.h"

#define INPUTS                                                                 \
	"\"inputs\":[{\"signal\":\"cpu\",\"unit\":\"cores\",\"value\":5.1,"    \
	"\"age_s\":12,\"needed_now\":3,\"expected\":{\"value\":6.2,"           \
	"\"at_most\":7.9,\"from_s\":60,\"to_s\":120}}]"

const char *const fuzz_seeds[] = {
	"{\"type\":\"decision\",\"target\":\"web\",\"time\":\"2026-11-23T16:00:"
	"00Z\",\"current_instances\":3," INPUTS "}\n"
	"{\"type\":\"decision\",\"target\":\"web\",\"time\":\"2026-11-23T16:05:"
	"00Z\",\"current_instances\":4," INPUTS "}\n"
	"{\"type\":\"result\",\"target\":\"web\",\"time\":\"2026-11-23T16:06:"
	"00Z\",\"action\":\"scale_up\",\"observed\":{\"instances\":1e308},"
	"\"result\":{\"status\":\"applied\",\"from\":4,\"to\":1e308},"
	"\"current_load\":1e308," INPUTS "}\n",
	NULL,
};

static const char folder[] = "fuzz-sheet";

static void
keep(const char *s, size_t n)
{
	char path[64];
	FILE *f;

	mkdir(folder, 0700);
	snprintf(path, sizeof(path), "%s/web.ndjson", folder);
	f = fopen(path, "w");
	if (f == NULL || fwrite(s, 1, n, f) != n || fclose(f) != 0)
		exit(1);
}

/* Tags are those that the program writes, and quotes are even. */
static const char *
look(const struct buf *html)
{
	int quotes = 0, inside = 0;

	if (html->failed || html->len == 0)
		return "no page";
	for (size_t i = 0, k; i < html->len; i += k) {
		k = utf8_len(html->s + i, html->len - i);
		if (k == 0 || html->s[i] == '\0')
			return "no UTF-8";
		if (html->s[i] == '<' && inside)
			return "a tag within a tag";
		if (html->s[i] == '>' && (!inside || quotes % 2 != 0))
			return "no tag to end";
		if (html->s[i] == '<')
			inside = 1;
		if (html->s[i] == '>')
			inside = quotes = 0;
		quotes += inside && html->s[i] == '"';
	}
	return inside ? "a tag has no end" : NULL;
}

const char *
fuzz_one(const char *s, size_t n)
{
	static char target[] = "web", action[] = "scale_up";
	const char *last = memrchr(s, '\n', n > 0 ? n - 1 : 0), *wrong;
	struct notice notice = { .target = target, .action = action };
	struct channel_message m = { .text = "web", .notices = &notice };
	struct sheet sheet;

	keep(s, n);
	last = last != NULL ? last + 1 : s;
	buf_add(&notice.text, last, n - (size_t)(last - s));
	buf_str(&notice.text, " ");
	notice.text.len = strlen(notice.text.s);
	buf_add(&notice.record, last, n - (size_t)(last - s));
	sheet_make(&sheet, &m, folder, "0@example.org");
	wrong = look(&sheet.html);
	if (wrong == NULL && sheet.n > 1)
		wrong = "a picture too many";
	sheet_free(&sheet);
	buf_free(&notice.text);
	buf_free(&notice.record);
	return wrong;
}
