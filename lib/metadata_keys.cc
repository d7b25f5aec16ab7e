/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/metadata_keys.h>

// A function-local static, so that a key is ready whichever object file is initialised
// first.
#define ISAC_INTERNED(name)                           \
    const pmt::pmt_t& name()                          \
    {                                                 \
        static const pmt::pmt_t key = pmt::mp(#name); \
        return key;                                   \
    }

namespace gr {
namespace isac {

namespace metadata_keys {

ISAC_INTERNED(frame)
ISAC_INTERNED(scene_time)
ISAC_INTERNED(rx_time)
ISAC_INTERNED(rx_rate)
ISAC_INTERNED(rx_freq)
ISAC_INTERNED(tx)
ISAC_INTERNED(rx)
ISAC_INTERNED(delay)
ISAC_INTERNED(doppler)
ISAC_INTERNED(range)
ISAC_INTERNED(velocity)
ISAC_INTERNED(snr)
ISAC_INTERNED(var_delay)
ISAC_INTERNED(var_doppler)
ISAC_INTERNED(target)
ISAC_INTERNED(power_dbm)
ISAC_INTERNED(noise_dbm)
ISAC_INTERNED(interference_dbm)
ISAC_INTERNED(position)
ISAC_INTERNED(velocity_vector)
ISAC_INTERNED(covariance)
ISAC_INTERNED(position_status)
ISAC_INTERNED(node)
ISAC_INTERNED(rsrp_dbm)
ISAC_INTERNED(sinr_db)
ISAC_INTERNED(evm_db)
ISAC_INTERNED(ber)
ISAC_INTERNED(from)
ISAC_INTERNED(to)
ISAC_INTERNED(cause)
ISAC_INTERNED(mode)
ISAC_INTERNED(source_tx)
ISAC_INTERNED(source_rx)
ISAC_INTERNED(kind)
ISAC_INTERNED(num_symbols)
ISAC_INTERNED(num_subcarriers)
ISAC_INTERNED(tx_power_dbm)
ISAC_INTERNED(azimuth)
ISAC_INTERNED(elevation)
ISAC_INTERNED(width)
ISAC_INTERNED(crlb_delay)
ISAC_INTERNED(crlb_doppler)
ISAC_INTERNED(crlb_delay_measured)
ISAC_INTERNED(crlb_doppler_measured)
ISAC_INTERNED(error_delay)
ISAC_INTERNED(error_doppler)
ISAC_INTERNED(efficiency_delay)
ISAC_INTERNED(efficiency_doppler)
ISAC_INTERNED(rmse_delay)
ISAC_INTERNED(rmse_doppler)
ISAC_INTERNED(misses)
ISAC_INTERNED(ghosts)

} // namespace metadata_keys

namespace message_ports {

ISAC_INTERNED(detections)
ISAC_INTERNED(ground_truth)
ISAC_INTERNED(link)
ISAC_INTERNED(bounds)
ISAC_INTERNED(handover)
ISAC_INTERNED(configuration)
ISAC_INTERNED(tracks)
ISAC_INTERNED(signalling)
ISAC_INTERNED(beam)
ISAC_INTERNED(pdus)

} // namespace message_ports

} // namespace isac
} // namespace gr
