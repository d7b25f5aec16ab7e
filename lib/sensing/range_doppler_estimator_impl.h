/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_IMPL_H
#define INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_IMPL_H

#include "fault_log.h"
#include "frame_follower.h"
#include "frame_queue.h"
#include "map_output.h"
#include <gnuradio/isac/range_doppler_estimator.h>
#include <memory>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

class range_doppler_estimator_impl : public range_doppler_estimator
{
public:
    range_doppler_estimator_impl(ofdm_grid::sptr grid,
                                 const range_doppler_estimator_parameters& p);

    void set_pfa(double pfa) override;
    void set_cfar(const std::string& cfar) override;
    void set_mode(const std::string& mode) override;
    void set_window(const std::string& window, double window_parameter) override;
    void set_guard(int guard_delay, int guard_doppler) override;
    void set_training(int training_delay, int training_doppler) override;
    void set_max_targets(int max_targets) override;
    void set_clutter(const std::string& clutter,
                     int memory,
                     double cutoff,
                     const std::vector<double>& delays) override;

    size_t range_cells() const override { return d_range_cells; }
    size_t doppler_cells() const override { return d_doppler_cells; }
    double delay_step() const override { return d_delay_step; }
    double doppler_step() const override { return d_doppler_step; }
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

    bool start() override;
    bool stop() override;
    void forecast(int noutput_items, gr_vector_int& required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

private:
    bool reads_reference() const { return d_references != nullptr; }
    template <typename F>
    void change(F apply);
    void take_pending();
    void take_references(const gr_complex* rows, size_t count);
    void leave_references();
    void take_echo(const frame_piece& piece, const gr_complex* rows, uint64_t first);
    bool by_rows() const;
    size_t matched(const frame_queue::entry& echo) const;
    const frame_queue::entry* reference_of(const frame_queue::entry& echo) const;
    size_t match(const gr_complex* rows, size_t count);
    bool advance();
    void report(const frame_stamp& stamp, bool estimated, bool finite);
    bool awaits_reference() const;
    bool references_are_over() const;
    void give_up_waiting();

    ofdm_grid::sptr d_grid;
    fault_log d_faults;
    const int d_tx;
    const int d_rx;
    std::unique_ptr<target_estimator> d_estimator;
    std::unique_ptr<clutter_filter> d_clutter;
    // How much of which echo was matched row by row, with which reference.
    struct progress {
        uint64_t echo, reference; // serial numbers
        size_t rows;
    };

    frame_follower d_echo_frames;
    frame_queue d_echoes;     // which are matched in turn
    bool d_following = false; // whether the frame whose rows come is the newest of these
    progress d_progress;
    std::unique_ptr<frame_follower> d_reference_frames; // with reference rows
    std::unique_ptr<frame_queue> d_references;          // likewise
    // Rows of each input that were read but not consumed: of echoes the last at most.
    int d_held_echoes = 0, d_held_references = 0;
    // What the stream of references holds during a call of general_work().
    struct {
        const gr_complex* values;
        uint64_t first, end; // absolute indices
        const gr_complex* at(uint64_t row, size_t width) const
        {
            return values + (row - first) * width;
        }
    } d_sent;
    map_output d_map_output;
    detections d_report;
    std::vector<gr::tag_t> d_tags;
    size_t d_range_cells, d_doppler_cells;
    double d_delay_step, d_doppler_step;

    std::mutex d_setter_mutex;                 // held while a setter makes an estimator
    target_estimator::parameters d_parameters; // as set last
    std::mutex d_pending_mutex;
    std::unique_ptr<target_estimator> d_pending; // for the next frame
    std::unique_ptr<clutter_filter> d_pending_clutter;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_RANGE_DOPPLER_ESTIMATOR_IMPL_H */
