/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "conjugate_sum.h"
#include "phasor.h"
#include "prefetch.h"
#include "simd_clones.h"
#include <gnuradio/isac/sensing/matched_frame.h>
#include <volk/volk.h>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace gr {
namespace isac {

namespace {

// Elements whose energies scatter by less, relative to their mean, squared, are alike.
constexpr double ALIKE = 1e-4;

// Whether so many elements have the same energy, of sums over abs(X)^2 and abs(X)^4. By
// Schwarz's inequality energy^2 / square is their number just then, and less else.
bool alike(double energy, double square, double elements)
{
    return square > 0 && std::abs(energy * energy / square / elements - 1) < ALIKE;
}

constexpr size_t LINE = CACHE_LINE / sizeof(float);

// The values of a row, and those whose turn comes after them.
struct row_values {
    const float* values;
    const float* next;
};

constexpr size_t LANES = 8;

// What is summed of products, lane by lane.
struct lane_sums {
    float8 energy = {}, square = {}, power = {};
};

inline void match_lanes(const float* y, const float* x, float* products, lane_sums& sums)
{
    const float8 sign = { 1, -1, 1, -1, 1, -1, 1, -1 };
    float8 a, b;
    load(a, y);
    load(b, x);
    const float8 b_re = ISAC_SHUFFLE(b, b, 0, 0, 2, 2, 4, 4, 6, 6);
    const float8 b_im = ISAC_SHUFFLE(b, b, 1, 1, 3, 3, 5, 5, 7, 7);
    const float8 swapped = ISAC_SHUFFLE(a, a, 1, 0, 3, 2, 5, 4, 7, 6);
    const float8 p = a * b_re + swapped * (b_im * sign);
    store(products, p);
    sums.power += p * p;
    const float8 e = b_re * b_re + b_im * b_im; // every element's twice
    sums.energy += e;
    sums.square += e * e;
}

// y conj(x) and all that is summed of it, in one pass. Each half of a line has sums of
// its own: neither waits for the other's.
ISAC_SIMD_CLONES
matched_frame::row_sums
match_row(const row_values y, const row_values x, size_t count, float* products)
{
    lane_sums low, high;
    size_t i = 0;
    for (; i + LINE <= 2 * count; i += LINE) {
        prefetch_to_read(y.next + i);
        prefetch_to_read(x.next + i);
        match_lanes(y.values + i, x.values + i, products + i, low);
        match_lanes(
            y.values + i + LANES, x.values + i + LANES, products + i + LANES, high);
    }
    for (; i + LANES <= 2 * count; i += LANES)
        match_lanes(y.values + i, x.values + i, products + i, low);
    matched_frame::row_sums sums;
    for (size_t lane = 0; lane < LANES; lane++) {
        sums.energy += 0.5f * (low.energy[lane] + high.energy[lane]);
        sums.square += 0.5f * (low.square[lane] + high.square[lane]);
        sums.power += low.power[lane] + high.power[lane];
    }
    for (; i < 2 * count; i += 2) {
        const float *u = y.values + i, *v = x.values + i;
        const float re = u[0] * v[0] + u[1] * v[1];
        const float im = u[1] * v[0] - u[0] * v[1];
        const float e = v[0] * v[0] + v[1] * v[1];
        products[i] = re;
        products[i + 1] = im;
        sums.power += re * re + im * im;
        sums.energy += e;
        sums.square += e * e;
    }
    return sums;
}

// Elements whose energy is not zero.
ISAC_SIMD_CLONES
size_t count_sent(const float* energies, size_t count)
{
    const float8 nothing = {};
    lanes8 counts = {};
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        float8 e;
        load(e, energies + k);
        counts -= e > nothing; // which is -1 where it holds
    }
    size_t sent = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        sent += counts[lane];
    for (; k < count; k++)
        sent += energies[k] > 0;
    return sent;
}

// Rows that are read side by side: their sum is fetched and put back once for all.
constexpr size_t ROWS = 4;

// sum[k] += conj(row[k]) turn over the first rows, at most ROWS of them.
ISAC_SIMD_CLONES
void add_conjugates(const gr_complex* first,
                    size_t span,
                    const gr_complex* turns,
                    size_t count,
                    gr_complex* sum)
{
    const float8 one = { 1, 1, 1, 1, 1, 1, 1, 1 };
    // Where there are fewer rows the last is met again, and not counted.
    const float* rows[ROWS];
    gr_complex turn[ROWS] = {};
    std::copy_n(turns, count, turn);
    for (size_t r = 0; r < ROWS; r++)
        rows[r] = reinterpret_cast<const float*>(first + std::min(r, count - 1) * span);
    auto* const to = reinterpret_cast<float*>(sum);
    size_t i = 0;
    for (; i + LANES <= 2 * span; i += LANES) {
        conjugate_sum added;
        for (size_t r = 0; r < ROWS; r++) {
            float8 v;
            load(v, rows[r] + i);
            added.add(v, one * turn[r].real(), one * turn[r].imag());
        }
        float8 all;
        load(all, to + i);
        added.add_to(all);
        store(to + i, all);
    }
    for (size_t k = i / 2; k < span; k++)
        for (size_t r = 0; r < count; r++)
            sum[k] += multiply(std::conj(first[r * span + k]), turns[r]);
}

} // namespace

