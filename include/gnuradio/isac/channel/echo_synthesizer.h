/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_ECHO_SYNTHESIZER_H
#define INCLUDED_ISAC_CHANNEL_ECHO_SYNTHESIZER_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/delay_line.h>
#include <gnuradio/isac/channel/gaussian_noise.h>
#include <gnuradio/isac/channel/path_set.h>
#include <volk/volk_alloc.hh>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace gr {
namespace isac {

/*!
 * \brief What reaches some receivers from some transmitters: every path of a set, noise
 * and residual interference.
 *
 * A path gives y(t) = sqrt(gain) x(t - tau(t)) exp(-j 2 pi fc tau(t)). tau is exact at
 * the ends of every stretch of delay_line::LONGEST_STRETCH samples and linear between, so
 * the carrier phase is continuous over stretches, calls and frames. The work grows with
 * the number of paths, not with that of the pairs that none joins.
 */
class ISAC_API echo_synthesizer
{
public:
    //! Samples beyond those asked for that short delays read.
    static constexpr size_t AHEAD = delay_line::AHEAD;
    //! Longest delay that is synthesized, samples.
    static constexpr size_t LONGEST_DELAY = size_t(1) << 22;

    //! Of one transmitter.
    struct finding {
        double energy = 0;       //!< sum of abs(x)^2 of the input
        uint64_t not_finite = 0; //!< input samples with a NaN or an infinity, taken as 0
        uint64_t too_long = 0;   //!< paths left out, one each a stretch
    };

    /*!
     * \param sample_rate       Hz, positive
     * \param seed              of the noise
     * \param num_transmitters  at least 1
     * \param num_receivers     at least 1
     * \throws std::invalid_argument
     */
    echo_synthesizer(double sample_rate,
                     uint64_t seed,
                     size_t num_transmitters = 1,
                     size_t num_receivers = 1);

    echo_synthesizer(const echo_synthesizer&) = delete;
    echo_synthesizer& operator=(const echo_synthesizer&) = delete;

    //! Forgets what was sent before.
    void clear();

    /*!
     * \param paths     of the frame at hand, between these transmitters and receivers
     * \param start     scene time of the frame's first sample, s
     * \param position  samples since then
     * \param length    samples of the frame; what lies beyond is a stretch like others
     * \param in        \p count + \p ahead samples of each transmitter
     * \param count     samples to give, which follow the last ones and do not pass the
     *                  end of the frame from within
     * \param ahead     0 to AHEAD samples that are known beyond them
     * \param out       \p count samples of each receiver, none of them in \p in
     * \param found     one a transmitter
     */
    void process(const path_set& paths,
                 double start,
                 uint64_t position,
                 uint64_t length,
                 const gr_complex* const* in,
                 size_t count,
                 size_t ahead,
                 gr_complex* const* out,
                 finding* found);

    //! The same for one transmitter and one receiver.
    finding process(const path_set& paths,
                    double start,
                    uint64_t position,
                    uint64_t length,
                    const gr_complex* in,
                    size_t count,
                    size_t ahead,
                    gr_complex* out);

private:
    void reserve(const path_set& paths, double from, double to);
    delay_line::path
    path_over(const path_set& paths, size_t path, double start, size_t samples) const;

    double d_sample_rate;
    std::vector<std::unique_ptr<delay_line>> d_lines;     // one a transmitter
    std::vector<std::unique_ptr<gaussian_noise>> d_noise; // one a receiver
    std::vector<double> d_longest;                        // a transmitter, s
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_ECHO_SYNTHESIZER_H */
