/* Sums of products, several at a time, always in the same order. */
#ifndef SUMS_H
#define SUMS_H

#include <stdint.h>

enum { LANES = 8 }; /* as wide as a processor's registers */

static inline double sum_of_products(const float *restrict one, const float *restrict other, int64_t count)
{
    float parts[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int64_t k = 0; k < LANES; k++)
            parts[k] += one[i + k] * other[i + k];
    double sum = 0;
    for (; i < count; i++)
        sum += (double)(one[i] * other[i]);
    for (int64_t k = 0; k < LANES; k++)
        sum += (double)parts[k];
    return sum;
}

#endif
