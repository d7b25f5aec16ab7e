/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "echo_channel_impl.h"
#include "report_codec.h"
#include "stream_buffers.h"
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
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

double to_db(double power) { return 10 * std::log10(power); }

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
      d_revisit_interval(revisit_interval),
      d_scene(d_requested.scene),
      d_synthesizer(d_grid->sample_rate(), scene.seed),
      d_frame_start(start_time),
      d_origin_time(start_time)
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
    // A flowgraph that is run again counts its samples from zero; the scene goes on.
    const uint64_t first = nitems_read(0);
    if (first != d_next_sample) {
        d_origin_time = time_of_sample(d_next_sample);
        d_origin_sample = first;
        d_next_sample = first;
        d_started = false;
        d_tagged = false;
        d_synthesizer.clear();
    }
    compare_with_grid(time_of_sample(first));
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

double echo_channel_impl::time_of_sample(uint64_t sample) const
{
    return d_origin_time + (sample - d_origin_sample) / d_grid->sample_rate();
}

void echo_channel_impl::compare_with_grid(double time)
{
    double farthest = 0, fastest = 0;
    for (size_t i = 0; i < d_scene.num_paths(); i++) {
        farthest = std::max(farthest, SPEED_OF_LIGHT * d_scene.delay(i, time) / 2);
        fastest = std::max(fastest,
                           std::abs(d_scene.doppler(i, time)) * d_grid->wavelength() / 2);
    }
    std::string all;
    for (const auto& line : d_grid->warnings(farthest, fastest))
        all += (all.empty() ? "" : "; ") + line;
    if (!all.empty() && !d_beyond_grid)
        d_faults.count("beyond_grid", all);
    d_beyond_grid = !all.empty();
}

void echo_channel_impl::start_frame(uint64_t here, const uint64_t* number)
{
    uint64_t steps = 1;
    if (d_started) {
        if (d_position != d_grid->frame_samples())
            d_faults.count("lost_samples",
                           "frame " + std::to_string(d_frame) + " has " +
                               std::to_string(d_position) + " samples of " +
                               std::to_string(d_grid->frame_samples()));
        if (number && d_tagged && *number != d_frame + 1) {
            d_faults.count("frame_jump",
                           "frame " + std::to_string(*number) + " follows frame " +
                               std::to_string(d_frame));
            steps = *number > d_frame ? *number - d_frame : 1;
        }
    }
    const uint64_t next = d_started ? d_frame + 1 : 0;

    take_up_changes();
    if (d_revisit_interval > 0) {
        if (d_started)
            d_origin_time = d_frame_start + steps * d_revisit_interval;
        d_origin_sample = here;
        d_synthesizer.clear();
    }
    d_frame = number ? *number : next;
    d_tagged = d_tagged || number;
    d_frame_start = time_of_sample(here);
    d_frame_energy = 0;
    d_position = 0;
    d_started = true;
    d_scene.begin_frame(d_frame_start + d_grid->middle_time());
    compare_with_grid(d_frame_start);
    add_item_tag(0, here, metadata_keys::frame(), pmt::from_uint64(d_frame));
    add_item_tag(0, here, metadata_keys::scene_time(), pmt::from_double(d_frame_start));
}

void echo_channel_impl::publish_truth()
{
    const double elements = d_grid->num_active();
    const double sent =
        d_frame_energy / d_grid->frame_samples() * d_grid->num_symbols() / elements;
    const double noise = d_scene.noise_power(d_grid->subcarrier_spacing());
    const double interference = d_scene.residual_power() / d_grid->num_subcarriers();

    ground_truth truth;
    truth.frame = d_frame;
    truth.scene_time = d_frame_start + d_grid->middle_time();
    truth.tx = d_tx;
    truth.rx = d_rx;
    truth.noise_dbm = to_db(noise);
    truth.interference_dbm = to_db(interference);
    for (size_t i = 0; i < d_scene.num_paths(); i++) {
        const double delay = d_scene.delay(i, truth.scene_time);
        const double doppler = d_scene.doppler(i, truth.scene_time);
        const double power = sent * d_scene.gain(i);
        truth.delay.push_back(delay);
        truth.doppler.push_back(doppler);
        truth.range.push_back(SPEED_OF_LIGHT * delay / 2);
        truth.velocity.push_back(-doppler * d_grid->wavelength() / 2);
        truth.snr.push_back(power > 0 ? power / (noise + interference) : 0);
        truth.var_delay.push_back(0);
        truth.var_doppler.push_back(0);
        truth.target.push_back(d_scene.target_index(i));
        truth.power_dbm.push_back(to_db(power));
    }
    message_port_pub(message_ports::ground_truth(), to_pmt(truth));
}

