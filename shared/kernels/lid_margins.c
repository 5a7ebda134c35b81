/* Lid margins of a frame; see find_lid_margins in shared/tracking/lid_margins.py, which also says what the numbers
 * are. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "aperture.h"
#include "logarithm.h"
#include "ranks.h"

enum { /* of numbers */
    MIDDLE,
    STEP,
    REACH,
    LARGEST_SHARE,
    MESH_RIDGE,
    RIDGE, /* of three */
    EYE_REDNESS_SHARE = RIDGE + 3,
    GREY_FILM_CHROMA,
    BRIGHT_SHARE,
    BESIDE_COLOUR,
    ADDED,
    LOGARITHM_SCALE,
    LOW_SHARE,
    HIGH_SHARE,
    FEWEST_IN_APERTURE,
};
enum {
    MESH_POINTS = 9,
    PROBES = 21,      /* columns of an eye where its margins are searched */
    OFFSETS = 33,     /* places searched in each */
    PAD = 3,          /* samples more at both ends, so that differences exist at every offset */
    SAMPLES = OFFSETS + 2 * PAD,
    REDDER_STEP = 3,  /* samples between which a step of redness is looked for, to each side */
    BRIGHTER_STEP = 2,
    BESIDE = 2,       /* columns averaged to each side */
    TAUGHT_AGAIN = 3,
};

static const double outward[2] = {-1, 1}; /* 'out of the eye' along y, for the upper and the lower lid */

typedef struct {
    double redness[2][PROBES][SAMPLES], brightness[2][PROBES][SAMPLES]; /* by lid */
} Samples;

typedef double Evidence[2][PROBES][OFFSETS];

static double polynomial(const double *coefficients, int powers, double x)
{
    double sum = 0;
    for (int i = powers - 1; i >= 0; i--)
        sum = sum * x + coefficients[i];
    return sum;
}

static double held(double value, double limit) { return value > -limit ? (value < limit ? value : limit) : -limit; }

/* Weighted ridge polynomial through ``count`` values, lowest power first, of up to four powers. */
static void fit_polynomial(const double *x, const double *y, const double *weight, int count, int powers,
                           const double *ridge, double *coefficients)
{
    double matrix[4][5] = {{0}};
    for (int i = 0; i < powers; i++)
        matrix[i][i] = ridge[i];
    for (int k = 0; k < count; k++) {
        double power[4] = {1, x[k], x[k] * x[k], x[k] * x[k] * x[k]};
        for (int i = 0; i < powers; i++) {
            double weighted = power[i] * (weight ? weight[k] : 1);
            for (int j = 0; j < powers; j++)
                matrix[i][j] += weighted * power[j];
            matrix[i][4] += weighted * y[k];
        }
    }
    /* The matrix is symmetric and, for its ridge, positive: no pivoting. */
    for (int i = 0; i < powers; i++)
        for (int lower = i + 1; lower < powers; lower++) {
            double factor = matrix[lower][i] / matrix[i][i];
            for (int j = i; j < 5; j++)
                matrix[lower][j] -= factor * matrix[i][j];
        }
    for (int i = powers - 1; i >= 0; i--) {
        double rest = matrix[i][4];
        for (int j = i + 1; j < powers; j++)
            rest -= matrix[i][j] * coefficients[j];
        coefficients[i] = rest / matrix[i][i];
    }
}

/* One column between the pixels of a picture, from row ``first``. */
static void column_between(const float *restrict picture, int64_t columns, int64_t column, float across, int64_t first,
                           int64_t count, float *restrict values)
{
    int64_t right = column < columns - 1;
    for (int64_t i = 0; i < count; i++) {
        const float *pair = picture + (first + i) * columns + column;
        values[i] = pair[0] + across * (pair[right] - pair[0]);
    }
}

