/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "report_codec.h"
#include <gnuradio/isac/metadata_keys.h>
#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace gr::isac;

namespace {

ground_truth truth()
{
    ground_truth t;
    t.frame = 3;
    t.scene_time = 1.5;
    t.tx = 1;
    t.rx = 2;
    t.delay = { 1e-6, 2e-6 };
    t.doppler = { 10, -20 };
    t.range = { 150, 300 };
    t.velocity = { -1, 2 };
    t.snr = { 0.1, 0.01 };
    t.var_delay = { 1e-18, 2e-18 };
    t.var_doppler = { 0.5, 0.25 };
    t.target = { 0, -1 };
    t.power_dbm = { -110, -120 };
    t.noise_dbm = -130;
    return t;
}

track_report object()
{
    track_report t;
    t.scene_time = 6.5;
    t.position = { 1, 2, 3 };
    t.velocity_vector = { 4, 5, 6 };
    for (int i = 0; i < 36; i++)
        t.covariance.push_back(i);
    return t;
}

template <typename report>
std::string refusal(const pmt::pmt_t& message)
{
    report out;
    std::string error;
    BOOST_CHECK(!from_pmt(message, out, error));
    return error;
}

} // namespace

BOOST_AUTO_TEST_CASE(reports_survive_the_way_there_and_back)
{
    std::string error;
    ground_truth t;
    BOOST_REQUIRE(from_pmt(to_pmt(truth()), t, error));
    BOOST_CHECK_EQUAL(t.frame, 3u);
    BOOST_CHECK_EQUAL(t.scene_time, 1.5);
    BOOST_CHECK_EQUAL(t.tx, 1);
    BOOST_CHECK_EQUAL(t.rx, 2);
    BOOST_CHECK(t.delay == truth().delay && t.doppler == truth().doppler);
    BOOST_CHECK(t.range == truth().range && t.velocity == truth().velocity);
    BOOST_CHECK(t.snr == truth().snr && t.var_delay == truth().var_delay);
    BOOST_CHECK(t.var_doppler == truth().var_doppler && t.target == truth().target);
    BOOST_CHECK(t.power_dbm == truth().power_dbm);
    BOOST_CHECK_EQUAL(t.noise_dbm, -130);
    BOOST_CHECK(std::isinf(t.interference_dbm));

    link_report link{ 9, 2.5, 4, -90, 20, -25, 1e-3 }, link_back;
    BOOST_REQUIRE(from_pmt(to_pmt(link), link_back, error));
    BOOST_CHECK_EQUAL(link_back.frame, 9u);
    BOOST_CHECK_EQUAL(link_back.node, 4);
    BOOST_CHECK_EQUAL(link_back.rsrp_dbm, -90);
    BOOST_CHECK_EQUAL(link_back.sinr_db, 20);
    BOOST_CHECK_EQUAL(link_back.evm_db, -25);
    BOOST_CHECK_EQUAL(link_back.ber, 1e-3);

    handover_event event{ 4.5, 1, 2, "rsrp" }, event_back;
    BOOST_REQUIRE(from_pmt(to_pmt(event), event_back, error));
    BOOST_CHECK(event_back.from == 1 && event_back.to == 2 && event_back.cause == "rsrp");

    configuration pair{ 5.5, 1, 2, "bistatic", 3, 4, "snr" }, pair_back;
    BOOST_REQUIRE(from_pmt(to_pmt(pair), pair_back, error));
    BOOST_CHECK(pair_back.tx == 1 && pair_back.rx == 2 && pair_back.mode == "bistatic");
    BOOST_CHECK(pair_back.source_tx == 3 && pair_back.source_rx == 4);
    BOOST_CHECK_EQUAL(pair_back.cause, "snr");

    track_report back;
    BOOST_REQUIRE(from_pmt(to_pmt(object()), back, error));
    BOOST_CHECK_EQUAL(back.scene_time, 6.5);
    BOOST_CHECK(back.position == object().position);
    BOOST_CHECK(back.velocity_vector == object().velocity_vector);
    BOOST_CHECK(back.covariance == object().covariance);
    BOOST_REQUIRE(from_pmt(to_pmt(track_report()), back, error));
    BOOST_CHECK_EQUAL(back.size(), 0u);
}

