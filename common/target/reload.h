/*
 * reload.h - a program told to read its configuration again
 * Private to the room.
 *
 *	signal:HUP:/run/web.pid		the process whose number the file holds
 *	command:nginx -s reload		a program, its words parted by blanks
 *	http://127.0.0.1:9090/-/reload	POST; https:// as well
 */
#ifndef TARGET_RELOAD_H
#define TARGET_RELOAD_H

#include "base/buf.h"

/* reload_check(how, why): 0, or -1: how is none of the three */
int reload_check(const char *how, struct buf *why);

/* reload(how, seconds, why): done as far as can be told from here (a signal
 * was sent, a program exited with 0, an answer of 200 to 299 came), within
 * that time: 0; else -1 with a message */
int reload(const char *how, double seconds, struct buf *why);

/*
 * reload_run(words, file, seconds, why): runs words, parted by blanks, with
 * every {file} in them replaced by the path file. No shell sees them. 0, or -1
 * with a message: it did not exit with 0, or there are no or too many words.
 */
int reload_run(
    const char *words, const char *file, double seconds, struct buf *why);

#endif
