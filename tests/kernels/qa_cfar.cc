/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/sensing/cfar.h>
#include <gnuradio/isac/sensing/cfar_threshold.h>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace gr::isac;

namespace {

std::vector<float> exponential_map(size_t cells, uint32_t seed)
{
    std::mt19937 engine(seed);
    std::exponential_distribution<float> cell(1.0f);
    std::vector<float> map(cells);
    for (auto& value : map)
        value = cell(engine);
    return map;
}

// One of four quadrants around a cell, that a quarter turn leads from each to the next.
size_t quadrant_of(long row, long column)
{
    return row >= 0 && column > 0   ? 0
           : row > 0 && column <= 0 ? 1
           : row <= 0 && column < 0 ? 2
                                    : 3;
}

// The window's training cells by the definition, cell by cell, in order: "osgo" has those
// of quadrants apart, as far as there are any.
std::vector<std::vector<float>> training_of(const std::vector<float>& map,
                                            long rows,
                                            long columns,
                                            long row,
                                            long range,
                                            const cfar::parameters& p,
                                            const cell_correlation& c)
{
    std::vector<std::vector<float>> sectors(p.kind == "osgo" ? 4 : 1);
    const long reach_d = p.guard_doppler + p.training_doppler;
    const long reach_r = p.guard_delay + p.training_delay;
    for (long j = -reach_d; j <= reach_d; j++)
        for (long i = -reach_r; i <= reach_r; i++) {
            const long column = range + i * long(c.stride_delay);
            if (column < 0 || column >= columns)
                continue;
            if (std::abs(j) <= p.guard_doppler && std::abs(i) <= p.guard_delay)
                continue;
            const long d = (row + j * long(c.stride_doppler) + 4 * rows) % rows;
            sectors[p.kind == "osgo" ? quadrant_of(j, i) : 0].push_back(
                map[d * columns + column]);
        }
    const auto none = [](const auto& sector) { return sector.empty(); };
    sectors.erase(std::remove_if(sectors.begin(), sectors.end(), none), sectors.end());
    for (auto& sector : sectors)
        std::sort(sector.begin(), sector.end());
    return sectors;
}

double threshold_of(const std::vector<std::vector<float>>& sectors,
                    const cfar::parameters& p)
{
    if (p.kind == "ca") {
        const auto& cells = sectors[0];
        return std::accumulate(cells.begin(), cells.end(), 0.0) / cells.size() *
               ca_multiplier(cells.size(), p.pfa);
    }
    std::vector<ordered_cells> ranked;
    float greatest = 0;
    for (const auto& cells : sectors) {
        const size_t rank = size_t(std::ceil(p.rank * cells.size()));
        ranked.push_back({ double(cells.size()), double(rank) });
        greatest = std::max(greatest, cells[rank - 1]);
    }
    return greatest * (p.kind == "os"
                           ? os_multiplier(ranked[0].count, ranked[0].rank, p.pfa)
                           : osgo_multiplier(ranked, p.pfa));
}

} // namespace

// Closed forms by hand: n = 1 gives 1/Pfa - 1; the maximum of one training cell is CA.
BOOST_AUTO_TEST_CASE(multipliers_have_their_closed_forms)
{
    const auto tight = boost::test_tools::tolerance(1e-9);
    BOOST_TEST(ca_multiplier(1, 1e-3) == 999.0, tight);
    BOOST_TEST(ca_multiplier(16, 1e-3) == 16 * (std::pow(1e-3, -1.0 / 16) - 1), tight);
    BOOST_TEST(ca_multiplier(std::vector<training_part>(16, { 1.0 / 16 }), 1e-3) ==
                   ca_multiplier(16, 1e-3),
               tight);
    // Fully correlated cells are one cell.
    BOOST_TEST(ca_multiplier({ { 1 }, { 0 }, { 0 } }, 1e-3) == 999.0, tight);
    BOOST_TEST(os_multiplier(1, 1, 1e-3) == 999.0, tight);
    // The smallest of n exponential cells has mean 1 / n.
    BOOST_TEST(os_multiplier(5, 1, 1e-3) == 5 * 999.0, tight);
    for (const double pfa : { 0.5, 1e-2, 1e-6, 1e-12 }) {
        const double a = os_multiplier(32, 24, pfa);
        double product = 1;
        for (int i = 0; i < 24; i++)
            product *= (32.0 - i) / (32.0 - i + a);
        BOOST_TEST(product == pfa, boost::test_tools::tolerance(1e-7));
    }
    // With many training cells the noise is known: -ln Pfa.
    BOOST_TEST(ca_multiplier(100000000, 1e-4) == -std::log(1e-4),
               boost::test_tools::tolerance(1e-6));
}

