/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/sensing/map_integrator.h>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

using namespace gr::isac;

namespace {

constexpr size_t CELLS = 37; // no multiple of a vector

// Map of an input in a frame: small whole numbers, of which sums are exact.
std::vector<float> map_of(int frame, int input)
{
    std::vector<float> map(CELLS);
    for (size_t i = 0; i < CELLS; i++)
        map[i] = static_cast<float>((7 * frame + 3 * input + static_cast<int>(i)) % 11);
    return map;
}

bool add(map_integrator& integrator, int frame, int inputs)
{
    std::vector<std::vector<float>> maps;
    std::vector<const float*> pointers;
    for (int input = 0; input < inputs; input++)
        maps.push_back(map_of(frame, input));
    for (const auto& map : maps)
        pointers.push_back(map.data());
    return integrator.add(pointers, 100 + frame, 0.25 * frame);
}

} // namespace

// By the definition: the last frames, all inputs, every hop.
BOOST_AUTO_TEST_CASE(the_mean_is_that_of_the_last_frames)
{
    for (const int inputs : { 1, 2, 16 })
        for (const int frames : { 1, 4, 6 })
            for (const int hop : { 0, 1, 2 }) {
                if (hop > 0 && frames % hop > 0)
                    continue;
                const map_integrator::parameters p = { inputs, frames, hop };
                BOOST_TEST(p.looks() == inputs * frames);
                map_integrator integrator(CELLS, p);
                const int step = hop > 0 ? hop : frames;
                for (int frame = 0; frame < 20; frame++) {
                    const bool due = frame + 1 >= frames && (frame + 1) % step == 0;
                    BOOST_REQUIRE(add(integrator, frame, inputs) == due);
                    if (!due)
                        continue;
                    BOOST_TEST(integrator.number() ==
                               100u + frame - (frames - 1) + frames / 2);
                    BOOST_TEST(integrator.time() == 0.25 * (frame - 0.5 * (frames - 1)));
                    for (size_t i = 0; i < CELLS; i++) {
                        float sum = 0;
                        for (int f = frame - frames + 1; f <= frame; f++)
                            for (int input = 0; input < inputs; input++)
                                sum += map_of(f, input)[i];
                        // A rounding of the share, and one of the product.
                        BOOST_REQUIRE_CLOSE(
                            integrator.mean()[i], sum / (inputs * frames), 2e-5);
                    }
                }
            }
}

BOOST_AUTO_TEST_CASE(frames_that_go_back_begin_anew)
{
    for (const int next : { 9, 5, 10 }) { // the same again, back, and on after a reset
        map_integrator integrator(CELLS, { 1, 4, 2 });
        for (int frame = 7; frame < 10; frame++)
            BOOST_TEST(!add(integrator, frame, 1));
        if (next == 10)
            integrator.reset();
        for (int frame = next; frame < next + 3; frame++)
            BOOST_TEST(!add(integrator, frame, 1));
        BOOST_REQUIRE(add(integrator, next + 3, 1));
        for (size_t i = 0; i < CELLS; i++) {
            float sum = 0;
            for (int frame = next; frame < next + 4; frame++)
                sum += map_of(frame, 0)[i];
            BOOST_TEST(integrator.mean()[i] == sum / 4);
        }
    }
}

BOOST_AUTO_TEST_CASE(parameters_out_of_range_are_refused)
{
    const auto refuses = [](map_integrator::parameters p, const std::string& told) {
        BOOST_CHECK_EXCEPTION(map_integrator(CELLS, p),
                              std::invalid_argument,
                              [&](const std::exception& e) {
                                  return std::string(e.what()).find(told) !=
                                         std::string::npos;
                              });
    };
    refuses({ 0, 8, 0 }, "inputs = 0");
    refuses({ 17, 8, 0 }, "inputs = 17");
    refuses({ 1, 0, 0 }, "frames = 0");
    refuses({ 16, 65, 0 }, "frames = 65 must be from 1 to 64");
    refuses({ 1, 8, 3 }, "hop = 3");
    refuses({ 1, 8, 16 }, "hop = 16");
    refuses({ 1, 8, -1 }, "hop = -1");
}
