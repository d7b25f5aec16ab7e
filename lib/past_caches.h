/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_PAST_CACHES_H
#define INCLUDED_ISAC_PAST_CACHES_H

#include "simd_clones.h"
#include <cstddef>
#include <cstdint>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace gr {
namespace isac {

/*!
 * What is larger than a core's share of the last cache has left it when it is read: it
 * is written straight to memory, so that no line is read only to be overwritten.
 */
#if defined(__SSE__)
constexpr size_t LARGEST_CACHED = size_t(8) << 20; // bytes
#else
constexpr size_t LARGEST_CACHED = SIZE_MAX; // there is no such store
#endif

//! Of the places that store_past_caches() takes, bytes.
constexpr size_t ALIGNMENT_PAST_CACHES = 16;

//! Others see it after settle_past_caches().
inline void store_past_caches(float* to, const float8& v)
{
#if defined(__SSE__)
    typedef float half __attribute__((vector_size(16)));
    half halves[2];
    static_assert(sizeof(halves) == sizeof(v), "two halves");
    std::memcpy(halves, &v, sizeof(v));
    _mm_stream_ps(to, halves[0]);
    _mm_stream_ps(to + 4, halves[1]);
#else
    store(to, v);
#endif
}

inline void settle_past_caches()
{
#if defined(__SSE__)
    _mm_sfence();
#endif
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_PAST_CACHES_H */
