/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "echo_channel_impl.h"
#include "input_end.h"
#include "path_report.h"
#include "report_codec.h"
#include "stream_buffers.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

constexpr uint64_t AHEAD = echo_synthesizer::AHEAD;

echo_scene::parameters with_carrier_of(const ofdm_grid::sptr& grid,
                                       echo_scene::parameters scene)
{
    require(grid != nullptr, "echo_channel: grid", "none", "must be given");
    scene.carrier_frequency = grid->carrier_frequency();
    return scene;
}

} // namespace

echo_channel::sptr echo_channel::make(ofdm_grid::sptr grid,
                                      const echo_scene::parameters& scene,
                                      int64_t tx,
                                      int64_t rx,
                                      double revisit_interval,
                                      double start_time)
{
    return gnuradio::make_block_sptr<echo_channel_impl>(
        std::move(grid), scene, tx, rx, revisit_interval, start_time);
}

echo_channel_impl::echo_channel_impl(ofdm_grid::sptr grid,
                                     const echo_scene::parameters& scene,
                                     int64_t tx,
                                     int64_t rx,
                                     double revisit_interval,
                                     double start_time)
    : gr::block("echo_channel",
                gr::io_signature::make(1, 1, sizeof(gr_complex)),
                gr::io_signature::make(1, 1, sizeof(gr_complex))),
      d_grid(std::move(grid)),
      d_tx(tx),
      d_rx(rx),
      d_faults(d_logger),
      d_requested{ with_carrier_of(d_grid, scene), revisit_interval },
      d_watch(*d_grid, d_faults),
      d_clock(*d_grid, start_time, d_faults),
      d_revisit_interval(revisit_interval),
      d_scene(d_requested.scene),
      d_synthesizer(d_grid->sample_rate(), scene.seed)
{
    require(tx >= 0, "echo_channel: tx", tx, "must not be negative");
    require(rx >= 0, "echo_channel: rx", rx, "must not be negative");
    require_not_negative("echo_channel: revisit_interval", revisit_interval);
    require_finite("echo_channel: start_time", start_time);
    // Frame and scene_time are written anew, the others passed on by hand.
    set_tag_propagation_policy(TPP_DONT);
    ask_for_wide_buffer(*this, 0, *d_grid, 1);
    message_port_register_out(message_ports::ground_truth());
}

bool echo_channel_impl::start()
{
    const uint64_t first = nitems_read(0);
    if (d_clock.restart(first))
        d_synthesizer.clear();
    d_watch.compare_with_grid(d_scene, d_clock.time_of(first));
    return gr::block::start();
}

template <typename F>
void echo_channel_impl::change(F&& edit)
{
    std::lock_guard<std::mutex> lock(d_mutex);
    settings wanted = d_requested;
    edit(wanted);
    echo_scene::check(wanted.scene);
    require_not_negative("echo_channel: revisit_interval", wanted.revisit_interval);
    d_requested = std::move(wanted);
    d_changed = true;
}

void echo_channel_impl::take_up_changes()
{
    std::lock_guard<std::mutex> lock(d_mutex);
    if (!d_changed)
        return;
    d_changed = false;
    d_revisit_interval = d_requested.revisit_interval;
    d_scene.reconfigure(d_requested.scene);
}

void echo_channel_impl::set_targets(const std::vector<target::sptr>& targets)
{
    change([&](settings& s) { s.scene.targets = targets; });
}

void echo_channel_impl::set_noise_figure_db(double figure)
{
    change([&](settings& s) { s.scene.noise_figure_db = figure; });
}

void echo_channel_impl::set_noise_enabled(bool enabled)
{
    change([&](settings& s) { s.scene.noise_enabled = enabled; });
}

void echo_channel_impl::set_tx_gain_db(double gain)
{
    change([&](settings& s) { s.scene.tx_gain_db = gain; });
}

void echo_channel_impl::set_rx_gain_db(double gain)
{
    change([&](settings& s) { s.scene.rx_gain_db = gain; });
}

void echo_channel_impl::set_shadowing_std_db(double std)
{
    change([&](settings& s) { s.scene.shadowing_std_db = std; });
}

void echo_channel_impl::set_self_interference(const std::string& mode)
{
    change([&](settings& s) { s.scene.self_interference = mode; });
}

