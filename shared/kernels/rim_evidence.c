/* How much of a rim shows around every place of the coarse grid; see LimbusFitter.evidence in
   shared/tracking/limbus_fit.py.

   The places of one grid row are whole pixels apart, so that all of them lie alike between the pixels around them. The
   pictures are therefore first dealt out by column modulo that step: places side by side then read numbers side by
   side, sixteen with one instruction or two. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { LANES = 16, CHANNELS = 4, SCLERA = 3 };

/* Positions in ``limits``. */
enum { BEYOND_PX, FAINTEST, LEAST_COSINE, COSINE_RANGE, UNSEEN_RAYS, OF_EITHER_SIDE };

/* Columns from ``first`` on of an eye's field and sclera, ``values`` (rows, step, CHANNELS, length); places are held
   between ``low`` and ``high``, beyond which there is nothing else. */
typedef struct {
    float *values;
    int64_t first, rows, step, length;
    float per_step, low, high;
} Dealt;

/* Rays of one eye: ``x`` (rays,), and of each grid row ``y`` (rays,) and ``normal`` (rays, 2). */
typedef struct {
    const float *x, *y, *normal;
    int64_t rays;
    float cap;
    const float *limits;
} Rays;

static float held(float value, float low, float high)
{
    float raised = value > low ? value : low; /* low for what is no number, too */
    return raised < high ? raised : high;
}

/* 0 to ``most``, for what is no number 0. */
static inline float up_to(float most, float value)
{
    float raised = value > 0 ? value : 0;
    return raised < most ? raised : most;
}

/* How many columns there may be to deal out. */
static int64_t most_columns(int64_t width, int64_t step) { return (width + step * LANES) / step + LANES + 3; }

/* What rays about grids that begin at ``from`` can reach. Further outside than ``width`` or a grid, all is the edge. */
static Dealt within_reach(float from, Rays rays, int64_t width, int64_t rows, int64_t step, float *values)
{
    float leftmost = (float)(-step * LANES), rightmost = (float)width, low = rightmost, high = leftmost;
    for (int64_t ray = 0; ray < rays.rays; ray++) {
        float nearest = from + rays.x[ray] - rays.limits[BEYOND_PX];
        float furthest = from + rays.x[ray] + rays.limits[BEYOND_PX];
        low = nearest < low ? nearest : low;
        high = furthest > high ? furthest : high;
    }
    low = floorf(held(low, leftmost, rightmost));
    high = held(high, low, rightmost);
    Dealt dealt = {values, (int64_t)low, rows, step, (int64_t)(high - low) / step + LANES + 2, 1 / (float)step, low, high};
    return dealt;
}

static void deal_out(Dealt dealt, const float *restrict field, const float *restrict sclera, int64_t width)
{
    for (int64_t row = 0; row < dealt.rows; row++)
        for (int64_t part = 0; part < dealt.step; part++) {
            float *restrict to = dealt.values + (row * dealt.step + part) * CHANNELS * dealt.length;
            for (int64_t i = 0; i < dealt.length; i++) {
                int64_t column = dealt.first + i * dealt.step + part;
                column = column < 0 ? 0 : column < width ? column : width - 1;
                const float *pixel = field + (row * width + column) * SCLERA;
                for (int64_t channel = 0; channel < SCLERA; channel++)
                    to[channel * dealt.length + i] = pixel[channel];
                to[SCLERA * dealt.length + i] = sclera[row * width + column];
            }
        }
}

/* One channel or several at LANES places, the first of which is (x, y): (channels, LANES). */
static inline void sample_lanes(Dealt dealt, float x, float y, int64_t channel, int64_t channels,
                                float values[][LANES])
{
    float from_first = held(x, dealt.low, dealt.high) - dealt.low, inside = held(y, 0, (float)(dealt.rows - 1));
    int64_t column = (int64_t)from_first, row = (int64_t)inside;
    float across = from_first - (float)column, along = inside - (float)row;
    int64_t index = (int64_t)(((float)column + 0.5f) * dealt.per_step), part = column - index * dealt.step;
    int64_t last = part == dealt.step - 1;
    int64_t next_part = last ? 0 : part + 1, next_index = index + last;
    int64_t whole_row = dealt.step * CHANNELS * dealt.length;
    const float *upper = dealt.values + row * whole_row;
    const float *lower = upper + (row < dealt.rows - 1 ? whole_row : 0);
    for (int64_t i = 0; i < channels; i++) {
        int64_t left = (part * CHANNELS + channel + i) * dealt.length + index;
        int64_t right = (next_part * CHANNELS + channel + i) * dealt.length + next_index;
        for (int lane = 0; lane < LANES; lane++) {
            float above = upper[left + lane] + across * (upper[right + lane] - upper[left + lane]);
            float below = lower[left + lane] + across * (lower[right + lane] - lower[left + lane]);
            values[i][lane] = above + along * (below - above);
        }
    }
}

