/* Pictures of two eyes between their pixels; see sample in shared/tracking/eye_crop.py. */
#include "bilinear.h"

/* ``picture`` (2, rows, width, channels); ``x`` and ``y`` (2, places); ``values`` (2, places, channels). */
void sample_eyes(const float *picture, int64_t rows, int64_t width, int64_t channels, const float *x, const float *y,
                 int64_t places, float *values)
{
    if (rows < 1 || width < 1)
        return;
    for (int64_t eye = 0; eye < 2; eye++, picture += rows * width * channels)
        for (int64_t i = 0; i < places; i++, x++, y++) {
            Place place = place_at(*x, *y, rows, width);
            for (int64_t channel = 0; channel < channels; channel++)
                *values++ = channel_at(picture, place, channels, channel);
        }
}
