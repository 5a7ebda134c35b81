/* Where a bell lies along each ray, by least squares; see matched_edge in shared/tracking/rim_profile.py. */
#include "rim.h"

/* ``outward`` and ``openness`` (count, samples); ``shift`` and ``weight`` (count,). */
void matched_edge(const double *outward, const float *openness, int64_t count, int64_t samples, double cap,
                  const double *bell, double *shift, double *weight)
{
    const double *value = bell + BELL_VALUES, *slope = value + samples;
    double nothing = bell[NOTHING];
    for (int64_t ray = 0; ray < count; ray++, outward += samples, openness += samples) {
        double height_of = 0, shift_of = 0, flat = 0, steep = 0, mixed = 0;
        for (int64_t i = 0; i < samples; i++) {
            double open_value = openness[i] * value[i], open_slope = openness[i] * slope[i];
            height_of += outward[i] * open_value;
            shift_of += outward[i] * open_slope;
            flat += open_value * open_value;
            steep += open_slope * open_slope;
            mixed += open_value * open_slope;
        }
        flat += nothing;
        steep += nothing;
        double information = steep - mixed * mixed / flat;
        information = information > nothing ? information : nothing;
        double change = (shift_of - mixed / flat * height_of) / information;
        double height = (height_of - mixed * change) / flat;
        double most = bell[LARGEST_SHIFT_PX], share = information / bell[ALL_SEEN];
        shift[ray] = held_within(change / (height > nothing ? height : nothing), -most, most);
        weight[ray] = height >= bell[WEAKEST_BELL] * cap ? held_within(height / cap, 0, 1) * (share < 1 ? share : 1) : 0;
    }
}
