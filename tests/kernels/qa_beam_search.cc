/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/mobility/beam_search.h>
#include <gnuradio/isac/mobility/sensing_resources.h>
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

using namespace gr::isac;

namespace {

constexpr double INFINITE = std::numeric_limits<double>::infinity();
constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN();

// An object 1000 m ahead in y, with the given standard deviations in x and z.
object_state
ahead(double deviation_x, double deviation_z = 0, double velocity = 0, double time = 0)
{
    object_state s;
    s.time = time;
    s.position = { 0, 1000, 0 };
    s.velocity = { velocity, 0, 0 };
    s.covariance[0] = deviation_x * deviation_x;
    s.covariance[6 * 2 + 2] = deviation_z * deviation_z;
    return s;
}

beam_search::parameters narrow(double beamwidth = 0.1)
{
    beam_search::parameters p;
    p.beamwidth = beamwidth;
    p.sector_azimuth = PI / 2;
    p.sector_width = 2;
    return p;
}

} // namespace

BOOST_AUTO_TEST_CASE(directions)
{
    const direction d = direction_to({ 1, 1, 1 }, { 1, 3, 3 });
    BOOST_CHECK_CLOSE(d.azimuth, PI / 2, 1e-9);
    BOOST_CHECK_CLOSE(d.elevation, PI / 4, 1e-9);
    BOOST_CHECK_CLOSE(angle_between(d, { PI / 2, 0 }), PI / 4, 1e-9);
    BOOST_CHECK_CLOSE(angle_between({ 3, 0 }, { -3, 0 }), 2 * PI - 6, 1e-9);
    BOOST_CHECK_CLOSE(angle_between({ 0, 0 }, { PI, 0 }), PI, 1e-6);
    BOOST_CHECK_CLOSE(angle_between({ 1, 0 }, { 1 + 1e-9, 0 }), 1e-9, 1e-3);
}

BOOST_AUTO_TEST_CASE(without_assistance_the_sector_is_swept)
{
    beam_search::parameters p = narrow();
    p.sector_height = 0.2;
    p.sector_elevation = 0.3;
    beam_search search(p);
    BOOST_CHECK_EQUAL(search.num_beams(), 40u);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 40; i++) {
            const direction d = search.point(0);
            BOOST_CHECK_CLOSE(d.azimuth, PI / 2 - 1 + 0.05 + 0.1 * (i % 20), 1e-6);
            BOOST_CHECK_CLOSE(d.elevation, 0.25 + 0.1 * (i / 20), 1e-6);
            search.look(false);
        }
    }
    search.look(true);
    BOOST_CHECK_EQUAL(search.point(0).azimuth, search.point(1).azimuth);
}

BOOST_AUTO_TEST_CASE(assistance_points_to_the_prediction)
{
    beam_search search(narrow());
    search.look(false);
    search.look(false);
    search.assist(ahead(5, 0, 20, 1));
    BOOST_CHECK(search.assisted());
    BOOST_CHECK_CLOSE(search.point(1).azimuth, PI / 2, 1e-9);
    BOOST_CHECK_CLOSE(search.point(6).azimuth, PI / 2 - std::atan(0.1), 1e-9);
    // All that it may be is in this one beam: after it the sector is swept.
    search.look(false);
    BOOST_CHECK_CLOSE(search.point(6).azimuth, PI / 2 - 1 + 0.15, 1e-6);
    search.reset();
    BOOST_CHECK(!search.assisted());
    BOOST_CHECK_CLOSE(search.point(6).azimuth, PI / 2 - 1 + 0.05, 1e-6);
}

