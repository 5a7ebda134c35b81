/* Where along each ray the edge is strongest; see sub_step_peak in shared/tracking/rim_edges.py. */
#include "rim.h"

static inline int64_t index_within(int64_t index, int64_t low, int64_t high)
{
    return index < low ? low : index > high ? high : index;
}

/* ``values`` (count, samples) and ``near`` (samples,), three samples at least; ``offset`` and ``strength`` (count,). */
void sub_step_peak(const float *values, int64_t count, int64_t samples, const float *near, const double *peak,
                   double *offset, float *strength)
{
    int64_t around = (int64_t)peak[PEAK_REACH];
    for (int64_t ray = 0; ray < count; ray++, values += samples) {
        int64_t chosen = 0;
        float strongest = values[0] * near[0];
        for (int64_t i = 1; i < samples; i++) {
            float weighted = values[i] * near[i];
            if (weighted > strongest) {
                strongest = weighted;
                chosen = i;
            }
        }
        int64_t highest = index_within(chosen - around, 0, samples - 1);
        for (int64_t i = highest + 1; i <= index_within(chosen + around, 0, samples - 1); i++)
            if (values[i] > values[highest])
                highest = i;
        int64_t index = index_within(highest, 1, samples - 2);
        float before = values[index - 1], after = values[index + 1];
        float curvature = before - 2 * values[index] + after;
        float shift = curvature < -1e-6f ? 0.5f * (before - after) / curvature : 0;
        offset[ray] = peak[FIRST_PX] + peak[STEP_PX] * ((double)index + held_within(shift, -1, 1));
        strength[ray] = strongest;
    }
}