// Sums of looks: the ratio of the means follows the F distribution.
BOOST_AUTO_TEST_CASE(probabilities_of_looks_are_those_of_the_f_distribution)
{
    for (const size_t looks : { 1, 2, 7, 100 })
        for (const size_t n : { 1, 5, 200 })
            for (const double a : { 0.3, 1.5, 4.0 }) {
                const double l = double(looks);
                const double expected = boost::math::ibetac(l, n * l, a / (n + a));
                BOOST_TEST(ca_probability(n, a, looks) == expected,
                           boost::test_tools::tolerance(1e-9));
                if (n == 1)
                    BOOST_TEST(os_probability(1, 1, a, looks) == expected,
                               boost::test_tools::tolerance(1e-7));
            }
    for (const double pfa : { 1e-2, 1e-6, 1e-15 }) {
        BOOST_TEST(ca_probability(180, ca_multiplier(180, pfa, 5), 5) == pfa,
                   boost::test_tools::tolerance(1e-6));
        BOOST_TEST(os_probability(180, 135, os_multiplier(180, 135, pfa, 5), 5) == pfa,
                   boost::test_tools::tolerance(1e-6));
    }
}

// The greatest of two maxima is the maximum of all cells; the distribution of the greater
// of one cell and the smaller of two others is (1 - exp(-x)) (1 - exp(-2 x)).
BOOST_AUTO_TEST_CASE(greatest_order_statistics_have_their_closed_forms)
{
    const auto tight = boost::test_tools::tolerance(1e-8);
    for (const double a : { 0.3, 4.0, 12.0 }) {
        BOOST_TEST(osgo_probability({ { 1, 1 }, { 2, 1 } }, a) ==
                       1 / (1 + a) + 2 / (2 + a) - 3 / (3 + a),
                   boost::test_tools::tolerance(1e-7));
        for (const size_t looks : { 1, 6 })
            for (const cell_target target : { cell_target{ 0, 0 }, { 9, 0 }, { 9, 3 } }) {
                BOOST_TEST(osgo_probability({ { 3, 3 }, { 30, 30 } }, a, looks, target) ==
                               os_probability(33, 33, a, looks, target),
                           tight);
                BOOST_TEST(osgo_probability({ { 40, 31 } }, a, looks, target) ==
                               os_probability(40, 31, a, looks, target),
                           tight);
            }
    }
    const std::vector<ordered_cells> sectors = { { 50, 45 }, { 48, 44 }, { 4, 4 } };
    for (const size_t looks : { 1, 5 })
        for (const double pfa : { 0.3, 1e-6, 1e-15 })
            BOOST_TEST(osgo_probability(
                           sectors, osgo_multiplier(sectors, pfa, looks), looks) == pfa,
                       boost::test_tools::tolerance(1e-6));
}

// An edge of clutter leaves two of the default's quadrants in it.
BOOST_AUTO_TEST_CASE(two_of_four_quadrants_alarm_within_a_decade)
{
    const std::vector<ordered_cells> two = { { 50, 45 }, { 48, 44 } };
    std::vector<ordered_cells> four = two;
    four.insert(four.end(), two.begin(), two.end());
    for (const double pfa : { 1e-3, 1e-6 }) {
        const double alarms = osgo_probability(two, osgo_multiplier(four, pfa)) / pfa;
        BOOST_TEST(alarms > 1);
        BOOST_TEST(alarms < 10);
    }
}

