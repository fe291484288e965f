/*
 * linear.h - small dense systems of linear equations
 * Cholesky's factorisation of a symmetric positive definite matrix and the two
 * triangular solves that use it.
 * Source: Golub and Van Loan 2013, Matrix Computations, 4th edition, 4.2.5
 * (the row-oriented form) and 3.1. Values in test/unit/linear.c come from
 * NumPy.
 */
#ifndef MATH_LINEAR_H
#define MATH_LINEAR_H

#include <stddef.h>

/*
 * linear_cholesky(a, n): factor A = L L' in place.
 * a: n x n, row-major; only the lower triangle (a[i*n+j], j <= i) is read and
 * only it is overwritten, by L. n may be 0.
 * Returns 0, or -1 if A is not positive definite to working precision or holds
 * a value that is not finite; a is then partly overwritten. Allocates nothing.
 */
int linear_cholesky(double *a, size_t n);

/*
 * linear_solve(l, n, b): solve L L' x = b, where l is what linear_cholesky
 * left behind. b[0..n-1] is replaced by x. Cannot fail; allocates nothing.
 */
void linear_solve(const double *l, size_t n, double *b);

#endif
