/* Edges that may be limbus, one eye at a time; see find_limbus_edges in shared/tracking/limbus_edges.py, which also
 * says what the numbers are. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "aperture.h"
#include "logarithm.h"
#include "ranks.h"

enum { /* of numbers */
    CANTHUS_MIDDLE,
    ADDED,
    SHADOW_RANK,
    FEWEST_AT_A_DEPTH,
    SHADOW_GAIN_LIMIT,
    LOW_SHARE,
    HIGH_SHARE,
    FEWEST_IN_APERTURE,
    UPPER_CLEARANCE,
    LOWER_CLEARANCE,
    CANTHUS_CLEARANCE,
    LID_EDGE_REACH,
    LID_EDGE_RAMP,
    LID_EDGE_DIRECTION,
    LID_EDGE_DIRECTION_RAMP,
    SCLERA_RAMP,
    SKIN_NEAREST,
    SKIN_FURTHEST,
    WHITE_NEAREST,
    FEWEST_SKIN,
    FEWEST_WHITE,
    TELLING_COLOUR,
    COLOUR_SHARE,
    COLOUR_RAMP,
    LOGARITHM_SCALE,
    STRONG_RANK,
    FEWEST_STRONG,
};
enum { DEPTHS = 10, FINER = 8, FINE_DEPTHS = (DEPTHS - 1) * FINER + 1, MOST_PROBES = 64, NARROWEST = 5, RIM = 15 };

typedef struct {
    int64_t rows, columns, top;
    const double *numbers;
    double sclera_level;
    const double *upper, *lower;     /* heights of the lid margins in the patch, per column */
    const float *upper_at, *lower_at; /* the same in single precision, one after the other */
} Window;

static inline float greater(float a, float b) { return a > b ? a : b; }
static inline float smaller(float a, float b) { return a < b ? a : b; }
static inline float within(float value, float low, float high) { return smaller(greater(value, low), high); }
static inline float within_0_1(float value) { return within(value, 0, 1); }

/* Line through ``count`` known places, level beyond them. */
static double interpolated(double x, const double *places, const double *values, int64_t count)
{
    if (!(x > places[0]))
        return values[0];
    for (int64_t i = 1; i < count; i++)
        if (x < places[i])
            return values[i - 1] + (values[i] - values[i - 1]) / (places[i] - places[i - 1]) * (x - places[i - 1]);
    return values[count - 1];
}

/* The bright tone at each whole depth below the upper lid where enough columns show one; returns how many. */
static int64_t bright_tones(const Window *window, const float *restrict lit, const int64_t *at, int64_t probes,
                            double *restrict depths, double *restrict bright)
{
    int64_t known = 0;
    for (int64_t depth = 0; depth < DEPTHS; depth++) {
        int32_t keys[MOST_PROBES];
        int64_t count = 0;
        for (int64_t i = 0; i < probes; i++) {
            /* In every column exactly one row lies at each whole depth below the lid. */
            float first = ceilf(window->upper_at[at[i]] - (float)window->top);
            int64_t row = (int64_t)within(first, -1e4f, 1e4f) + depth;
            if (row < 0 || row >= window->rows || !(window->lower_at[at[i]] - (float)(window->top + row) > 1))
                continue;
            keys[count++] = ordered(lit[row * window->columns + at[i]]);
        }
        if (count == 0 || (double)count < window->numbers[FEWEST_AT_A_DEPTH])
            continue;
        depths[known] = (double)depth;
        bright[known++] = value_at_rank(keys, count, rank_of(window->numbers[SHADOW_RANK], count));
    }
    return known;
}