// A target of exponential power is noise of another mean; a steady one adds a Poisson
// number of looks to the cell's own, a fluctuating one adds some of random number.
BOOST_AUTO_TEST_CASE(detections_have_their_closed_forms)
{
    const auto tight = boost::test_tools::tolerance(1e-8);
    const double a = 9, snr = 12;
    for (const int swerling : { 1, 2 }) {
        BOOST_TEST(ca_probability(40, a, 1, { snr, swerling }) ==
                       std::pow(1 + a / (1 + snr) / 40, -40),
                   tight);
        BOOST_TEST(os_probability(40, 30, a, 1, { snr, swerling }) ==
                       os_probability(40, 30, a / (1 + snr)),
                   tight);
    }
    const size_t looks = 3;
    const double energy = snr / 4 * looks;
    const auto central = [&](double count) { // cells of that many looks, times looks
        return boost::math::ibetac(count, 40.0 * looks, a / (40 + a));
    };
    double steady = 0, shared = 0, own = 0;
    for (int k = 0; k < 200; k++) {
        steady += boost::math::pdf(boost::math::poisson(energy), k) * central(looks + k);
        shared +=
            boost::math::pdf(boost::math::negative_binomial(2, 2 / (2 + energy)), k) *
            central(looks + k);
        own += boost::math::pdf(boost::math::negative_binomial(
                                    2.0 * looks, 2 * looks / (2 * looks + energy)),
                                k) *
               central(looks + k);
    }
    BOOST_TEST(ca_probability(40, a, looks, { snr / 4, 0 }) == steady, tight);
    BOOST_TEST(ca_probability(40, a, looks, { snr / 4, 3 }) == shared, tight);
    BOOST_TEST(ca_probability(40, a, looks, { snr / 4, 4 }) == own, tight);
    // Detection that is next to certain, and a target that is next to nothing.
    BOOST_TEST(ca_probability(40, a, 1, { 1e6, 0 }) == 1.0, tight);
    BOOST_TEST(ca_probability(40, a, 1, { 1e-9, 0 }) == ca_probability(40, a), tight);
}

// P(abs(x)^2 > a abs(y)^2) of two Gaussians of correlation r has a closed form.
BOOST_AUTO_TEST_CASE(cells_that_depend_on_their_training_have_their_closed_form)
{
    for (const double a : { 0.5, 3.0, 1000.0 })
        for (const double r : { 0.0, 0.2, 0.9 }) {
            const double root = std::sqrt((1 + a) * (1 + a) - 4 * a * r * r);
            const double expected = 0.5 * (1 + (1 - a) / root);
            BOOST_TEST(ca_probability({ { 1, 1, r * r } }, a) == expected,
                       boost::test_tools::tolerance(1e-8));
        }
}

// Thresholds equal those of the definition in every cell, borders included.
BOOST_AUTO_TEST_CASE(every_cell_has_the_threshold_of_the_definition)
{
    const long rows = 26, columns = 31;
    const auto map = exponential_map(rows * columns, 1);
    cfar::parameters p;
    p.pfa = 0.05;
    p.guard_delay = 1;
    p.guard_doppler = 2;
    p.training_delay = 3;
    p.training_doppler = 2;
    for (const double length : { 1.0, 2.0 }) {
        const auto correlation = cell_correlation::of_lengths(length, length);
        for (const std::string kind : { "ca", "os", "osgo" }) {
            p.kind = kind;
            cfar detector(rows, columns, p, correlation);
            std::vector<map_cell> cells;
            std::vector<float> thresholds(map.size());
            detector.process(map.data(), cells, thresholds.data());
            size_t above = 0;
            for (long d = 0; d < rows; d++)
                for (long r = 0; r < columns; r++) {
                    const auto training =
                        training_of(map, rows, columns, d, r, p, correlation);
                    size_t n = 0;
                    for (const auto& sector : training)
                        n += sector.size();
                    BOOST_REQUIRE(n == detector.num_training(r));
                    const double expected = threshold_of(training, p);
                    BOOST_TEST(thresholds[d * columns + r] == expected,
                               boost::test_tools::tolerance(1e-5));
                    above += map[d * columns + r] > expected;
                }
            BOOST_TEST(above > 0u);
            BOOST_TEST(cells.size() == above);
            // Without the thresholds the same cells are found.
            std::vector<map_cell> again;
            detector.process(map.data(), again);
            BOOST_REQUIRE(again.size() == cells.size());
            for (size_t i = 0; i < cells.size(); i++)
                BOOST_TEST((cells[i].doppler == again[i].doppler &&
                            cells[i].range == again[i].range));
        }
    }
}