/* The same of the logarithm of brightness, held between what the aperture holds: pupil and highlights make no edges. */
static void brightness_between(const float *restrict grey, int64_t columns, int64_t column, float across, int64_t first,
                               int64_t count, const double *numbers, Percentiles range, float *restrict pairs,
                               float *restrict values)
{
    int64_t right = column < columns - 1;
    const float low = (float)range.low, high = (float)range.high, added = (float)numbers[ADDED];
    const float scale = (float)numbers[LOGARITHM_SCALE];
    for (int64_t i = 0; i < count; i++) {
        pairs[2 * i] = grey[(first + i) * columns + column];
        pairs[2 * i + 1] = grey[(first + i) * columns + column + right];
    }
    for (int64_t i = 0; i < 2 * count; i++) {
        float tone = pairs[i] > low ? pairs[i] : low;
        pairs[i] = scale * logarithm((tone < high ? tone : high) + added);
    }
    for (int64_t i = 0; i < count; i++)
        values[i] = pairs[2 * i] + across * (pairs[2 * i + 1] - pairs[2 * i]);
}

static double value_between(const float *values, int64_t count, double place)
{
    double inside = place > 0 ? (place < (double)(count - 1) ? place : (double)(count - 1)) : 0;
    int64_t before = (int64_t)inside, next = before < count - 1 ? before + 1 : before;
    float share = (float)(inside - (double)before);
    return values[before] + share * (values[next] - values[before]);
}

/* Redness and brightness at each place searched. x: ``(PROBES)``; mesh_y: ``(2, PROBES)``, both px.
 * keys: room for ``rows * PROBES``; room: ``4 * rows``. */
static void sample(const float *redness, const float *grey, int64_t rows, int64_t columns, const double *x,
                   double mesh_y[2][PROBES], const double *numbers, int32_t *keys, float *room, Samples *samples)
{
    int64_t at[PROBES];
    for (int i = 0; i < PROBES; i++)
        at[i] = nearest_column(x[i], columns);
    Percentiles range = aperture_percentiles(grey, rows, columns, at, mesh_y[0], mesh_y[1], PROBES,
                                             numbers + LOW_SHARE, (int64_t)numbers[FEWEST_IN_APERTURE], keys);
    if (!(range.high > range.low + 1))
        range.high = range.low + 1;
    float *red = room, *bright = room + rows, *pairs = room + 2 * rows;
    for (int i = 0; i < PROBES; i++) {
        double inside = x[i] > 0 ? (x[i] < (double)(columns - 1) ? x[i] : (double)(columns - 1)) : 0;
        int64_t column = (int64_t)inside;
        float across = (float)(inside - (double)column);
        column_between(redness, columns, column, across, 0, rows, red);
        brightness_between(grey, columns, column, across, 0, rows, numbers, range, pairs, bright);
        for (int lid = 0; lid < 2; lid++)
            for (int k = 0; k < SAMPLES; k++) {
                double offset = (k - PAD) * numbers[STEP] - numbers[REACH];
                double y = mesh_y[lid][i] + offset * outward[lid];
                samples->redness[lid][i][k] = value_between(red, rows, y);
                samples->brightness[lid][i][k] = value_between(bright, rows, y);
            }
    }
}

static double step_at(const double *samples, int offset, int half)
{
    double step = samples[offset + PAD + half] - samples[offset + PAD - half];
    return step > 0 ? step : 0;
}

/* Least redness from which there can be a step into skin: from blue iris to sclera is none.
 * keys: ``PROBES * OFFSETS``. */
static double eye_redness(const Samples *samples, double share, int32_t *keys)
{
    int64_t count = 0;
    for (int lid = 0; lid < 2; lid++)
        for (int i = 0; i < PROBES; i++)
            for (int k = 0; k < OFFSETS / 2; k++)
                keys[count++] = ordered((float)samples->redness[lid][i][k]);
    int64_t rank = (int64_t)(share * (double)count);
    return value_at_rank(keys, count, rank < count ? rank : count - 1);
}

/* Steps of redness beyond what the eye itself has, and steps of brightness, 1 for the greatest of a lid.
 * keys: ``PROBES * OFFSETS``. Returns the sum of the steps of redness. */
