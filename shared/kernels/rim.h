/* What the fits of rims and of pupils share. Rays go around the circle: points and normals are pairs x, y. */
#ifndef RIM_H
#define RIM_H

#include <stdint.h>

#include "bilinear.h"

/* No kernel fits more rays, or more samples along each; asked for more it writes nothing. */
enum { MOST_RAYS = 64, MOST_SAMPLES = 16 };

/* Where samples lie along a ray, and how far from the best one an edge's own peak may; positions in ``peak``. */
enum { FIRST_PX, STEP_PX, PEAK_REACH };

/* How a circle is fitted and how far a round may move it; positions in ``circle``. */
enum {
    ROUNDS, ACROSS_FIRMNESS, HEIGHT_FIRMNESS, RADIUS_FIRMNESS, SD_PER_MEDIAN, OUTLIER_SPREADS, NARROWEST_PX, WIDEST_PX,
    LARGEST_STEP_PX, LARGEST_GROWTH_PX, LEAST_FORESHORTENING
};

/* A bell and how it is matched; positions in ``bell``, behind which follow its values and their slopes. */
enum { NOTHING, LARGEST_SHIFT_PX, WEAKEST_BELL, ALL_SEEN, BELL_VALUES };

/* What is known of an eye before its rim is fitted; positions in ``known``, and their number. */
enum { CAP, RADIUS, SMALLEST, LARGEST, FACE_ON_X, FACE_ON_Y, LEVER, KNOWN };

/* Gradient along x and y and openness lie side by side. */
enum { GRADIENT_X, GRADIENT_Y, OPENNESS, FIELD_CHANNELS };

typedef struct {
    double x, y, radius;
} Circle;

/* What the edges of a rim say about the circle behind it: thirteen numbers, which Python takes for an array. */
typedef struct {
    double x, y, growth; /* of the centre and of the radius, px */
    double spread; /* robust scatter of the edges about the new circle; endless without any */
    double inverse[9]; /* of the normal equations of centre and radius */
} RimStep;

/* A picture of one eye; ``top_px`` is the patch row of its first one. */
typedef struct {
    const float *values;
    int64_t rows, width;
    double top_px;
} EyePicture;

void tilted_circle(const double *tilt, int64_t count, const double *rim, int64_t rays, double least_foreshortening,
                   double *points, double *normal);

void sub_step_peak(const float *values, int64_t count, int64_t samples, const float *near, const double *peak,
                   double *offset, float *strength);

void matched_edge(const double *outward, const float *openness, int64_t count, int64_t samples, double cap,
                  const double *bell, double *shift, double *weight);

void rim_step(const double *normal, const double *offset, const double *weight, int64_t rays, double grown_px,
              const double *circle, double *used, RimStep *step);

static inline double held_within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* A circle after a step, held to what one round may change and to what it can be. */
static inline Circle moved(Circle from, RimStep step, const double *circle, double smallest, double largest)
{
    double most = circle[LARGEST_STEP_PX], growth = circle[LARGEST_GROWTH_PX];
    Circle to = {
        .x = from.x + held_within(step.x, -most, most),
        .y = from.y + held_within(step.y, -most, most),
        .radius = held_within(from.radius + held_within(step.growth, -growth, growth), smallest, largest),
    };
    return to;
}

/* Points ``out`` of the middle of a circle with these points and normals. */
static inline void scaled_to(Circle circle, int64_t rays, double *points)
{
    for (int64_t ray = 0; ray < rays; ray++) {
        points[2 * ray] = circle.x + circle.radius * points[2 * ray];
        points[2 * ray + 1] = circle.y + circle.radius * points[2 * ray + 1];
    }
}

/* Points and normals of the limbus on the eyeball: tilted by how far it stands from where it is seen face-on. */
static inline void limbus_rim(Circle limbus, const double *known, const double *rim, int64_t rays,
                              double least_foreshortening, double *points, double *normal)
{
    double tilt[2] = {(limbus.x - known[FACE_ON_X]) / known[LEVER], (limbus.y - known[FACE_ON_Y]) / known[LEVER]};
    tilted_circle(tilt, 1, rim, rays, least_foreshortening, points, normal);
    scaled_to(limbus, rays, points);
}

static inline EyePicture picture_of(const float *values, int64_t rows, int64_t width, int64_t channels, double top_px,
                                    int64_t eye)
{
    EyePicture picture = {values + eye * rows * width * channels, rows, width, top_px};
    return picture;
}

/* Where a point of the patch lies in a picture, ``out_px`` further along a normal. */
static inline Place place_beyond(EyePicture picture, const double *point, const double *normal, double out_px)
{
    float x = (float)(point[0] + out_px * normal[0]);
    float y = (float)(point[1] + out_px * normal[1] - picture.top_px);
    return place_at(x, y, picture.rows, picture.width);
}

/* Gradient along each ray, and openness: (rays, samples). */
static inline void profiles_along(EyePicture field, const double *points, const double *normal, int64_t rays,
                                  const double *reach, int64_t samples, double *outward, float *openness)
{
    for (int64_t ray = 0; ray < rays; ray++, points += 2, normal += 2)
        for (int64_t i = 0; i < samples; i++) {
            Place place = place_beyond(field, points, normal, reach[i]);
            *outward++ = channel_at(field.values, place, FIELD_CHANNELS, GRADIENT_X) * normal[0] +
                         channel_at(field.values, place, FIELD_CHANNELS, GRADIENT_Y) * normal[1];
            *openness++ = channel_at(field.values, place, FIELD_CHANNELS, OPENNESS);
        }
}

#endif
