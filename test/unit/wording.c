/* Texts with fields: what is read, what is refused, and how what a record says
 * is written for each kind of markup. */
#include "channel/wording.h"

#include <string.h>

#include "check.h"
#include "conf/field.h"

static char record[] =
    "{\"type\":\"decision\",\"action\":\"scale_up\",\"reason\":\"a <b> & \\\"c"
    "\\\" *d* \\\\\",\"current_instances\":3,\"recommended_instances\":2,"
    "\"cost_impact\":-0.001,\"confidence\":0.995,\"predicted_load\":1e9}";

static const struct {
	const char *name, *text, *want;
	enum wording_escape escape;
	int bare; /* without a record */
} rows[] = {
	{ "no field", "as it is }", "as it is }", WORDING_PLAIN, 0 },
	{ "two braces are one", "{{to} {{{to}", "{to} {2", WORDING_PLAIN, 0 },
	{ "plain", "{reason}", "a <b> & \"c\" *d* \\", WORDING_PLAIN, 0 },
	{ "entities", "<{reason}>", "<a &lt;b&gt; &amp; \"c\" *d* \\>",
	    WORDING_ENTITIES, 0 },
	{ "markdown", "*{reason}*", "*a \\<b> & \"c\" \\*d\\* \\\\*",
	    WORDING_MARKDOWN, 0 },
	{ "JSON", "[\"{reason}\",{to}]", "[\"a <b> & \\\"c\\\" *d* \\\\\",2]",
	    WORDING_JSON, 0 },
	{ "a sign is for people", "{change} {cost_impact}", "-1 +0.00",
	    WORDING_PLAIN, 0 },
	{ "no sign in JSON", "[{change},{cost_impact}]", "[-1,0.00]",
	    WORDING_JSON, 0 },
	{ "rounded half away", "{confidence} {predicted_load}",
	    "1.00 1000000000.0", WORDING_PLAIN, 0 },
	{ "not known is nothing", "<{value}{error}{grant}>", "<>",
	    WORDING_PLAIN, 0 },
	{ "not known is null in JSON", "[{value},\"{error}\",{from}]",
	    "[null,\"\",null]", WORDING_JSON, 1 },
	{ "the text has its lines", "{text}", "one\n*two*", WORDING_PLAIN, 1 },
	{ "and in JSON they are escaped", "\"{text}\"", "\"one\\n*two*\"",
	    WORDING_JSON, 1 },
	{ "the title is its first line", "{title}!", "one!", WORDING_PLAIN, 0 },
	{ "no record in JSON", "{record}", "null", WORDING_JSON, 1 },
	{ "nothing at all is the usual text", "{value} \n", "one\n*two*",
	    WORDING_PLAIN, 0 },
	{ "line feeds at the end go", "{to}\n\n", "2", WORDING_PLAIN, 0 },
};

static void
filling(void)
{
	static char target[] = "web", action[] = "scale_up", name[] = "ops";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		struct conf_notify conf = { .name = name, .text = text };
		struct notice n = { .target = target, .action = action };
		struct buf b = { 0 }, why = { 0 };
		struct wording *w = NULL;

		check_row = rows[i].name;
		snprintf(text, sizeof(text), "%s", rows[i].text);
		buf_str(&n.text, "one\n*two*");
		if (!rows[i].bare)
			n.record = (struct buf){ .s = record,
				.len = sizeof(record) - 1 };
		if (check(wording_open(&conf, rows[i].escape, &w, &why) == 0 &&
			w != NULL)) {
			wording_fill(w, &n, &b);
			check(wording_marked(w) ==
			    (rows[i].escape != WORDING_PLAIN));
			if (!check(
				b.s != NULL && strcmp(b.s, rows[i].want) == 0))
				fprintf(stderr, "got '%s'\n", b.s);
		}
		wording_free(w);
		buf_free(&n.text);
		buf_free(&b);
		buf_free(&why);
	}
	check_row = "";
}

static void
refusing(void)
{
	static const struct {
		const char *text, *why;
		size_t line;
	} bad[] = {
		{ "{", "'{' has no '}'; a brace itself is '{{'", 1 },
		{ "a\nb {to", "'{to' has no '}'; a brace itself is '{{'", 2 },
		{ "{to {from}", "'{to' has no '}'; a brace itself is '{{'", 1 },
		{ "{to\n}", "'{to' has no '}'; a brace itself is '{{'", 1 },
		{ "{to}\n\n{ to}", "'{to}' is none of ", 3 },
		{ "{}", "'{}' is none of {title}, {text}, ", 1 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf why = { 0 };
		size_t line = 0;

		check_row = bad[i].text;
		check(field_check(bad[i].text, &line, &why) == -1);
		check(line == bad[i].line);
		if (!check(why.s != NULL &&
			strncmp(why.s, bad[i].why, strlen(bad[i].why)) == 0))
			fprintf(stderr, "got '%s'\n", why.s);
		buf_free(&why);
	}
	check_row = "";
}

int
main(void)
{
	filling();
	refusing();
	return check_status();
}
