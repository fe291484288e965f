/*
 * journal.h - what was decided and done: NDJSON in the state folder
 *
 * DIR/TARGET.ndjson holds one record a line, oldest first. Bytes of TARGET
 * outside [A-Za-z0-9._-] are written as %XX, as is a dot at its beginning. The
 * first line is {"type":"journal","version":1,"created":TIME}. After it come
 * the decisions seen, byte for byte, the results of actions as they were
 * printed, {"type":"intent",...} before each action, {"type":"grant"|"denial",
 * "plan":...,"who":...,"time":...,"expires":...}, what was told to people; each
 * with a last member "logged", the time at which it was written here.
 *
 * A file renamed away (logrotate) is succeeded by a new one, which takes over
 * its time of creation from DIR/TARGET.ndjson.1; readers read that one too, so
 * that a rotation loses neither limits nor grants.
 */
#ifndef RECORD_JOURNAL_H
#define RECORD_JOURNAL_H

#include <stdint.h>

#include "base/buf.h"
#include "record/record.h"

/*
 * journal_append(dir, target, line, n, why): the record line (n bytes, an
 * object, without LF) and "logged" go to the end in one piece and are on disk
 * when it returns 0. dir is made if it is not there. Writers wait for one
 * another. -1 with a message in *why and the journal as it was.
 */
int journal_append(const char *dir, const char *target, const char *line,
    size_t n, struct buf *why);

/*
 * journal_each(dir, target, since, fn, ctx, why): fn gets every record logged
 * at since (ms) or later, and those that do not say when, oldest first. logged
 * is 0 where a record does not say. Torn and foreign lines are passed over. A
 * value other than 0 ends the walk. Returns what fn returned last; 0 also where
 * there is no journal; -1 with a message in *why if it cannot be read.
 */
int journal_each(const char *dir, const char *target, int64_t since,
    int (*fn)(void *ctx, const struct record *r, int64_t logged), void *ctx,
    struct buf *why);

/* journal_born(dir, target): when the journal was begun, in ms; -1: there is
 * none, or it does not say */
int64_t journal_born(const char *dir, const char *target);

/* journal_unlogged(out, line, n): a record of the journal as it was before it
 * came there: without "logged" at its end */
void journal_unlogged(struct buf *out, const char *line, size_t n);

/*
 * journal_targets(dir, fn, ctx, why): fn gets the name of every target that
 * has a journal in dir, by name. A value other than 0 ends it and is returned.
 * 0 also where dir is not there; -1 with a message if it cannot be read.
 */
int journal_targets(const char *dir, int (*fn)(void *ctx, const char *target),
    void *ctx, struct buf *why);

/* journal_path(out, dir, target, suffix): "DIR/TARGET" + suffix, TARGET
 * written as above: the journal's own suffix is ".ndjson" */
void journal_path(
    struct buf *out, const char *dir, const char *target, const char *suffix);

/*
 * journal_lock(dir, target, wait_s, why): the right to act on target, held
 * until the descriptor returned is closed or the process ends, however it
 * ends: none is ever left behind. DIR/TARGET.lock says who has it. -1 with a
 * message in *why: which process on which host has it, since when and until
 * when at most, after wait_s seconds in vain. It is taken from nobody who
 * lives; of one who has it for too long the message says how to end it.
 */
int journal_lock(
    const char *dir, const char *target, double wait_s, struct buf *why);

/*
 * journal_acting(dir, target, wait_s, why): the same for who will not act, but
 * must know that nobody does: where nobody ever has, no lock is made (the file
 * would be another user's). *lock is the descriptor, or -1. 0, or -1 as above.
 */
int journal_acting(const char *dir, const char *target, double wait_s,
    int *lock, struct buf *why);

/*
 * journal_words(dir, wait_s, why): who reads a journal and then gives a word
 * that rests on it does so alone, as long as the descriptor returned is open.
 * It is the folder that is locked: nothing is made. -1 with a message.
 */
int journal_words(const char *dir, double wait_s, struct buf *why);

/* journal_hold(lock, seconds): the owner of lock says that it will be done in
 * so many seconds; it said one minute by journal_lock */
void journal_hold(int lock, double seconds);

/* journal_clock(): clock_now() plus the time since it was first asked here: the
 * wall clock, or with --now one that begins there. What journals are dated by.
 */
int64_t journal_clock(void);

#endif