/* By how much to brighten at each eighth of a pixel below the upper lid; 0 where the profile cannot be seen. */
static int shadow_gain(const Window *window, const float *lit, const int64_t *at, int64_t probes,
                       float gain[FINE_DEPTHS])
{
    double depths[DEPTHS], bright[DEPTHS], profile[DEPTHS], smooth[DEPTHS], middles[DEPTHS];
    int64_t known = bright_tones(window, lit, at, probes, depths, bright);
    if (known < 3)
        return 0;
    for (int i = 0; i < DEPTHS; i++)
        profile[i] = interpolated(i, depths, bright, known);
    for (int i = 0; i < DEPTHS; i++) {
        double before = profile[i > 0 ? i - 1 : 0], after = profile[i < DEPTHS - 1 ? i + 1 : i];
        smooth[i] = 0.25 * before + 0.5 * profile[i] + 0.25 * after;
        if (i > 0 && !(smooth[i] > smooth[i - 1])) /* it may only brighten with depth */
            smooth[i] = smooth[i - 1];
    }
    for (int i = 0; i < DEPTHS; i++) {
        double wanted = smooth[DEPTHS - 1] / smooth[i], limit = window->numbers[SHADOW_GAIN_LIMIT];
        profile[i] = wanted > 1 ? (wanted < limit ? wanted : limit) : 1;
        middles[i] = i + 0.5;
    }
    for (int i = 0; i < FINE_DEPTHS; i++)
        gain[i] = (float)interpolated((double)i / FINER, middles, profile, DEPTHS);
    return 1;
}

static void brighten(const Window *window, const float gain[FINE_DEPTHS], float *restrict lit)
{
    const float *restrict upper = window->upper_at;
    for (int64_t row = 0; row < window->rows; row++) {
        float y = (float)(window->top + row), *restrict here = lit + row * window->columns;
        for (int64_t i = 0; i < window->columns; i++)
            here[i] *= gain[(int32_t)within((y - upper[i]) * FINER, 0, FINE_DEPTHS - 1)];
    }
}

/* Darkest and brightest tone between the lids. */
static Percentiles tone_range(const Window *window, const float *lit, const int64_t *at, int64_t probes, int32_t *keys)
{
    const double *numbers = window->numbers;
    double upper[MOST_PROBES], lower[MOST_PROBES];
    for (int64_t i = 0; i < probes; i++) {
        upper[i] = window->upper[at[i]] - (double)window->top;
        lower[i] = window->lower[at[i]] - (double)window->top;
    }
    Percentiles range = aperture_percentiles(lit, window->rows, window->columns, at, upper, lower, probes,
                                             numbers + LOW_SHARE, (int64_t)numbers[FEWEST_IN_APERTURE], keys);
    double least = range.low * 1.02 + 1e-3;
    if (!(range.high > least))
        range.high = least;
    return range;
}

/* Logarithm of one eye's tones; the same between darkest and brightest, from 0 to 1; what gradients are taken of; and
 * tones no brighter than the brightest iris. */
static void tones_of(const float *restrict lit, int64_t count, Percentiles range, double range_log, float scale,
                     float sclera_level, float *restrict log_tone, float *restrict relative, float *restrict flattened,
                     float *restrict tone)
{
    float darkest = (float)log(range.low), brightest = (float)log(range.high), per_span = (float)(1 / range_log);
    float low = (float)range.low, high = (float)range.high;
    for (int64_t i = 0; i < count; i++) {
        float whole = logarithm(lit[i]), held = within(whole, darkest, brightest);
        log_tone[i] = whole;
        relative[i] = (held - darkest) * per_span;
        tone[i] = within((whole - darkest) * per_span, -1, sclera_level);
        flattened[i] = scale > 0 ? scale * held : within(lit[i], low, high);
    }
}

/* One row of gradients by Sobel's operator per px, the picture mirrored beyond its edges.
 * across, down: room for ``columns + 2`` each. */
static void row_gradient(const float *restrict above, const float *restrict here, const float *restrict below,
                         int64_t columns, float *restrict across, float *restrict down, float *restrict gradient_x,
                         float *restrict gradient_y)
{
    for (int64_t i = 0; i < columns; i++) {
        across[i + 1] = above[i] + 2 * here[i] + below[i];
        down[i + 1] = below[i] - above[i];
    }
    across[0] = across[2], across[columns + 1] = across[columns - 1];
    down[0] = down[2], down[columns + 1] = down[columns - 1];
    for (int64_t i = 0; i < columns; i++) {
        gradient_x[i] = (across[i + 2] - across[i]) * 0.125f;
        gradient_y[i] = (down[i] + 2 * down[i + 1] + down[i + 2]) * 0.125f;
    }
}

