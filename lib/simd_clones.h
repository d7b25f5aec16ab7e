/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SIMD_CLONES_H
#define INCLUDED_ISAC_SIMD_CLONES_H

#include <cstring>

/*!
 * Compiles a function several times and lets the loader take what the machine has, for
 * loops that neither VOLK nor FFTW offers. The resolvers run before a sanitizer is set
 * up, so those builds take the plain code.
 */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) &&          \
    !defined(__clang__) && __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ISAC_SIMD_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
//! \name Functions written once for each, where wider registers want another shape
//! \{
#define ISAC_SIMD_512 __attribute__((target("arch=x86-64-v4")))
#define ISAC_SIMD_256 __attribute__((target("arch=x86-64-v3")))
#define ISAC_SIMD_BASE __attribute__((target("default")))
//! \}
#else
#define ISAC_SIMD_CLONES
#define ISAC_SIMD_BASE
#endif

namespace gr {
namespace isac {

//! Eight values, which the compiler maps to the registers that a clone has.
typedef float float8 __attribute__((vector_size(32)));
typedef int lanes8 __attribute__((vector_size(32)));
typedef double double8 __attribute__((vector_size(64)));

#ifdef ISAC_SIMD_512
//! Sixteen, for what is written for registers that hold them.
typedef float float16 __attribute__((vector_size(64)));
typedef int lanes16 __attribute__((vector_size(64)));
#endif

//! \name Without alignment
//! \{
template <typename Floats>
inline void load(Floats& v, const float* from)
{
    std::memcpy(&v, from, sizeof(v));
}
template <typename Floats>
inline void store(float* to, const Floats& v)
{
    std::memcpy(to, &v, sizeof(v));
}
//! \}

//! Eight lanes of two vectors; those of the second count from 8.
#if defined(__clang__)
#define ISAC_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define ISAC_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (gr::isac::lanes8){ __VA_ARGS__ })
#endif

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SIMD_CLONES_H */
