/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "report_codec.h"
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

namespace keys = metadata_keys;

// Of keys that are not there yet: pmt::dict_add() would look through all of them.
pmt::pmt_t put(const pmt::pmt_t& dict, const pmt::pmt_t& key, const pmt::pmt_t& value)
{
    return pmt::acons(key, value, dict);
}

pmt::pmt_t vector(const std::vector<double>& values)
{
    return pmt::init_f64vector(values.size(), values);
}

// Collects the members of one dictionary; the first that is amiss is told, the rest is
// skipped.
class dict_reader
{
public:
    dict_reader(const pmt::pmt_t& dict, std::string& error) : d_dict(dict), d_error(error)
    {
        d_error.clear();
        if (!pmt::is_dict(dict) || pmt::is_null(dict))
            d_error = "the message is not a dictionary";
    }

    bool good() const { return d_error.empty(); }

    dict_reader& number(const pmt::pmt_t& key, double& value, bool finite = true)
    {
        const pmt::pmt_t item = get(key);
        if (!good())
            return *this;
        if (!pmt::is_number(item) || pmt::is_complex(item))
            return fail(key, "is not a number");
        value = pmt::to_double(item);
        if (std::isnan(value) || (finite && std::isinf(value)))
            return fail(key, "is not finite");
        return *this;
    }

    dict_reader& integer(const pmt::pmt_t& key, int64_t& value)
    {
        const pmt::pmt_t item = get(key);
        if (!good())
            return *this;
        if (pmt::is_integer(item))
            value = pmt::to_long(item);
        else if (pmt::is_uint64(item))
            value = static_cast<int64_t>(pmt::to_uint64(item));
        else
            return fail(key, "is not an integer");
        return *this;
    }

    dict_reader& integer(const pmt::pmt_t& key, uint64_t& value)
    {
        int64_t number = 0;
        integer(key, number);
        if (good() && number < 0)
            return fail(key, "is negative");
        value = static_cast<uint64_t>(number);
        return *this;
    }

    dict_reader& text(const pmt::pmt_t& key, std::string& value)
    {
        const pmt::pmt_t item = get(key);
        if (!good())
            return *this;
        if (!pmt::is_symbol(item))
            return fail(key, "is not a symbol");
        value = pmt::symbol_to_string(item);
        return *this;
    }

    dict_reader& values(const pmt::pmt_t& key, std::vector<double>& values, size_t length)
    {
        const pmt::pmt_t item = get(key);
        if (!good())
            return *this;
        if (!pmt::is_f64vector(item))
            return fail(key, "is not an f64 vector");
        values = pmt::f64vector_elements(item);
        if (length != any_length && values.size() != length)
            return fail(key, "is of a wrong length");
        const bool nan = std::any_of(
            values.begin(), values.end(), [](double v) { return std::isnan(v); });
        return nan ? fail(key, "holds a NaN") : *this;
    }

    static constexpr size_t any_length = ~size_t(0);

private:
    pmt::pmt_t get(const pmt::pmt_t& key)
    {
        if (!good())
            return pmt::PMT_NIL;
        const pmt::pmt_t item = pmt::dict_ref(d_dict, key, pmt::PMT_NIL);
        if (pmt::is_null(item))
            fail(key, "is missing");
        return item;
    }

    dict_reader& fail(const pmt::pmt_t& key, const char* reason)
    {
        d_error = pmt::symbol_to_string(key) + " " + reason;
        return *this;
    }

    pmt::pmt_t d_dict;
    std::string& d_error;
};

void read_detections(dict_reader& reader, detections& report)
{
    reader.integer(keys::frame(), report.frame)
        .number(keys::scene_time(), report.scene_time)
        .integer(keys::tx(), report.tx)
        .integer(keys::rx(), report.rx)
        .values(keys::delay(), report.delay, dict_reader::any_length);
    const size_t length = report.delay.size();
    reader.values(keys::doppler(), report.doppler, length)
        .values(keys::range(), report.range, length)
        .values(keys::velocity(), report.velocity, length)
        .values(keys::snr(), report.snr, length)
        .values(keys::var_delay(), report.var_delay, length)
        .values(keys::var_doppler(), report.var_doppler, length);
}

pmt::pmt_t add_object(pmt::pmt_t dict, const track_report& report)
{
    dict = put(dict, keys::position(), vector(report.position));
    dict = put(dict, keys::velocity_vector(), vector(report.velocity_vector));
    return put(dict, keys::covariance(), vector(report.covariance));
}

void read_object(dict_reader& reader, track_report& report)
{
    reader.values(keys::position(), report.position, dict_reader::any_length);
    const size_t objects = report.size();
    reader.values(keys::position(), report.position, 3 * objects)
        .values(keys::velocity_vector(), report.velocity_vector, 3 * objects)
        .values(keys::covariance(), report.covariance, 36 * objects);
}

} // namespace

