/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "all_finite.h"
#include "input_end.h"
#include "range_doppler_detector_impl.h"
#include "report_codec.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

// Rows in the buffers, whatever their length.
constexpr int FEWEST_ROWS = 8;

// Small maps pass through the scheduler's buffers by the dozen.
size_t maps_kept(size_t cells)
{
    return std::clamp<size_t>((size_t(64) << 20) / (sizeof(float) * cells), 8, 256);
}

map_detector::parameters detector_of(const range_doppler_detector_parameters& p)
{
    auto d = p.detector;
    d.map.pilots_only = p.reference == "pilots";
    d.detector.looks = p.integration.looks();
    return d;
}

} // namespace

range_doppler_detector::sptr
range_doppler_detector::make(ofdm_grid::sptr grid,
                             const range_doppler_detector_parameters& p)
{
    require(grid != nullptr, "range_doppler_detector: grid", "none", "must be given");
    require(p.tx >= 0, "range_doppler_detector: tx", p.tx, "must not be negative");
    require(p.rx >= 0, "range_doppler_detector: rx", p.rx, "must not be negative");
    require(p.reference == "pilots" || p.reference == "rows",
            "range_doppler_detector: reference",
            p.reference,
            "must be pilots or rows");
    map_integrator(1,
                   p.integration); // tells what is wrong, before the looks follow from it
    return gnuradio::make_block_sptr<range_doppler_detector_impl>(grid, p);
}

range_doppler_detector_impl::range_doppler_detector_impl(
    ofdm_grid::sptr grid, const range_doppler_detector_parameters& p)
    : gr::block("range_doppler_detector",
                gr::io_signature::make(0, 0, 0),
                gr::io_signature::make(0, 0, 0)),
      d_grid(grid),
      d_faults(d_logger),
      d_tx(p.tx),
      d_rx(p.rx),
      d_detector(std::make_unique<map_detector>(grid, detector_of(p))),
      d_doppler_cells(d_detector->doppler_cells()),
      d_range_cells(d_detector->range_cells()),
      d_delay_step(d_detector->delay_step()),
      d_doppler_step(d_detector->doppler_step()),
      d_integrator(std::make_unique<map_integrator>(d_doppler_cells * d_range_cells,
                                                    p.integration)),
      d_maps(static_cast<size_t>(p.integration.inputs),
             d_doppler_cells * d_range_cells,
             maps_kept(d_doppler_cells * d_range_cells),
             d_faults),
      d_map_output(d_doppler_cells,
                   d_range_cells,
                   [this](uint64_t offset, const auto& key, const auto& value) {
                       add_item_tag(0, offset, key, value);
                   }),
      d_parameters(p)
{
    const int row = static_cast<int>(sizeof(float) * d_range_cells);
    const int inputs = p.integration.inputs;
    set_input_signature(gr::io_signature::make(inputs, inputs, row));
    set_output_signature(gr::io_signature::make(0, 1, row));
    for (int i = 0; i < inputs; i++)
        d_inputs.emplace_back(grid, d_faults, d_doppler_cells);
    set_tag_propagation_policy(TPP_DONT);
    set_min_output_buffer(0, 2 * FEWEST_ROWS);
    // Buffers are sized by this rate before start() sets the one that the scheduler works
    // with.
    set_relative_rate(1, FEWEST_ROWS);
    message_port_register_out(message_ports::detections());
}

bool range_doppler_detector_impl::start()
{
    set_relative_rate(1, 1);
    d_map_output.reset();
    for (auto& in : d_inputs) {
        in.held = 0;
        in.rows.reset();
    }
    return gr::block::start();
}

bool range_doppler_detector_impl::stop()
{
    set_relative_rate(1, FEWEST_ROWS);
    d_maps.clear(); // partners that were on their way are no fault
    return gr::block::stop();
}

// A setter makes a whole detector in its own thread.
template <typename F>
void range_doppler_detector_impl::change(F apply)
{
    std::lock_guard<std::mutex> setter_lock(d_setter_mutex);
    auto p = d_parameters;
    apply(p);
    const auto& now = d_parameters.integration;
    std::unique_ptr<map_integrator> integrator;
    if (p.integration.frames != now.frames || p.integration.hop != now.hop)
        integrator = std::make_unique<map_integrator>(d_doppler_cells * d_range_cells,
                                                      p.integration);
    auto detector = std::make_unique<map_detector>(d_grid, detector_of(p));
    d_parameters = p;
    std::lock_guard<std::mutex> lock(d_pending_mutex);
    d_pending = std::move(detector);
    if (integrator)
        d_pending_integrator = std::move(integrator);
}

void range_doppler_detector_impl::set_pfa(double pfa)
{
    change([&](auto& p) { p.detector.detector.pfa = pfa; });
}

void range_doppler_detector_impl::set_cfar(const std::string& cfar)
{
    change([&](auto& p) { p.detector.detector.kind = cfar; });
}

void range_doppler_detector_impl::set_guard(int guard_delay, int guard_doppler)
{
    change([&](auto& p) {
        p.detector.detector.guard_delay = guard_delay;
        p.detector.detector.guard_doppler = guard_doppler;
    });
}

