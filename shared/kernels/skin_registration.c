/* One step of the skin's registration: _Template.step in shared/tracking/skin_reference.py. */
#include "bilinear.h"
#include "ranks.h"
#include "sums.h"

#include <math.h>

enum { CHANGES = 6 };

static void residuals(const float *patch, int64_t height, int64_t width, const double *warp, const float *places,
                      const float *template, int64_t points, float *residual)
{
    const float a = (float)warp[0], b = (float)warp[1], c = (float)warp[2];
    const float d = (float)warp[3], e = (float)warp[4], f = (float)warp[5];
    const float *x = places, *y = places + points;
    for (int64_t i = 0; i < points; i++) {
        Place place = place_at(a * x[i] + b * y[i] + c, d * x[i] + e * y[i] + f, height, width);
        residual[i] = value_at(patch, place) - template[i];
    }
}

/* Median of every ``stride``-th residual, and 1.48 times that of the distances from it. */
static void middle_and_scatter(const float *residual, int64_t points, int64_t stride, int32_t *keys, float *middle, float *scatter)
{
    int64_t count = 0;
    for (int64_t i = 0; i < points; i += stride)
        keys[count++] = ordered(residual[i]);
    *middle = value_at_rank(keys, count, count / 2);
    for (int64_t i = 0; i < count; i++)
        keys[i] = ordered(fabsf(value_of(keys[i]) - *middle));
    *scatter = 1.48f * value_at_rank(keys, count, count / 2);
}

/* patches (frames, height, width), warps (frames, 2, 3), places (2, points), template (points), jacobian (6, points);
   scratch (3, points) and keys (points). Written: scatter (frames), right (frames, 6), and normal (frames, 6, 6) if ``wanted``. */
void skin_step(const float *patches, int64_t frames, int64_t height, int64_t width, const double *warps, const float *places,
               const float *template, const float *jacobian, int64_t points, int64_t stride, int64_t wanted, float *scratch,
               int32_t *keys, double *scatter, double *right, double *normal)
{
    float *residual = scratch, *weight = scratch + points, *weighted = scratch + 2 * points;
    for (int64_t frame = 0; frame < frames; frame++) {
        residuals(patches + frame * height * width, height, width, warps + frame * 6, places, template, points, residual);
        float middle, spread;
        middle_and_scatter(residual, points, stride, keys, &middle, &spread);
        scatter[frame] = (double)spread;
        const float sharpness = 0.5f / (spread + 1.0f);
        for (int64_t i = 0; i < points; i++) {
            float distance = (residual[i] - middle) * sharpness;
            weight[i] = 1.0f / (1.0f + distance * distance);
            residual[i] *= weight[i];
        }
        for (int64_t one = 0; one < CHANGES; one++) {
            const float *change = jacobian + one * points;
            right[frame * CHANGES + one] = sum_of_products(change, residual, points) / (double)points;
            if (!wanted)
                continue;
            for (int64_t i = 0; i < points; i++)
                weighted[i] = change[i] * weight[i];
            for (int64_t other = 0; other <= one; other++) {
                double sum = sum_of_products(weighted, jacobian + other * points, points) / (double)points;
                normal[(frame * CHANGES + one) * CHANGES + other] = sum;
                normal[(frame * CHANGES + other) * CHANGES + one] = sum;
            }
        }
    }
}
