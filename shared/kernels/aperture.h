/* Darkest and brightest tone of what lies between the lids, for both searches: shared/tracking/lid_margins.py has which
 * share of it passes for dark and for bright. */
#ifndef APERTURE_H
#define APERTURE_H

#include <math.h>
#include <stdint.h>

#include "ranks.h"

typedef struct {
    double low, high;
} Percentiles;

static inline int64_t nearest_column(double x, int64_t columns)
{
    double nearest = rint(x);
    if (!(nearest > 0))
        return 0;
    return nearest < (double)(columns - 1) ? (int64_t)nearest : columns - 1;
}

/* Two percentiles at every second row of a ``(rows, columns)`` picture of one eye, at columns ``at``, strictly between
 * ``upper`` and ``lower``; of all these rows where too few lie between.
 *
 * keys: room for ``(rows + 1) / 2 * count`` numbers. */
static inline Percentiles aperture_percentiles(const float *restrict picture, int64_t rows, int64_t columns,
                                               const int64_t *restrict at, const double *restrict upper,
                                               const double *restrict lower, int64_t count, const double shares[2],
                                               int64_t fewest, int32_t *restrict keys)
{
    int64_t found = 0;
    for (int64_t row = 0; row < rows; row += 2)
        for (int64_t i = 0; i < count; i++) {
            keys[found] = ordered(picture[row * columns + at[i]]);
            found += (double)row > upper[i] && (double)row < lower[i];
        }
    if (found < fewest) {
        found = 0;
        for (int64_t row = 0; row < rows; row += 2)
            for (int64_t i = 0; i < count; i++)
                keys[found++] = ordered(picture[row * columns + at[i]]);
    }
    Percentiles percentiles = {
        value_at_rank(keys, found, rank_of(shares[0], found)),
        value_at_rank(keys, found, rank_of(shares[1], found)),
    };
    return percentiles;
}

#endif