void echo_channel_impl::set_leakage_gain_db(double gain)
{
    change([&](settings& s) { s.scene.leakage_gain_db = gain; });
}

void echo_channel_impl::set_residual_dbm(double power)
{
    change([&](settings& s) { s.scene.residual_dbm = power; });
}

void echo_channel_impl::set_revisit_interval(double interval)
{
    change([&](settings& s) { s.revisit_interval = interval; });
}

void echo_channel_impl::start_frame(uint64_t here, const uint64_t* number)
{
    take_up_changes();
    if (d_revisit_interval > 0)
        d_synthesizer.clear();
    d_clock.start_frame(here, number, d_revisit_interval);
    d_frame_energy = 0;
    const double start = d_clock.frame_start();
    d_scene.begin_frame(start + d_grid->middle_time());
    d_watch.compare_with_grid(d_scene, start);
    add_item_tag(0, here, metadata_keys::frame(), pmt::from_uint64(d_clock.frame()));
    add_item_tag(0, here, metadata_keys::scene_time(), pmt::from_double(start));
}

void echo_channel_impl::publish_truth()
{
    const double sent = element_power(d_frame_energy, *d_grid);
    const double noise = d_scene.noise_power(d_grid->subcarrier_spacing());
    const double interference = d_scene.residual_power() / d_grid->num_subcarriers();

    ground_truth truth = begin_truth(d_clock, *d_grid, d_tx, d_rx, noise, interference);
    for (size_t i = 0; i < d_scene.num_paths(); i++)
        add_path(truth,
                 d_scene,
                 i,
                 sent * d_scene.gain(i),
                 noise + interference,
                 d_grid->wavelength());
    message_port_pub(message_ports::ground_truth(), to_pmt(truth));
}

// Short delays read ahead. At the end of the stream nothing more comes, and what is there
// has to go out, or the last frame would stay incomplete.
void echo_channel_impl::forecast(int noutput_items, gr_vector_int& ninput_items_required)
{
    ninput_items_required[0] = noutput_items + (input_done(*this, 0) ? 0 : AHEAD);
}

void echo_channel_impl::read_tags(uint64_t first, uint64_t count, uint64_t reach)
{
    get_tags_in_range(d_tags, 0, first, first + reach);
    d_clock.read_marks(d_tags, first + count);
    for (const auto& tag : d_tags)
        if (tag.offset < first + count && !pmt::eqv(tag.key, metadata_keys::frame()) &&
            !pmt::eqv(tag.key, metadata_keys::scene_time()))
            add_item_tag(0, tag);
}

int echo_channel_impl::general_work(int noutput_items,
                                    gr_vector_int& ninput_items,
                                    gr_vector_const_void_star& input_items,
                                    gr_vector_void_star& output_items)
{
    const auto* in = static_cast<const gr_complex*>(input_items[0]);
    auto* out = static_cast<gr_complex*>(output_items[0]);
    const uint64_t available = ninput_items[0];
    const uint64_t held_back = holds_end_of_input(*this, 0, ninput_items[0]) ? 0 : AHEAD;
    if (available <= held_back)
        return 0;
    const uint64_t first = nitems_read(0);
    const uint64_t count = std::min<uint64_t>(noutput_items, available - held_back);
    const uint64_t reach = std::min(available, count + AHEAD);
    read_tags(first, count, reach);

    for (uint64_t done = 0; done < count;) {
        const uint64_t here = first + done;
        const uint64_t* const number = d_clock.mark_at(here);
        if (d_clock.is_due(number))
            start_frame(here, number);

        // What lies outside any frame passes the channel as well.
        const uint64_t end = d_clock.piece_end(here, first + reach);
        const uint64_t n = std::min(end - here, count - done);
        const uint64_t known = (d_revisit_interval > 0 ? end : first + reach) - here - n;
        const auto found = d_synthesizer.process(d_scene,
                                                 d_clock.frame_start(),
                                                 d_clock.position(),
                                                 d_clock.frame_samples(),
                                                 in + done,
                                                 n,
                                                 std::min(known, AHEAD),
                                                 out + done);
        d_watch.count(found);
        done += n;
        if (d_clock.in_frame())
            d_frame_energy += found.energy;
        if (d_clock.advance(n))
            publish_truth();
    }
    consume_each(static_cast<int>(count));
    return static_cast<int>(count);
}

} // namespace isac
} // namespace gr
