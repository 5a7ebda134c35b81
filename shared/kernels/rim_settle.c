/* Rims of one frame, placed by the whole profile of their edges; see LimbusFitter in shared/tracking/limbus_fit.py. */
#include "rim.h"

/* Positions in ``settled``, and their number; the answer has (2, ANSWERS). */
enum { CENTRE_X, CENTRE_Y, SETTLED_RADIUS, ANSWER, ANSWERS = 3, SETTLED = ANSWER + 2 * ANSWERS };

/* How the centre answers to offsets along the rays, ``flattened`` (rays, ANSWERS) times the radius. */
static void answer(const double *normal, const double *used, const double *flattened, int64_t rays, RimStep step,
                   double radius, double *answers)
{
    double pull[3][ANSWERS] = {{0}};
    for (int64_t ray = 0; ray < rays; ray++)
        for (int k = 0; k < ANSWERS; k++) {
            double offset = used[ray] * flattened[ray * ANSWERS + k];
            pull[0][k] += normal[2 * ray] * offset;
            pull[1][k] += normal[2 * ray + 1] * offset;
            pull[2][k] += offset;
        }
    for (int axis = 0; axis < 2; axis++)
        for (int k = 0; k < ANSWERS; k++) {
            const double *row = step.inverse + 3 * axis;
            answers[axis * ANSWERS + k] = radius * (row[0] * pull[0][k] + row[1] * pull[1][k] + row[2] * pull[2][k]);
        }
}

/* ``field`` (2, rows, width, 3) and ``sclera`` (2, rows, width); ``known`` (2, KNOWN); ``found`` (2, 3): centre and
   radius; ``rim`` (rays, 2) and ``flattened`` (rays, ANSWERS); ``reach`` (samples,); ``settled`` (2, SETTLED). */
void rim_settle(const float *field, const float *sclera, int64_t rows, int64_t width, double top_px,
                const double *known, const double *found, const double *rim, const double *flattened, int64_t rays,
                const double *reach, int64_t samples, int64_t rounds, const double *bell, double beyond_px,
                const double *circle, double *settled)
{
    double points[2 * MOST_RAYS], normal[2 * MOST_RAYS], shift[MOST_RAYS], weight[MOST_RAYS], used[MOST_RAYS];
    double outward[MOST_RAYS * MOST_SAMPLES];
    float openness[MOST_RAYS * MOST_SAMPLES];
    RimStep step;
    if (rows < 1 || width < 1 || rays > MOST_RAYS || samples > MOST_SAMPLES)
        return;
    for (int64_t eye = 0; eye < 2; eye++, known += KNOWN, found += 3, settled += SETTLED) {
        EyePicture edges = picture_of(field, rows, width, FIELD_CHANNELS, top_px, eye);
        EyePicture white = picture_of(sclera, rows, width, 1, top_px, eye);
        Circle limbus = {found[0], found[1], found[2]};
        for (int64_t round = 0; round < rounds; round++) {
            limbus_rim(limbus, known, rim, rays, circle[LEAST_FORESHORTENING], points, normal);
            profiles_along(edges, points, normal, rays, reach, samples, outward, openness);
            matched_edge(outward, openness, rays, samples, known[CAP], bell, shift, weight);
            for (int64_t ray = 0; ray < rays; ray++)
                weight[ray] *= value_at(
                    white.values, place_beyond(white, points + 2 * ray, normal + 2 * ray, shift[ray] + beyond_px));
            rim_step(normal, shift, weight, rays, limbus.radius - known[RADIUS], circle, used, &step);
            limbus = moved(limbus, step, circle, known[SMALLEST], known[LARGEST]);
            answer(normal, used, flattened, rays, step, limbus.radius, settled + ANSWER);
        }
        settled[CENTRE_X] = limbus.x;
        settled[CENTRE_Y] = limbus.y;
        settled[SETTLED_RADIUS] = limbus.radius;
    }
}