/* What the weight of an edge depends on, but for the edge. */
typedef struct {
    float y, upper_clearance, lower_clearance, reach, per_ramp, direction, per_direction_ramp;
} EdgeRow;

/* 1 for an edge near a lid margin that runs along it, 0 for others. */
static inline float lid_like(EdgeRow row, float along_normal, float distance)
{
    float near = within_0_1((row.reach - distance) * row.per_ramp + 0.5f);
    return near * within_0_1((along_normal - row.direction) * row.per_direction_ramp);
}

/* lids: ``(7, columns)``, see lids_of(). */
static void row_weights(EdgeRow row, int64_t columns, const float *restrict lids, const float *restrict gradient_x,
                        const float *restrict gradient_y, float *restrict openness, float *restrict magnitude,
                        float *restrict weight)
{
    for (int64_t i = 0; i < columns; i++) {
        float below_upper = row.y - lids[i], above_lower = lids[columns + i] - row.y;
        float x = gradient_x[i], y = gradient_y[i], size = sqrtf(x * x + y * y) + 1e-6f, per = 1 / size;
        float to_upper = (x * lids[2 * columns + i] + y * lids[3 * columns + i]) * per;
        float to_lower = (x * lids[4 * columns + i] + y * lids[5 * columns + i]) * per;
        float likeness = greater(lid_like(row, to_upper, below_upper), lid_like(row, to_lower, above_lower));
        float open = within_0_1(below_upper - row.upper_clearance) * within_0_1(above_lower - row.lower_clearance);
        open *= lids[6 * columns + i];
        openness[i] = open;
        magnitude[i] = size;
        weight[i] = open * (1 - likeness);
    }
}

/* lids: ``(7, columns)``, see lids_of(); room: ``(5, columns + 2)``. Writes field, openness and the gradients'
 * magnitude. */
static void weighted_gradients(const Window *window, const float *flattened, const float *lids, float *room,
                               float *field, float *openness, float *magnitude)
{
    const double *numbers = window->numbers;
    const int64_t columns = window->columns, rows = window->rows;
    float *gradient_x = room + 2 * (columns + 2), *gradient_y = gradient_x + columns, *weight = gradient_y + columns;
    EdgeRow edge_row = {
        .upper_clearance = (float)numbers[UPPER_CLEARANCE],
        .lower_clearance = (float)numbers[LOWER_CLEARANCE],
        .reach = (float)numbers[LID_EDGE_REACH],
        .per_ramp = (float)(1 / numbers[LID_EDGE_RAMP]),
        .direction = (float)numbers[LID_EDGE_DIRECTION],
        .per_direction_ramp = (float)(1 / numbers[LID_EDGE_DIRECTION_RAMP]),
    };
    for (int64_t row = 0; row < rows; row++) {
        const float *here = flattened + row * columns;
        const float *above = row > 0 ? here - columns : here + columns;
        const float *below = row < rows - 1 ? here + columns : here - columns;
        row_gradient(above, here, below, columns, room, room + columns + 2, gradient_x, gradient_y);
        edge_row.y = (float)(window->top + row);
        row_weights(edge_row, columns, lids, gradient_x, gradient_y, openness + row * columns,
                    magnitude + row * columns, weight);
        float *restrict edges = field + row * columns * 3;
        for (int64_t i = 0; i < columns; i++) {
            edges[3 * i] = gradient_x[i] * weight[i];
            edges[3 * i + 1] = gradient_y[i] * weight[i];
            edges[3 * i + 2] = weight[i];
        }
    }
}

/* Picks what is ``wanted`` (1, else 0) of a row; returns how many there are then. */
static int64_t picked(const int32_t *restrict row, const int32_t *restrict wanted, int64_t columns,
                      int32_t *restrict keys, int64_t count)
{
    for (int64_t i = 0; i < columns; i++) {
        keys[count] = row[i];
        count += wanted[i];
    }
    return count;
}

