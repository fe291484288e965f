/* Model records: what is written reads back, what was changed is refused */
#include "record/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/digest.h"

static struct model
example(void)
{
	struct model m = { .metric = strdup("{\"__name__\":\"cpu\",\"unit\":"
					    "\"cores\",\"target\":\"web\"}"),
		.method = "forest",
		.windows_by = "online",
		.step_s = 300,
		.horizon_s = 3600,
		.boot_s = 60,
		.interval_s = 60,
		.trained = 1763900000000,
		.span_s = 1209600,
		.samples = 4032,
		.seed = 1,
		.parts = 3,
		.accepted = 1,
		.calibration = "{\"windows\":[]}",
		.validation = "{\"error_1h\":0.0625,\"within_15pct\":0.5,"
			      "\"skill_vs_last\":0.25}" };

	for (size_t k = 0; k < m.parts; k++)
		for (int i = 0; i < 40 + (int)k; i++)
			buf_char(&m.part[k], (char)(i * 37 + (int)k));
	return m;
}

static int
fail(const char *what, const char *why)
{
	printf("model: %s: %s\n", what, why);
	return 1;
}

static int
round_trip(const struct buf *line, const struct model *m)
{
	struct buf copy = { 0 };
	struct model r;
	const char *why;
	int failed = 0;

	buf_add(&copy, line->s, line->len);
	if (model_read(&r, copy.s, copy.len, &why) != 0) {
		buf_free(&copy);
		return fail("a good line is refused", why);
	}
	if (strcmp(copy.s, line->s) != 0)
		failed += fail("reading", "changes the line");
	if (strcmp(r.method, "forest") != 0 || strcmp(r.target, "web") != 0 ||
	    strcmp(r.windows_by, "online") != 0 ||
	    strcmp(r.unit, "cores") != 0 || r.trained != m->trained ||
	    r.parts != 3 || r.accepted != 1 || fabs(r.step_s - 300) > 0 ||
	    fabs(r.error_1h - 0.0625) > 0 || fabs(r.skill_vs_last - 0.25) > 0)
		failed += fail("reading", "a member is another");
	for (size_t k = 0; k < 3 && !failed; k++)
		if (r.part[k].len != m->part[k].len ||
		    memcmp(r.part[k].s, m->part[k].s, r.part[k].len) != 0)
			failed += fail("reading", "a part is another");
	model_free(&r);
	buf_free(&copy);
	return failed;
}

/* A changed byte, a missing end: whatever it is, it is seen */
static int
tampered(const struct buf *line)
{
	struct buf b = { 0 };
	struct model r;
	const char *why;
	int failed = 0;

	buf_add(&b, line->s, line->len);
	for (size_t i = 0; i < line->len; i++) {
		b.s[i] = (char)(b.s[i] ^ 1);
		if (model_read(&r, b.s, b.len, &why) == 0) {
			printf("model: byte %zu can be changed\n", i);
			model_free(&r);
			failed++;
		}
		b.s[i] = (char)(b.s[i] ^ 1);
		if (model_read(&r, b.s, i, &why) == 0) {
			printf("model: %zu bytes are enough\n", i);
			model_free(&r);
			failed++;
		}
	}
	buf_free(&b);
	return failed;
}

/* A line with something put otherwise, and a checksum that holds for it */
static int
forged(
    const struct buf *line, const char *from, const char *to, const char *want)
{
	const char *sum = strstr(line->s, ",\"checksum\""), *why = "";
	const char *at = strstr(line->s, from);
	struct buf b = { 0 };
	char hex[DIGEST_HEX];
	struct model r;
	int failed = 0;

	buf_add(&b, line->s, (size_t)(at - line->s));
	buf_str(&b, to);
	at += strlen(from);
	buf_add(&b, at, (size_t)(sum - at));
	buf_char(&b, '}');
	digest_sha256(b.s, b.len, hex);
	b.len--;
	buf_printf(&b, ",\"checksum\":\"sha256:%s\"}", hex);
	if (model_read(&r, b.s, b.len, &why) == 0) {
		model_free(&r);
		failed = fail(to, "is taken");
	} else if (strcmp(why, want) != 0) {
		failed = fail(to, why);
	}
	buf_free(&b);
	return failed;
}

/* Refused for its length alone: there are no such bytes */
static int
endless(void)
{
	const char *why = "";
	struct model r;

	if (model_read(&r, "{", (size_t)MODEL_LONGEST + 1, &why) == 0)
		return fail("a line without end", "is taken");
	return strcmp(why, "it is longer than a model can be") == 0
	    ? 0
	    : fail("a line without end", why);
}

static int
forgeries(const struct buf *line)
{
	static const char number[] = "a number is missing or out of range";
	static const struct {
		const char *from, *to, *why;
	} rows[] = {
		{ "\"version\":1", "\"version\":2",
		    "made by another version of as-train" },
		{ "\"type\":\"model\"", "\"type\":\"other\"",
		    "not a model record" },
		{ "\"step_s\":300", "\"step_s\":0", number },
		{ "\"step_s\":300", "\"step_s\":1e99", number },
		{ "\"horizon_s\":3600", "\"horizon\":3600", number },
		{ "\"boot_s\":60", "\"boot_s\":-1", number },
		{ "\"samples\":4032", "\"samples\":\"4032\"", number },
		{ "\"method\":\"forest\"", "\"method\":7",
		    "'method' is missing or too long" },
		{ "\"unit\":\"cores\"", "\"unit\":[]",
		    "'metric' is not an object of short strings" },
		{ "\"accepted\":true", "\"accepted\":1",
		    "'accepted' is missing or not true or false" },
		{ "\"trained\":\"20", "\"trained\":\"x",
		    "'trained' is missing or no time" },
		{ "\"components\":[", "\"components\":[\"???\",",
		    "'components' are missing or damaged" },
		{ "\"components\":[", "\"components\":[\"\",\"\",",
		    "'components' are missing or damaged" },
		{ "\"components\":[", "\"parts\":[",
		    "'components' are missing or damaged" },
		{ "\"seed\":1,", "\"seed\":1,\"seed\":1,",
		    "a member is repeated" },
	};
	int failed = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		failed += forged(line, rows[i].from, rows[i].to, rows[i].why);
	return failed;
}

/* Lines of other types are no models, a torn line is one without labels */
static int
file(const struct buf *line)
{
	char path[] = "/tmp/as-model-test.XXXXXX";
	int fd = mkstemp(path), failed = 0;
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct model_file m;

	if (f == NULL)
		return fail("a file", "cannot be made");
	fprintf(f, "{\"type\":\"state\"}\n\n%s\n%.200s\n", line->s, line->s);
	fclose(f);
	if (model_file_open(&m, path) != 0) {
		unlink(path);
		return fail("a file", "cannot be opened");
	}
	if (m.n != 2 || m.line[0].number != 3 || m.line[0].key == NULL ||
	    strcmp(m.line[0].key,
		"{\"__name__\":\"cpu\",\"target\":\"web\",\"unit\":"
		"\"cores\"}") != 0 ||
	    strcmp(m.line[0].name, "cpu") != 0 || m.line[1].key != NULL ||
	    m.line[1].number != 4)
		failed = fail("a file", "its lines are others");
	model_file_close(&m);
	unlink(path);
	return failed;
}

int
main(void)
{
	struct model m = example();
	struct buf line = { 0 };
	int failed;

	model_write(&line, &m);
	failed = round_trip(&line, &m) + tampered(&line) + forgeries(&line) +
	    endless() + file(&line);
	model_free(&m);
	buf_free(&line);
	return failed != 0;
}
