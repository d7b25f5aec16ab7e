/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "support/echo_frame.h"
#include "support/joint_bound.h"
#include <gnuradio/isac/sensing/echo_set.h>
#include <boost/test/unit_test.hpp>
#include <algorithm>

using namespace gr::isac;
using namespace gr::isac::test;

namespace {

ofdm_grid::sptr grid_of(int stagger)
{
    auto p = ofdm_grid::preset("NR mu 1");
    p.fft_len = 128;
    p.cp_len = { 17, 9, 9, 9, 9, 9, 9 };
    p.num_symbols = 56;
    p.guard_low = 10;
    p.guard_high = 9;
    p.comb_stagger = stagger;
    return ofdm_grid::make(p);
}

// What is known of the frames: equal energies in a product of subcarriers and symbols,
// unequal ones, and a pattern that is no product.
enum class kind { pilots, data, staggered };

struct fixture {
    explicit fixture(kind k, uint32_t seed)
        : maker(seed),
          grid(grid_of(k == kind::staggered)),
          sent(k == kind::data ? maker.qam_reference(*grid) : grid->pilots()),
          reference(k == kind::data ? sent.data() : nullptr),
          frame(grid, element_pattern(*grid, k != kind::data), true),
          set(grid, frame.pattern())
    {
    }

    echo at(double delay, double doppler, double modulus)
    {
        return { delay * set.frame().delay_cell(),
                 doppler * set.frame().doppler_cell(),
                 maker.phase(modulus) };
    }

    void load(const std::vector<echo>& echoes, bool noisy)
    {
        rows = maker.echoes(*grid, sent, echoes);
        if (noisy)
            add(rows, maker.noise(*grid));
        frame.load(rows.data(), reference);
        set.load(frame);
    }

    void find(const echo& near, double noise)
    {
        set.add(set.refine(near.delay, near.doppler, noise));
    }

    const echo& nearest(const echo& truth) const
    {
        size_t best = 0;
        for (size_t i = 1; i < set.size(); i++)
            if (distance(set[i], truth) < distance(set[best], truth))
                best = i;
        return set[best];
    }

    // Cells.
    double distance(const echo& a, const echo& b) const
    {
        return std::max(std::abs(a.delay - b.delay) / set.frame().delay_cell(),
                        std::abs(a.doppler - b.doppler) / set.frame().doppler_cell());
    }

    frame_maker maker;
    ofdm_grid::sptr grid;
    std::vector<gr_complex> sent, rows;
    const gr_complex* reference;
    matched_frame frame;
    echo_set set;
};

} // namespace

// Without noise echoes that bias each other's first fit come to the truth: neighbours 1.5
// cells apart, one 30 dB weaker, and one far off. What is left is what float and blocks
// leave.
BOOST_AUTO_TEST_CASE(echoes_come_to_the_truth)
{
    for (const kind k : { kind::pilots, kind::data, kind::staggered }) {
        fixture f(k, 3);
        const std::vector<echo> truth = { f.at(3.1, 2.0, 1),
                                          f.at(4.6, 2.3, 0.6),
                                          f.at(3.4, 0.4, 0.03),
                                          f.at(20, -6, 0.3) };
        f.load(truth, false);
        const double before = f.set.residual_power();
        // Less than what the echoes leave to each other.
        constexpr double noise = 1e-10;
        for (const auto& e : truth)
            f.find(e, noise);
        BOOST_TEST(f.set.relax(noise));
        BOOST_TEST(f.set.size() == truth.size());
        for (const auto& e : truth) {
            BOOST_TEST(f.distance(f.nearest(e), e) < 1e-3);
            BOOST_TEST(std::abs(f.nearest(e).amplitude - e.amplitude) <
                       2e-3 * std::abs(e.amplitude));
        }
        BOOST_TEST(f.set.residual_power() < 1e-8 * before);
        BOOST_TEST(!f.set.relax(noise)); // settled
    }
}

// The power that is left is that of the rows less the echoes.
BOOST_AUTO_TEST_CASE(residual_power_is_that_of_the_rows)
{
    for (const kind k : { kind::pilots, kind::data, kind::staggered }) {
        fixture f(k, 4);
        f.load({ f.at(3.1, 2.0, 1), f.at(4.6, 2.3, 0.6) }, true);
        f.find(f.at(3.1, 2.0, 1), 1);
        f.find(f.at(4.6, 2.3, 1), 1);
        f.set.relax(1);
        const auto model = f.maker.echoes(*f.grid, f.sent, { f.set[0], f.set[1] });
        double power = 0;
        for (size_t i = 0; i < model.size(); i++)
            if (f.sent[i] != gr_complex(0, 0))
                power += std::norm(f.rows[i] - model[i]);
        BOOST_TEST(f.set.residual_power() == power, boost::test_tools::tolerance(1e-4));
    }
}