/* Which places of a row are surely lid skin, and which sclera, and the order of their colours. */
static void skin_and_white(const double *numbers, float y, int64_t columns, const float *restrict lids,
                           const float *restrict colour, const float *restrict sclera, int32_t *restrict keys,
                           int32_t *restrict skin, int32_t *restrict white)
{
    const float nearest = (float)numbers[SKIN_NEAREST], furthest = (float)numbers[SKIN_FURTHEST];
    const float white_nearest = (float)numbers[WHITE_NEAREST];
    for (int64_t i = 0; i < columns; i++) {
        float inside = smaller(y - lids[i], lids[columns + i] - y);
        keys[i] = ordered(colour[i]);
        skin[i] = (inside < nearest) & (inside > furthest);
        white[i] = (inside > white_nearest) & (sclera[i] > 0.5f);
    }
}

/* Tones of lid skin and sclera, if they differ enough to tell one from the other by it.
 * keys: two times ``(rows, columns)``; row_keys: ``(3, columns)``. */
static int telling_colours(const Window *window, const float *colour, const float *sclera, int32_t *keys,
                           int32_t *row_keys, double *skin_tone, double *white_tone)
{
    const double *numbers = window->numbers;
    const int64_t columns = window->columns, rows = window->rows;
    int32_t *skin_keys = keys, *white_keys = keys + rows * columns;
    int32_t *on_skin = row_keys + columns, *on_white = row_keys + 2 * columns;
    int64_t skin = 0, white = 0;
    for (int64_t row = 0; row < rows; row++) {
        skin_and_white(numbers, (float)(window->top + row), columns, window->upper_at, colour + row * columns,
                       sclera + row * columns, row_keys, on_skin, on_white);
        skin = picked(row_keys, on_skin, columns, skin_keys, skin);
        white = picked(row_keys, on_white, columns, white_keys, white);
    }
    if (!(skin > 0 && white > 0 && (double)skin >= numbers[FEWEST_SKIN] && (double)white >= numbers[FEWEST_WHITE]))
        return 0;
    *skin_tone = median_of(skin_keys, skin);
    *white_tone = median_of(white_keys, white);
    return *skin_tone - *white_tone >= numbers[TELLING_COLOUR];
}

/* How surely each place is sclera: bright, of its colour (``like_sclera`` unless null, and less red than the lids),
 * open. */
static void find_sclera(const Window *window, const float *restrict relative, const float *restrict like_sclera,
                        const float *restrict red_over_blue, const float *restrict openness, int32_t *keys,
                        int32_t *row_keys, float *restrict sclera)
{
    const double *numbers = window->numbers;
    const int64_t count = window->rows * window->columns;
    const float level = (float)window->sclera_level, per_ramp = (float)(1 / numbers[SCLERA_RAMP]);
    for (int64_t i = 0; i < count; i++)
        sclera[i] = within_0_1((relative[i] - level) * per_ramp + 0.5f);
    if (like_sclera)
        for (int64_t i = 0; i < count; i++)
            sclera[i] *= like_sclera[i];
    double skin_tone, white_tone;
    if (telling_colours(window, red_over_blue, sclera, keys, row_keys, &skin_tone, &white_tone)) {
        const float skin = (float)skin_tone, per_span = (float)(1 / (skin_tone - white_tone));
        const float share = (float)numbers[COLOUR_SHARE], per_ramp_of_colour = (float)(1 / numbers[COLOUR_RAMP]);
        for (int64_t i = 0; i < count; i++)
            sclera[i] *= within_0_1(((skin - red_over_blue[i]) * per_span - share) * per_ramp_of_colour);
    }
    for (int64_t i = 0; i < count; i++)
        sclera[i] *= openness[i];
}

static inline const float *row_held(const float *picture, int64_t row, int64_t rows, int64_t columns)
{
    int64_t held = row < 0 ? 0 : row < rows ? row : rows - 1;
    return picture + held * columns;
}

/* ``half`` more values at both ends, like the first and the last. */
static void extend(float *restrict padded, int64_t count, int64_t half)
{
    for (int64_t i = 0; i < half; i++) {
        padded[i] = padded[half];
        padded[half + count + i] = padded[half + count - 1];
    }
}

