/* The circle that edges along rays show, by Tukey's biweight; see circle_fit in shared/tracking/rim_edges.py. */
#include <math.h>

#include "rim.h"

/* The value at ``rank`` in order; infinity if there are none. Counting needs no branches, and the values are few. */
static double value_of_rank(const double *values, int64_t count, int64_t rank)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t below = 0, equal = 0;
        for (int64_t j = 0; j < count; j++) {
            below += values[j] < values[i];
            equal += values[j] == values[i];
        }
        if (below <= rank && rank < below + equal)
            return values[i];
    }
    return INFINITY;
}

/* Of a symmetric matrix: xx, xy, xz, yy, yz, zz. */
static void invert(const double *of, double *inverse)
{
    double xx = of[3] * of[5] - of[4] * of[4], xy = of[2] * of[4] - of[1] * of[5], xz = of[1] * of[4] - of[2] * of[3];
    double yy = of[0] * of[5] - of[2] * of[2], yz = of[1] * of[2] - of[0] * of[4], zz = of[0] * of[3] - of[1] * of[1];
    double determinant = of[0] * xx + of[1] * xy + of[2] * xz;
    double cofactors[9] = {xx, xy, xz, xy, yy, yz, xz, yz, zz};
    for (int i = 0; i < 9; i++)
        inverse[i] = cofactors[i] / determinant;
}

/* ``normal`` (rays, 2), ``offset`` and ``weight`` (rays,); ``used`` (rays,) with what weight each counted in the end. */
RimStep rim_step(const double *normal, const double *offset, const double *weight, int64_t rays, double grown_px,
                 const double *circle, double *used)
{
    RimStep step = {0};
    double x[MOST_RAYS], y[MOST_RAYS], off[MOST_RAYS], weighs[MOST_RAYS], residual[MOST_RAYS], apart[MOST_RAYS];
    int64_t ray_of[MOST_RAYS], count = 0;
    for (int64_t ray = 0; ray < rays; ray++) {
        x[count] = normal[2 * ray];
        y[count] = normal[2 * ray + 1];
        off[count] = offset[ray];
        weighs[count] = weight[ray];
        ray_of[count] = ray;
        used[ray] = 0;
        count += weight[ray] > 0;
    }
    int64_t middle = (count / 2 > 1 ? count / 2 : 1) - 1;
    for (int round = 0; round < (int)circle[ROUNDS]; round++) {
        for (int64_t i = 0; i < count; i++) {
            residual[i] = off[i] - (x[i] * step.x + y[i] * step.y + step.growth);
            apart[i] = fabs(residual[i]);
        }
        step.spread = circle[SD_PER_MEDIAN] * value_of_rank(apart, count, middle);
        double limit = circle[OUTLIER_SPREADS] * held_within(step.spread, circle[NARROWEST_PX], circle[WIDEST_PX]);
        double sums[6] = {circle[ACROSS_FIRMNESS], 0, 0, circle[HEIGHT_FIRMNESS], 0, circle[RADIUS_FIRMNESS]};
        double right[3] = {0, 0, -circle[RADIUS_FIRMNESS] * grown_px};
        for (int64_t i = 0; i < count; i++) {
            double share = residual[i] / limit, kept = 1 - share * share;
            kept = kept > 0 ? kept : 0;
            double counts = weighs[i] * kept * kept;
            apart[i] = counts; /* no longer needed as distance */
            double along_x = counts * x[i], along_y = counts * y[i];
            sums[0] += along_x * x[i];
            sums[1] += along_x * y[i];
            sums[2] += along_x;
            sums[3] += along_y * y[i];
            sums[4] += along_y;
            sums[5] += counts;
            right[0] += along_x * off[i];
            right[1] += along_y * off[i];
            right[2] += counts * off[i];
        }
        invert(sums, step.inverse);
        const double *row = step.inverse;
        step.x = row[0] * right[0] + row[1] * right[1] + row[2] * right[2];
        step.y = row[3] * right[0] + row[4] * right[1] + row[5] * right[2];
        step.growth = row[6] * right[0] + row[7] * right[1] + row[8] * right[2];
    }
    for (int64_t i = 0; i < count; i++)
        used[ray_of[i]] = apart[i];
    return step;
}

/* The same for Python: ``step`` (3,) of centre and radius, ``spread`` (1,), ``inverse`` (3, 3). */
void robust_circle(const double *normal, const double *offset, const double *weight, int64_t rays, double grown_px,
                   const double *circle, double *step, double *used, double *spread, double *inverse)
{
    if (rays > MOST_RAYS)
        return;
    RimStep found = rim_step(normal, offset, weight, rays, grown_px, circle, used);
    step[0] = found.x;
    step[1] = found.y;
    step[2] = found.growth;
    spread[0] = found.spread;
    for (int i = 0; i < 9; i++)
        inverse[i] = found.inverse[i];
}
