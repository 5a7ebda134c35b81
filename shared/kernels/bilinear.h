/* A value between the pixels of a picture, by the four around it. Places beyond the edge are held at it. */
#ifndef BILINEAR_H
#define BILINEAR_H

#include <stdint.h>

typedef struct {
    int32_t upper_left; /* index of the pixel */
    int32_t right, down; /* to its neighbours: 0 at the last column and row */
    float across, along; /* how far the place is toward them, 0 to 1 */
} Place;

/* Written so that NaN becomes 0, and so that compilers take several places at a time. */
static inline Place place_at(float x, float y, int64_t height, int64_t width)
{
    const float last_x = (float)(width - 1), last_y = (float)(height - 1);
    float held_x = x > 0 ? x : 0, held_y = y > 0 ? y : 0;
    held_x = held_x < last_x ? held_x : last_x;
    held_y = held_y < last_y ? held_y : last_y;
    const int32_t column = (int32_t)held_x, row = (int32_t)held_y;
    const Place place = {
        .upper_left = row * (int32_t)width + column,
        .right = column < (int32_t)width - 1,
        .down = row < (int32_t)height - 1 ? (int32_t)width : 0,
        .across = held_x - (float)column,
        .along = held_y - (float)row,
    };
    return place;
}

/* One of the ``channels`` that lie side by side in each pixel. */
static inline float channel_at(const float *picture, Place place, int32_t channels, int32_t channel)
{
    const int32_t here = place.upper_left * channels + channel;
    const int32_t below = here + place.down * channels;
    const int32_t right = place.right * channels;
    const float upper = picture[here] + place.across * (picture[here + right] - picture[here]);
    const float lower = picture[below] + place.across * (picture[below + right] - picture[below]);
    return upper + place.along * (lower - upper);
}

static inline float value_at(const float *picture, Place place) { return channel_at(picture, place, 1, 0); }

#endif
