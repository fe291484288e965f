/*
 * difference.h - how many lines two texts differ by
 * Private to the room.
 */
#ifndef TARGET_DIFFERENCE_H
#define TARGET_DIFFERENCE_H

#include <stddef.h>

/*
 * difference(a, n, b, m, added, removed): the least number of lines to be
 * removed from a and added to make it b: all but a longest common subsequence
 * (Wagner and Fischer 1974, The string-to-string correction problem). Where
 * what lies between the equal ends is too long for that (a product of lines
 * above 16 million) all of it counts.
 */
void difference(const char *a, size_t n, const char *b, size_t m, long *added,
    long *removed);

#endif