// The search tests several rows at once by a bound, and falls back to the cell's own
// threshold: it finds the cells that the thresholds say, at any rate, in maps wider than
// its tiles, over steps of the noise, and with rows that do not fill a group.
BOOST_AUTO_TEST_CASE(the_search_finds_what_the_thresholds_say)
{
    struct place {
        size_t rows, columns;
    };
    for (const auto [rows, columns] : { place{ 67, 1100 }, { 128, 65 }, { 5, 300 } })
        for (const double length : { 1.0, 2.0, 3.0 })
            for (const double pfa : { 0.1, 1e-3, 1e-9 })
                for (const std::string kind : { "ca", "os", "osgo" }) {
                    auto map = exponential_map(rows * columns, 2);
                    for (size_t i = 0; i < map.size(); i++) {
                        const bool raised =
                            i / columns % 40 < 10 || i % columns > columns - 20;
                        map[i] *= (raised ? 1000.0f : 1.0f) * (i % 997 ? 1.0f : 1e4f);
                    }
                    cfar::parameters p;
                    p.kind = kind;
                    p.pfa = pfa;
                    cfar detector(
                        rows, columns, p, cell_correlation::of_lengths(length, length));
                    std::vector<map_cell> known, found;
                    std::vector<float> thresholds(map.size());
                    detector.process(map.data(), known, thresholds.data());
                    detector.process(map.data(), found);
                    BOOST_TEST(found.size() > 0u);
                    BOOST_REQUIRE(found.size() == known.size());
                    for (size_t i = 0; i < found.size(); i++) {
                        BOOST_TEST(found[i].doppler == known[i].doppler);
                        BOOST_TEST(found[i].range == known[i].range);
                        BOOST_TEST(found[i].power == known[i].power);
                        BOOST_TEST(found[i].threshold == known[i].threshold,
                                   boost::test_tools::tolerance(1e-5f));
                    }
                }
}

// A NaN or an infinity is in no threshold but those of the windows that hold it.
BOOST_AUTO_TEST_CASE(what_is_not_finite_stays_in_its_windows)
{
    const long rows = 48, columns = 60, row = 20, range = 25;
    const auto clean = exponential_map(rows * columns, 4);
    for (const float bad : { std::nanf(""), std::numeric_limits<float>::infinity() })
        for (const std::string kind : { "ca", "os", "osgo" }) {
            cfar::parameters p;
            p.kind = kind;
            p.pfa = 0.01;
            cfar detector(rows, columns, p, {});
            std::vector<map_cell> before, after;
            detector.process(clean.data(), before);
            auto map = clean;
            map[row * columns + range] = bad;
            detector.process(map.data(), after);
            const auto near = [&](const map_cell& cell) {
                return std::abs(long(cell.doppler) - row) <= 6 &&
                       std::abs(long(cell.range) - range) <= 8;
            };
            const auto drop = [&](std::vector<map_cell>& cells) {
                cells.erase(std::remove_if(cells.begin(), cells.end(), near),
                            cells.end());
            };
            drop(before);
            drop(after);
            BOOST_TEST(before.size() > 10u);
            BOOST_REQUIRE(after.size() == before.size());
            for (size_t i = 0; i < before.size(); i++) {
                BOOST_TEST(after[i].doppler == before[i].doppler);
                BOOST_TEST(after[i].range == before[i].range);
            }
        }
}

