/* Rims of one frame, located ray by ray; see LimbusFitter in shared/tracking/limbus_fit.py. */
#include <math.h>

#include "rim.h"

/* Positions in ``limits``. */
enum { FAINTEST, LEAST_COSINE, COSINE_RANGE, WEAKEST, BEYOND_PX };

/* Positions in ``fitted``, and their number. */
enum { CENTRE_X, CENTRE_Y, FITTED_RADIUS, LEFT, RIGHT, SPREAD, HEIGHT_SD, FITTED };

/* What all rims are looked for with. */
typedef struct {
    const double *rim;
    int64_t rays;
    const float *reach;
    int64_t samples;
    const double *peak, *limits, *circle;
} Search;

static inline float within_0_1(float value)
{
    float raised = value > 0 ? value : 0;
    return raised < 1 ? raised : 1;
}

/* How strongly edges along one ray point outward: (samples,). */
static void edges_along(EyePicture field, const double *point, const double *normal, Search search,
                        float *restrict strength)
{
    float normal_x = (float)normal[0], normal_y = (float)normal[1];
    float x = (float)point[0], y = (float)(point[1] - field.top_px);
    float faintest = (float)search.limits[FAINTEST], least = (float)search.limits[LEAST_COSINE];
    float per_range = 1 / (float)search.limits[COSINE_RANGE];
    float across[MOST_SAMPLES], down[MOST_SAMPLES];
    for (int64_t i = 0; i < search.samples; i++) {
        float reach = search.reach[i];
        Place place = place_at(x + reach * normal_x, y + reach * normal_y, field.rows, field.width);
        across[i] = channel_at(field.values, place, FIELD_CHANNELS, GRADIENT_X);
        down[i] = channel_at(field.values, place, FIELD_CHANNELS, GRADIENT_Y);
    }
    for (int64_t i = 0; i < search.samples; i++) {
        float outward = across[i] * normal_x + down[i] * normal_y;
        float cosine = outward / (sqrtf(across[i] * across[i] + down[i] * down[i]) + faintest);
        strength[i] = (outward > 0 ? outward : 0) * within_0_1((cosine - least) * per_range);
    }
}

static void fit_rim(EyePicture field, EyePicture sclera, Circle limbus, const double *known, Search search,
                    const float *near, int64_t rounds, double *fitted)
{
    double points[2 * MOST_RAYS], normal[2 * MOST_RAYS], offset[MOST_RAYS], weight[MOST_RAYS], used[MOST_RAYS];
    float edges[MOST_RAYS * MOST_SAMPLES], strength[MOST_RAYS];
    RimStep step;
    double cap = known[CAP], weakest = search.limits[WEAKEST] * cap;
    for (int64_t round = 0; round < rounds; round++, near += search.samples) {
        limbus_rim(limbus, known, search.rim, search.rays, search.circle[LEAST_FORESHORTENING], points, normal);
        for (int64_t ray = 0; ray < search.rays; ray++)
            edges_along(field, points + 2 * ray, normal + 2 * ray, search, edges + ray * search.samples);
        sub_step_peak(edges, search.rays, search.samples, near, search.peak, offset, strength);
        for (int64_t ray = 0; ray < search.rays; ray++) {
            double beyond_px = offset[ray] + search.limits[BEYOND_PX];
            double share = strength[ray] < cap ? strength[ray] / cap : 1;
            share *= value_at(sclera.values, place_beyond(sclera, points + 2 * ray, normal + 2 * ray, beyond_px));
            weight[ray] = strength[ray] >= weakest ? share : 0;
        }
        rim_step(normal, offset, weight, search.rays, limbus.radius - known[RADIUS], search.circle, used, &step);
        limbus = moved(limbus, step, search.circle, known[SMALLEST], known[LARGEST]);
        fitted[SPREAD] = step.spread;
        fitted[HEIGHT_SD] = sqrt(step.inverse[4]);
    }
    fitted[CENTRE_X] = limbus.x;
    fitted[CENTRE_Y] = limbus.y;
    fitted[FITTED_RADIUS] = limbus.radius;
    fitted[LEFT] = fitted[RIGHT] = 0;
    for (int64_t ray = 0; ray < search.rays; ray++)
        fitted[normal[2 * ray] > 0 ? RIGHT : LEFT] += used[ray];
}

/* ``field`` (2, rows, width, 3) and ``sclera`` (2, rows, width); ``known`` (2, KNOWN); ``starts`` (2, count, 2);
   ``rim`` (rays, 2); ``reach`` (samples,); ``near`` (2, rounds, samples); ``fitted`` (2, count, FITTED). */
void rim_fit(const float *field, const float *sclera, int64_t rows, int64_t width, double top_px, const double *known,
             const double *starts, int64_t count, const double *rim, int64_t rays, const float *reach, int64_t samples,
             const float *near, int64_t rounds, const double *peak, const double *limits, const double *circle,
             double *fitted)
{
    if (rows < 1 || width < 1 || rays > MOST_RAYS || samples < 3 || samples > MOST_SAMPLES || rounds < 1)
        return;
    Search search = {rim, rays, reach, samples, peak, limits, circle};
    for (int64_t eye = 0; eye < 2; eye++, known += KNOWN, near += rounds * samples)
        for (int64_t i = 0; i < count; i++, starts += 2, fitted += FITTED) {
            Circle start = {starts[0], starts[1], known[RADIUS]};
            fit_rim(picture_of(field, rows, width, FIELD_CHANNELS, top_px, eye),
                    picture_of(sclera, rows, width, 1, top_px, eye), start, known, search, near, rounds, fitted);
        }
}