BOOST_AUTO_TEST_CASE(signals_of_a_handover_survive_the_way_there_and_back)
{
    std::string error;
    handover_signal sent, back;
    sent.scene_time = 6.5;
    sent.node = 2;
    sent.tx = 1;
    sent.rx = 2;
    for (const char* kind : { "accept", "release" }) {
        sent.kind = kind;
        BOOST_REQUIRE(from_pmt(to_pmt(sent), back, error));
        BOOST_CHECK_EQUAL(back.kind, kind);
        BOOST_CHECK_EQUAL(back.scene_time, 6.5);
        BOOST_CHECK(back.node == 2 && back.tx == 1 && back.rx == 2);
    }

    sent.kind = "request";
    sent.num_symbols = 14;
    sent.num_subcarriers = 600;
    sent.tx_power_dbm = 30;
    BOOST_REQUIRE(from_pmt(to_pmt(sent), back, error));
    BOOST_CHECK(back.num_symbols == 14 && back.num_subcarriers == 600);
    BOOST_CHECK_EQUAL(back.tx_power_dbm, 30);
    sent.tx_power_dbm = -std::numeric_limits<double>::infinity(); // it only receives
    BOOST_REQUIRE(from_pmt(to_pmt(sent), back, error));
    BOOST_CHECK_EQUAL(back.tx_power_dbm, sent.tx_power_dbm);

    sent.kind = "refuse";
    sent.cause = "power";
    BOOST_REQUIRE(from_pmt(to_pmt(sent), back, error));
    BOOST_CHECK_EQUAL(back.cause, "power");

    sent.kind = "assist";
    sent.object = object();
    sent.azimuth = 1;
    sent.elevation = -0.5;
    BOOST_REQUIRE(from_pmt(to_pmt(sent), back, error));
    BOOST_CHECK_EQUAL(back.object.scene_time, 6.5);
    BOOST_CHECK(back.object.position == object().position);
    BOOST_CHECK(back.object.covariance == object().covariance);
    BOOST_CHECK(back.azimuth == 1 && back.elevation == -0.5);
}

BOOST_AUTO_TEST_CASE(wrong_signals_are_refused_with_a_reason)
{
    handover_signal sent;
    sent.kind = "demand";
    BOOST_CHECK_EQUAL(refusal<handover_signal>(to_pmt(sent)), "kind is unknown: demand");
    sent.kind = "request";
    BOOST_CHECK_EQUAL(refusal<handover_signal>(pmt::dict_add(
                          to_pmt(sent), metadata_keys::num_symbols(), pmt::mp(0.5))),
                      "num_symbols is not an integer");
    sent.kind = "assist";
    BOOST_CHECK_EQUAL(refusal<handover_signal>(to_pmt(sent)),
                      "position is not of one object");
    sent.object = object();
    sent.object.covariance.pop_back();
    BOOST_CHECK_EQUAL(refusal<handover_signal>(to_pmt(sent)),
                      "covariance is of a wrong length");
    track_report half = object();
    half.position.pop_back();
    BOOST_CHECK_EQUAL(refusal<track_report>(to_pmt(half)),
                      "position is of a wrong length");
}

BOOST_AUTO_TEST_CASE(a_frame_without_targets_is_a_report_too)
{
    detections none, back;
    std::string error;
    BOOST_CHECK(from_pmt(to_pmt(none), back, error));
    BOOST_CHECK_EQUAL(back.size(), 0u);
}

BOOST_AUTO_TEST_CASE(wrong_messages_are_refused_with_a_reason)
{
    BOOST_CHECK_EQUAL(refusal<detections>(pmt::mp("hello")),
                      "the message is not a dictionary");
    BOOST_CHECK_EQUAL(refusal<detections>(pmt::PMT_NIL),
                      "the message is not a dictionary");
    BOOST_CHECK_EQUAL(refusal<link_report>(pmt::cons(pmt::PMT_NIL, pmt::mp(3))),
                      "the message is not a dictionary");

    const pmt::pmt_t good = to_pmt(static_cast<const detections&>(truth()));
    BOOST_CHECK_EQUAL(refusal<detections>(pmt::dict_delete(good, metadata_keys::snr())),
                      "snr is missing");
    BOOST_CHECK_EQUAL(
        refusal<detections>(pmt::dict_add(good, metadata_keys::delay(), pmt::mp(1.0))),
        "delay is not an f64 vector");
    BOOST_CHECK_EQUAL(refusal<detections>(pmt::dict_add(
                          good, metadata_keys::snr(), pmt::init_f64vector(1, { 1.0 }))),
                      "snr is of a wrong length");
    BOOST_CHECK_EQUAL(refusal<detections>(
                          pmt::dict_add(good, metadata_keys::scene_time(), pmt::mp("x"))),
                      "scene_time is not a number");
    BOOST_CHECK_EQUAL(
        refusal<detections>(pmt::dict_add(
            good, metadata_keys::range(), pmt::init_f64vector(2, { 1.0, std::nan("") }))),
        "range holds a NaN");
    BOOST_CHECK_EQUAL(
        refusal<detections>(pmt::dict_add(good, metadata_keys::frame(), pmt::mp(-1))),
        "frame is negative");
    BOOST_CHECK_EQUAL(
        refusal<detections>(pmt::dict_add(good, metadata_keys::tx(), pmt::mp(0.5))),
        "tx is not an integer");
    BOOST_CHECK_EQUAL(refusal<link_report>(pmt::dict_add(to_pmt(link_report()),
                                                         metadata_keys::rsrp_dbm(),
                                                         pmt::mp(std::nan("")))),
                      "rsrp_dbm is not finite");
    BOOST_CHECK_EQUAL(refusal<configuration>(pmt::dict_add(
                          to_pmt(configuration()), metadata_keys::mode(), pmt::mp(1))),
                      "mode is not a symbol");
}