pmt::pmt_t to_pmt(const detections& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    dict = put(dict, keys::frame(), pmt::from_uint64(report.frame));
    dict = put(dict, keys::scene_time(), pmt::from_double(report.scene_time));
    dict = put(dict, keys::tx(), pmt::from_long(report.tx));
    dict = put(dict, keys::rx(), pmt::from_long(report.rx));
    dict = put(dict, keys::delay(), vector(report.delay));
    dict = put(dict, keys::doppler(), vector(report.doppler));
    dict = put(dict, keys::range(), vector(report.range));
    dict = put(dict, keys::velocity(), vector(report.velocity));
    dict = put(dict, keys::snr(), vector(report.snr));
    dict = put(dict, keys::var_delay(), vector(report.var_delay));
    dict = put(dict, keys::var_doppler(), vector(report.var_doppler));
    return dict;
}

pmt::pmt_t to_pmt(const ground_truth& report)
{
    pmt::pmt_t dict = to_pmt(static_cast<const detections&>(report));
    dict = put(dict, keys::target(), vector(report.target));
    dict = put(dict, keys::power_dbm(), vector(report.power_dbm));
    dict = put(dict, keys::noise_dbm(), pmt::from_double(report.noise_dbm));
    dict = put(dict, keys::interference_dbm(), pmt::from_double(report.interference_dbm));
    return dict;
}

pmt::pmt_t to_pmt(const link_report& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    dict = put(dict, keys::frame(), pmt::from_uint64(report.frame));
    dict = put(dict, keys::scene_time(), pmt::from_double(report.scene_time));
    dict = put(dict, keys::node(), pmt::from_long(report.node));
    dict = put(dict, keys::rsrp_dbm(), pmt::from_double(report.rsrp_dbm));
    dict = put(dict, keys::sinr_db(), pmt::from_double(report.sinr_db));
    dict = put(dict, keys::evm_db(), pmt::from_double(report.evm_db));
    dict = put(dict, keys::ber(), pmt::from_double(report.ber));
    return dict;
}

pmt::pmt_t to_pmt(const handover_event& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    dict = put(dict, keys::scene_time(), pmt::from_double(report.scene_time));
    dict = put(dict, keys::from(), pmt::from_long(report.from));
    dict = put(dict, keys::to(), pmt::from_long(report.to));
    dict = put(dict, keys::cause(), pmt::intern(report.cause));
    return dict;
}

pmt::pmt_t to_pmt(const configuration& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    dict = put(dict, keys::scene_time(), pmt::from_double(report.scene_time));
    dict = put(dict, keys::tx(), pmt::from_long(report.tx));
    dict = put(dict, keys::rx(), pmt::from_long(report.rx));
    dict = put(dict, keys::mode(), pmt::intern(report.mode));
    dict = put(dict, keys::source_tx(), pmt::from_long(report.source_tx));
    dict = put(dict, keys::source_rx(), pmt::from_long(report.source_rx));
    dict = put(dict, keys::cause(), pmt::intern(report.cause));
    return dict;
}

pmt::pmt_t to_pmt(const bounds_report& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    const auto add = [&](const pmt::pmt_t& key, const pmt::pmt_t& value) {
        dict = put(dict, key, value);
    };
    add(keys::frame(), pmt::from_uint64(report.frame));
    add(keys::scene_time(), pmt::from_double(report.scene_time));
    add(keys::tx(), pmt::from_long(report.tx));
    add(keys::rx(), pmt::from_long(report.rx));
    add(keys::target(), vector(report.target));
    add(keys::crlb_delay(), vector(report.crlb_delay));
    add(keys::crlb_doppler(), vector(report.crlb_doppler));
    add(keys::crlb_delay_measured(), vector(report.crlb_delay_measured));
    add(keys::crlb_doppler_measured(), vector(report.crlb_doppler_measured));
    add(keys::error_delay(), vector(report.error_delay));
    add(keys::error_doppler(), vector(report.error_doppler));
    add(keys::rmse_delay(), pmt::from_double(report.rmse_delay));
    add(keys::rmse_doppler(), pmt::from_double(report.rmse_doppler));
    add(keys::efficiency_delay(), pmt::from_double(report.efficiency_delay));
    add(keys::efficiency_doppler(), pmt::from_double(report.efficiency_doppler));
    add(keys::misses(), pmt::from_uint64(report.misses));
    add(keys::ghosts(), pmt::from_uint64(report.ghosts));
    return dict;
}

pmt::pmt_t to_pmt(const fused_detections& report)
{
    pmt::pmt_t dict = to_pmt(static_cast<const detections&>(report));
    dict = put(dict, keys::position_status(), pmt::intern(report.position_status));
    dict = put(dict, keys::position(), vector(report.position));
    dict = put(dict, keys::covariance(), vector(report.covariance));
    return dict;
}

pmt::pmt_t to_pmt(const track_report& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    dict = put(dict, keys::scene_time(), pmt::from_double(report.scene_time));
    return add_object(dict, report);
}

