/* What the points of a face say about its turn and place: _pose_step in shared/tracking/head_pose.py. */
#include <stdint.h>

enum { FREE = 6, ACROSS = 0, DOWN = 1 };

/* How one point's picture, ``across`` and ``down``, changes in a turn about each axis and a shift along it. */
static void changes_of(double rx, double ry, double rz, double across, double down, double near, double change[2][FREE])
{
    change[ACROSS][0] = -across * ry * near;
    change[ACROSS][1] = (rz + across * rx) * near;
    change[ACROSS][2] = -ry * near;
    change[ACROSS][3] = near;
    change[ACROSS][4] = 0;
    change[ACROSS][5] = -across * near;
    change[DOWN][0] = (-rz - down * ry) * near;
    change[DOWN][1] = down * rx * near;
    change[DOWN][2] = rx * near;
    change[DOWN][3] = 0;
    change[DOWN][4] = near;
    change[DOWN][5] = -down * near;
}

/* shape (points, 3), rotations (frames, 3, 3), places (frames, 3), seen (frames, points, 2), all doubles;
   normal (frames, 6, 6) and right (frames, 6) of the normal equations are written. */
void pose_equations(const double *shape, int64_t points, const double *rotations, const double *places, const double *seen,
                    int64_t frames, double *normal, double *right)
{
    for (int64_t frame = 0; frame < frames; frame++) {
        const double *r = rotations + frame * 9, *t = places + frame * 3;
        double sums[FREE][FREE] = {{0}}, pull[FREE] = {0};
        for (int64_t i = 0; i < points; i++) {
            const double *s = shape + i * 3, *at = seen + (frame * points + i) * 2;
            const double rx = r[0] * s[0] + r[1] * s[1] + r[2] * s[2];
            const double ry = r[3] * s[0] + r[4] * s[1] + r[5] * s[2];
            const double rz = r[6] * s[0] + r[7] * s[1] + r[8] * s[2];
            const double near = 1 / (rz + t[2]);
            const double across = (rx + t[0]) * near, down = (ry + t[1]) * near;
            double change[2][FREE];
            changes_of(rx, ry, rz, across, down, near, change);
            const double left[2] = {at[0] - across, at[1] - down};
            for (int axis = 0; axis < 2; axis++)
                for (int one = 0; one < FREE; one++) {
                    pull[one] += change[axis][one] * left[axis];
                    for (int other = 0; other < FREE; other++)
                        sums[one][other] += change[axis][one] * change[axis][other];
                }
        }
        for (int one = 0; one < FREE; one++) {
            right[frame * FREE + one] = pull[one];
            for (int other = 0; other < FREE; other++)
                normal[(frame * FREE + one) * FREE + other] = sums[one][other];
        }
    }
}
