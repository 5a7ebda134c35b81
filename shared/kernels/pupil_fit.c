/* Pupils of one frame; see PupilFitter in shared/tracking/pupil_fit.py. */
#include <math.h>

#include "rim.h"

/* Positions in ``usual``, what is known of an eye's pupil, and their number. */
enum { STRENGTH, USUAL_RADIUS, TILT_X, TILT_Y, USUAL };

/* Positions in ``limits``. */
enum { WEAKEST, SMALLEST_PX };

/* Positions in ``fitted``, and their number. */
enum { CENTRE_X, CENTRE_Y, FITTED_RADIUS, WEIGHT, SPREAD, HEIGHT_SD, FITTED };

/* Edges along each ray at their steepest point. */
static void steepest(const double *outward, int64_t rays, int64_t samples, double cap, const float *near,
                     const double *peak, double weakest, double *offset, double *weight)
{
    float edges[MOST_RAYS * MOST_SAMPLES], strength[MOST_RAYS];
    for (int64_t i = 0; i < rays * samples; i++)
        edges[i] = outward[i] > 0 ? (float)outward[i] : 0;
    sub_step_peak(edges, rays, samples, near, peak, offset, strength);
    for (int64_t ray = 0; ray < rays; ray++)
        weight[ray] = strength[ray] >= weakest * cap ? held_within(strength[ray] / cap, 0, 1) : 0;
}

/* ``gradients`` (2, rows, width, 3); ``usual`` (2, USUAL); ``starts`` (2, 2); ``rim`` (rays, 2); ``reach`` and ``near``
   (samples,) of the first round; ``profile`` (profile_samples,) of ``rounds`` more; ``fitted`` (2, FITTED). */
void pupil_fit(const float *gradients, int64_t rows, int64_t width, double top_px, const double *usual,
               const double *starts, const double *rim, int64_t rays, const double *reach, const float *near,
               int64_t samples, const double *profile, int64_t profile_samples, int64_t rounds, const double *peak,
               const double *bell, const double *limits, const double *circle, double *fitted)
{
    double tilted[2 * MOST_RAYS], points[2 * MOST_RAYS], normal[2 * MOST_RAYS];
    double offset[MOST_RAYS], weight[MOST_RAYS], used[MOST_RAYS], outward[MOST_RAYS * MOST_SAMPLES];
    float openness[MOST_RAYS * MOST_SAMPLES];
    RimStep step;
    if (rows < 1 || width < 1 || rays > MOST_RAYS || samples < 3 || samples > MOST_SAMPLES ||
        profile_samples > MOST_SAMPLES)
        return;
    for (int64_t eye = 0; eye < 2; eye++, usual += USUAL, starts += 2, fitted += FITTED) {
        EyePicture picture = picture_of(gradients, rows, width, FIELD_CHANNELS, top_px, eye);
        Circle pupil = {starts[0], starts[1], usual[USUAL_RADIUS]};
        tilted_circle(usual + TILT_X, 1, rim, rays, circle[LEAST_FORESHORTENING], tilted, normal);
        for (int64_t round = 0; round <= rounds; round++) {
            for (int64_t i = 0; i < 2 * rays; i++)
                points[i] = tilted[i];
            scaled_to(pupil, rays, points);
            if (round == 0) {
                profiles_along(picture, points, normal, rays, reach, samples, outward, openness);
                steepest(outward, rays, samples, usual[STRENGTH], near, peak, limits[WEAKEST], offset, weight);
            } else {
                profiles_along(picture, points, normal, rays, profile, profile_samples, outward, openness);
                matched_edge(outward, openness, rays, profile_samples, usual[STRENGTH], bell, offset, weight);
            }
            rim_step(normal, offset, weight, rays, pupil.radius - usual[USUAL_RADIUS], circle, used, &step);
            pupil = moved(pupil, step, circle, limits[SMALLEST_PX], INFINITY);
            fitted[SPREAD] = step.spread;
            fitted[HEIGHT_SD] = sqrt(step.inverse[4]);
        }
        fitted[CENTRE_X] = pupil.x;
        fitted[CENTRE_Y] = pupil.y;
        fitted[FITTED_RADIUS] = pupil.radius;
        fitted[WEIGHT] = 0;
        for (int64_t ray = 0; ray < rays; ray++)
            fitted[WEIGHT] += used[ray];
    }
}