BOOST_AUTO_TEST_CASE(targets_are_found_in_every_cell_of_the_border)
{
    const size_t rows = 32, columns = 40;
    for (const std::string kind : { "ca", "os", "osgo" }) {
        cfar::parameters p;
        p.kind = kind;
        cfar detector(rows, columns, p, {});
        std::vector<map_cell> cells;
        for (size_t row : { size_t(0), size_t(1), size_t(16), rows - 1 })
            for (size_t range : { size_t(0), size_t(1), size_t(20), columns - 1 }) {
                auto map = exponential_map(rows * columns, 7);
                map[row * columns + range] = 1000;
                detector.process(map.data(), cells);
                detector.keep_peaks(map.data(), cells);
                BOOST_REQUIRE(cells.size() == 1u);
                BOOST_TEST(cells[0].doppler == row);
                BOOST_TEST(cells[0].range == range);
            }
    }
}

// A target 120 dB above the noise leaves the running sums of the other cells as they
// were.
BOOST_AUTO_TEST_CASE(strong_targets_leave_distant_thresholds_alone)
{
    const size_t rows = 64, columns = 64;
    auto map = exponential_map(rows * columns, 3);
    cfar detector(rows, columns, {}, {});
    std::vector<map_cell> cells;
    std::vector<float> before(map.size()), after(map.size());
    detector.process(map.data(), cells, before.data());
    map[10 * columns + 10] = 1e12f;
    detector.process(map.data(), cells, after.data());
    for (size_t d = 30; d < 40; d++)
        for (size_t r = 0; r < columns; r++)
            BOOST_TEST(after[d * columns + r] == before[d * columns + r],
                       boost::test_tools::tolerance(1e-3f));
}

BOOST_AUTO_TEST_CASE(small_maps_and_wrong_parameters)
{
    // As much of the window as fits into Doppler; a single row trains along delay.
    std::vector<map_cell> cells;
    const auto map = exponential_map(64, 5);
    for (const std::string kind : { "ca", "os", "osgo" }) {
        cfar::parameters p;
        p.kind = kind;
        cfar(1, 64, p, {}).process(map.data(), cells);
        cfar(64, 1, p, {}).process(map.data(), cells);
        BOOST_CHECK_THROW(cfar(1, 1, p, {}), std::invalid_argument);
    }

    const auto refused = [](auto change) {
        cfar::parameters p;
        change(p);
        BOOST_CHECK_THROW(cfar(32, 32, p, {}), std::invalid_argument);
    };
    refused([](auto& p) { p.pfa = 0; });
    refused([](auto& p) { p.pfa = 1; });
    refused([](auto& p) { p.pfa = std::nan(""); });
    refused([](auto& p) { p.kind = "go"; });
    refused([](auto& p) { p.guard_delay = -1; });
    refused([](auto& p) { p.training_delay = p.training_doppler = 0; });
    refused([](auto& p) { p.rank = 0; });
    refused([](auto& p) { p.looks = 0; });
    BOOST_CHECK_THROW(cell_correlation::of_lengths(0.5, 1), std::invalid_argument);
    BOOST_CHECK_THROW(os_multiplier(8, 9, 0.1), std::invalid_argument);
    BOOST_CHECK_THROW(osgo_multiplier({}, 0.1), std::invalid_argument);
    BOOST_CHECK_THROW(osgo_multiplier({ { 8, 8 } }, 0), std::invalid_argument);
    BOOST_CHECK_THROW(osgo_multiplier({ { 8, 8 }, { 8, 9 } }, 0.1),
                      std::invalid_argument);
    BOOST_CHECK_THROW(osgo_multiplier({ { 8, 8 } }, 0.1, 0), std::invalid_argument);
    BOOST_CHECK_THROW(osgo_probability({ { 8, 0 } }, 1), std::invalid_argument);
    BOOST_CHECK_THROW(ca_probability(0, 1), std::invalid_argument);
    BOOST_CHECK_THROW(ca_probability(8, -1), std::invalid_argument);
    BOOST_CHECK_THROW(ca_probability(8, 1, 0), std::invalid_argument);
    BOOST_CHECK_THROW(ca_probability(8, 1, 1, { 1, 5 }), std::invalid_argument);
    BOOST_CHECK_THROW(ca_probability(8, 1, 1, { -1, 0 }), std::invalid_argument);
}
