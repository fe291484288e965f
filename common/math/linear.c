#include "math/linear.h"

#include <float.h>
#include <math.h>

int
linear_cholesky(double *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double *ri = a + i * n;
		double diagonal = ri[i];

		for (size_t j = 0; j < i; j++) {
			const double *rj = a + j * n;
			double s = ri[j];

			for (size_t k = 0; k < j; k++)
				s -= ri[k] * rj[k];
			ri[j] = s / rj[j];
		}
		for (size_t k = 0; k < i; k++)
			ri[i] -= ri[k] * ri[k];
		/* what cancelled to rounding noise is no pivot */
		if (!(ri[i] > 4.0 * DBL_EPSILON * fabs(diagonal)) ||
		    !isfinite(ri[i]))
			return -1;
		ri[i] = sqrt(ri[i]);
	}
	return 0;
}

void
linear_solve(const double *l, size_t n, double *b)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			b[i] -= l[i * n + k] * b[k];
		b[i] /= l[i * n + i];
	}
	for (size_t i = n; i-- > 0;) {
		for (size_t k = i + 1; k < n; k++)
			b[i] -= l[k * n + i] * b[k];
		b[i] /= l[i * n + i];
	}
}
