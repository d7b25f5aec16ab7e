/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_REPORT_CODEC_H
#define INCLUDED_ISAC_REPORT_CODEC_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/reports.h>
#include <pmt/pmt.h>
#include <string>

namespace gr {
namespace isac {

//! The reports of reports.h as PMT dictionaries.
ISAC_API pmt::pmt_t to_pmt(const detections& report);
ISAC_API pmt::pmt_t to_pmt(const ground_truth& report);
ISAC_API pmt::pmt_t to_pmt(const link_report& report);
ISAC_API pmt::pmt_t to_pmt(const handover_event& report);
ISAC_API pmt::pmt_t to_pmt(const configuration& report);
ISAC_API pmt::pmt_t to_pmt(const bounds_report& report);
ISAC_API pmt::pmt_t to_pmt(const fused_detections& report);
ISAC_API pmt::pmt_t to_pmt(const track_report& report);
ISAC_API pmt::pmt_t to_pmt(const handover_signal& report);
ISAC_API pmt::pmt_t to_pmt(const beam_report& report);

/*!
 * And back. A message that is no dictionary, lacks a key, holds a value of another type,
 * vectors of different lengths or a number that is not finite where one is needed returns
 * false with the reason in \p error, and leaves \p report undefined.
 */
ISAC_API bool from_pmt(const pmt::pmt_t& message, detections& report, std::string& error);
ISAC_API bool
from_pmt(const pmt::pmt_t& message, ground_truth& report, std::string& error);
ISAC_API bool
from_pmt(const pmt::pmt_t& message, link_report& report, std::string& error);
ISAC_API bool
from_pmt(const pmt::pmt_t& message, handover_event& report, std::string& error);
ISAC_API bool
from_pmt(const pmt::pmt_t& message, configuration& report, std::string& error);
ISAC_API bool
from_pmt(const pmt::pmt_t& message, track_report& report, std::string& error);
ISAC_API bool
from_pmt(const pmt::pmt_t& message, handover_signal& report, std::string& error);

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_REPORT_CODEC_H */