matched_frame::matched_frame(ofdm_grid::sptr grid,
                             const element_pattern& pattern,
                             bool whole,
                             size_t members)
    : d_grid(std::move(grid)),
      d_pattern(pattern),
      d_whole(whole),
      d_products(whole ? pattern.subcarriers.span * pattern.symbols.span : 0),
      d_energies(d_products.size()),
      d_used(pattern.subcarriers.span, 1),
      d_num_used(static_cast<double>(pattern.subcarriers.span)),
      d_level(whole ? pattern.subcarriers.span : 0),
      d_sums(pattern.symbols.span),
      d_still(whole ? pattern.symbols.span : 0, gr_complex(1, 0)),
      d_rooms(members)
{
    const size_t span = pattern.subcarriers.span;
    if (pattern.separable) {
        for (size_t k = 0; k < span; k++)
            d_used[k] =
                pattern.used(*d_grid, offset_of(0) + pattern.subcarriers.place(k));
        d_num_used = std::accumulate(d_used.begin(), d_used.end(), 0.0);
    }
    for (auto& room : d_rooms) {
        room.products.resize(span);
        room.energies.resize(span);
        room.teeth.resize(pattern.subcarriers.spacing > 1 ? span : 0);
        room.sent_teeth.resize(room.teeth.size());
    }
}

void matched_frame::set_rows(const gr_complex* rows,
                             const gr_complex* reference,
                             size_t first,
                             size_t count)
{
    d_rows = rows;
    d_reference = reference ? reference
                            : d_grid->pilots().data() + first * d_grid->num_subcarriers();
    d_first = first;
    d_end = first + count;
}

// The elements of a row's pattern, one after the other.
const gr_complex* matched_frame::teeth_of(const gr_complex* row, gr_complex* teeth) const
{
    const auto& axis = d_pattern.subcarriers;
    if (axis.spacing == 1)
        return row + axis.first;
    for (size_t k = 0; k < axis.span; k++)
        teeth[k] = row[axis.place(k)];
    return teeth;
}

// Of a symbol's row among those that are there.
size_t matched_frame::offset_of(size_t symbol) const
{
    return (d_pattern.symbols.place(symbol) - d_first) * d_grid->num_subcarriers();
}

// The symbol whose turn comes next, or where its row is not there this one.
size_t matched_frame::after(size_t symbol) const
{
    const size_t next = symbol + 1;
    return next < d_pattern.symbols.span && d_pattern.symbols.place(next) < d_end
               ? next
               : symbol;
}

const gr_complex* matched_frame::match(size_t symbol, size_t member)
{
    return match(symbol,
                 d_rows + offset_of(symbol),
                 d_rows + offset_of(after(symbol)),
                 d_rooms[member]);
}

const gr_complex* matched_frame::match(size_t symbol, const gr_complex* row)
{
    return match(symbol, row, row, d_rooms.front());
}

const gr_complex* matched_frame::match(size_t symbol,
                                       const gr_complex* row,
                                       const gr_complex* next_row,
                                       room& r)
{
    const size_t span = d_pattern.subcarriers.span;
    const size_t first = d_pattern.subcarriers.first;
    const bool kept = d_whole && !leaves_products();
    gr_complex* const products =
        kept ? d_products.data() + symbol * span : r.products.data();
    const auto read = [](const gr_complex* values) {
        return reinterpret_cast<const float*>(values);
    };
    r.sent = teeth_of(d_reference + offset_of(symbol), r.sent_teeth.data());
    auto& sums = d_sums[symbol];
    sums =
        match_row({ read(teeth_of(row, r.teeth.data())), read(next_row + first) },
                  { read(r.sent), read(d_reference + offset_of(after(symbol)) + first) },
                  span,
                  reinterpret_cast<float*>(products));
    if (!d_whole)
        return products;
    const bool uneven = keeps_energies(symbol);
    if (uneven) {
        float* const energies = d_energies.data() + symbol * span;
        write_energies(r.sent, energies);
        sums.sent = count_sent(energies, span);
    }
    sums.left = !kept && !uneven;
    if (!kept && uneven)
        std::copy_n(products, span, d_products.data() + symbol * span);
    return products;
}

