/* The outline of a tilted circle; see tilted_circle in shared/tracking/rim_ellipse.py. */
#include <math.h>

#include "rim.h"

/* ``tilt`` (count, 2), ``rim`` (rays, 2); ``points`` and ``normal`` (count, rays, 2). */
void tilted_circle(const double *tilt, int64_t count, const double *rim, int64_t rays, double least_foreshortening,
                   double *restrict points, double *restrict normal)
{
    double limit = 1 - least_foreshortening;
    for (int64_t i = 0; i < count; i++, points += 2 * rays, normal += 2 * rays) {
        double x = tilt[2 * i], y = tilt[2 * i + 1];
        double squared = x * x + y * y;
        if (squared > limit) {
            double share = sqrt(limit / squared);
            x *= share;
            y *= share;
            squared = limit;
        }
        double flattening = sqrt(1 - squared);
        double nearer = 1 / (1 + flattening), steeper = 1 / (flattening * (1 + flattening));
        for (int64_t ray = 0; ray < rays; ray++) {
            double rim_x = rim[2 * ray], rim_y = rim[2 * ray + 1];
            double along = x * rim_x + y * rim_y;
            double normal_x = rim_x + along * x * steeper, normal_y = rim_y + along * y * steeper;
            double length = sqrt(normal_x * normal_x + normal_y * normal_y);
            points[2 * ray] = rim_x - along * x * nearer;
            points[2 * ray + 1] = rim_y - along * y * nearer;
            normal[2 * ray] = normal_x / length;
            normal[2 * ray + 1] = normal_y / length;
        }
    }
}
