/* A value between the pixels of a picture, by the four around it. Places beyond the edge are held at it. */
#ifndef BILINEAR_H
#define BILINEAR_H

#include <stdint.h>

typedef struct {
    int64_t upper_left; /* index of the pixel */
    int64_t right, down; /* to its neighbours: 0 at the last column and row */
    float across, along; /* how far the place is toward them, 0 to 1 */
} Place;

static inline Place place_at(float x, float y, int64_t height, int64_t width)
{
    float held_x = x > 0 ? x : 0, held_y = y > 0 ? y : 0;
    if (held_x > (float)(width - 1))
        held_x = (float)(width - 1);
    if (held_y > (float)(height - 1))
        held_y = (float)(height - 1);
    int64_t column = (int64_t)held_x, row = (int64_t)held_y;
    Place place = {
        .upper_left = row * width + column,
        .right = column < width - 1,
        .down = row < height - 1 ? width : 0,
        .across = held_x - (float)column,
        .along = held_y - (float)row,
    };
    return place;
}

/* One of the ``channels`` that lie side by side in each pixel. */
static inline float channel_at(const float *picture, Place place, int64_t channels, int64_t channel)
{
    const float *here = picture + place.upper_left * channels + channel;
    const float *below = here + place.down * channels;
    float upper = here[0] + place.across * (here[place.right * channels] - here[0]);
    float lower = below[0] + place.across * (below[place.right * channels] - below[0]);
    return upper + place.along * (lower - upper);
}

static inline float value_at(const float *picture, Place place) { return channel_at(picture, place, 1, 0); }

#endif
