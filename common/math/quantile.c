#include "math/quantile.h"

#include <math.h>

/*
 * The same four routines serve double and float, so they are written once.
 * Sorting is quicksort with the median of three, insertion for short runs, and
 * heapsort where the depth shows that the pivots were bad: never quadratic.
 */
#define ORDER(T, SUFFIX)                                                       \
	static void insertion##SUFFIX(T *x, size_t n)                          \
	{                                                                      \
		for (size_t i = 1; i < n; i++) {                               \
			T v = x[i];                                            \
			size_t j = i;                                          \
                                                                               \
			for (; j > 0 && x[j - 1] > v; j--)                     \
				x[j] = x[j - 1];                               \
			x[j] = v;                                              \
		}                                                              \
	}                                                                      \
                                                                               \
	static void sift##SUFFIX(T *x, size_t i, size_t n)                     \
	{                                                                      \
		T v = x[i];                                                    \
                                                                               \
		for (size_t c = 2 * i + 1; c < n; c = 2 * i + 1) {             \
			if (c + 1 < n && x[c + 1] > x[c])                      \
				c++;                                           \
			if (x[c] <= v)                                         \
				break;                                         \
			x[i] = x[c];                                           \
			i = c;                                                 \
		}                                                              \
		x[i] = v;                                                      \
	}                                                                      \
                                                                               \
	static void heap##SUFFIX(T *x, size_t n)                               \
	{                                                                      \
		for (size_t i = n / 2; i-- > 0;)                               \
			sift##SUFFIX(x, i, n);                                 \
		while (n > 1) {                                                \
			T v = x[--n];                                          \
                                                                               \
			x[n] = x[0];                                           \
			x[0] = v;                                              \
			sift##SUFFIX(x, 0, n);                                 \
		}                                                              \
	}                                                                      \
                                                                               \
	static T median3##SUFFIX(const T *x, size_t n)                         \
	{                                                                      \
		T a = x[0];                                                    \
		T b = x[n / 2];                                                \
		T c = x[n - 1];                                                \
                                                                               \
		if (a > b) {                                                   \
			T v = a;                                               \
                                                                               \
			a = b;                                                 \
			b = v;                                                 \
		}                                                              \
		return c < a ? a : c > b ? b : c;                              \
	}                                                                      \
                                                                               \
	/* Hoare's partition: x[..*j] <= pivot <= x[*i..], *j < *i */          \
	static void parts##SUFFIX(T *x, size_t n, ptrdiff_t *i, ptrdiff_t *j)  \
	{                                                                      \
		T pivot = median3##SUFFIX(x, n);                               \
		ptrdiff_t a = 0;                                               \
		ptrdiff_t b = (ptrdiff_t)n - 1;                                \
                                                                               \
		while (a <= b) {                                               \
			while (x[a] < pivot)                                   \
				a++;                                           \
			while (x[b] > pivot)                                   \
				b--;                                           \
			if (a <= b) {                                          \
				T v = x[a];                                    \
                                                                               \
				x[a++] = x[b];                                 \
				x[b--] = v;                                    \
			}                                                      \
		}                                                              \
		*i = a;                                                        \
		*j = b;                                                        \
	}                                                                      \
                                                                               \
	static void quick##SUFFIX(T *x, size_t n, int depth)                   \
	{                                                                      \
		while (n > 24) {                                               \
			ptrdiff_t i;                                           \
			ptrdiff_t j;                                           \
			size_t left;                                           \
                                                                               \
			if (depth-- == 0) {                                    \
				heap##SUFFIX(x, n);                            \
				return;                                        \
			}                                                      \
			parts##SUFFIX(x, n, &i, &j);                           \
			left = (size_t)(j + 1);                                \
			if (left < n - (size_t)i) {                            \
				quick##SUFFIX(x, left, depth);                 \
				x += i;                                        \
				n -= (size_t)i;                                \
			} else {                                               \
				quick##SUFFIX(x + i, n - (size_t)i, depth);    \
				n = left;                                      \
			}                                                      \
		}                                                              \
		insertion##SUFFIX(x, n);                                       \
	}                                                                      \
                                                                               \
	void math_sort##SUFFIX(T *x, size_t n)                                 \
	{                                                                      \
		int depth = 4;                                                 \
                                                                               \
		for (size_t k = n; k > 1; k >>= 1)                             \
			depth += 2;                                            \
		quick##SUFFIX(x, n, depth);                                    \
	}                                                                      \
                                                                               \
	T math_select##SUFFIX(T *x, size_t n, size_t k)                        \
	{                                                                      \
		T *all = x;                                                    \
		size_t wanted = k;                                             \
                                                                               \
		while (n > 16) {                                               \
			ptrdiff_t i;                                           \
			ptrdiff_t j;                                           \
                                                                               \
			parts##SUFFIX(x, n, &i, &j);                           \
			if ((ptrdiff_t)k <= j) {                               \
				n = (size_t)(j + 1);                           \
			} else if ((ptrdiff_t)k >= i) {                        \
				x += i;                                        \
				k -= (size_t)i;                                \
				n -= (size_t)i;                                \
			} else {                                               \
				return all[wanted];                            \
			}                                                      \
		}                                                              \
		insertion##SUFFIX(x, n);                                       \
		return all[wanted];                                            \
	}                                                                      \
                                                                               \
	double math_quantile##SUFFIX(const T *x, size_t n, double p)           \
	{                                                                      \
		double h;                                                      \
		size_t j;                                                      \
                                                                               \
		if (n == 0 || !(p >= 0.0 && p <= 1.0))                         \
			return NAN;                                            \
		h = (double)(n - 1) * p;                                       \
		j = (size_t)h;                                                 \
		if (j + 1 >= n)                                                \
			return (double)x[n - 1];                               \
		h -= (double)j;                                                \
		return (1.0 - h) * (double)x[j] + h * (double)x[j + 1];        \
	}                                                                      \
                                                                               \
	double math_quantile_of##SUFFIX(T *x, size_t n, double p)              \
	{                                                                      \
		double h;                                                      \
		double low;                                                    \
		size_t j;                                                      \
		T high;                                                        \
                                                                               \
		if (n == 0 || !(p >= 0.0 && p <= 1.0))                         \
			return NAN;                                            \
		h = (double)(n - 1) * p;                                       \
		j = (size_t)h;                                                 \
		low = (double)math_select##SUFFIX(x, n, j);                    \
		h -= (double)j;                                                \
		if (j + 1 >= n || h <= 0.0)                                    \
			return low;                                            \
		high = x[j + 1];                                               \
		for (size_t i = j + 2; i < n; i++)                             \
			if (x[i] < high)                                       \
				high = x[i];                                   \
		return (1.0 - h) * low + h * (double)high;                     \
	}

ORDER(double, )
ORDER(float, f)

double
math_median(double *x, size_t n)
{
	return math_quantile_of(x, n, 0.5);
}