static inline int all_zero(const float *values)
{
    int others = 0;
    for (int lane = 0; lane < LANES; lane++)
        others += values[lane] != 0;
    return others == 0;
}

/* What one ray adds to the edges seen and to those that could be, at LANES places. */
static inline void add_ray(float at_rim[SCLERA][LANES], const float *restrict beyond, const float normal[2], float cap,
                           const float *limits, float *restrict strength, float *restrict seen)
{
    float least = limits[LEAST_COSINE], range = limits[COSINE_RANGE], all = 1 / (cap * range);
    for (int lane = 0; lane < LANES; lane++) {
        float x = at_rim[0][lane], y = at_rim[1][lane];
        float outward = x * normal[0] + y * normal[1];
        float cosine = outward / (sqrtf(x * x + y * y) + limits[FAINTEST]);
        strength[lane] += beyond[lane] * (up_to(cap, outward) * up_to(range, cosine - least) * all);
        seen[lane] += at_rim[2][lane] * beyond[lane];
    }
}

/* Evidence around LANES places of one grid row, the first of them at ``from``. */
static void evidence_of_lanes(Dealt dealt, Rays rays, float from, float top_px, float evidence[LANES])
{
    float strength[2][LANES] = {{0}}, seen[2][LANES] = {{0}}; /* on the left and on the right */
    float at_rim[SCLERA][LANES], beyond[1][LANES];
    for (int64_t ray = 0; ray < rays.rays; ray++) {
        const float *normal = rays.normal + 2 * ray, out_px = rays.limits[BEYOND_PX];
        float x = from + rays.x[ray], y = rays.y[ray] - top_px;
        sample_lanes(dealt, x + out_px * normal[0], y + out_px * normal[1], SCLERA, 1, beyond);
        if (all_zero(beyond[0]))
            continue; /* half of all rays end behind the lids */
        sample_lanes(dealt, x, y, 0, SCLERA, at_rim);
        int side = normal[0] > 0;
        add_ray(at_rim, beyond[0], normal, rays.cap, rays.limits, strength[side], seen[side]);
    }
    for (int lane = 0; lane < LANES; lane++) {
        float left = strength[0][lane] / (seen[0][lane] + rays.limits[UNSEEN_RAYS]);
        float right = strength[1][lane] / (seen[1][lane] + rays.limits[UNSEEN_RAYS]);
        evidence[lane] = sqrtf(right * left) + rays.limits[OF_EITHER_SIDE] * (right + left);
    }
}

/* ``field`` (2, rows, width, 3) and ``sclera`` (2, rows, width); ``rim_x`` (2, rays) of the grid's first column, from
   ``seed_x`` (2,); ``rim_y`` (2, grid_rows, rays); ``normal`` (2, grid_rows, rays, 2); ``cap`` (2,);
   ``evidence`` (2, grid_rows, grid_columns), 0 where there is no picture. */
void rim_evidence(const float *field, const float *sclera, int64_t rows, int64_t width, float top_px,
                  const float *rim_x, const float *rim_y, const float *normal, int64_t rays,
                  int64_t grid_rows, int64_t grid_columns, int64_t step, const float *seed_x, const float *cap,
                  const float *limits, float *evidence)
{
    float *values = NULL, of_lanes[LANES];
    if (rows > 0 && width > 0)
        values = malloc((size_t)(rows * step * CHANNELS * most_columns(width, step)) * sizeof *values);
    for (int64_t i = 0; i < 2 * grid_rows * grid_columns; i++)
        evidence[i] = 0;
    for (int64_t eye = 0; eye < 2 && values != NULL; eye++)
        for (int64_t chunk = 0; chunk < grid_columns; chunk += LANES) {
            Rays about = {rim_x + eye * rays, NULL, NULL, rays, cap[eye], limits};
            float from = seed_x[eye] + (float)(chunk * step);
            Dealt dealt = within_reach(from, about, width, rows, step, values);
            deal_out(dealt, field + eye * rows * width * SCLERA, sclera + eye * rows * width, width);
            for (int64_t row = eye * grid_rows; row < (eye + 1) * grid_rows; row++) {
                about.y = rim_y + row * rays;
                about.normal = normal + 2 * row * rays;
                evidence_of_lanes(dealt, about, from, top_px, of_lanes);
                for (int64_t lane = 0; lane < LANES && chunk + lane < grid_columns; lane++)
                    evidence[row * grid_columns + chunk + lane] = of_lanes[lane];
            }
        }
    free(values);
}
