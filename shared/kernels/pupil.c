/* Where a pupil could be; see pupil_contrast in shared/tracking/pupil.py. */
#include <stdint.h>
#include <string.h>

enum { PUPIL = 9, IRIS = 21 }; /* sides of the squares compared, px */

static inline float greater(float a, float b) { return a > b ? a : b; }

/* Sums of PUPIL and of IRIS values about each of a row; nothing lies beyond its ends.
 * room: ``4 * (columns + IRIS)``. */
static void row_sums(const float *restrict row, int64_t columns, float *room, float *restrict pupil,
                     float *restrict iris)
{
    const int64_t padded = columns + IRIS - 1, half = IRIS / 2, before = half - PUPIL / 2;
    float *restrict ones = room, *restrict twos = ones + columns + IRIS;
    float *restrict fours = twos + columns + IRIS, *restrict eights = fours + columns + IRIS;
    memset(ones, 0, (size_t)half * sizeof *ones);
    memcpy(ones + half, row, (size_t)columns * sizeof *ones);
    memset(ones + half + columns, 0, (size_t)half * sizeof *ones);
    for (int64_t i = 0; i < padded - 1; i++)
        twos[i] = ones[i] + ones[i + 1];
    for (int64_t i = 0; i < padded - 3; i++)
        fours[i] = twos[i] + twos[i + 2];
    for (int64_t i = 0; i < padded - 7; i++)
        eights[i] = fours[i] + fours[i + 4];
    for (int64_t i = 0; i < columns; i++) {
        pupil[i] = eights[i + before] + ones[i + before + 8];
        iris[i] = eights[i] + eights[i + 8] + (fours[i + 16] + ones[i + 20]);
    }
}

/* Moves sums over ``2 * half + 1`` rows on to those about ``row``. */
static void next_rows(const float *sums, int64_t rows, int64_t columns, int64_t row, int64_t half,
                      float *restrict total)
{
    if (row + half >= 0 && row + half < rows) {
        const float *restrict entering = sums + (row + half) * columns;
        for (int64_t i = 0; i < columns; i++)
            total[i] += entering[i];
    }
    if (row - half - 1 >= 0) {
        const float *restrict leaving = sums + (row - half - 1) * columns;
        for (int64_t i = 0; i < columns; i++)
            total[i] -= leaving[i];
    }
}

static void row_contrast(const float *restrict areas, const float *restrict tones, int64_t columns, float least_shown,
                         float *restrict contrast)
{
    const float square = PUPIL * PUPIL;
    for (int64_t i = 0; i < columns; i++) {
        float area = areas[i], tone = tones[i], around = areas[columns + i] - area;
        float difference = (tones[columns + i] - tone) / greater(around, 1) - tone / greater(area, 1);
        int seen = (area > least_shown * square) & (around > 0.5f * square);
        contrast[i] = seen ? greater(difference, 0) : 0;
    }
}

/* Pictures ``(count, rows, columns)`` of relative tones, where they show, and the contrast found.
 * room: ``4 * rows * columns + 9 * (columns + 21)``. */
void pupil_contrast(const float *relative, const float *shown, int64_t count, int64_t rows, int64_t columns,
                    double least_shown, float *room, float *contrast)
{
    const int64_t size = rows * columns;
    float *areas = room, *tones = room + 2 * size; /* sums within rows: of a pupil's width, then of an iris's */
    float *totals = room + 4 * size, *row_room = totals + 4 * columns;
    for (int64_t picture = 0; picture < count; picture++) {
        const float *tone = relative + picture * size, *open = shown + picture * size;
        for (int64_t row = 0; row < rows; row++) {
            float *restrict shown_tone = row_room + 4 * (columns + IRIS);
            for (int64_t i = 0; i < columns; i++)
                shown_tone[i] = tone[row * columns + i] * open[row * columns + i];
            row_sums(open + row * columns, columns, row_room, areas + row * columns, areas + size + row * columns);
            row_sums(shown_tone, columns, row_room, tones + row * columns, tones + size + row * columns);
        }
        memset(totals, 0, (size_t)(4 * columns) * sizeof *totals);
        for (int64_t row = -IRIS / 2; row < rows; row++) {
            for (int64_t kind = 0; kind < 4; kind++)
                next_rows(room + kind * size, rows, columns, row, kind % 2 ? IRIS / 2 : PUPIL / 2,
                          totals + kind * columns);
            if (row >= 0)
                row_contrast(totals, totals + 2 * columns, columns, (float)least_shown,
                             contrast + picture * size + row * columns);
        }
    }
}
