/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "input_end.h"
#include "path_report.h"
#include "report_codec.h"
#include "scene_channel_impl.h"
#include "stream_buffers.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <cmath>
#include <sstream>

namespace gr {
namespace isac {

namespace {

constexpr uint64_t AHEAD = echo_synthesizer::AHEAD;

scene_paths::parameters with_band_of(const ofdm_grid::sptr& grid,
                                     scene_paths::parameters paths)
{
    require(grid != nullptr, "scene_channel: grid", "none", "must be given");
    require(paths.scene != nullptr, "scene_channel: scene", "none", "must be given");
    const double carrier = paths.scene->params().carrier_frequency;
    std::ostringstream limit;
    limit << "Hz, must be the scene's, " << carrier << " Hz";
    require(grid->carrier_frequency() == carrier,
            "scene_channel: carrier_frequency of the grid",
            grid->carrier_frequency(),
            limit.str());
    paths.occupied_share = static_cast<double>(grid->num_active()) /
                           (grid->num_symbols() * grid->num_subcarriers());
    return paths;
}

} // namespace

scene_channel::sptr scene_channel::make(ofdm_grid::sptr grid,
                                        const scene_paths::parameters& paths,
                                        double revisit_interval,
                                        double start_time)
{
    return gnuradio::make_block_sptr<scene_channel_impl>(
        std::move(grid), paths, revisit_interval, start_time);
}

scene_channel_impl::scene_channel_impl(ofdm_grid::sptr grid,
                                       const scene_paths::parameters& paths,
                                       double revisit_interval,
                                       double start_time)
    : gr::block("scene_channel",
                gr::io_signature::make(static_cast<int>(paths.transmit.size()),
                                       static_cast<int>(paths.transmit.size()),
                                       sizeof(gr_complex)),
                gr::io_signature::make(static_cast<int>(paths.receive.size()),
                                       static_cast<int>(paths.receive.size()),
                                       sizeof(gr_complex))),
      d_grid(std::move(grid)),
      d_faults(d_logger),
      d_noise_requested(paths.noise_enabled),
      d_revisit_requested(revisit_interval),
      d_paths(with_band_of(d_grid, paths)),
      d_watch(*d_grid, d_faults),
      d_clock(*d_grid, start_time, d_faults),
      d_revisit_interval(revisit_interval),
      d_synthesizer(
          d_grid->sample_rate(), paths.seed, paths.transmit.size(), paths.receive.size()),
      d_in(paths.transmit.size()),
      d_out(paths.receive.size()),
      d_found(paths.transmit.size()),
      d_energies(paths.transmit.size())
{
    require_not_negative("scene_channel: revisit_interval", revisit_interval);
    require_finite("scene_channel: start_time", start_time);
    set_tag_propagation_policy(TPP_DONT);
    for (size_t rx = 0; rx < d_out.size(); rx++)
        ask_for_wide_buffer(*this, static_cast<int>(rx), *d_grid, 1);
    message_port_register_out(message_ports::ground_truth());
}

bool scene_channel_impl::start()
{
    const uint64_t first = nitems_read(0);
    if (d_clock.restart(first))
        d_synthesizer.clear();
    d_watch.compare_with_grid(d_paths, d_clock.time_of(first));
    return gr::block::start();
}

void scene_channel_impl::set_noise_enabled(bool enabled)
{
    std::lock_guard<std::mutex> lock(d_mutex);
    d_noise_requested = enabled;
    d_changed = true;
}

void scene_channel_impl::set_revisit_interval(double interval)
{
    require_not_negative("scene_channel: revisit_interval", interval);
    std::lock_guard<std::mutex> lock(d_mutex);
    d_revisit_requested = interval;
    d_changed = true;
}

void scene_channel_impl::take_up_changes()
{
    std::lock_guard<std::mutex> lock(d_mutex);
    if (!d_changed)
        return;
    d_changed = false;
    d_revisit_interval = d_revisit_requested;
    d_paths.set_noise_enabled(d_noise_requested);
}

void scene_channel_impl::start_frame(uint64_t here, const uint64_t* number)
{
    take_up_changes();
    if (d_revisit_interval > 0)
        d_synthesizer.clear();
    d_clock.start_frame(here, number, d_revisit_interval);
    d_begun.push_back({ here, d_clock.frame() });
    std::fill(d_energies.begin(), d_energies.end(), 0);
    const double start = d_clock.frame_start();
    const double middle = start + d_grid->middle_time();
    if (!d_paths.plays(start))
        d_faults.count("scene_over",
                       "the scene does not play at " + std::to_string(start) + " s");
    d_paths.begin_frame(middle);
    d_watch.compare_with_grid(d_paths, start);
    for (size_t rx = 0; rx < d_out.size(); rx++) {
        add_item_tag(rx, here, metadata_keys::frame(), pmt::from_uint64(d_clock.frame()));
        add_item_tag(rx, here, metadata_keys::scene_time(), pmt::from_double(start));
    }
}

// Frames of other transmitters that do not start where those of input 0 do.
void scene_channel_impl::compare_with_other_inputs(uint64_t first, uint64_t count)
{
    for (size_t tx = 1; tx < d_in.size(); tx++) {
        get_tags_in_range(d_tags, tx, first, first + count, metadata_keys::frame());
        for (const auto& tag : d_tags) {
            const bool same =
                std::any_of(d_begun.begin(), d_begun.end(), [&](const auto& begun) {
                    return begun.sample == tag.offset &&
                           pmt::eqv(pmt::from_uint64(begun.number), tag.value);
                });
            if (!same)
                d_faults.count("misaligned",
                               "a frame of input " + std::to_string(tx) +
                                   " does not start with that of input 0");
        }
    }
}

void scene_channel_impl::note(const std::vector<echo_synthesizer::finding>& found)
{
    for (const auto& one : found)
        d_watch.count(one);
    if (d_clock.in_frame())
        for (size_t tx = 0; tx < found.size(); tx++)
            d_energies[tx] += found[tx].energy;
}

void scene_channel_impl::publish_truth()
{
    std::vector<double> sent; // mW an active resource element
    for (const double energy : d_energies)
        sent.push_back(element_power(energy, *d_grid));
    for (size_t tx = 0; tx < d_paths.num_transmitters(); tx++)
        for (size_t rx = 0; rx < d_paths.num_receivers(); rx++)
            if (d_paths.illuminates(tx) && !d_paths.is_user(rx))
                publish_truth_of(tx, rx, sent);
}

void scene_channel_impl::publish_truth_of(size_t tx,
                                          size_t rx,
                                          const std::vector<double>& sent)
{
    const double elements =
        static_cast<double>(d_grid->num_active()) / d_grid->num_symbols(); // a symbol
    const double noise = d_paths.noise(rx) / elements;
    double interference = d_paths.residual(rx) / elements;
    for (size_t i = 0; i < d_paths.num_paths(); i++)
        if (d_paths.receiver(i) == rx && d_paths.transmitter(i) != tx)
            interference += sent[d_paths.transmitter(i)] * d_paths.gain(i);

    ground_truth truth = begin_truth(d_clock,
                                     *d_grid,
                                     static_cast<int64_t>(d_paths.transmitting_node(tx)),
                                     static_cast<int64_t>(d_paths.receiving(rx)),
                                     noise,
                                     interference);
    for (size_t i = 0; i < d_paths.num_paths(); i++)
        if (d_paths.receiver(i) == rx && d_paths.transmitter(i) == tx)
            add_path(truth,
                     d_paths,
                     i,
                     sent[tx] * d_paths.gain(i),
                     noise + interference,
                     d_grid->wavelength());
    message_port_pub(message_ports::ground_truth(), to_pmt(truth));
}

// Short delays read ahead, but for the end of a stream.
void scene_channel_impl::forecast(int noutput_items, gr_vector_int& ninput_items_required)
{
    for (size_t i = 0; i < ninput_items_required.size(); i++)
        ninput_items_required[i] =
            noutput_items + (input_done(*this, static_cast<int>(i)) ? 0 : AHEAD);
}

int scene_channel_impl::general_work(int noutput_items,
                                     gr_vector_int& ninput_items,
                                     gr_vector_const_void_star& input_items,
                                     gr_vector_void_star& output_items)
{
    uint64_t count = noutput_items;
    uint64_t available = ~uint64_t(0); // of every input
    for (size_t i = 0; i < ninput_items.size(); i++) {
        const uint64_t here = ninput_items[i];
        const uint64_t held_back =
            holds_end_of_input(*this, static_cast<int>(i), ninput_items[i]) ? 0 : AHEAD;
        count = std::min(count, here > held_back ? here - held_back : 0);
        available = std::min(available, here);
    }
    if (count == 0)
        return 0;
    const uint64_t first = nitems_read(0);
    const uint64_t reach = std::min(available, count + AHEAD);
    get_tags_in_range(d_tags, 0, first, first + reach);
    d_clock.read_marks(d_tags, first + count);
    d_begun.clear();

    for (uint64_t done = 0; done < count;) {
        const uint64_t here = first + done;
        const uint64_t* const number = d_clock.mark_at(here);
        if (d_clock.is_due(number))
            start_frame(here, number);

        const uint64_t end = d_clock.piece_end(here, first + reach);
        const uint64_t n = std::min(end - here, count - done);
        const uint64_t known = (d_revisit_interval > 0 ? end : first + reach) - here - n;
        for (size_t i = 0; i < d_in.size(); i++)
            d_in[i] = static_cast<const gr_complex*>(input_items[i]) + done;
        for (size_t i = 0; i < d_out.size(); i++)
            d_out[i] = static_cast<gr_complex*>(output_items[i]) + done;
        d_synthesizer.process(d_paths,
                              d_clock.frame_start(),
                              d_clock.position(),
                              d_clock.frame_samples(),
                              d_in.data(),
                              n,
                              std::min(known, AHEAD),
                              d_out.data(),
                              d_found.data());
        note(d_found);
        done += n;
        if (d_clock.advance(n))
            publish_truth();
    }
    compare_with_other_inputs(first, count);
    consume_each(static_cast<int>(count));
    return static_cast<int>(count);
}

} // namespace isac
} // namespace gr
