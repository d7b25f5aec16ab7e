/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_WAVEFORM_GOLD_SEQUENCE_H
#define INCLUDED_ISAC_WAVEFORM_GOLD_SEQUENCE_H

#include <gnuradio/gr_complex.h>
#include <gnuradio/isac/api.h>
#include <cstdint>

namespace gr {
namespace isac {

//! The length-31 Gold sequence of TS 38.211, 5.2.1.
class ISAC_API gold_sequence
{
public:
    //! \param c_init initial value of the second m-sequence, 0 to 2^31 - 1
    explicit gold_sequence(uint32_t c_init);

    //! The next bit c(n), from c(0) on.
    uint8_t next_bit();

    //! The next unit-modulus QPSK symbol of TS 38.211, 7.4.1.1.1 (two bits).
    gr_complex next_qpsk();

private:
    uint32_t d_x1 = 1;
    uint32_t d_x2;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_WAVEFORM_GOLD_SEQUENCE_H */
