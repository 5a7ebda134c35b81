/* The value that would stand at a place of a sorted list, without sorting it. */
#ifndef SELECTION_H
#define SELECTION_H

#include <stdint.h>

/* Hoare's selection; reorders ``values``. Values that compare with nothing (NaN) may end anywhere, and nothing hangs. */
static inline float selected(float *values, int64_t count, int64_t rank)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = values[(low + high) / 2];
        int64_t left = low, right = high;
        while (left <= right) {
            while (left < high && values[left] < pivot)
                left++;
            while (right > low && values[right] > pivot)
                right--;
            if (left <= right) {
                float kept = values[left];
                values[left++] = values[right];
                values[right--] = kept;
            }
        }
        if (rank <= right)
            high = right;
        else if (rank >= left)
            low = left;
        else
            break;
    }
    return values[rank];
}

#endif
