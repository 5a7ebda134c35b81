/* Skin at the eye corners found again in later frames: CanthusReference.locate in shared/tracking/canthi.py. */
#include "bilinear.h"
#include "sums.h"

#include <math.h>

enum { CORNERS = 4 };

static double held(double value, double limit)
{
    return value < -limit ? -limit : value > limit ? limit : value;
}

/* One corner at one shift: its step, and what of the template stays unexplained. */
static double step_of(const float *patch, int64_t side, const float *x, const float *y, int64_t points, const double shift[2],
                      double limit, const float *template, const float *window, const float *solver,
                      const double to_frame[4], float *difference, double step[2])
{
    const float by_x = (float)held(shift[0], limit), by_y = (float)held(shift[1], limit);
    for (int64_t i = 0; i < points; i++)
        difference[i] = value_at(patch, place_at(x[i] + by_x, y[i] + by_y, side, side)) - template[i];
    const double right = sum_of_products(solver, difference, points);
    const double down = sum_of_products(solver + points, difference, points);
    step[0] = to_frame[0] * right + to_frame[1] * down;
    step[1] = to_frame[2] * right + to_frame[3] * down;
    for (int64_t i = 0; i < points; i++)
        difference[i] *= difference[i];
    return sum_of_products(window, difference, points);
}

/* patches (frames, 4, side, side), places (frames, 4, 2, points), template (4, points), window (points),
   solver (4, 2, points), to_frame (frames, 4, 2, 2), scratch (points); shift (frames, 4, 2) and unexplained (frames, 4) are
   written. */
void locate_corners(const float *patches, int64_t frames, int64_t side, const float *places, int64_t points,
                    const float *template, const float *window, const float *solver, const double *to_frame, double limit,
                    int64_t most_steps, double enough, float *scratch, double *shift, double *unexplained)
{
    for (int64_t frame = 0; frame < frames; frame++) {
        double *at = shift + frame * CORNERS * 2;
        for (int64_t i = 0; i < CORNERS * 2; i++)
            at[i] = 0;
        /* All four go on until the last of them rests, as far as steps may. */
        int moving = 1;
        for (int64_t round = 0; moving && round < most_steps; round++) {
            moving = 0;
            for (int64_t corner = 0; corner < CORNERS; corner++) {
                int64_t index = frame * CORNERS + corner;
                const float *x = places + index * 2 * points;
                double step[2];
                unexplained[index] = step_of(patches + index * side * side, side, x, x + points, points, at + 2 * corner, limit,
                                             template + corner * points, window, solver + corner * 2 * points,
                                             to_frame + index * 4, scratch, step);
                for (int64_t axis = 0; axis < 2; axis++) {
                    at[2 * corner + axis] -= step[axis];
                    moving |= fabs(step[axis]) >= enough;
                }
            }
        }
    }
}
