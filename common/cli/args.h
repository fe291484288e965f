/*
 * args.h - the options that all commands share, by argp
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <argp.h>
#include <stddef.h>

/* The commands' own keys begin here, shared ones at 0x100. */
enum { ARGS_OWN = 0x200 };

struct args_common {
	int stop_on_bad; /* --on-bad=stop; a command sets its own default */
	char **conf; /* -c FILE, as often as given */
	size_t n_conf;
};

/* The child parser; a command's argp names it as its children and, at
 * ARGP_KEY_INIT, sets state->child_inputs[0] to its struct args_common. */
extern const struct argp_child args_children[];

enum args_pipe {
	ARGS_FILTER, /* SIGPIPE ends the command, as it does cat(1) */
	ARGS_ACTOR /* SIGPIPE is ignored: finish the request in hand */
};

/*
 * args_parse: parses argv into input, pins the clock (--now), sets up the
 * reports, streams and signals. Ends the process for --help, --version and on
 * errors (STATUS_FAILED). Returns the operands, NULL-ended: names of files.
 */
char **args_parse(const struct argp *argp, enum args_pipe pipe, int argc,
    char **argv, void *input);

/* Values of options, or an error that names option, value and what is
 * wanted. name is the long option without its dashes. */
double args_number(struct argp_state *, const char *name, const char *arg);
double args_positive(struct argp_state *, const char *name, const char *arg);
long args_count(
    struct argp_state *, const char *name, const char *arg, long lo, long hi);
double args_share(struct argp_state *, const char *name, const char *arg);
double args_duration(struct argp_state *, const char *name, const char *arg);

/* args_either(state, name, arg, no, yes): 1 where arg is yes, 0 where no */
int args_either(struct argp_state *, const char *name, const char *arg,
    const char *no, const char *yes);

/* args_conf_there(o): for a command that has no use for settings but is given
 * them like the others: a file of -c that cannot be read ends the process. */
void args_conf_there(const struct args_common *o);

/* args_processors(): how many threads suit, where nobody said: as many as
 * there are processors, 1 to 4 */
long args_processors(void);

/* args_list(list, n, item): item (not copied) joins a list that grows */
void args_list(char ***list, size_t *n, char *item);

#endif