bool echo_channel_impl::input_done() const
{
    const auto& reader = detail()->input(0);
    gr::thread::scoped_lock guard(*reader->mutex());
    return reader->done();
}

bool echo_channel_impl::is_last_of_input(int available) const
{
    const auto& reader = detail()->input(0);
    gr::thread::scoped_lock guard(*reader->mutex());
    return reader->done() && reader->items_available() <= available;
}

// Short delays read ahead. At the end of the stream nothing more comes, and what is there
// has to go out, or the last frame would stay incomplete.
void echo_channel_impl::forecast(int noutput_items, gr_vector_int& ninput_items_required)
{
    ninput_items_required[0] = noutput_items + (input_done() ? 0 : AHEAD);
}

void echo_channel_impl::read_tags(uint64_t first, uint64_t count, uint64_t reach)
{
    get_tags_in_range(d_tags, 0, first, first + reach);
    d_marks.clear();
    for (const auto& tag : d_tags) {
        const bool is_frame = pmt::eqv(tag.key, metadata_keys::frame());
        const bool in_turn = tag.offset < first + count;
        if (is_frame && pmt::is_uint64(tag.value))
            d_marks.push_back({ tag.offset, pmt::to_uint64(tag.value) });
        else if (is_frame && pmt::is_integer(tag.value) && pmt::to_long(tag.value) >= 0)
            d_marks.push_back(
                { tag.offset, static_cast<uint64_t>(pmt::to_long(tag.value)) });
        else if (is_frame && in_turn)
            d_faults.count("bad_tag", "the value of a frame tag is not a frame number");
        else if (in_turn && !pmt::eqv(tag.key, metadata_keys::scene_time()))
            add_item_tag(0, tag);
    }
}

int echo_channel_impl::general_work(int noutput_items,
                                    gr_vector_int& ninput_items,
                                    gr_vector_const_void_star& input_items,
                                    gr_vector_void_star& output_items)
{
    const auto* in = static_cast<const gr_complex*>(input_items[0]);
    auto* out = static_cast<gr_complex*>(output_items[0]);
    const uint64_t available = ninput_items[0];
    const uint64_t held_back = is_last_of_input(ninput_items[0]) ? 0 : AHEAD;
    if (available <= held_back)
        return 0;
    const uint64_t first = nitems_read(0);
    const uint64_t count = std::min<uint64_t>(noutput_items, available - held_back);
    const uint64_t reach = std::min(available, count + AHEAD);
    read_tags(first, count, reach);

    auto mark = d_marks.begin();
    for (uint64_t done = 0; done < count;) {
        const uint64_t here = first + done;
        const uint64_t* number = nullptr;
        for (; mark != d_marks.end() && mark->sample == here; ++mark)
            number = &mark->number;
        const bool whole = d_position == d_grid->frame_samples();
        if (number || !d_started || (whole && !d_tagged))
            start_frame(here, number);

        // Up to the next tag, and up to the frame's end; what lies outside any frame
        // passes the channel as well.
        const bool in_frame = d_position < d_grid->frame_samples();
        uint64_t end = first + reach;
        if (mark != d_marks.end())
            end = std::min(end, mark->sample);
        if (in_frame)
            end = std::min(end, here + d_grid->frame_samples() - d_position);
        const uint64_t n = std::min(end - here, count - done);
        const uint64_t known = (d_revisit_interval > 0 ? end : first + reach) - here - n;
        const auto found = d_synthesizer.process(d_scene,
                                                 d_frame_start,
                                                 d_position,
                                                 d_grid->frame_samples(),
                                                 in + done,
                                                 n,
                                                 std::min(known, AHEAD),
                                                 out + done);
        if (found.not_finite > 0)
            d_faults.count("not_finite",
                           "samples with a NaN or an infinity, taken as zero",
                           found.not_finite);
        if (found.too_long > 0)
            d_faults.count("path_too_long", "a path outgrew the delay line, left out");
        d_position += n;
        done += n;
        if (!in_frame)
            continue;
        d_frame_energy += found.energy;
        if (d_position == d_grid->frame_samples())
            publish_truth();
    }
    d_next_sample = first + count;
    consume_each(static_cast<int>(count));
    return static_cast<int>(count);
}

} // namespace isac
} // namespace gr
