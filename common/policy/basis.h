/*
 * basis.h - what a decision was made from, kept in its record
 *
 * The member `basis` of as-records(5): settings that were options, a digest of
 * all settings, and of each signal's forecast, of the state and of the journal
 * as much as it takes to come to the same decision again, and no more: the
 * tables of past errors are kept where they were looked at. Before it is
 * written the decision is made from it once more; only what gives the same
 * one, to the byte, is written.
 */
#ifndef POLICY_BASIS_H
#define POLICY_BASIS_H

#include "base/buf.h"
#include "policy/decide.h"

/* What the command was given, beside its input */
struct basis_given {
	char *const *set; /* names and values of options, in turn */
	size_t n_set; /* of both */
	int files; /* settings came from files, too */
};

/*
 * basis_write(in, d, t, g, out): the member of decision d, which came of in
 * with trace t: `"basis":{...}`, to be spliced into the record.
 */
void basis_write(const struct decide_input *in, const struct decision *d,
    const struct decide_trace *t, const struct basis_given *g, struct buf *out);

/* basis_settings(t, hex): the first 16 hex digits of SHA-256 over the settings
 * of t that decisions depend on, wherever each came from. 0, or -1: out of
 * memory. */
int basis_settings(const struct conf_target *t, char hex[static 17]);

/* basis_history(j, h): from the member `history`, as basis_write wrote it. 0,
 * or -1 with a static text in *why. */
int basis_history(const struct json *j, struct history *h, const char **why);

#endif
