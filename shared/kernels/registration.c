/* Patches of skin found again in later frames; see shared/tracking/face_patches.py. */
#include "bilinear.h"

void sample_places(const float *patches, int64_t count, int64_t height, int64_t width,
                   const float *places, int64_t points, float *values)
{
    for (int64_t patch = 0; patch < count; patch++) {
        const float *x = places + patch * 2 * points, *y = x + points;
        const float *picture = patches + patch * height * width;
        for (int64_t i = 0; i < points; i++)
            values[patch * points + i] = value_at(picture, place_at(x[i], y[i], height, width));
    }
}
