/*
 * as-report - let people look at records
 * Use: as-report(1). Shapes on the pipe: as-records(5).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"
#include "cli/args.h"
#include "cli/filter.h"
#include "conf/conf.h"
#include "io/file.h"
#include "io/report.h"
#include "view/view.h"

enum { KEY_FORMAT = ARGS_OWN };

enum format { FORMAT_TABLE, FORMAT_HTML, FORMAT_SVG, FORMAT_METRICS };

struct options {
	struct args_common common;
	enum format format;
	const char *output; /* path, NULL: standard output */
	struct view view;
};

static const struct argp_option table[] = {
	{ "format", KEY_FORMAT, "table|html|svg|prometheus", 0,
	    "What to make of the records (default table)", 1 },
	{ "output", 'o', "FILE", 0,
	    "Replace FILE in one step, rather than write standard output", 1 },
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

static int
at_end(void *ctx, struct buf *out)
{
	struct options *o = ctx;
	int colour = o->output == NULL && isatty(STDOUT_FILENO) &&
	    getenv("NO_COLOR") == NULL;

	if (view_finish(&o->view) != 0)
		die("out of memory");
	switch (o->format) {
	case FORMAT_TABLE:
		view_table(&o->view, terminal_width(), colour, out);
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
	if (o->output == NULL)
		return STATUS_OK;
	if (out->failed)
		die("out of memory");
	if (file_replace(o->output, out->len ? out->s : "", out->len, 0644) !=
	    0)
		die("cannot write '%s': %s", o->output, strerror(errno));
	buf_clear(out);
	return STATUS_OK;
}

/* Price and budget of the first target that names them */
static void
read_settings(struct options *o)
{
	struct buf why = { 0 };
	struct conf c;

	if (o->common.n_conf == 0)
		return;
	if (conf_load(&c, o->common.conf, o->common.n_conf, &why) != 0)
		die("%s", why.s);
	for (size_t i = 0; i < c.n; i++) {
		const struct conf_cost *cost = &c.targets[i].cost;

		if (!isfinite(cost->per_instance))
			continue;
		o->view.per_instance = cost->per_instance;
		o->view.max_monthly = cost->max_monthly;
		o->view.currency = strdup(cost->currency);
		break;
	}
	conf_free(&c);
}

int
main(int argc, char *argv[])
{
	static const struct argp argp = { table, take, "[FILE...]",
		"Show records as a table, a page, a picture or metrics. Reads "
		"any records, a journal among them.",
		args_children, NULL, NULL };
	static const struct filter filter = { on_record, at_end };
	struct options o = { .format = FORMAT_TABLE };
	char **files = args_parse(&argp, ARGS_FILTER, argc, argv, &o);
	int status;

	o.view.now = clock_now();
	o.view.max_monthly = o.view.per_instance = (double)NAN;
	read_settings(&o);
	status = filter_run(&filter, files, &o.common, &o);
	view_free(&o.view);
	free(o.common.conf);
	return status;
}
