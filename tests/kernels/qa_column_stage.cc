/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "sensing/column_stage.h"
#include <gnuradio/isac/theory/constants.h>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <vector>

using namespace gr::isac;

namespace {

using value = std::complex<double>;

struct random_values {
    gr_complex operator()() { return { normal(engine), normal(engine) }; }
    std::mt19937 engine{ 1 };
    std::normal_distribution<float> normal;
};

// Rows of a width that no vector and no buffer divides, transforms of lengths even, odd
// and longer than the rows are many, and a map beyond the caches.
struct shape {
    size_t rows, length, columns;
};
const shape SHAPES[] = {
    { 64, 64, 96 }, { 13, 13, 37 }, { 11, 32, 16 }, { 1, 1, 3 }, { 4, 16, 131088 }
};

} // namespace

BOOST_AUTO_TEST_CASE(powers_of_transformed_columns_less_echoes)
{
    random_values random;
    for (const auto& s : SHAPES) {
        range_tiles tiles(s.rows, s.columns);
        const size_t stride = tiles.row_length();
        std::vector<gr_complex> values(s.rows * stride);
        std::vector<float> weights(s.rows);
        for (auto& v : values)
            v = random();
        for (size_t i = 0; i < s.rows; i++) {
            weights[i] = 1 + std::abs(random().real());
            tiles.put(i, values.data() + i * stride, weights[i]);
        }
        column_stage stage(s.rows, s.length);
        std::vector<echo_response> echoes(2);
        for (auto& e : echoes) {
            e.row.resize(stride);
            for (auto& v : e.row)
                v = random();
            std::vector<gr_complex> turns(s.rows);
            for (auto& v : turns)
                v = random();
            stage.transform_turns(turns, e);
        }

        std::vector<float> map(s.length * s.columns);
        const power_map to{ map.data(), 0.25f };
        const size_t all = tiles.tiles();
        stage.process(tiles, to, all / 2, all);
        stage.process(tiles, to, 0, all / 2);
        for (const size_t num_echoes : { 0, 2 }) {
            if (num_echoes > 0)
                stage.process_less(tiles, to, 0, all, echoes.data(), num_echoes, 0);
            size_t off = 0; // in single precision, of values of some units; a NaN too
            for (size_t d = 0; d < s.length; d++) {
                const double doppler = double(d) - double(s.length / 2);
                std::vector<value> turns(s.rows);
                for (size_t i = 0; i < s.rows; i++)
                    turns[i] =
                        std::polar<double>(weights[i], -2 * PI * doppler * i / s.length);
                for (size_t c = 0; c < s.columns; c++) {
                    value sum = 0;
                    for (size_t i = 0; i < s.rows; i++)
                        sum += value(values[i * stride + c]) * turns[i];
                    for (size_t e = 0; e < num_echoes; e++)
                        sum -= value(echoes[e].at(d, c));
                    const double power = std::norm(sum);
                    const double error =
                        std::abs(map[d * s.columns + c] - to.scale * power);
                    off += !(error < 1e-5 * (power + s.rows));
                }
            }
            BOOST_TEST(off == 0u);
        }
    }
}