static double steps_of(Samples *samples, const double *numbers, int32_t *keys, Evidence redder, Evidence brighter)
{
    double floor = eye_redness(samples, numbers[EYE_REDNESS_SHARE], keys), sum = 0;
    for (int lid = 0; lid < 2; lid++) {
        int64_t count = 0;
        for (int i = 0; i < PROBES; i++) {
            double *red = samples->redness[lid][i];
            for (int k = 0; k < SAMPLES; k++)
                red[k] = red[k] > floor ? red[k] : floor;
            for (int k = 0; k < OFFSETS; k++) {
                redder[lid][i][k] = step_at(red, k, REDDER_STEP);
                brighter[lid][i][k] = step_at(samples->brightness[lid][i], k, BRIGHTER_STEP);
                keys[count++] = ordered((float)brighter[lid][i][k]);
                sum += redder[lid][i][k];
            }
        }
        double greatest = value_at_rank(keys, count, rank_of(numbers[BRIGHT_SHARE], count));
        greatest = greatest > 1 ? greatest : 1;
        for (int i = 0; i < PROBES; i++)
            for (int k = 0; k < OFFSETS; k++)
                brighter[lid][i][k] = brighter[lid][i][k] < greatest ? brighter[lid][i][k] / greatest : 1;
    }
    return sum;
}

/* The offset that looks most like 'eye within, skin without', by column. nearness: ``(OFFSETS)`` weights. */
static void best_offsets(Evidence evidence, const double *nearness, const double *numbers, double best[2][PROBES])
{
    for (int lid = 0; lid < 2; lid++)
        for (int i = 0; i < PROBES; i++) {
            double sums[OFFSETS] = {0};
            for (int beside = i - BESIDE; beside <= i + BESIDE; beside++) {
                const double *other = evidence[lid][beside < 0 ? 0 : beside < PROBES ? beside : PROBES - 1];
                for (int k = 0; k < OFFSETS; k++)
                    sums[k] += other[k];
            }
            int chosen = 0;
            double greatest = sums[0] * nearness[0];
            for (int k = 1; k < OFFSETS; k++) {
                double here = sums[k] * nearness[k];
                chosen = here > greatest ? k : chosen;
                greatest = here > greatest ? here : greatest;
            }
            best[lid][i] = chosen * numbers[STEP] - numbers[REACH];
        }
}

static double middle_of(const double values[PROBES])
{
    int32_t keys[PROBES];
    for (int i = 0; i < PROBES; i++)
        keys[i] = ordered((float)values[i]);
    return value_at_rank(keys, PROBES, PROBES / 2);
}

/* Robust parabola through the offsets along a lid. */
static void smooth_correction(const double *columns, const double *offset, const double *ridge, double correction[3])
{
    double weight[PROBES], residual[PROBES], size[PROBES], typical = middle_of(offset);
    for (int i = 0; i < PROBES; i++)
        weight[i] = 1 / (1 + (offset[i] - typical) * (offset[i] - typical) / 4);
    fit_polynomial(columns, offset, weight, PROBES, 3, ridge, correction);
    for (int again = 0; again < TAUGHT_AGAIN; again++) {
        for (int i = 0; i < PROBES; i++) {
            residual[i] = offset[i] - polynomial(correction, 3, columns[i]);
            size[i] = fabs(residual[i]);
        }
        double spread = 1.48 * middle_of(size);
        spread = spread > 0.6 ? spread : 0.6;
        for (int i = 0; i < PROBES; i++) {
            double share = 1 + (residual[i] / spread) * (residual[i] / spread);
            weight[i] = 1 / (share * share);
        }
        fit_polynomial(columns, offset, weight, PROBES, 3, ridge, correction);
    }
}

