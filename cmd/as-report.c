/*
 * as-report - let people look at records
 * Use: as-report(1). Shapes on the pipe: as-records(5).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shell.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "cli/journals.h"
#include "io/file.h"
#include "io/out.h"
#include "io/report.h"
#include "record/journal.h"
#include "view/view.h"

enum {
	KEY_FORMAT = ARGS_OWN,
	KEY_JOURNAL,
	KEY_STATE,
	KEY_SINCE,
	KEY_TARGET_NAME
};

enum format { FORMAT_TABLE, FORMAT_HTML, FORMAT_SVG, FORMAT_METRICS };

struct options {
	struct args_common common;
	enum format format;
	const char *output; /* path, NULL: standard output */
	int journal; /* read those of the files' targets */
	struct journals journals;
	double since; /* s before now */
	struct conf conf;
	struct buf access;
	struct view view;
};

static const struct argp_option table[] = {
	{ "format", KEY_FORMAT, "table|html|svg|prometheus", 0,
	    "What to make of the records (default table)", 1 },
	{ "output", 'o', "FILE", 0,
	    "Replace FILE in one step, rather than write standard output", 1 },
	{ "journal", KEY_JOURNAL, NULL, 0,
	    "Read the journals of the targets of -c", 2 },
	{ "state", KEY_STATE, "DIR", 0, "Read the journals in DIR", 2 },
	{ "since", KEY_SINCE, "TIME", 0,
	    "Of journals, what is younger than TIME (default 7d)", 2 },
	{ "target-name", KEY_TARGET_NAME, "NAME", 0,
	    "Of journals, that of the target NAME only", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t
take(int key, char *arg, struct argp_state *state)
{
	static const char *const names[] = { "table", "html", "svg",
		"prometheus" };
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->common;
		return 0;
	case KEY_FORMAT:
		for (int i = 0; i < 4; i++)
			if (strcmp(arg, names[i]) == 0) {
				o->format = (enum format)i;
				return 0;
			}
		argp_error(state,
		    "--format: '%s' is none of table, html, svg, prometheus",
		    arg);
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case KEY_JOURNAL:
		o->journal = 1;
		return 0;
	case KEY_STATE:
		o->journal = 1;
		o->journals.state = arg;
		return 0;
	case KEY_SINCE:
		o->since = args_duration(state, "since", arg);
		return 0;
	case KEY_TARGET_NAME:
		o->journals.target_name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static enum take
on_record(void *ctx, const struct record *r, struct buf *out, struct buf *why)
{
	struct options *o = ctx;
	const char *text = "bad record";

	(void)out;
	if (view_add(&o->view, r, &text) >= 0)
		return TAKE_DONE;
	buf_str(why, text);
	return TAKE_BAD;
}

/* As wide as the terminal is, at most what is easy to read */
static int
terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 40)
		return 80;
	return w.ws_col < 120 ? w.ws_col : 120;
}

/* Not where nobody wants it (no-color.org), or the terminal has none */
static int
in_colour(const struct options *o)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return o->output == NULL && isatty(STDOUT_FILENO) &&
	    (no == NULL || no[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

static int
see_record(void *ctx, const struct record *r, int64_t logged)
{
	struct options *o = ctx;
	const char *why = "bad record";

	(void)logged;
	if (view_add(&o->view, r, &why) < 0)
		warn("a record of the journal: %s", why);
	return 0;
}

static int
see_journal(void *ctx, const char *dir, const char *target)
{
	struct options *o = ctx;
	struct buf why = { 0 };
	int64_t since = clock_now() - (int64_t)(o->since * 1000);

	if (journal_each(dir, target, since, see_record, o, &why) < 0)
		die("%s", why.s);
	buf_free(&why);
	return 0;
}

static void
make(const struct options *o, struct buf *out)
{
	switch (o->format) {
	case FORMAT_TABLE:
		view_table(&o->view, terminal_width(), in_colour(o), out);
		break;
	case FORMAT_HTML:
		view_html(&o->view, out);
		break;
	case FORMAT_SVG:
		view_svg(&o->view, out);
		break;
	case FORMAT_METRICS:
		view_metrics(&o->view, out);
		break;
	}
}

static void
show(struct options *o)
{
	struct buf out = { 0 };

	if (view_finish(&o->view) != 0)
		die("out of memory");
	make(o, &out);
	if (out.failed)
		die("out of memory");
	if (o->output == NULL) {
		if (out_write(out.s, out.len) != 0)
			exit(STATUS_FAILED);
	} else if (file_replace(
		       o->output, out.len ? out.s : "", out.len, 0644) != 0) {
		die("cannot write '%s': %s", o->output, strerror(errno));
	}
	buf_free(&out);
}

/* How as-approve is led to where this was read */
static void
tell_access(struct options *o)
{
	if (o->journals.state != NULL) {
		buf_str(&o->access, " --state ");
		shell_word(&o->access, o->journals.state);
	}
	for (size_t i = 0; i < o->common.n_conf; i++) {
		buf_str(&o->access, " -c ");
		shell_word(&o->access, o->common.conf[i]);
	}
	o->view.access = o->access.s;
}

/* Prices, budgets and capacities */
static void
read_settings(struct options *o)
{
	struct buf why = { 0 };

	if (o->common.n_conf == 0)
		return;
	if (conf_load(&o->conf, o->common.conf, o->common.n_conf, &why) != 0)
		die("%s", why.s);
	o->view.conf = &o->conf;
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Show records as a table, a page, a picture or metrics. Reads "
		"any records, journals among them.",
		args_children, NULL, NULL };
	static const struct filter filter = { on_record, NULL };
	struct options o = { .format = FORMAT_TABLE, .since = 7 * 86400 };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status = STATUS_OK;

	o.view.now = clock_now();
	read_settings(&o);
	tell_access(&o);
	if (o.journal) {
		journals_open(&o.journals, &o.common);
		journals_each(&o.journals, see_journal, &o);
		journals_close(&o.journals);
	}
	if (!o.journal || *files != NULL)
		status = filter_run(&filter, files, &o.common, &o);
	if (status != STATUS_FAILED)
		show(&o);
	view_free(&o.view);
	if (o.conf.n > 0)
		conf_free(&o.conf);
	buf_free(&o.access);
	free(o.common.conf);
	return status;
}
