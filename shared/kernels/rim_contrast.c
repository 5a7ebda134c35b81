/* How much brighter it is outside of the rims of one frame; see LimbusFitter in shared/tracking/limbus_fit.py. */
#include "rim.h"

/* ``relative`` and ``sclera`` (2, rows, width); ``known`` (2, KNOWN); ``centre`` (2, 2); ``rim`` (rays, 2);
   ``contrast`` (2,). */
void rim_contrast(const float *relative, const float *sclera, int64_t rows, int64_t width, double top_px,
                  const double *known, const double *centre, const double *rim, int64_t rays, double inside_px,
                  double outside_px, double least_foreshortening, double *contrast)
{
    double points[2 * MOST_RAYS], normal[2 * MOST_RAYS];
    if (rows < 1 || width < 1 || rays > MOST_RAYS)
        return;
    for (int64_t eye = 0; eye < 2; eye++, known += KNOWN, centre += 2) {
        EyePicture tone = picture_of(relative, rows, width, 1, top_px, eye);
        const float *white = picture_of(sclera, rows, width, 1, top_px, eye).values;
        Circle limbus = {centre[0], centre[1], known[RADIUS]};
        limbus_rim(limbus, known, rim, rays, least_foreshortening, points, normal);
        double sum = 0, weights = 0;
        for (int64_t ray = 0; ray < rays; ray++) {
            Place inner = place_beyond(tone, points + 2 * ray, normal + 2 * ray, -inside_px);
            Place outer = place_beyond(tone, points + 2 * ray, normal + 2 * ray, outside_px);
            double weight = value_at(white, outer);
            sum += weight * (value_at(tone.values, outer) - value_at(tone.values, inner));
            weights += weight;
        }
        contrast[eye] = sum / (weights > 1e-6 ? weights : 1e-6);
    }
}