// An echo that is dropped is back in the frame.
BOOST_AUTO_TEST_CASE(weak_echoes_are_dropped)
{
    for (const kind k : { kind::pilots, kind::data, kind::staggered }) {
        fixture f(k, 5);
        f.load({ f.at(3, 2, 1), f.at(30, 10, 0.01) }, false);
        f.find(f.at(3, 2, 1), 1e-6);
        const double one = f.set.residual_power();
        f.find(f.at(30, 10, 1), 1e-6);
        BOOST_TEST(f.set.residual_power() < 0.01 * one);
        BOOST_TEST(!f.set.drop_weak(1e-5 * f.set.frame().energy()));
        BOOST_TEST(f.set.drop_weak(1e-3 * f.set.frame().energy()));
        BOOST_TEST(f.set.size() == 1U);
        BOOST_TEST(f.set.residual_power() == one, boost::test_tools::tolerance(1e-2));
    }
}

// A pair at one place would cancel itself, ever stronger, but for what noise it fits.
BOOST_AUTO_TEST_CASE(echoes_at_one_place_are_one)
{
    for (const kind k : { kind::pilots, kind::data, kind::staggered }) {
        fixture f(k, 7);
        const echo truth = f.at(3.1, 2.0, 1);
        f.load({ truth }, true);
        f.find(truth, 1);
        f.set.add(f.at(3.15, 2.05, 0.5));
        BOOST_TEST(f.set.relax(1));
        BOOST_REQUIRE(f.set.size() == 1U);
        // Noise is a fiftieth of the amplitude and less.
        BOOST_TEST(std::abs(f.set[0].amplitude - truth.amplitude) < 0.1);
        BOOST_TEST(f.distance(f.set[0], truth) < 0.05);
    }
}

// Two of opposite phases half a cell apart look like two far apart: these come together
// in the fit, and part again in their places.
BOOST_AUTO_TEST_CASE(opposite_echoes_are_parted_from_a_wrong_start)
{
    fixture f(kind::pilots, 8);
    const echo one = f.at(3.0, 2.0, 1);
    const echo other{ one.delay + 0.5 * f.set.frame().delay_cell(),
                      one.doppler,
                      -one.amplitude };
    f.load({ one, other }, true);
    f.set.add({ one.delay - 0.35 * f.set.frame().delay_cell(),
                one.doppler,
                0.6 * one.amplitude });
    f.set.add({ one.delay + 0.9 * f.set.frame().delay_cell(),
                one.doppler,
                -0.6 * one.amplitude });
    f.set.relax(1);
    const double least = 15; // times the noise
    while (f.set.size() == 1 && f.set.split(1, least, 8))
        f.set.relax(1);
    BOOST_REQUIRE(f.set.size() == 2U);
    for (const auto& e : { one, other }) {
        BOOST_TEST(f.distance(f.nearest(e), e) < 0.1);
        BOOST_TEST(std::abs(f.nearest(e).amplitude - e.amplitude) < 0.3);
    }
}

// Against the Fisher matrix of all echoes, summed over the elements one by one. The
// blocks know it to a part in a hundred at these distances.
BOOST_AUTO_TEST_CASE(inflations_are_those_of_the_joint_bound)
{
    for (const kind k : { kind::pilots, kind::data, kind::staggered }) {
        fixture f(k, 6);
        const std::vector<echo> truth = {
            f.at(3.1, 2.0, 1), f.at(4.3, 2.3, 0.6), f.at(5.2, 1.1, 0.8), f.at(20, -6, 1)
        };
        f.load(truth, false);
        for (const auto& e : truth)
            f.find(e, 1e-6);
        f.set.relax(1e-6);
        const auto found = f.set.inflations();
        std::vector<echo> echoes;
        for (size_t i = 0; i < f.set.size(); i++)
            echoes.push_back(f.set[i]);
        const auto joint = joint_bounds(*f.grid, f.sent, echoes);
        for (size_t i = 0; i < echoes.size(); i++) {
            const auto alone = joint_bounds(*f.grid, f.sent, { echoes[i] })[0];
            BOOST_TEST(found[i].delay == joint[i].var_delay / alone.var_delay,
                       boost::test_tools::tolerance(0.02));
            BOOST_TEST(found[i].doppler == joint[i].var_doppler / alone.var_doppler,
                       boost::test_tools::tolerance(0.02));
        }
        BOOST_TEST(found[0].delay > 1.05);
    }
}
