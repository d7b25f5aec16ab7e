/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "input_end.h"
#include "range_doppler_estimator_impl.h"
#include "report_codec.h"
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>

namespace gr {
namespace isac {

namespace {

// Frames up to this size, in bytes, are processed where they lie in the scheduler's
// buffer, which holds two of them. With reference rows both inputs' buffers would grow.
constexpr size_t LARGEST_IN_PLACE = size_t(32) << 20;
constexpr size_t LARGEST_IN_PLACE_OF_TWO = size_t(4) << 20;

constexpr size_t FEWEST_ROWS = 8;

// The scheduler sizes a buffer for at least twice this many rows.
unsigned buffered_rows(const ofdm_grid& grid, bool pilots_only)
{
    const size_t most = pilots_only ? LARGEST_IN_PLACE : LARGEST_IN_PLACE_OF_TWO;
    const bool fits = sizeof(gr_complex) * grid.elements().size() <= most;
    return static_cast<unsigned>(
        std::max(fits ? grid.num_symbols() : size_t(0), FEWEST_ROWS));
}

// Small frames pass through the scheduler's buffers by the dozen.
size_t frames_kept(const ofdm_grid& grid, int asked)
{
    if (asked > 0)
        return static_cast<size_t>(asked);
    const size_t frame_bytes = sizeof(gr_complex) * grid.elements().size();
    return std::clamp<size_t>((size_t(64) << 20) / frame_bytes, 4, 256);
}

size_t map_columns(const ofdm_grid::sptr& grid, const target_estimator::parameters& p)
{
    const element_pattern pattern(*grid, p.map.pilots_only);
    return pattern.subcarriers.length * std::max(p.map.pad_delay, 1);
}

} // namespace

range_doppler_estimator::sptr
range_doppler_estimator::make(ofdm_grid::sptr grid,
                              const range_doppler_estimator_parameters& parameters)
{
    const auto& p = parameters;
    require(grid != nullptr, "range_doppler_estimator: grid", "none", "must be given");
    require(p.tx >= 0, "range_doppler_estimator: tx", p.tx, "must not be negative");
    require(p.rx >= 0, "range_doppler_estimator: rx", p.rx, "must not be negative");
    require(p.reference == "pilots" || p.reference == "rows",
            "range_doppler_estimator: reference",
            p.reference,
            "must be pilots or rows");
    require(p.reference_frames >= 0 && p.reference_frames <= 1024,
            "range_doppler_estimator: reference_frames",
            p.reference_frames,
            "must be from 1 to 1024, or 0");
    auto given = parameters;
    given.estimator.map.pilots_only = p.reference == "pilots";
    return gnuradio::make_block_sptr<range_doppler_estimator_impl>(grid, given);
}

range_doppler_estimator_impl::range_doppler_estimator_impl(
    ofdm_grid::sptr grid, const range_doppler_estimator_parameters& p)
    : gr::block(
          "range_doppler_estimator",
          gr::io_signature::make(
              p.estimator.map.pilots_only ? 1 : 2,
              p.estimator.map.pilots_only ? 1 : 2,
              static_cast<int>(sizeof(gr_complex) * grid->num_subcarriers())),
          gr::io_signature::make(
              0, 1, static_cast<int>(sizeof(float) * map_columns(grid, p.estimator)))),
      d_grid(grid),
      d_faults(d_logger),
      d_tx(p.tx),
      d_rx(p.rx),
      d_estimator(std::make_unique<target_estimator>(grid, p.estimator)),
      d_clutter(std::make_unique<clutter_filter>(grid, p.clutter)),
      d_rows(grid, d_faults),
      d_range_cells(d_estimator->map().range_cells()),
      d_doppler_cells(d_estimator->map().doppler_cells()),
      d_delay_step(d_estimator->map().delay_step()),
      d_doppler_step(d_estimator->map().doppler_step()),
      d_parameters(p.estimator)
{
    if (!p.estimator.map.pilots_only) {
        const size_t elements = grid->elements().size();
        const size_t kept = frames_kept(*grid, p.reference_frames);
        d_sent = std::make_unique<frame_assembler>(grid, d_faults);
        d_references = std::make_unique<frame_queue>(kept, elements);
        d_waiting = std::make_unique<frame_queue>(kept, elements);
    }
    set_tag_propagation_policy(TPP_DONT);
    set_min_output_buffer(0, static_cast<long>(2 * FEWEST_ROWS));
    // Buffers are sized by this rate before start() sets the one that the scheduler works
    // with: rows longer than 16 kB would else get buffers of a single row.
    set_relative_rate(1, buffered_rows(*grid, p.estimator.map.pilots_only));
    message_port_register_out(message_ports::detections());
}

bool range_doppler_estimator_impl::start()
{
    set_relative_rate(1, 1);
    d_held_references = d_held_rows = 0;
    // While one frame is processed the next comes.
    const auto capacity = detail()->input(0)->max_possible_items_available();
    d_in_place = capacity + 1 >= 2 * static_cast<int>(d_grid->num_symbols());
    d_rows.set_in_place(d_in_place);
    return gr::block::start();
}

bool range_doppler_estimator_impl::stop()
{
    set_relative_rate(1, buffered_rows(*d_grid, !reads_reference()));
    give_up_waiting();
    return gr::block::stop();
}

void range_doppler_estimator_impl::give_up_waiting()
{
    while (d_waiting && !d_waiting->empty()) {
        d_faults.count("no_reference",
                       "the run ended before the reference of frame " +
                           std::to_string(d_waiting->oldest().stamp.frame) + " came");
        d_waiting->pop();
    }
}

// A setter makes a whole estimator, with its plans, in its own thread.
template <typename F>
void range_doppler_estimator_impl::change(F apply)
{
    std::lock_guard<std::mutex> setter_lock(d_setter_mutex);
    target_estimator::parameters p = d_parameters;
    apply(p);
    auto estimator = std::make_unique<target_estimator>(d_grid, p);
    d_parameters = p;
    std::lock_guard<std::mutex> lock(d_pending_mutex);
    d_pending = std::move(estimator);
}

void range_doppler_estimator_impl::set_pfa(double pfa)
{
    change([&](auto& p) { p.detector.pfa = pfa; });
}

void range_doppler_estimator_impl::set_cfar(const std::string& cfar)
{
    change([&](auto& p) { p.detector.kind = cfar; });
}

void range_doppler_estimator_impl::set_mode(const std::string& mode)
{
    change([&](auto& p) { p.map.mode = mode; });
}

void range_doppler_estimator_impl::set_window(const std::string& window,
                                              double window_parameter)
{
    change([&](auto& p) {
        p.map.window = window;
        p.map.window_parameter = window_parameter;
    });
}

void range_doppler_estimator_impl::set_guard(int guard_delay, int guard_doppler)
{
    change([&](auto& p) {
        p.detector.guard_delay = guard_delay;
        p.detector.guard_doppler = guard_doppler;
    });
}

void range_doppler_estimator_impl::set_training(int training_delay, int training_doppler)
{
    change([&](auto& p) {
        p.detector.training_delay = training_delay;
        p.detector.training_doppler = training_doppler;
    });
}

void range_doppler_estimator_impl::set_max_targets(int max_targets)
{
    change([&](auto& p) { p.max_targets = max_targets; });
}

void range_doppler_estimator_impl::set_clutter(const std::string& clutter,
                                               int memory,
                                               double cutoff,
                                               const std::vector<double>& delays)
{
    auto filter = std::make_unique<clutter_filter>(
        d_grid, clutter_filter::parameters{ clutter, memory, cutoff, delays });
    std::lock_guard<std::mutex> lock(d_pending_mutex);
    d_pending_clutter = std::move(filter);
}

void range_doppler_estimator_impl::take_pending()
{
    std::lock_guard<std::mutex> lock(d_pending_mutex);
    if (d_pending)
        d_estimator = std::move(d_pending);
    if (d_pending_clutter)
        d_clutter = std::move(d_pending_clutter);
}

// Asks for whichever input has something: either must be able to move without the other.
void range_doppler_estimator_impl::forecast(int, gr_vector_int& required)
{
    std::fill(required.begin(), required.end(), 0);
    if (d_map_left > 0)
        return;
    required[0] =
        d_held_rows + (d_in_place ? static_cast<int>(d_rows.rows_missing()) : 1);
    if (!reads_reference() || state_of_input(*this, 0).available >= required[0])
        return;
    const auto sent = state_of_input(*this, 1);
    if (sent.available > d_held_references || !d_waiting->empty()) {
        required[0] = 0;
        // The echoes that wait for references that cannot come are to be given up.
        required[1] =
            sent.done && sent.available <= d_held_references ? 0 : d_held_references + 1;
    }
}

// The last row is copied but left in the buffer: where the map is not connected the
// scheduler ends a block as soon as one input is over and empty, while echoes of these
// references are still on their way. Likewise for rows that wait for their reference.
void range_doppler_estimator_impl::take_references(const gr_complex* rows, size_t count)
{
    const size_t n = d_grid->num_subcarriers();
    const uint64_t first = nitems_read(1);
    size_t taken = d_held_references;
    get_tags_in_range(d_tags, 1, first + taken, first + count);
    while (taken < count) {
        taken += d_sent->push(rows + taken * n, count - taken, first + taken, d_tags);
        if (d_sent->complete())
            d_references->push(*d_sent);
    }
    if (count > 0) {
        consume(1, static_cast<int>(count) - 1);
        d_held_references = 1;
    }
}

void range_doppler_estimator_impl::accept_frame()
{
    if (!reads_reference()) {
        process(d_rows.stamp(), d_rows.rows(), nullptr);
        return;
    }
    if (d_waiting->full()) {
        d_faults.count("no_reference",
                       "frame " + std::to_string(d_waiting->oldest().stamp.frame) +
                           " waited too long for its reference");
        d_waiting->pop();
    }
    const auto* sent = d_references->find(d_rows.stamp().frame);
    if (sent && d_waiting->empty())
        process(d_rows.stamp(), d_rows.rows(), *sent);
    else
        d_waiting->push(d_rows);
}

// Echoes come in the order of their references: what came before this one is over.
void range_doppler_estimator_impl::process(const frame_stamp& stamp,
                                           const gr_complex* rows,
                                           const frame_queue::entry& sent)
{
    process(stamp, rows, sent.rows.data());
    d_references->pop_before(sent);
}

// The oldest echo whose reference has come, if any; one whose reference was missed is
// dropped.
bool range_doppler_estimator_impl::process_waiting()
{
    if (!reads_reference())
        return false;
    while (!d_waiting->empty() && !d_references->empty()) {
        const auto& echo = d_waiting->oldest();
        const auto* sent = d_references->find(echo.stamp.frame);
        if (sent)
            process(echo.stamp, echo.rows.data(), *sent);
        else if (d_references->newest().stamp.frame > echo.stamp.frame)
            d_faults.count("no_reference",
                           "the reference of frame " + std::to_string(echo.stamp.frame) +
                               " is missing");
        else
            return false;
        d_waiting->pop();
        if (sent)
            return true;
    }
    return false;
}

void range_doppler_estimator_impl::process(const frame_stamp& stamp,
                                           const gr_complex* rows,
                                           const gr_complex* sent)
{
    take_pending();
    if (!d_estimator->process(d_clutter->process(rows, sent), sent, d_report)) {
        d_faults.count("empty_reference",
                       "the reference of frame " + std::to_string(stamp.frame) +
                           " is zero everywhere");
        return;
    }
    d_report.frame = stamp.frame;
    d_report.scene_time = stamp.scene_time;
    d_report.tx = d_tx;
    d_report.rx = d_rx;
    message_port_pub(message_ports::detections(), to_pmt(d_report));
    d_map_stamp = stamp;
    d_map_left = d_has_map ? d_doppler_cells : 0;
}

int range_doppler_estimator_impl::put_map(float* out, int space, int already)
{
    const size_t rows = std::min<size_t>(d_map_left, space);
    const size_t first = d_doppler_cells - d_map_left;
    if (first == 0 && rows > 0) {
        const uint64_t offset = nitems_written(0) + already;
        add_item_tag(
            0, offset, metadata_keys::frame(), pmt::from_uint64(d_map_stamp.frame));
        add_item_tag(0,
                     offset,
                     metadata_keys::scene_time(),
                     pmt::from_double(d_map_stamp.scene_time - d_grid->middle_time()));
    }
    std::copy_n(d_estimator->powers() + first * d_range_cells, rows * d_range_cells, out);
    d_map_left -= rows;
    return static_cast<int>(rows);
}

int range_doppler_estimator_impl::general_work(int noutput_items,
                                               gr_vector_int& ninput_items,
                                               gr_vector_const_void_star& input_items,
                                               gr_vector_void_star& output_items)
{
    d_has_map = !output_items.empty();
    if (reads_reference())
        take_references(static_cast<const gr_complex*>(input_items[1]), ninput_items[1]);

    const size_t n = d_grid->num_subcarriers();
    const auto* rows = static_cast<const gr_complex*>(input_items[0]);
    const size_t count = ninput_items[0];
    const uint64_t first = nitems_read(0);
    get_tags_in_range(d_tags, 0, first, first + count);
    size_t taken = d_held_rows;
    int produced = 0;
    while (true) {
        if (d_map_left > 0)
            produced +=
                put_map(static_cast<float*>(output_items[0]) + produced * d_range_cells,
                        noutput_items - produced,
                        produced);
        if (d_map_left > 0)
            break;
        if (process_waiting())
            continue;
        if (taken == count)
            break;
        taken += d_rows.push(rows + taken * n, count - taken, first + taken, d_tags);
        if (d_rows.complete())
            accept_frame();
    }
    if (reads_reference() && d_map_left == 0 && !d_waiting->empty()) {
        const auto sent = state_of_input(*this, 1);
        if (sent.done && sent.available <= d_held_references)
            give_up_waiting();
    }
    d_held_rows = static_cast<int>(d_rows.rows_held());
    if (d_held_rows == 0 && reads_reference() && taken > 0 && !d_waiting->empty())
        d_held_rows = 1;
    consume(0, static_cast<int>(taken) - d_held_rows);
    return produced;
}

} // namespace isac
} // namespace gr
