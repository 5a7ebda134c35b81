/* Where something dark stands most clearly amid something brighter; see shared/tracking/pupil_fit.py. */
#include <math.h>
#include <stdint.h>

/* ``contrast`` (2, rows, width); ``x_px`` (2,) beside which to look; ``middles`` (2, 2). */
void pupil_middle(const float *contrast, int64_t rows, int64_t width, double top_px, const double *x_px,
                  int64_t beside, double *middles)
{
    for (int64_t eye = 0; eye < 2; eye++, contrast += rows * width) {
        double last = (double)(width - 1 - beside), nearest = rint(x_px[eye]);
        nearest = nearest > (double)beside ? nearest : (double)beside;
        int64_t column = (int64_t)(nearest < last ? nearest : last);
        int64_t first = column > beside ? column - beside : 0;
        int64_t end = column + beside < width ? column + beside + 1 : width;
        int64_t best_row = 0, best_column = first;
        for (int64_t row = 0; row < rows; row++)
            for (int64_t i = first; i < end; i++)
                if (contrast[row * width + i] > contrast[best_row * width + best_column]) {
                    best_row = row;
                    best_column = i;
                }
        middles[2 * eye] = (double)best_column;
        middles[2 * eye + 1] = top_px + (double)best_row;
    }
}
