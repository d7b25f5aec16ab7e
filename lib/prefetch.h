/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_PREFETCH_H
#define INCLUDED_ISAC_PREFETCH_H

#include <cstddef>

namespace gr {
namespace isac {

/*!
 * Cache lines asked for ahead of their use, where the machine cannot guess them: short
 * pieces far apart, or the next row while a transform works on this one.
 */
constexpr size_t CACHE_LINE = 64;

//! \name One line
//! \{
inline void prefetch_to_read(const void* at) { __builtin_prefetch(at, 0, 2); }
inline void prefetch_to_write(const void* at) { __builtin_prefetch(at, 1, 2); }
//! \}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_PREFETCH_H */
