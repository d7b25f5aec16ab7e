/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "all_finite.h"
#include "input_end.h"
#include "range_doppler_estimator_impl.h"
#include "report_codec.h"
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/metadata_keys.h>
#include <algorithm>
#include <limits>

namespace gr {
namespace isac {

namespace {

// Rows longer than 16 kB would else get buffers of a single one.
constexpr unsigned FEWEST_ROWS = 8;

constexpr uint64_t NONE = std::numeric_limits<uint64_t>::max();

// Beside the one on its way. Small frames pass through the scheduler's buffers by the
// dozen.
size_t frames_kept(const ofdm_grid& grid, bool pilots_only, int asked)
{
    if (pilots_only)
        return 0;
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
      d_echo_frames(grid, d_faults),
      d_echoes(frames_kept(*grid, p.estimator.map.pilots_only, p.reference_frames) + 1,
               *grid),
      d_progress{ NONE, NONE, 0 },
      d_map_output(d_estimator->map().doppler_cells(),
                   d_estimator->map().range_cells(),
                   [this](uint64_t offset, const auto& key, const auto& value) {
                       add_item_tag(0, offset, key, value);
                   }),
      d_range_cells(d_estimator->map().range_cells()),
      d_doppler_cells(d_estimator->map().doppler_cells()),
      d_delay_step(d_estimator->map().delay_step()),
      d_doppler_step(d_estimator->map().doppler_step()),
      d_parameters(p.estimator)
{
    if (!p.estimator.map.pilots_only) {
        d_reference_frames = std::make_unique<frame_follower>(grid, d_faults);
        d_references = std::make_unique<frame_queue>(
            frames_kept(*grid, false, p.reference_frames) + 1, *grid);
    }
    set_tag_propagation_policy(TPP_DONT);
    set_min_output_buffer(0, static_cast<long>(2 * FEWEST_ROWS));
    // The scheduler sizes buffers for twice this rate; start() sets the one it works
    // with.
    set_relative_rate(1, FEWEST_ROWS);
    message_port_register_out(message_ports::detections());
}

bool range_doppler_estimator_impl::start()
{
    set_relative_rate(1, 1);
    // Else the flowgraph was reconfigured, and its buffers are as they were.
    if (nitems_read(0) == 0) {
        d_echo_frames.reset();
        d_echoes.clear();
        d_following = false;
        d_held_echoes = 0;
        d_map_output.reset();
    }
    if (reads_reference() && nitems_read(1) == 0) {
        d_reference_frames->reset();
        d_references->clear();
        d_held_references = 0;
    }
    return gr::block::start();
}

bool range_doppler_estimator_impl::stop()
{
    set_relative_rate(1, FEWEST_ROWS);
    give_up_waiting();
    return gr::block::stop();
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
    if (d_map_output.is_busy())
        return;
    required[0] = d_held_echoes + 1;
    if (!reads_reference() || state_of_input(*this, 0).available >= required[0])
        return;
    const auto sent = state_of_input(*this, 1);
    if (sent.available > d_held_references || awaits_reference()) {
        required[0] = 0;
        // The echoes that wait for references that cannot come are to be given up.
        required[1] =
            sent.done && sent.available <= d_held_references ? 0 : d_held_references + 1;
    }
}

void range_doppler_estimator_impl::take_references(const gr_complex* rows, size_t count)
{
    const uint64_t first = nitems_read(1);
    d_sent = { rows, first, first + count };
    size_t taken = d_held_references;
    get_tags_in_range(d_tags, 1, first + taken, first + count);
    while (taken < count) {
        const auto piece =
            d_reference_frames->follow(count - taken, first + taken, d_tags);
        if (!piece.outside) {
            if (piece.symbol == 0)
                d_references->start(d_reference_frames->stamp(), first + taken);
            d_references->come(piece.rows);
        }
        taken += piece.rows;
    }
}

// References wait for their echoes in the stream's buffer, where a quarter stays free for
// those that follow; else they are stored. The last row is left there in any case: where
// the map is not connected the scheduler ends a block as soon as one input is over and
// empty, while echoes of these references are still on their way. Likewise for rows that
// wait for their reference.
void range_doppler_estimator_impl::leave_references()
{
    if (d_sent.first == d_sent.end)
        return;
    const uint64_t room = detail()->input(1)->max_possible_items_available();
    const uint64_t most = room - room / 4;
    if (d_sent.end - d_references->first_left(d_sent.end) > most)
        d_references->store_before(d_sent.end - most, d_sent.values, d_sent.first);
    const uint64_t left = std::min(d_references->first_left(d_sent.end), d_sent.end - 1);
    consume(1, static_cast<int>(left - d_sent.first));
    d_held_references = static_cast<int>(d_sent.end - left);
}

// Rows that can be matched at once are; others are stored.
void range_doppler_estimator_impl::take_echo(const frame_piece& piece,
                                             const gr_complex* rows,
                                             uint64_t first)
{
    if (piece.symbol == 0) {
        if (d_echoes.full() && d_echoes.is_whole(d_echoes.newest()))
            d_faults.count("no_reference",
                           "frame " + std::to_string(d_echoes.oldest().stamp.frame) +
                               " waited too long for its reference");
        d_echoes.start(d_echo_frames.stamp(), first);
        d_following = true;
    }
    if (!d_following)
        return;
    const auto& echo = d_echoes.newest();
    const bool in_turn = &echo == &d_echoes.oldest() && matched(echo) == echo.rows;
    d_echoes.come(piece.rows);
    d_echoes.pass(echo, in_turn ? match(rows, piece.rows) : 0);
    d_echoes.store_before(echo.end(), rows, first);
}

// Whether rows are matched as they come. A filter of the rows, like a compensation of
// motion, takes whole frames.
bool range_doppler_estimator_impl::by_rows() const
{
    return d_estimator->takes_rows() && d_clutter->params().kind == "none";
}

size_t range_doppler_estimator_impl::matched(const frame_queue::entry& echo) const
{
    return d_progress.echo == echo.serial ? d_progress.rows : 0;
}

const frame_queue::entry*
range_doppler_estimator_impl::reference_of(const frame_queue::entry& echo) const
{
    if (!reads_reference())
        return nullptr;
    return matched(echo) > 0 ? d_references->with_serial(d_progress.reference)
                             : d_references->find(echo.stamp.frame);
}

// Matches rows of the oldest echo, those after the ones that were matched, as far as its
// reference has come; returns how many.
size_t range_doppler_estimator_impl::match(const gr_complex* rows, size_t count)
{
    const auto& echo = d_echoes.oldest();
    const size_t first = matched(echo);
    if (first == 0)
        take_pending();
    const auto* sent = reference_of(echo);
    if (!by_rows() || (reads_reference() && !sent))
        return 0;
    if (sent)
        count = std::min(count, sent->rows - std::min(first, sent->rows));
    if (count == 0)
        return 0;
    if (first == 0)
        d_progress = { echo.serial, sent ? sent->serial : NONE, 0 };
    const size_t n = d_grid->num_subcarriers();
    for (size_t done = 0; done < count;) {
        const gr_complex* reference = nullptr;
        size_t together = count - done;
        if (sent) {
            const size_t stored = sent->settled - (first + done);
            const bool in_stream = stored == 0;
            reference = in_stream ? d_sent.at(sent->first_left(), n)
                                  : sent->values.data() + (first + done) * n;
            if (in_stream)
                d_references->pass(*sent, together);
            else
                together = std::min(together, stored);
        }
        d_estimator->take(rows + done * n, reference, first + done, together);
        done += together;
    }
    d_progress.rows += count;
    return count;
}

// Works on the oldest echo; returns whether that one is over.
bool range_doppler_estimator_impl::advance()
{
    if (d_echoes.empty())
        return false;
    const auto& echo = d_echoes.oldest();
    if (matched(echo) < echo.rows)
        match(echo.values.data() + matched(echo) * d_grid->num_subcarriers(),
              echo.rows - matched(echo));
    const auto* sent = reference_of(echo);
    if (reads_reference() && !sent) {
        // References come in the order of the frames.
        if (matched(echo) == 0 &&
            (d_references->empty() ||
             d_references->newest().stamp.frame <= echo.stamp.frame))
            return false;
        d_faults.count("no_reference",
                       "the reference of frame " + std::to_string(echo.stamp.frame) +
                           " is missing");
    } else if (by_rows()) {
        if (matched(echo) < d_grid->num_symbols())
            return false;
        const bool estimated = d_estimator->finish(d_report);
        report(echo.stamp, estimated, d_estimator->finite());
    } else {
        if (!d_echoes.is_whole(echo) || (sent && !d_references->is_whole(*sent)))
            return false;
        if (sent) {
            d_references->pop_before(*sent);
            d_references->store_before(sent->end(), d_sent.values, d_sent.first);
        }
        const auto* rows = echo.values.data();
        const auto* reference = sent ? sent->values.data() : nullptr;
        // The filter would keep what it learns of a NaN.
        const size_t elements = d_grid->elements().size();
        const bool finite =
            all_finite(rows, elements) && (!sent || all_finite(reference, elements));
        report(echo.stamp,
               finite && d_estimator->process(
                             d_clutter->process(rows, reference), reference, d_report),
               finite);
    }
    // Echoes come in the order of their references: what came before this one is over.
    if (sent) {
        d_references->pop_before(*sent);
        d_references->pop();
    }
    d_following = d_following && d_echoes.is_whole(echo);
    d_echoes.pop();
    return true;
}

void range_doppler_estimator_impl::report(const frame_stamp& stamp,
                                          bool estimated,
                                          bool finite)
{
    if (!estimated) {
        const std::string frame = "frame " + std::to_string(stamp.frame);
        if (finite)
            d_faults.count("empty_reference",
                           "the reference of " + frame + " is zero everywhere");
        else
            d_faults.count("not_finite", frame + " holds a NaN or an infinity");
        return;
    }
    d_report.frame = stamp.frame;
    d_report.scene_time = stamp.scene_time;
    d_report.tx = d_tx;
    d_report.rx = d_rx;
    message_port_pub(message_ports::detections(), to_pmt(d_report));
    d_map_output.start(d_estimator->powers(),
                       { stamp.frame, stamp.scene_time - d_grid->middle_time() });
}

// Whether a whole frame of echoes lies there although it was its turn.
bool range_doppler_estimator_impl::awaits_reference() const
{
    return !d_echoes.empty() && d_echoes.is_whole(d_echoes.oldest());
}

bool range_doppler_estimator_impl::references_are_over() const
{
    const auto sent = state_of_input(*this, 1);
    return sent.done && sent.available <= d_held_references;
}

void range_doppler_estimator_impl::give_up_waiting()
{
    while (awaits_reference()) {
        d_faults.count("no_reference",
                       "the run ended before the reference of frame " +
                           std::to_string(d_echoes.oldest().stamp.frame) + " came");
        d_echoes.pop();
    }
}

int range_doppler_estimator_impl::general_work(int noutput_items,
                                               gr_vector_int& ninput_items,
                                               gr_vector_const_void_star& input_items,
                                               gr_vector_void_star& output_items)
{
    d_map_output.offer(
        output_items, noutput_items, output_items.empty() ? 0 : nitems_written(0));
    if (reads_reference())
        take_references(static_cast<const gr_complex*>(input_items[1]), ninput_items[1]);

    const size_t n = d_grid->num_subcarriers();
    const auto* rows = static_cast<const gr_complex*>(input_items[0]);
    const size_t count = ninput_items[0];
    const uint64_t first = nitems_read(0);
    get_tags_in_range(d_tags, 0, first, first + count);
    size_t taken = d_held_echoes;
    while (true) {
        if (!d_map_output.put())
            break;
        if (advance())
            continue;
        if (awaits_reference() && references_are_over())
            give_up_waiting();
        if (taken == count)
            break;
        const auto piece = d_echo_frames.follow(count - taken, first + taken, d_tags);
        if (!piece.outside)
            take_echo(piece, rows + taken * n, first + taken);
        taken += piece.rows;
    }
    if (reads_reference())
        leave_references();
    d_held_echoes = taken > 0 && awaits_reference();
    consume(0, static_cast<int>(taken) - d_held_echoes);
    return d_map_output.produced();
}

} // namespace isac
} // namespace gr
