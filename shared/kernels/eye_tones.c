/* Pictures of eyes made smooth, freed of reflections, and their colour; see shared/tracking/eye_tones.py. */
#include <stdint.h>
#include <string.h>

#include "logarithm.h"

enum {
    REACH = 4, /* of smoothing, to each side */
    SPOT = 7,  /* rows of the shape into which bright spots must fit to stay */
};

static inline uint8_t brighter(uint8_t a, uint8_t b) { return a > b ? a : b; }
static inline uint8_t darker(uint8_t a, uint8_t b) { return a < b ? a : b; }

static inline const float *mirrored_row(const float *picture, int64_t row, int64_t rows, int64_t columns)
{
    int64_t inside = row < 0 ? -row : row < rows ? row : 2 * rows - 2 - row;
    return picture + inside * columns;
}

/* Weighted sum of a row and those up to REACH above and below it. */
static void smooth_down(const float *picture, int64_t row, int64_t rows, int64_t columns, const float *restrict weights,
                        float *restrict sums)
{
    const float *restrict middle = picture + row * columns;
    const float *restrict above1 = mirrored_row(picture, row - 1, rows, columns);
    const float *restrict above2 = mirrored_row(picture, row - 2, rows, columns);
    const float *restrict above3 = mirrored_row(picture, row - 3, rows, columns);
    const float *restrict above4 = mirrored_row(picture, row - 4, rows, columns);
    const float *restrict below1 = mirrored_row(picture, row + 1, rows, columns);
    const float *restrict below2 = mirrored_row(picture, row + 2, rows, columns);
    const float *restrict below3 = mirrored_row(picture, row + 3, rows, columns);
    const float *restrict below4 = mirrored_row(picture, row + 4, rows, columns);
    const float w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3], w4 = weights[4];
    for (int64_t i = 0; i < columns; i++)
        sums[i] = w0 * middle[i] + w1 * (above1[i] + below1[i]) + w2 * (above2[i] + below2[i]) +
                  w3 * (above3[i] + below3[i]) + w4 * (above4[i] + below4[i]);
}

/* The same along a row; ``padded`` has REACH more values at both ends. */
static void smooth_along(const float *restrict padded, int64_t columns, const float *restrict weights,
                         float *restrict smooth)
{
    const float w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3], w4 = weights[4];
    const float *middle = padded + REACH;
    for (int64_t i = 0; i < columns; i++)
        smooth[i] = w0 * middle[i] + w1 * (middle[i - 1] + middle[i + 1]) + w2 * (middle[i - 2] + middle[i + 2]) +
                    w3 * (middle[i - 3] + middle[i + 3]) + w4 * (middle[i - 4] + middle[i + 4]);
}

/* Weights of the middle and of 1 to REACH px beside it; beyond its edges the picture is mirrored.
 * room: ``rows * columns + columns + 2 * REACH``. */
static void smoothed(const uint8_t *restrict light, int64_t rows, int64_t columns, const float *weights,
                     float *restrict room, float *smooth)
{
    float *padded = room + rows * columns, *middle = padded + REACH;
    for (int64_t i = 0; i < rows * columns; i++)
        room[i] = light[i];
    for (int64_t row = 0; row < rows; row++) {
        smooth_down(room, row, rows, columns, weights, middle);
        for (int64_t i = 1; i <= REACH; i++) {
            middle[-i] = middle[i];
            middle[columns - 1 + i] = middle[columns - 1 - i];
        }
        smooth_along(padded, columns, weights, smooth + row * columns);
    }
}

/* light, smooth: ``(rows, columns)``; weights: ``(5)``; room: ``(rows + 1) * (columns + 8)``. */
void smooth_light(const uint8_t *light, int64_t rows, int64_t columns, const float *weights, float *room,
                  float *smooth)
{
    if (rows > REACH && columns > REACH)
        smoothed(light, rows, columns, weights, room, smooth);
}

/* The brightest of each place and its eight neighbours, no brighter than ``light``. room: ``columns + 2``. */
static void grown(const uint8_t *from, const uint8_t *light, int64_t rows, int64_t columns, uint8_t *room, uint8_t *to)
{
    for (int64_t row = 0; row < rows; row++) {
        const uint8_t *restrict here = from + row * columns;
        const uint8_t *restrict above = row > 0 ? here - columns : here;
        const uint8_t *restrict below = row < rows - 1 ? here + columns : here;
        const uint8_t *restrict limit = light + row * columns;
        uint8_t *restrict padded = room, *restrict target = to + row * columns;
        for (int64_t i = 0; i < columns; i++)
            padded[i + 1] = brighter(brighter(above[i], here[i]), below[i]);
        padded[0] = padded[1], padded[columns + 1] = padded[columns];
        for (int64_t i = 0; i < columns; i++)
            target[i] = darker(brighter(brighter(padded[i], padded[i + 1]), padded[i + 2]), limit[i]);
    }
}

