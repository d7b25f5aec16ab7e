/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_METADATA_KEYS_H
#define INCLUDED_ISAC_METADATA_KEYS_H

#include <gnuradio/isac/api.h>
#include <pmt/pmt.h>

/*!
 * Every key of the module's stream tags and message dictionaries, interned once.
 * GNU Radio's own rx_time (tuple of uint64 seconds and double fraction), rx_rate and
 * rx_freq are used beside them.
 */
namespace gr {
namespace isac {
namespace metadata_keys {

// Tags, on the first item (sample or row) of every frame.
ISAC_API const pmt::pmt_t& frame(); //!< uint64, number of the frame; also in messages
ISAC_API const pmt::pmt_t&
scene_time(); //!< double, s: start of the frame (tag), middle (message)
ISAC_API const pmt::pmt_t& rx_time();
ISAC_API const pmt::pmt_t& rx_rate();
ISAC_API const pmt::pmt_t& rx_freq();

// detections, ground_truth
ISAC_API const pmt::pmt_t& tx();          //!< int64, transmitting node
ISAC_API const pmt::pmt_t& rx();          //!< int64, receiving node
ISAC_API const pmt::pmt_t& delay();       //!< f64vector, s, total path over c
ISAC_API const pmt::pmt_t& doppler();     //!< f64vector, Hz, positive when closing
ISAC_API const pmt::pmt_t& range();       //!< f64vector, m, c * delay / 2
ISAC_API const pmt::pmt_t& velocity();    //!< f64vector, m/s, positive when receding
ISAC_API const pmt::pmt_t& snr();         //!< f64vector, linear, per resource element
ISAC_API const pmt::pmt_t& var_delay();   //!< f64vector, s^2
ISAC_API const pmt::pmt_t& var_doppler(); //!< f64vector, Hz^2
ISAC_API const pmt::pmt_t& target();      //!< f64vector, index of the true target
ISAC_API const pmt::pmt_t& power_dbm();   //!< f64vector, dBm, per resource element
ISAC_API const pmt::pmt_t& noise_dbm();   //!< double, dBm, per resource element
ISAC_API const pmt::pmt_t& interference_dbm(); //!< double, dBm, per resource element

// detections of a Mono/Bistatic Combiner that knows its nodes, tracks
ISAC_API const pmt::pmt_t& position();        //!< f64vector, m, x, y, z a target
ISAC_API const pmt::pmt_t& velocity_vector(); //!< f64vector, m/s, x, y, z a target
ISAC_API const pmt::pmt_t&
covariance(); //!< f64vector, 9 (detections, m^2) or 36 (tracks) a target, by rows
ISAC_API const pmt::pmt_t&
position_status(); //!< symbol: none, undetermined, inconsistent, ambiguous or unique

// link
ISAC_API const pmt::pmt_t& node(); //!< int64, the cell that transmits
ISAC_API const pmt::pmt_t&
rsrp_dbm(); //!< double, dBm, mean per reference resource element
ISAC_API const pmt::pmt_t& sinr_db(); //!< double, dB
ISAC_API const pmt::pmt_t& evm_db();  //!< double, dB
ISAC_API const pmt::pmt_t& ber();     //!< double

// handover
ISAC_API const pmt::pmt_t& from();  //!< int64
ISAC_API const pmt::pmt_t& to();    //!< int64
ISAC_API const pmt::pmt_t& cause(); //!< symbol

// configuration
ISAC_API const pmt::pmt_t& mode();      //!< symbol: monostatic or bistatic
ISAC_API const pmt::pmt_t& source_tx(); //!< int64, in a soft handover, else -1
ISAC_API const pmt::pmt_t& source_rx(); //!< int64, likewise

// signalling (node is the one that is asked, and answers)
ISAC_API const pmt::pmt_t& kind(); //!< symbol: request, accept, refuse, assist or release
ISAC_API const pmt::pmt_t& num_symbols();     //!< int64, of a frame that sense
ISAC_API const pmt::pmt_t& num_subcarriers(); //!< int64, that sense
ISAC_API const pmt::pmt_t& tx_power_dbm();    //!< double, dBm, of the sensing signal

// beam, assist
ISAC_API const pmt::pmt_t& azimuth();   //!< double, rad, from x towards y
ISAC_API const pmt::pmt_t& elevation(); //!< double, rad, upwards from the horizontal
ISAC_API const pmt::pmt_t& width();     //!< double, rad, at half power

// bounds, one entry a true target
ISAC_API const pmt::pmt_t& crlb_delay();          //!< f64vector, s^2, at the true SNR
ISAC_API const pmt::pmt_t& crlb_doppler();        //!< f64vector, Hz^2, at the true SNR
ISAC_API const pmt::pmt_t& crlb_delay_measured(); //!< f64vector, s^2, at the measured SNR
ISAC_API const pmt::pmt_t&
crlb_doppler_measured(); //!< f64vector, Hz^2, at the measured SNR
ISAC_API const pmt::pmt_t&
error_delay(); //!< f64vector, s, estimate minus truth; NaN if missed
ISAC_API const pmt::pmt_t& error_doppler(); //!< f64vector, Hz, likewise
ISAC_API const pmt::pmt_t&
efficiency_delay(); //!< double, mean bound over mean squared error
ISAC_API const pmt::pmt_t& efficiency_doppler(); //!< double, likewise
ISAC_API const pmt::pmt_t& rmse_delay();         //!< double, s, running
ISAC_API const pmt::pmt_t& rmse_doppler();       //!< double, Hz, running
ISAC_API const pmt::pmt_t&
misses(); //!< uint64, true targets without a detection in the gate
ISAC_API const pmt::pmt_t&
ghosts(); //!< uint64, detections without a true target in the gate

} // namespace metadata_keys

namespace message_ports {

ISAC_API const pmt::pmt_t& detections();
ISAC_API const pmt::pmt_t& ground_truth();
ISAC_API const pmt::pmt_t& link();
ISAC_API const pmt::pmt_t& bounds();
ISAC_API const pmt::pmt_t& handover();
ISAC_API const pmt::pmt_t& configuration();
ISAC_API const pmt::pmt_t& tracks();
ISAC_API const pmt::pmt_t& signalling();
ISAC_API const pmt::pmt_t& beam();
ISAC_API const pmt::pmt_t& pdus(); //!< GNU Radio's name for PDU ports

} // namespace message_ports

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_METADATA_KEYS_H */