BOOST_AUTO_TEST_CASE(around_the_prediction_the_likeliest_first)
{
    beam_search search(narrow());
    // 3 x 80 m are 0.24 rad: two beams on either side.
    search.assist(ahead(80));
    double last = 0;
    for (int i = 0; i < 5; i++) {
        const double off = std::abs(search.point(0).azimuth - PI / 2);
        BOOST_CHECK_CLOSE(off + 1, 0.1 * ((i + 1) / 2) + 1, 1e-6);
        BOOST_CHECK_GE(off, last - 1e-9);
        last = off;
        search.look(false);
        search.assist(ahead(80)); // a new prediction goes on with the search
    }
    BOOST_CHECK_GT(std::abs(search.point(0).azimuth - PI / 2), 0.3);
    search.look(true);
    search.assist(ahead(80)); // but where it was seen, that is where it is
    BOOST_CHECK_CLOSE(search.point(0).azimuth, PI / 2, 1e-9);

    // Up and sideways by how far each may be off: 3 x 30 m are one beam more, 3 x 60 m
    // two.
    beam_search::parameters p = narrow();
    p.sector_height = 1;
    beam_search rows(p);
    rows.assist(ahead(40, 30));
    for (int i = 0; i < 3; i++) {
        BOOST_CHECK_SMALL(rows.point(0).elevation, 1e-9);
        rows.look(false);
    }
    BOOST_CHECK_CLOSE(std::abs(rows.point(0).elevation), 0.1, 1e-6);

    // What is known is worth less than a sweep.
    search.reset();
    search.assist(ahead(1000));
    BOOST_CHECK_CLOSE(search.point(0).azimuth, PI / 2, 1e-9);
    search.look(false);
    BOOST_CHECK_CLOSE(search.point(0).azimuth, PI / 2 - 1 + 0.15, 1e-6);
}

// The true direction lies within the beams around a prediction as often as a Gaussian
// within three standard deviations, and mostly in the first ones.
BOOST_AUTO_TEST_CASE(the_object_is_found_where_the_covariance_says)
{
    std::mt19937 engine(4);
    std::normal_distribution<double> normal;
    beam_search search(narrow(0.05));
    int found = 0, first = 0;
    constexpr int DRAWS = 2000;
    for (int i = 0; i < DRAWS; i++) {
        const double deviation = 50;
        const vector3 object = { deviation * normal(engine), 1000, 0 };
        search.reset();
        search.assist(ahead(deviation));
        for (int look = 0; look < 7; look++) {
            const double off =
                angle_between(search.point(0), direction_to({ 0, 0, 0 }, object));
            if (off <= 0.025 + 1e-9) {
                found++;
                first += look == 0;
                break;
            }
            search.look(false);
        }
    }
    // 99.7% (standard error 0.1%); P(|x| < half a deviation) = 38% (1.1%).
    BOOST_CHECK_GT(found, 0.992 * DRAWS);
    BOOST_CHECK_CLOSE(first / double(DRAWS), 0.383, 12);
}

BOOST_AUTO_TEST_CASE(resources)
{
    const sensing_resources has = { 14, 600, 30 };
    BOOST_CHECK(!shortage(has, has));
    BOOST_CHECK(!shortage(has, { 0, 0, -INFINITE }));
    BOOST_CHECK_EQUAL(shortage(has, { 15, 600, 30 }), std::string("symbols"));
    BOOST_CHECK_EQUAL(shortage(has, { 14, 601, 30 }), std::string("subcarriers"));
    BOOST_CHECK_EQUAL(shortage(has, { 14, 600, 30.1 }), std::string("power"));
    BOOST_CHECK_THROW(check({ -1, 0, 0 }, "node"), std::invalid_argument);
    BOOST_CHECK_THROW(check({ 0, -1, 0 }, "node"), std::invalid_argument);
    BOOST_CHECK_THROW(check({ 0, 0, INFINITE }, "node"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused)
{
    const auto refused = [](auto change) {
        beam_search::parameters p;
        change(p);
        BOOST_CHECK_THROW(beam_search{ p }, std::invalid_argument);
    };
    refused([](auto& p) { p.position[1] = NOT_A_NUMBER; });
    refused([](auto& p) { p.beamwidth = 0; });
    refused([](auto& p) { p.beamwidth = 4; });
    refused([](auto& p) { p.sector_azimuth = INFINITE; });
    refused([](auto& p) { p.sector_width = 0; });
    refused([](auto& p) { p.sector_width = 7; });
    refused([](auto& p) { p.sector_elevation = 2; });
    refused([](auto& p) { p.sector_height = -1; });
}