pmt::pmt_t to_pmt(const handover_signal& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    const auto add = [&](const pmt::pmt_t& key, const pmt::pmt_t& value) {
        dict = put(dict, key, value);
    };
    add(keys::kind(), pmt::intern(report.kind));
    add(keys::scene_time(), pmt::from_double(report.scene_time));
    add(keys::node(), pmt::from_long(report.node));
    add(keys::tx(), pmt::from_long(report.tx));
    add(keys::rx(), pmt::from_long(report.rx));
    if (report.kind == "request") {
        add(keys::num_symbols(), pmt::from_long(report.num_symbols));
        add(keys::num_subcarriers(), pmt::from_long(report.num_subcarriers));
        add(keys::tx_power_dbm(), pmt::from_double(report.tx_power_dbm));
    } else if (report.kind == "refuse") {
        add(keys::cause(), pmt::intern(report.cause));
    } else if (report.kind == "assist") {
        dict = add_object(dict, report.object);
        add(keys::azimuth(), pmt::from_double(report.azimuth));
        add(keys::elevation(), pmt::from_double(report.elevation));
    }
    return dict;
}

pmt::pmt_t to_pmt(const beam_report& report)
{
    pmt::pmt_t dict = pmt::make_dict();
    dict = put(dict, keys::scene_time(), pmt::from_double(report.scene_time));
    dict = put(dict, keys::node(), pmt::from_long(report.node));
    dict = put(dict, keys::azimuth(), pmt::from_double(report.azimuth));
    dict = put(dict, keys::elevation(), pmt::from_double(report.elevation));
    dict = put(dict, keys::width(), pmt::from_double(report.width));
    return dict;
}

bool from_pmt(const pmt::pmt_t& message, detections& report, std::string& error)
{
    dict_reader reader(message, error);
    read_detections(reader, report);
    return reader.good();
}

bool from_pmt(const pmt::pmt_t& message, ground_truth& report, std::string& error)
{
    dict_reader reader(message, error);
    read_detections(reader, report);
    reader.values(keys::target(), report.target, report.delay.size())
        .values(keys::power_dbm(), report.power_dbm, report.delay.size())
        .number(keys::noise_dbm(), report.noise_dbm, false)
        .number(keys::interference_dbm(), report.interference_dbm, false);
    return reader.good();
}

bool from_pmt(const pmt::pmt_t& message, link_report& report, std::string& error)
{
    dict_reader reader(message, error);
    // A cell that is not heard has an RSRP and a SINR of minus infinity dB.
    reader.integer(keys::frame(), report.frame)
        .number(keys::scene_time(), report.scene_time)
        .integer(keys::node(), report.node)
        .number(keys::rsrp_dbm(), report.rsrp_dbm, false)
        .number(keys::sinr_db(), report.sinr_db, false)
        .number(keys::evm_db(), report.evm_db, false)
        .number(keys::ber(), report.ber);
    return reader.good();
}

bool from_pmt(const pmt::pmt_t& message, handover_event& report, std::string& error)
{
    dict_reader reader(message, error);
    reader.number(keys::scene_time(), report.scene_time)
        .integer(keys::from(), report.from)
        .integer(keys::to(), report.to)
        .text(keys::cause(), report.cause);
    return reader.good();
}

bool from_pmt(const pmt::pmt_t& message, configuration& report, std::string& error)
{
    dict_reader reader(message, error);
    reader.number(keys::scene_time(), report.scene_time)
        .integer(keys::tx(), report.tx)
        .integer(keys::rx(), report.rx)
        .text(keys::mode(), report.mode)
        .integer(keys::source_tx(), report.source_tx)
        .integer(keys::source_rx(), report.source_rx)
        .text(keys::cause(), report.cause);
    return reader.good();
}

bool from_pmt(const pmt::pmt_t& message, track_report& report, std::string& error)
{
    dict_reader reader(message, error);
    reader.number(keys::scene_time(), report.scene_time);
    read_object(reader, report);
    return reader.good();
}

bool from_pmt(const pmt::pmt_t& message, handover_signal& report, std::string& error)
{
    dict_reader reader(message, error);
    reader.text(keys::kind(), report.kind)
        .number(keys::scene_time(), report.scene_time)
        .integer(keys::node(), report.node)
        .integer(keys::tx(), report.tx)
        .integer(keys::rx(), report.rx);
    if (report.kind == "request") {
        reader.integer(keys::num_symbols(), report.num_symbols)
            .integer(keys::num_subcarriers(), report.num_subcarriers)
            .number(keys::tx_power_dbm(), report.tx_power_dbm, false);
    } else if (report.kind == "refuse") {
        reader.text(keys::cause(), report.cause);
    } else if (report.kind == "assist") {
        report.object.scene_time = report.scene_time;
        read_object(reader, report.object);
        reader.number(keys::azimuth(), report.azimuth)
            .number(keys::elevation(), report.elevation);
        if (reader.good() && report.object.size() != 1)
            error = "position is not of one object";
    } else if (reader.good() && report.kind != "accept" && report.kind != "release") {
        error = "kind is unknown: " + report.kind;
    }
    return reader.good();
}

} // namespace isac
} // namespace gr