/* What is sclera at least NARROWEST wide, widened to both sides within its row by half of RIM. What lies outside the
 * window is ignored. room: ``columns + RIM`` two times. */
static void widened_rows(const float *sclera, int64_t rows, int64_t columns, float *room, float *widened)
{
    float *restrict padded = room, *restrict wide = room + columns + RIM;
    for (int64_t row = 0; row < rows; row++) {
        float *restrict middle = padded + NARROWEST / 2, *restrict target = wide + RIM / 2;
        memcpy(middle, row_held(sclera, row - NARROWEST / 2, rows, columns), (size_t)columns * sizeof *middle);
        for (int64_t k = 1; k < NARROWEST; k++) {
            const float *restrict other = row_held(sclera, row - NARROWEST / 2 + k, rows, columns);
            for (int64_t i = 0; i < columns; i++)
                middle[i] = smaller(middle[i], other[i]);
        }
        extend(padded, columns, NARROWEST / 2);
        for (int64_t i = 0; i < columns; i++) {
            float least = padded[i];
            for (int64_t k = 1; k < NARROWEST; k++)
                least = smaller(least, padded[i + k]);
            target[i] = least;
        }
        extend(wide, columns, RIM / 2);
        float *restrict out = widened + row * columns;
        for (int64_t i = 0; i < columns; i++) {
            float greatest = wide[i];
            for (int64_t k = 1; k < RIM; k++)
                greatest = greater(greatest, wide[i + k]);
            out[i] = greatest;
        }
    }
}

/* Gradient from which an edge counts as strong, of those of every second row that lie open and beside sclera: on it, or
 * as far from it as its rim with the iris is broad. room: three times ``columns + RIM``; widened, keys:
 * ``(rows, columns)``. */
static double strong_gradient(const Window *window, const float *sclera, const float *restrict openness,
                              const float *restrict magnitude, float *room, float *widened, int32_t *keys)
{
    const int64_t rows = window->rows, columns = window->columns;
    widened_rows(sclera, rows, columns, room, widened);
    float *restrict beside = room;
    int32_t *restrict row_keys = (int32_t *)(room + columns), *restrict wanted = row_keys + columns;
    int64_t count = 0;
    for (int64_t row = 0; row < rows; row += 2) {
        memcpy(beside, row_held(widened, row - RIM / 2, rows, columns), (size_t)columns * sizeof *beside);
        for (int64_t k = 1; k < RIM; k++) {
            const float *restrict other = row_held(widened, row - RIM / 2 + k, rows, columns);
            for (int64_t i = 0; i < columns; i++)
                beside[i] = greater(beside[i], other[i]);
        }
        for (int64_t i = 0; i < columns; i++) {
            row_keys[i] = ordered(magnitude[row * columns + i]);
            wanted[i] = openness[row * columns + i] * beside[i] > 0.5f;
        }
        count = picked(row_keys, wanted, columns, keys, count);
    }
    if (count == 0 || (double)count < window->numbers[FEWEST_STRONG])
        return 1;
    float strong = value_at_rank(keys, count, rank_of(window->numbers[STRONG_RANK], count));
    return strong > 1e-3f ? strong : 1e-3;
}

static int64_t probe_columns(const double *shares, int64_t count, double half_width, double middle, int64_t columns,
                             int64_t at[MOST_PROBES])
{
    int64_t probes = count < MOST_PROBES ? count : MOST_PROBES;
    probes = probes < columns ? probes : columns;
    for (int64_t i = 0; i < probes; i++)
        at[i] = nearest_column(middle + shares[i] * half_width, columns);
    return probes;
}

/* Where the lids and corners of one eye are, in single precision: heights of both margins, the x and y of both
 * normals, and 1 between the corners, each ``(columns)``. margins ``(2, columns)``, normals ``(2, columns, 2)``. */