void range_doppler_detector_impl::set_training(int training_delay, int training_doppler)
{
    change([&](auto& p) {
        p.detector.detector.training_delay = training_delay;
        p.detector.detector.training_doppler = training_doppler;
    });
}

void range_doppler_detector_impl::set_max_targets(int max_targets)
{
    change([&](auto& p) { p.detector.max_targets = max_targets; });
}

void range_doppler_detector_impl::set_frames(int frames, int hop)
{
    change([&](auto& p) {
        p.integration.frames = frames;
        p.integration.hop = hop;
    });
}

void range_doppler_detector_impl::take_pending()
{
    std::lock_guard<std::mutex> lock(d_pending_mutex);
    if (d_pending)
        d_detector = std::move(d_pending);
    if (d_pending_integrator)
        d_integrator = std::move(d_pending_integrator);
}

// Asks for whichever input has something: either must be able to move without the others.
void range_doppler_detector_impl::forecast(int, gr_vector_int& required)
{
    std::fill(required.begin(), required.end(), 0);
    if (d_map_output.is_busy())
        return;
    bool unread = false, over = false;
    size_t waits_for = 0;
    for (size_t i = 0; i < d_inputs.size(); i++) {
        const auto state = state_of_input(*this, static_cast<int>(i));
        const bool ended = state.done && state.available <= d_inputs[i].held;
        unread = unread || state.available > d_inputs[i].held;
        if (!ended)
            waits_for = i;
        // Nothing that comes could match any more.
        if (ended && d_maps.empty(i)) {
            over = true;
            waits_for = i;
            break;
        }
    }
    if (over || !unread)
        required[waits_for] = d_inputs[waits_for].held + 1;
}

// Takes rows up to the end of a map at most; returns whether there was any.
bool range_doppler_detector_impl::read(size_t port, const float* rows, int count)
{
    auto& in = d_inputs[port];
    if (in.taken == count)
        return false;
    const uint64_t first = nitems_read(static_cast<unsigned int>(port)) + in.taken;
    const auto piece = in.rows.follow(count - in.taken, first, in.tags);
    const float* from = rows + in.taken * d_range_cells;
    in.taken += static_cast<int>(piece.rows);
    if (piece.outside)
        return true;
    const size_t values = piece.rows * d_range_cells;
    in.finite = (in.finite || piece.symbol == 0) && all_finite(from, values);
    std::copy_n(from, values, d_maps.next(port) + piece.symbol * d_range_cells);
    if (!in.rows.is_whole())
        return true;
    if (in.finite)
        d_maps.put(port, in.rows.stamp());
    else
        d_faults.count("not_finite",
                       "frame " + std::to_string(in.rows.stamp().frame) +
                           " holds a NaN or an infinity");
    return true;
}

void range_doppler_detector_impl::accept_frame()
{
    take_pending();
    const auto stamp = d_maps.stamp();
    const bool complete = d_integrator->add(d_maps.maps(), stamp.frame, stamp.scene_time);
    d_maps.pop();
    if (!complete)
        return;
    d_detector->process(d_integrator->mean(), d_report);
    d_report.frame = d_integrator->number();
    d_report.scene_time = d_integrator->time();
    d_report.tx = d_tx;
    d_report.rx = d_rx;
    message_port_pub(message_ports::detections(), to_pmt(d_report));
    d_map_output.start(d_integrator->mean(),
                       { d_report.frame, d_report.scene_time - d_grid->middle_time() });
}

int range_doppler_detector_impl::general_work(int noutput_items,
                                              gr_vector_int& ninput_items,
                                              gr_vector_const_void_star& input_items,
                                              gr_vector_void_star& output_items)
{
    d_map_output.offer(
        output_items, noutput_items, output_items.empty() ? 0 : nitems_written(0));
    for (size_t i = 0; i < d_inputs.size(); i++) {
        auto& in = d_inputs[i];
        const auto port = static_cast<unsigned int>(i);
        in.taken = in.held;
        get_tags_in_range(in.tags,
                          port,
                          nitems_read(port) + in.taken,
                          nitems_read(port) + ninput_items[i]);
    }
    while (true) {
        if (!d_map_output.put())
            break;
        if (d_maps.match()) {
            accept_frame();
            continue;
        }
        bool moved = false;
        for (size_t i = 0; i < d_inputs.size(); i++)
            moved = read(i, static_cast<const float*>(input_items[i]), ninput_items[i]) ||
                    moved;
        if (!moved)
            break;
    }
    // The last row is copied but left in the buffer: where the map is not connected the
    // scheduler ends a block as soon as one input is over and empty, while its partners
    // are still on their way.
    for (size_t i = 0; i < d_inputs.size(); i++) {
        auto& in = d_inputs[i];
        in.held = in.taken > 0 ? 1 : 0;
        consume(static_cast<int>(i), in.taken - in.held);
    }
    return d_map_output.produced();
}

} // namespace isac
} // namespace gr
