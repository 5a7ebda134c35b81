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

/* Columns ``first`` onward of an eye's field and sclera: (rows, step, CHANNELS, length). */
typedef struct {
    float *values;
    int64_t first, rows, step, length;
    float per_step;
} Dealt;

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
    float from_first = x - (float)dealt.first, inside = held(y, 0, (float)(dealt.rows - 1));
    int64_t column = (int64_t)from_first, row = (int64_t)inside;
    float across = from_first - (float)column, along = inside - (float)row;
    int64_t index = (int64_t)(((float)column + 0.5f) * dealt.per_step), part = column - index * dealt.step;
    int64_t last = part == dealt.step - 1;
    int64_t next_part = last ? 0 : part + 1, next_index = index + last;
    int64_t rows[2] = {row, row < dealt.rows - 1 ? row + 1 : row};
    const float *upper = dealt.values + rows[0] * dealt.step * CHANNELS * dealt.length;
    const float *lower = dealt.values + rows[1] * dealt.step * CHANNELS * dealt.length;
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
static void add_ray(float at_rim[SCLERA][LANES], const float *restrict beyond, const float normal[2], float cap,
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

/* ``field`` (2, rows, width, 3) and ``sclera`` (2, rows, width); ``rim_x`` (2, rays) of the grid's first column, from
   ``seed_x`` (2,); ``rim_y`` (2, grid_rows, rays); ``normal`` (2, grid_rows, rays, 2); ``cap`` (2,);
   ``evidence`` (2, grid_rows, grid_columns). */
void rim_evidence(const float *field, const float *sclera, int64_t rows, int64_t width, float top_px,
                  const float *rim_x, const float *rim_y, const float *normal, int64_t rays,
                  int64_t grid_rows, int64_t grid_columns, int64_t step, const float *seed_x, const float *cap,
                  const float *limits, float *evidence)
{
    /* What lies further outside is all the same edge. */
    float leftmost = (float)(-step * LANES), rightmost = (float)width;
    int64_t length = (width + step * LANES) / step + LANES + 3;
    int64_t size = rows > 0 && width > 0 ? rows * step * CHANNELS * length : 0;
    float *values = size > 0 ? malloc((size_t)size * sizeof *values) : NULL; /* without it, no rim is seen */
    for (int64_t eye = 0; eye < 2; eye++)
        for (int64_t chunk = 0; chunk < grid_columns; chunk += LANES) {
            float from = seed_x[eye] + (float)(chunk * step), low = rightmost, high = leftmost;
            for (int64_t ray = 0; ray < rays; ray++) {
                float x = from + rim_x[eye * rays + ray];
                low = x - limits[BEYOND_PX] < low ? x - limits[BEYOND_PX] : low;
                high = x + limits[BEYOND_PX] > high ? x + limits[BEYOND_PX] : high;
            }
            low = floorf(held(low, leftmost, rightmost));
            high = held(high, low, rightmost);
            Dealt dealt = {values, (int64_t)low, rows, step, (int64_t)(high - low) / step + LANES + 2, 1 / (float)step};
            if (values != NULL)
                deal_out(dealt, field + eye * rows * width * SCLERA, sclera + eye * rows * width, width);
            for (int64_t grid_row = 0; grid_row < grid_rows; grid_row++) {
                float strength[2][LANES] = {{0}}, seen[2][LANES] = {{0}}; /* on the left and on the right */
                for (int64_t ray = 0; ray < rays && values != NULL; ray++) {
                    int64_t at = (eye * grid_rows + grid_row) * rays + ray;
                    float x = from + rim_x[eye * rays + ray], y = rim_y[at] - top_px;
                    float beyond_x = x + limits[BEYOND_PX] * normal[2 * at];
                    float beyond_y = y + limits[BEYOND_PX] * normal[2 * at + 1];
                    float at_rim[SCLERA][LANES], beyond[1][LANES];
                    sample_lanes(dealt, held(beyond_x, low, high), beyond_y, SCLERA, 1, beyond);
                    if (all_zero(beyond[0]))
                        continue; /* half of all rays, behind the lids */
                    sample_lanes(dealt, held(x, low, high), y, 0, SCLERA, at_rim);
                    int side = normal[2 * at] > 0;
                    add_ray(at_rim, beyond[0], normal + 2 * at, cap[eye], limits, strength[side], seen[side]);
                }
                float *to = evidence + (eye * grid_rows + grid_row) * grid_columns + chunk;
                for (int64_t lane = 0; lane < LANES && chunk + lane < grid_columns; lane++) {
                    float left = strength[0][lane] / (seen[0][lane] + limits[UNSEEN_RAYS]);
                    float right = strength[1][lane] / (seen[1][lane] + limits[UNSEEN_RAYS]);
                    to[lane] = sqrtf(right * left) + limits[OF_EITHER_SIDE] * (right + left);
                }
            }
        }
    free(values);
}
