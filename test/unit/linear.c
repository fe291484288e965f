/*
 * The 4 x 4 values come from NumPy (linalg.cholesky, linalg.solve); those of
 * the Hilbert matrix are exact.
 */
#include "math/linear.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"

static void
known(void)
{
	double a[16] = { 6, 2, 1, .5, 2, 5, .25, -1, 1, .25, 4, 1.5, .5, -1,
		1.5, 3 };
	double b[4] = { 1, -2, 3, .5 };
	static const double l[16] = { 2.449489742783178, 0, 0, 0,
		0.8164965809277261, 2.0816659994661326, 0, 0,
		0.4082482904638631, -0.04003203845127183, 1.9574807200150834, 0,
		0.20412414523193154, -0.5604485383178051, 0.7122577274835309,
		1.4618206794510624 };
	static const double x[4] = { 0.28337614678899087, -0.674935779816514,
		0.9365137614678901, -0.573798165137615 };

	check_row = "4 x 4";
	check(linear_cholesky(a, 4) == 0);
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j <= i; j++)
			check(fabs(a[i * 4 + j] - l[i * 4 + j]) < 1e-14);
	linear_solve(a, 4, b);
	for (size_t i = 0; i < 4; i++)
		check(fabs(b[i] - x[i]) < 1e-14);
}

static void
hilbert(void)
{
	static const double x[6] = { -6, 210, -1680, 5040, -6300, 2772 };
	double a[36];
	double b[6] = { 1, 1, 1, 1, 1, 1 };

	check_row = "Hilbert 6";
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			a[i * 6 + j] = 1.0 / (double)(i + j + 1);
	check(linear_cholesky(a, 6) == 0);
	linear_solve(a, 6, b);
	for (size_t i = 0; i < 6; i++)
		check(fabs(b[i] - x[i]) < 1e-8 * fabs(x[i]));
}

static void
refused(void)
{
	double singular[4] = { 1, 0, 1, 1 };
	double negative[4] = { 1, 0, 2, 1 };
	double nan_[4] = { 1, 0, NAN, 1 };

	check_row = "singular";
	check(linear_cholesky(singular, 2) == -1);
	check_row = "indefinite";
	check(linear_cholesky(negative, 2) == -1);
	check_row = "not a number";
	check(linear_cholesky(nan_, 2) == -1);
	check_row = "empty";
	check(linear_cholesky(nan_, 0) == 0);
}

int
main(void)
{
	known();
	hilbert();
	refused();
	return check_status();
}
