/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_DELAY_LINE_H
#define INCLUDED_ISAC_CHANNEL_DELAY_LINE_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/fractional_delay.h>
#include <volk/volk_alloc.hh>
#include <cstddef>

namespace gr {
namespace isac {

struct tile_run;

/*!
 * \brief What one transmitter sent, and the sum of its copies that reach one receiver
 * over paths of time-varying delay.
 *
 * Used a stretch at a time: write() the samples, then put() or add() what comes over each
 * path. A path gives y[n] = a x(n - d[n]) exp(j p[n]), delay d and phase p linear over
 * the stretch. The delay's error stays below -70 dB in the middle 80% of the band while d
 * changes by less than 4e-6 samples a sample (600 m/s either way for an echo); carrier
 * phase is exact at any speed.
 */
class ISAC_API delay_line
{
public:
    //! Most samples of a stretch.
    static constexpr size_t LONGEST_STRETCH = 2048;
    //! Samples beyond the end of a piece that a short delay reads.
    static constexpr size_t AHEAD = fractional_delay::AHEAD;

    //! One path over one stretch; its first sample is n = 0.
    struct path {
        double delay;      //!< at the first sample, samples, not negative
        double delay_rate; //!< samples a sample
        double amplitude;
        double phase;      //!< at the first sample, rad
        double phase_rate; //!< rad a sample
    };

    //! What write() found in the samples of the piece, those ahead not counted.
    struct finding {
        double energy;     //!< sum of abs(x)^2
        size_t not_finite; //!< samples with a NaN or an infinity
    };

    delay_line();

    delay_line(const delay_line&) = delete;
    delay_line& operator=(const delay_line&) = delete;

    /*!
     * Makes room for delays of up to \p longest_delay samples. The only call that
     * allocates, and only when the room is too small. It keeps what was written.
     */
    void reserve(size_t longest_delay);
    size_t longest_delay() const { return d_longest_delay; }

    //! Forgets what was written.
    void clear();

    /*!
     * Takes the next \p count samples. Those that are not finite are taken as zero.
     *
     * \param in     \p count + \p ahead samples
     * \param count  1 to LONGEST_STRETCH
     * \param ahead  0 to AHEAD samples that are known beyond the piece; they are to be
     *               written again with the next one. Missing ones count as zero.
     */
    finding write(const gr_complex* in, size_t count, size_t ahead);

    /*!
     * What comes over a path of the piece: as many samples as were written, put into
     * \p out or added to it.
     *
     * \param p       over the whole stretch
     * \param out     of the piece
     * \param offset  samples of the stretch before the piece; LONGEST_STRETCH at most
     * \return false, and nothing done, if the path is too long
     */
    bool put(const path& p, gr_complex* out, size_t offset = 0)
    {
        return pass(p, out, offset, false);
    }
    bool add(const path& p, gr_complex* out, size_t offset = 0)
    {
        return pass(p, out, offset, true);
    }

private:
    static constexpr size_t TILE = 32;

    void allocate(size_t longest_delay);
    void make_room();
    size_t find_runs(
        const path& p, size_t offset, size_t tile, size_t end, tile_run* runs) const;
    bool pass(const path& p, gr_complex* out, size_t offset, bool adds);

    fractional_delay d_bank;
    size_t d_longest_delay = 0;
    size_t d_history = 0; // samples before the piece that are kept
    size_t d_first = 0;   // first sample of the piece in d_samples
    size_t d_count = 0;   // samples of the piece
    volk::vector<gr_complex> d_samples;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_DELAY_LINE_H */
