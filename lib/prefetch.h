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

//! \name All lines of an array
//! \{
template <typename T>
void prefetch_to_read(const T* values, size_t count)
{
    for (size_t i = 0; i < count; i += CACHE_LINE / sizeof(T))
        prefetch_to_read(values + i);
}

template <typename T>
void prefetch_to_write(const T* values, size_t count)
{
    for (size_t i = 0; i < count; i += CACHE_LINE / sizeof(T))
        prefetch_to_write(values + i);
}
//! \}

/*!
 * Lines of an array that are asked for a few at a time, between other work. Of many at
 * once the processor drops those that its queue has no room for.
 */
class lines_ahead
{
public:
    lines_ahead() = default;
    template <typename T>
    lines_ahead(const T* values, size_t count)
        : d_next(reinterpret_cast<const char*>(values)), d_end(d_next + count * sizeof(T))
    {
    }

    void ask(size_t lines)
    {
        for (; lines > 0 && d_next < d_end; lines--, d_next += CACHE_LINE)
            prefetch_to_read(d_next);
    }

private:
    const char *d_next = nullptr, *d_end = nullptr;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_PREFETCH_H */
