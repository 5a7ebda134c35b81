/* Gradients of tone between the lids; see shared/tracking/pupil_fit.py. */
#include <stdint.h>

/* Sobel's at one place: ``above`` and ``below`` are the rows about it, ``left`` and ``right`` the columns. */
static inline void gradients_at(const float *restrict above, const float *restrict here, const float *restrict below,
                                int64_t left, int64_t column, int64_t right, float weight, float gain,
                                float *restrict to)
{
    float along_x = (above[right] - above[left]) + 2 * (here[right] - here[left]) + (below[right] - below[left]);
    float along_y = (below[left] - above[left]) + 2 * (below[column] - above[column]) + (below[right] - above[right]);
    to[0] = along_x * gain * weight;
    to[1] = along_y * gain * weight;
    to[2] = weight;
}

/* ``tone`` and ``openness`` (rows, width), mirrored at the edges about the outermost pixels; ``gradients``
   (rows, width, 3): ``gain`` times the sums along x and y, weighted by openness, and openness. */
void pupil_gradients(const float *restrict tone, const float *restrict openness, int64_t rows, int64_t width,
                     float gain, float *restrict gradients)
{
    for (int64_t row = 0; row < rows; row++) {
        const float *here = tone + row * width, *weight = openness + row * width;
        const float *above = tone + (row > 0 ? row - 1 : rows > 1) * width;
        const float *below = tone + (row < rows - 1 ? row + 1 : row > 0 ? row - 1 : 0) * width;
        float *to = gradients + row * width * 3;
        for (int64_t column = 1; column < width - 1; column++)
            gradients_at(above, here, below, column - 1, column, column + 1, weight[column], gain, to + 3 * column);
        for (int64_t column = 0; column < width; column += width > 1 ? width - 1 : 1) {
            int64_t beside = column > 0 ? column - 1 : width > 1;
            gradients_at(above, here, below, beside, column, beside, weight[column], gain, to + 3 * column);
        }
    }
}
