/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights of v1 in terms of cgroup2; runs in dray only. */
#include "plan/plan_cgroup_resources.h"

#define SHARES_MAX 262144u /* the kernel's MAX_SHARES; 2 is its MIN_SHARES */
#define WEIGHT_MAX 10000u

/* Binary logarithm of @x >= 1, a bit of the fraction per squaring: libm would be linked for this */
static double log2_of(double x)
{
    double result = 0, bit = 1;

    while (x >= 2) {
        x /= 2;
        result += 1;
    }
    for (int i = 0; i < 50; i++) {
        x *= x;
        bit /= 2;
        if (x >= 2) {
            x /= 2;
            result += bit;
        }
    }
    return result;
}

/* e to the power of @x, for 0 <= x < 10: the series at a sixteenth of it, squared four times. */
static double exp_of(double x)
{
    double term = 1, sum = 1;

    x /= 16;
    for (int i = 1; i < 24; i++) {
        term *= x / i;
        sum += term;
    }
    for (int i = 0; i < 4; i++)
        sum *= sum;
    return sum;
}

/*
 * The formula that runc 1.4 and crun 1.23 use too: a parabola through the logarithms, which maps
 * minimum, default and maximum (2, 1024, 262144) to minimum, default and maximum (1, 100, 10000).
 */
uint64_t plan_cgroup_weight_of_shares(uint64_t shares)
{
    const double ln10 = 2.302585092994045684;
    double logarithm, weight;
    uint64_t rounded;

    if (shares <= 2)
        return 1;
    if (shares >= SHARES_MAX)
        return WEIGHT_MAX;
    logarithm = log2_of((double)shares);
    weight = exp_of(ln10 * ((logarithm * logarithm + 125 * logarithm) / 612 - 7.0 / 34));
    rounded = (uint64_t)weight;
    /* up, unless it is a whole number but for the error of the arithmetic */
    return weight - (double)rounded > 1e-9 ? rounded + 1 : rounded;
}

uint64_t resources_io_weight(uint64_t weight)
{
    return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}