/* The darkest of each value and of up to SPOT / 2 beside it, in planes by how many: ``(SPOT / 2 + 1, columns)``, each
 * ``apart`` from the one before. room: two times ``columns + SPOT``. */
static void darkest_along(const uint8_t *row, int64_t columns, int64_t apart, uint8_t *room, uint8_t *planes)
{
    enum { HALF = SPOT / 2 };
    uint8_t *padded = room, *wider = room + columns + SPOT;
    memset(room, UINT8_MAX, (size_t)(2 * (columns + SPOT)));
    memcpy(padded + HALF, row, (size_t)columns);
    memcpy(planes, row, (size_t)columns);
    for (int64_t half = 1; half <= HALF; half++) {
        const uint8_t *restrict from = padded + HALF;
        uint8_t *restrict to = wider + HALF, *restrict plane = planes + half * apart;
        for (int64_t i = 0; i < columns; i++)
            to[i] = darker(darker(from[i - 1], from[i]), from[i + 1]);
        memcpy(plane, to, (size_t)columns);
        uint8_t *swapped = padded;
        padded = wider;
        wider = swapped;
    }
}

/* Inverse of the darkest tone of a spot about each place; of an inverse picture that is its brightest tone.
 * half_widths: ``(SPOT)`` of the spot's rows, none wider than those nearer to its middle. byte_room:
 * ``4 * rows * columns + 2 * (columns + SPOT)``. */
static void eroded_inverse(const uint8_t *light, int64_t rows, int64_t columns, const int64_t *half_widths,
                           uint8_t *byte_room, uint8_t *inverse)
{
    const int64_t size = rows * columns;
    for (int64_t row = 0; row < rows; row++)
        darkest_along(light + row * columns, columns, size, byte_room + 4 * size, byte_room + row * columns);
    for (int64_t row = 0; row < rows; row++) {
        const uint8_t *parts[SPOT];
        for (int64_t k = 0; k < SPOT; k++) {
            int64_t other = row + k - SPOT / 2;
            int64_t held = other < 0 ? 0 : other < rows ? other : rows - 1;
            int64_t half = half_widths[k] < 0 ? 0 : half_widths[k] > SPOT / 2 ? SPOT / 2 : half_widths[k];
            parts[k] = byte_room + half * size + held * columns;
        }
        const uint8_t *restrict p0 = parts[0], *restrict p1 = parts[1], *restrict p2 = parts[2];
        const uint8_t *restrict p3 = parts[3], *restrict p4 = parts[4], *restrict p5 = parts[5];
        const uint8_t *restrict p6 = parts[6];
        uint8_t *restrict target = inverse + row * columns;
        for (int64_t i = 0; i < columns; i++) {
            uint8_t above = darker(darker(p0[i], p1[i]), p2[i]), below = darker(darker(p4[i], p5[i]), p6[i]);
            target[i] = (uint8_t)~darker(darker(above, below), p3[i]);
        }
    }
}

/* Levels bright spots that the shape (rows ``half_widths`` to each side of its middle) does not fit into, but for what
 * grows back from the rest by ``steps`` px, and smooths that.
 *
 * light, smooth: ``(rows, columns)``; half_widths: ``(7)``; byte_room: ``6 * (rows + 1) * (columns + 7)``; weights and
 * room as for smooth_light(). */
void without_bright_spots(const uint8_t *light, int64_t rows, int64_t columns, const int64_t *half_widths,
                          int64_t steps, const float *weights, uint8_t *byte_room, float *room, float *smooth)
{
    if (rows <= REACH || columns <= REACH)
        return;
    uint8_t *from = byte_room, *to = from + rows * columns, *rest = to + rows * columns;
    eroded_inverse(light, rows, columns, half_widths, rest, to);
    eroded_inverse(to, rows, columns, half_widths, rest, from);
    for (int64_t step = 0; step < steps; step++) {
        grown(from, light, rows, columns, rest, to);
        uint8_t *grown_picture = to;
        to = from;
        from = grown_picture;
    }
    smoothed(from, rows, columns, weights, room, smooth);
}

/* Difference and log ratio of two colours, smoothed, ``added`` to both.
 *
 * red, other, difference, log_ratio: ``(rows, columns)``; weights and room as for smooth_light(). */
void colour_tones(const uint8_t *red, const uint8_t *other, int64_t rows, int64_t columns, double added,
                  const float *weights, float *room, float *restrict difference, float *restrict log_ratio)
{
    if (rows <= REACH || columns <= REACH)
        return;
    smoothed(red, rows, columns, weights, room, difference);
    smoothed(other, rows, columns, weights, room, log_ratio);
    const float more = (float)added;
    for (int64_t i = 0; i < rows * columns; i++) {
        float one = difference[i], two = log_ratio[i];
        difference[i] = one - two;
        log_ratio[i] = logarithm((one + more) / (two + more));
    }
}