/* The margin in every column of the patch, and its normal: ``(columns)`` and ``(columns, 2)``. */
static void margin_of(const double *mesh, const double *correction, double out, double half_width, int64_t columns,
                      const double *numbers, double *margin, double *normal)
{
    for (int64_t i = 0; i < columns; i++) {
        double share = ((double)i - numbers[MIDDLE]) / half_width;
        margin[i] = polynomial(mesh, 4, held(share, 1)) +
                    out * polynomial(correction, 3, held(share, numbers[LARGEST_SHARE]));
    }
    for (int64_t i = 0; i < columns; i++) {
        int64_t before = i > 0 ? i - 1 : 0, after = i < columns - 1 ? i + 1 : i;
        double slope = (margin[after] - margin[before]) / (double)(after - before);
        double across = out / sqrt(1 + slope * slope);
        normal[2 * i] = -slope * across;
        normal[2 * i + 1] = across;
    }
}

/* Both eyes of a frame.
 *
 * redness, grey: ``(2 * rows, columns)``; half_width: ``(2)``; upper_lid, lower_lid: ``(2, 9, 2)`` landmarks, x and y;
 * probes: ``(21)`` columns searched, as shares of the half width; nearness: ``(33)`` weights of the offsets searched.
 * room: ``25 * rows + 693``. margins: ``(2, 2, columns)``; normals: ``(2, 2, columns, 2)``. */
void lid_margins(const float *redness, const float *grey, int64_t rows, int64_t columns, const double *half_width,
                 const double *upper_lid, const double *lower_lid, const double *probes, const double *nearness,
                 const double *numbers, float *room, double *margins, double *normals)
{
    if (rows < 2 || columns < 2)
        return;
    int32_t *keys = (int32_t *)(room + 4 * rows);
    Samples samples;
    Evidence redder[2], evidence[2];
    double mesh[2][2][4], chroma = 0;
    for (int eye = 0; eye < 2; eye++) {
        double x[PROBES], mesh_y[2][PROBES], ridge[4];
        for (int i = 0; i < 4; i++)
            ridge[i] = numbers[MESH_RIDGE];
        for (int lid = 0; lid < 2; lid++) {
            const double *landmarks = (lid ? lower_lid : upper_lid) + eye * MESH_POINTS * 2;
            double share[MESH_POINTS], y[MESH_POINTS];
            for (int i = 0; i < MESH_POINTS; i++) {
                share[i] = (landmarks[2 * i] - numbers[MIDDLE]) / half_width[eye];
                y[i] = landmarks[2 * i + 1];
            }
            fit_polynomial(share, y, 0, MESH_POINTS, 4, ridge, mesh[eye][lid]);
            for (int i = 0; i < PROBES; i++)
                mesh_y[lid][i] = polynomial(mesh[eye][lid], 4, probes[i]);
        }
        for (int i = 0; i < PROBES; i++)
            x[i] = numbers[MIDDLE] + probes[i] * half_width[eye];
        const int64_t first = eye * rows * columns;
        sample(redness + first, grey + first, rows, columns, x, mesh_y, numbers, keys, room, &samples);
        chroma += steps_of(&samples, numbers, keys, redder[eye], evidence[eye]);
    }
    const int coloured = chroma / (2 * 2 * PROBES * OFFSETS) > numbers[GREY_FILM_CHROMA];
    for (int eye = 0; eye < 2; eye++) {
        if (coloured)
            for (int i = 0; i < 2 * PROBES * OFFSETS; i++) {
                double *value = &evidence[eye][0][0][0] + i;
                *value = (&redder[eye][0][0][0])[i] * (*value + numbers[BESIDE_COLOUR]);
            }
        double best[2][PROBES];
        best_offsets(evidence[eye], nearness, numbers, best);
        for (int lid = 0; lid < 2; lid++) {
            double correction[3];
            const int64_t place = (eye * 2 + lid) * columns;
            smooth_correction(probes, best[lid], numbers + RIDGE, correction);
            margin_of(mesh[eye][lid], correction, outward[lid], half_width[eye], columns, numbers, margins + place,
                      normals + 2 * place);
        }
    }
}
