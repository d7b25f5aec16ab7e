/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "all_finite.h"
#include "frame_assembler.h"
#include <algorithm>

namespace gr {
namespace isac {

frame_assembler::frame_assembler(ofdm_grid::sptr grid, fault_log& faults)
    : d_faults(faults),
      d_follower(grid, faults),
      d_width(grid->num_subcarriers()),
      d_rows(grid->elements().size())
{
}

size_t frame_assembler::push(const gr_complex* rows,
                             size_t count,
                             uint64_t first,
                             const std::vector<gr::tag_t>& tags)
{
    d_complete = false;
    size_t taken = 0;
    while (taken < count && !d_complete) {
        const auto piece = d_follower.follow(count - taken, first + taken, tags);
        const gr_complex* from = rows + taken * d_width;
        taken += piece.rows;
        if (piece.outside)
            continue;
        d_finite = d_finite || piece.symbol == 0;
        for (size_t i = 0; i < piece.rows; i++, from += d_width) {
            d_finite = d_finite && all_finite(from, d_width);
            std::copy_n(from, d_width, d_rows.data() + (piece.symbol + i) * d_width);
        }
        if (!d_follower.is_whole())
            continue;
        d_complete = d_finite;
        if (!d_finite)
            d_faults.count("not_finite",
                           "frame " + std::to_string(stamp().frame) +
                               " holds a NaN or an infinity");
    }
    return taken;
}

} // namespace isac
} // namespace gr
