/*
 * The fit's values come from the same algorithm written in NumPy in double
 * precision: quantile, std and linalg.solve of the weighted ridge.
 */
#include "math/lad.h"

#include <math.h>
#include <stdint.h>

#include "check.h"

enum { ROWS = 300 };

static float x[ROWS * 3], y[ROWS];
static uint32_t row[ROWS];

/* noise from 0 to 1 that NumPy can make too */
static double
noise(uint32_t i, uint32_t k)
{
	return (double)(((i + 1) * UINT32_C(2654435761) * k) >> 22) / 1024.0;
}

static void
known(void)
{
	static const float ask[3][3] = { { .5F, .5F, .5F }, { 0, 1, .25F },
		{ 2, -1, 9 } };
	static const double told[3] = { 0.7689144807436561, -1.1419497547149657,
		3.4626706739022226 };
	static const double slope[3] = { 1.99645055, -2.9719611, 0.49509 };
	struct lad m;

	for (uint32_t i = 0; i < ROWS; i++) {
		double a = noise(i, 1);
		double b = noise(i, 3);
		double c = noise(i, 7);

		row[i] = i;
		x[3 * i] = (float)a;
		x[3 * i + 1] = (float)b;
		x[3 * i + 2] = (float)c;
		y[i] = (float)(2 * a - 3 * b + 0.5 * c + 1 +
		    0.1 * (noise(i, 11) - .5) + (i % 17 == 0 ? 40 : 0));
	}
	check(lad_fit(&m, x, 3, row, ROWS, y, 3) == 0);
	for (int k = 0; k < 3; k++)
		check(fabs((double)m.slope[k] - slope[k]) < 2e-4);
	check(fabs((double)m.intercept - 1.0091247569017412) < 2e-4);
	check(fabs((double)m.low[0] - 0.0072998) < 1e-6);
	check(fabs((double)m.high[2] - 0.99563965) < 1e-6);
	check(fabs((double)m.most - 42.63073131942749) < 1e-4);
	for (int k = 0; k < 3; k++)
		check(fabs((double)lad_predict(&m, ask[k]) - told[k]) < 2e-4);
}

/* rows left out do not count, their order hardly does */
static void
chosen(void)
{
	struct lad all;
	struct lad back;
	uint32_t half[ROWS];

	for (uint32_t i = 0; i < ROWS / 2; i++)
		half[i] = 2 * i;
	check(lad_fit(&all, x, 3, half, ROWS / 2, y, 3) == 0);
	for (uint32_t i = 0; i < ROWS / 2; i++)
		half[i] = ROWS - 2 - 2 * i;
	for (uint32_t i = 1; i < ROWS; i += 2)
		y[i] = 1e6F;
	check(lad_fit(&back, x, 3, half, ROWS / 2, y, 3) == 0);
	for (int k = 0; k < 3; k++)
		check(fabsf(all.slope[k] - back.slope[k]) < 1e-3F);
}

static void
degenerate(void)
{
	float flat[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	float z[4] = { 3, 3, 3, 3 };
	struct lad m;

	check(lad_fit(&m, flat, 2, row, 4, z, 2) == 0);
	check(fabsf(lad_predict(&m, flat) - 3.0F) < 1e-5F);
	check(lad_fit(&m, flat, 2, row, 1, z, 2) == 0);
	check(fabsf(lad_predict(&m, flat) - 3.0F) < 1e-5F);
	check(lad_fit(&m, flat, 2, row, 0, z, 2) == -1);
	check(lad_fit(&m, flat, 2, row, 4, z, 0) == -1);
}

int
main(void)
{
	known();
	chosen();
	degenerate();
	return check_status();
}
