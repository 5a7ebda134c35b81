/* Natural logarithm that compilers can compute for many numbers at once: theirs is called for one at a time. */
#ifndef LOGARITHM_H
#define LOGARITHM_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Right to the last bit or the one before it; nan of what is not positive, normal and finite. */
static inline float logarithm(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    /* Less the root of a half, so that what the power of two leaves lies between that and the root of two. */
    int32_t power = (int32_t)(bits - 0x3f3504f3u) >> 23;
    bits -= (uint32_t)power << 23;
    float rest;
    memcpy(&rest, &bits, sizeof rest);
    float beyond_one = rest - 1.0f, powers = (float)power;
    /* log((1 + s) / (1 - s)) by odd powers of s; coefficients of the C library of FreeBSD. */
    float s = beyond_one / (2.0f + beyond_one), s2 = s * s, s4 = s2 * s2;
    float series = s2 * (0.66666662693f + s4 * 0.28498786688f) + s4 * (0.40000972152f + s4 * 0.24279078841f);
    float half_square = 0.5f * beyond_one * beyond_one;
    float small = s * (half_square + series) + powers * 9.0580006145e-06f - half_square + beyond_one;
    float result = small + powers * 6.9313812256e-01f;
    return value >= FLT_MIN && value <= FLT_MAX ? result : NAN;
}

#endif