static void lids_of(const double *restrict margins, const double *restrict normals, double half_width, int64_t columns,
                    const double *numbers, float *restrict lids)
{
    float *restrict normal = lids + 2 * columns, *restrict between = lids + 6 * columns;
    for (int64_t i = 0; i < 2 * columns; i++)
        lids[i] = (float)margins[i];
    for (int64_t lid = 0; lid < 2; lid++)
        for (int64_t i = 0; i < columns; i++) {
            normal[2 * lid * columns + i] = (float)normals[(lid * columns + i) * 2];
            normal[(2 * lid + 1) * columns + i] = (float)normals[(lid * columns + i) * 2 + 1];
        }
    for (int64_t i = 0; i < columns; i++) {
        double inside = half_width - numbers[CANTHUS_CLEARANCE] - fabs((double)i - numbers[CANTHUS_MIDDLE]) + 0.5;
        between[i] = within_0_1((float)inside);
    }
}

/* Both eyes of a frame, rows ``top`` to ``top + rows`` of each.
 *
 * light, red_over_blue, like_sclera: ``(2 * height, columns)``, the last unread unless ``coloured``.
 * margins: ``(2, 2, columns)``; normals: ``(2, 2, columns, 2)``; half_width: ``(2)``.
 * shadow_columns, tone_columns: ``(probes)`` as shares of the half width.
 * room: ``5 * rows * columns + 16 * (columns + 16)``.
 * field: ``(2 * rows, columns, 3)``; planes: ``(5, 2 * rows, columns)`` sclera, relative, log_tone, openness and the
 * tones among which pupils are looked for; log_range, cap: ``(2)``. */
void limbus_edges(const float *light, const float *red_over_blue, const float *like_sclera, int64_t coloured,
                  const double *margins, const double *normals, const double *half_width, int64_t height,
                  int64_t columns, int64_t top, int64_t rows, const double *shadow_columns,
                  const double *tone_columns, int64_t probes, int64_t logarithmic, double sclera_level,
                  const double *numbers, float *room, float *field, float *planes, double *log_range, double *cap)
{
    if (rows < 2 || columns < 2 || probes < 1 || top < 0 || top + rows > height)
        return;
    const int64_t size = rows * columns;
    float *lit = room, *flattened = room + size, *magnitude = room + 2 * size;
    int32_t *keys = (int32_t *)(room + 3 * size);
    float *lids = room + 5 * size, *row_room = lids + 7 * columns;
    const double middle = numbers[CANTHUS_MIDDLE];
    for (int64_t eye = 0; eye < 2; eye++) {
        const int64_t first = (eye * height + top) * columns;
        float *sclera = planes + eye * size, *relative = sclera + 2 * size, *log_tone = relative + 2 * size;
        float *openness = log_tone + 2 * size, *tone = openness + 2 * size;
        const double *margin = margins + eye * 2 * columns;
        lids_of(margin, normals + eye * 4 * columns, half_width[eye], columns, numbers, lids);
        const Window window = {rows, columns, top, numbers, sclera_level, margin, margin + columns, lids,
                               lids + columns};

        const float added = (float)numbers[ADDED];
        for (int64_t i = 0; i < size; i++)
            lit[i] = light[first + i] + added;
        int64_t at[MOST_PROBES];
        int64_t seen = probe_columns(shadow_columns, probes, half_width[eye], middle, columns, at);
        float gain[FINE_DEPTHS];
        if (shadow_gain(&window, lit, at, seen, gain))
            brighten(&window, gain, lit);

        seen = probe_columns(tone_columns, probes, half_width[eye], middle, columns, at);
        const Percentiles range = tone_range(&window, lit, at, seen, keys);
        log_range[eye] = log(range.high / range.low);
        const float scale = logarithmic ? (float)numbers[LOGARITHM_SCALE] : 0;
        tones_of(lit, size, range, log_range[eye], scale, (float)sclera_level, log_tone, relative, flattened,
                 tone);
        weighted_gradients(&window, flattened, lids, row_room, field + eye * size * 3, openness, magnitude);
        find_sclera(&window, relative, coloured ? like_sclera + first : 0, red_over_blue + first, openness, keys,
                    (int32_t *)row_room, sclera);
        cap[eye] = strong_gradient(&window, sclera, openness, magnitude, row_room, flattened, keys);
    }
}
