/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_RANGE_DOPPLER_DETECTOR_IMPL_H
#define INCLUDED_ISAC_RANGE_DOPPLER_DETECTOR_IMPL_H

#include "fault_log.h"
#include "frame_follower.h"
#include "map_matcher.h"
#include "map_output.h"
#include <gnuradio/isac/range_doppler_detector.h>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace gr {
namespace isac {

class range_doppler_detector_impl : public range_doppler_detector
{
public:
    range_doppler_detector_impl(ofdm_grid::sptr grid,
                                const range_doppler_detector_parameters& p);

    void set_pfa(double pfa) override;
    void set_cfar(const std::string& cfar) override;
    void set_guard(int guard_delay, int guard_doppler) override;
    void set_training(int training_delay, int training_doppler) override;
    void set_max_targets(int max_targets) override;
    void set_frames(int frames, int hop) override;

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
    // An input, and how far it was read.
    struct input {
        input(ofdm_grid::sptr grid, fault_log& faults, size_t rows_a_map)
            : rows(grid, faults, rows_a_map)
        {
        }

        frame_follower rows;
        bool finite = true; // the map so far
        int held = 0;       // rows that were read but not consumed
        int taken = 0;      // in this call, those held included
        std::vector<gr::tag_t> tags;
    };

    template <typename F>
    void change(F apply);
    void take_pending();
    bool read(size_t port, const float* rows, int count);
    void accept_frame();

    ofdm_grid::sptr d_grid;
    fault_log d_faults;
    const int d_tx;
    const int d_rx;
    std::unique_ptr<map_detector> d_detector;
    size_t d_doppler_cells, d_range_cells;
    double d_delay_step, d_doppler_step;
    std::unique_ptr<map_integrator> d_integrator;
    std::deque<input> d_inputs;
    map_matcher d_maps;
    map_output d_map_output;
    detections d_report;

    std::mutex d_setter_mutex; // held while a setter makes a detector
    range_doppler_detector_parameters d_parameters; // as set last
    std::mutex d_pending_mutex;
    std::unique_ptr<map_detector> d_pending; // for the next frame
    std::unique_ptr<map_integrator> d_pending_integrator;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_RANGE_DOPPLER_DETECTOR_IMPL_H */
