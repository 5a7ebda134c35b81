/* The value at a rank among numbers without sorting them: bit by bit, by counting how many are smaller. Each count is
 * one pass that compilers make for many numbers at once; sorting a thousand takes ten times as long. */
#ifndef RANKS_H
#define RANKS_H

#include <stdint.h>
#include <string.h>

/* A whole number that orders as the float does; nan last. */
static inline int32_t ordered(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ ((bits >> 31) & INT32_MAX);
}

static inline float value_of(int32_t key)
{
    int32_t bits = key ^ ((key >> 31) & INT32_MAX);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The value with ``rank`` smaller or equal ones before it, of ``count`` that went through ordered();
 * 0 <= rank < count. */
static inline float value_at_rank(const int32_t *restrict keys, int64_t count, int64_t rank)
{
    int32_t least = keys[0], greatest = keys[0];
    for (int64_t i = 1; i < count; i++) {
        least = keys[i] < least ? keys[i] : least;
        greatest = keys[i] > greatest ? keys[i] : greatest;
    }
    /* Counted from the smallest whole number; the bits that all have in common are known. */
    uint32_t found = (uint32_t)least ^ 0x80000000u, differing = (uint32_t)least ^ (uint32_t)greatest;
    int bit = -1;
    while (bit < 31 && differing >> (bit + 1))
        bit++;
    found = bit < 31 ? found >> (bit + 1) << (bit + 1) : 0;
    for (; bit >= 0; bit--) {
        uint32_t candidate = found | (uint32_t)1 << bit;
        int32_t limit = (int32_t)(candidate ^ 0x80000000u), smaller = 0;
        for (int64_t i = 0; i < count; i++)
            smaller += keys[i] < limit;
        if (smaller <= rank)
            found = candidate;
    }
    return value_of((int32_t)(found ^ 0x80000000u));
}

/* Rank of a share of the way from the smallest to the greatest of ``count``. */
static inline int64_t rank_of(double share, int64_t count) { return (int64_t)(share * (double)(count - 1)); }

/* As usual: of an even number of values the mean of the two in the middle. */
static inline float median_of(const int32_t *restrict keys, int64_t count)
{
    float middle = value_at_rank(keys, count, (count - 1) / 2);
    if (count % 2)
        return middle;
    int32_t key = ordered(middle), next = INT32_MAX;
    int64_t up_to_it = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t beyond = keys[i] > key ? keys[i] : INT32_MAX;
        next = beyond < next ? beyond : next;
        up_to_it += keys[i] <= key;
    }
    return up_to_it > count / 2 ? middle : (middle + value_of(next)) / 2;
}

#endif