// Whether rows whose elements are alike are the holder's. Where the last frame was not,
// the others of this one would have to come back.
bool matched_frame::leaves_products() const
{
    return d_holder && uniform_and_separable();
}

// Whether a symbol's energies are more than one number.
bool matched_frame::keeps_energies(size_t symbol) const
{
    const auto& sums = d_sums[symbol];
    return !alike(sums.energy, sums.square, d_num_used);
}

void matched_frame::write_energies(const gr_complex* sent, float* energies) const
{
    volk_32fc_magnitude_squared_32f(
        energies, sent, static_cast<unsigned int>(d_pattern.subcarriers.span));
}

void matched_frame::sum_conjugates(size_t first,
                                   size_t last,
                                   const gr_complex* turns,
                                   gr_complex* sums) const
{
    if (d_left) {
        d_holder->sum_conjugates(first, last, turns, sums);
        return;
    }
    const size_t span = d_pattern.subcarriers.span;
    std::fill_n(sums, span, gr_complex(0, 0));
    for (size_t i = first; i < last; i += ROWS)
        add_conjugates(d_products.data() + i * span,
                       span,
                       turns + i,
                       std::min(ROWS, last - i),
                       sums);
}

void matched_frame::restore()
{
    if (!d_left)
        return;
    const size_t span = d_pattern.subcarriers.span;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        if (!d_sums[i].left)
            continue;
        gr_complex* const row = d_products.data() + i * span;
        d_holder->sum_conjugates(i, i + 1, d_still.data(), row);
        volk_32fc_conjugate_32fc(row, row, static_cast<unsigned int>(span));
        d_sums[i].left = false;
    }
    d_left = false;
}

void matched_frame::update_power()
{
    const size_t span = d_pattern.subcarriers.span;
    d_power = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const auto* row = reinterpret_cast<const float*>(d_products.data() + i * span);
        float sum;
        volk_32f_x2_dot_prod_32f(&sum, row, row, static_cast<unsigned int>(2 * span));
        d_power += sum;
    }
}

double matched_frame::energy_spread() const
{
    return d_uniform
               ? 0
               : std::max(d_num_elements * d_squares / (d_energy * d_energy) - 1, 0.0);
}

const float* matched_frame::sent_energies(size_t member)
{
    auto& r = d_rooms[member];
    write_energies(r.sent, r.energies.data());
    return r.energies.data();
}

const float* matched_frame::row_energies(size_t symbol) const
{
    return uniform_and_separable() && !keeps_energies(symbol)
               ? d_level.data()
               : d_energies.data() + symbol * d_pattern.subcarriers.span;
}

void matched_frame::load(const gr_complex* rows, const gr_complex* reference)
{
    set_rows(rows, reference, 0, d_grid->num_symbols());
    for (size_t i = 0; i < d_pattern.symbols.span; i++)
        match(i);
    finish();
}

void matched_frame::finish()
{
    d_energy = d_squares = d_power = 0;
    for (const auto& sums : d_sums) {
        d_energy += sums.energy;
        d_squares += sums.square;
        d_power += sums.power;
    }
    const auto all = static_cast<double>(d_pattern.num_elements);
    d_uniform = alike(d_energy, d_squares, all);
    d_num_elements = d_uniform ? all : 0;
    if (!d_whole)
        return;
    d_left = std::any_of(
        d_sums.begin(), d_sums.end(), [](const auto& sums) { return sums.left; });
    if (!uniform_and_separable())
        restore();
    const auto fill = [this](float* to, double energy) {
        volk_32f_s32f_multiply_32f(to,
                                   d_used.data(),
                                   static_cast<float>(energy),
                                   static_cast<unsigned int>(d_used.size()));
    };
    if (uniform_and_separable()) {
        fill(d_level.data(), d_energy / all);
        return;
    }
    double sent = 0;
    for (size_t i = 0; i < d_pattern.symbols.span; i++) {
        const bool kept = keeps_energies(i);
        sent += kept ? d_sums[i].sent : d_num_used;
        if (!kept)
            fill(d_energies.data() + i * d_used.size(), d_sums[i].energy / d_num_used);
    }
    if (!d_uniform)
        d_num_elements = sent;
}

} // namespace isac
} // namespace gr
