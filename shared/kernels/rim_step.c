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

/* Edges that count at all, one after another, as far as there are any. */
typedef struct {
    double x[MOST_RAYS], y[MOST_RAYS], offset[MOST_RAYS], weight[MOST_RAYS];
    int64_t ray[MOST_RAYS], count;
} Edges;

static void gather(const double *normal, const double *offset, const double *weight, int64_t rays, Edges *edges)
{
    edges->count = 0;
    for (int64_t ray = 0; ray < rays; ray++) {
        int64_t at = edges->count;
        edges->x[at] = normal[2 * ray];
        edges->y[at] = normal[2 * ray + 1];
        edges->offset[at] = offset[ray];
        edges->weight[at] = weight[ray];
        edges->ray[at] = ray;
        edges->count += weight[ray] > 0;
    }
}

/* Least squares with these weights; the radius is held to the usual one, from which it has ``grown_px``. */
static void solve(const Edges *edges, const double *counts, double grown_px, const double *circle, RimStep *step)
{
    double sums[6] = {circle[ACROSS_FIRMNESS], 0, 0, circle[HEIGHT_FIRMNESS], 0, circle[RADIUS_FIRMNESS]};
    double right[3] = {0, 0, -circle[RADIUS_FIRMNESS] * grown_px};
    for (int64_t i = 0; i < edges->count; i++) {
        double x = edges->x[i], y = edges->y[i], along_x = counts[i] * x, along_y = counts[i] * y;
        sums[0] += along_x * x;
        sums[1] += along_x * y;
        sums[2] += along_x;
        sums[3] += along_y * y;
        sums[4] += along_y;
        sums[5] += counts[i];
        right[0] += along_x * edges->offset[i];
        right[1] += along_y * edges->offset[i];
        right[2] += counts[i] * edges->offset[i];
    }
    invert(sums, step->inverse);
    const double *row = step->inverse;
    step->x = row[0] * right[0] + row[1] * right[1] + row[2] * right[2];
    step->y = row[3] * right[0] + row[4] * right[1] + row[5] * right[2];
    step->growth = row[6] * right[0] + row[7] * right[1] + row[8] * right[2];
}

/* ``normal`` (rays, 2), ``offset`` and ``weight`` (rays,), ``grown_px`` how much larger than the usual one the present
   radius is; ``used`` (rays,) with what weight each ray counted in the end. */
void rim_step(const double *normal, const double *offset, const double *weight, int64_t rays, double grown_px,
              const double *circle, double *used, RimStep *step)
{
    Edges edges;
    double residual[MOST_RAYS], distance[MOST_RAYS], counts[MOST_RAYS] = {0};
    RimStep found = {0};
    if (rays > MOST_RAYS)
        return;
    gather(normal, offset, weight, rays, &edges);
    int64_t middle = (edges.count / 2 > 1 ? edges.count / 2 : 1) - 1;
    for (int round = 0; round < (int)circle[ROUNDS]; round++) {
        for (int64_t i = 0; i < edges.count; i++) {
            residual[i] = edges.offset[i] - (edges.x[i] * found.x + edges.y[i] * found.y + found.growth);
            distance[i] = fabs(residual[i]);
        }
        found.spread = circle[SD_PER_MEDIAN] * value_of_rank(distance, edges.count, middle);
        double limit = circle[OUTLIER_SPREADS] * held_within(found.spread, circle[NARROWEST_PX], circle[WIDEST_PX]);
        for (int64_t i = 0; i < edges.count; i++) {
            double share = residual[i] / limit, kept = 1 - share * share;
            kept = kept > 0 ? kept : 0;
            counts[i] = edges.weight[i] * kept * kept;
        }
        solve(&edges, counts, grown_px, circle, &found);
    }
    for (int64_t ray = 0; ray < rays; ray++)
        used[ray] = 0;
    for (int64_t i = 0; i < edges.count; i++)
        used[edges.ray[i]] = counts[i];
    *step = found;
}
