/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SCENE_CHANNEL_IMPL_H
#define INCLUDED_ISAC_SCENE_CHANNEL_IMPL_H

#include "channel_faults.h"
#include "fault_log.h"
#include "frame_clock.h"
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/channel/scene_paths.h>
#include <gnuradio/isac/scene_channel.h>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gr {
namespace isac {

class scene_channel_impl : public scene_channel
{
public:
    scene_channel_impl(ofdm_grid::sptr grid,
                       const scene_paths::parameters& paths,
                       double revisit_interval,
                       double start_time);

    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

    void set_noise_enabled(bool enabled) override;
    void set_revisit_interval(double interval) override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

private:
    void take_up_changes();
    void start_frame(uint64_t here, const uint64_t* number);
    void compare_with_other_inputs(uint64_t first, uint64_t count);
    void note(const std::vector<echo_synthesizer::finding>& found);
    void publish_truth();
    void publish_truth_of(size_t tx, size_t rx, const std::vector<double>& sent);

    const ofdm_grid::sptr d_grid;
    fault_log d_faults;

    std::mutex d_mutex; // guards the next three
    bool d_noise_requested;
    double d_revisit_requested;
    bool d_changed = false;

    scene_paths d_paths;
    channel_faults d_watch;
    frame_clock d_clock;
    double d_revisit_interval;
    echo_synthesizer d_synthesizer;

    std::vector<tag_t> d_tags;
    std::vector<frame_clock::mark> d_begun; // frames, in this call of work
    std::vector<const gr_complex*> d_in;
    std::vector<gr_complex*> d_out;
    std::vector<echo_synthesizer::finding> d_found;
    std::vector<double> d_energies; // of the frame at hand, one an input
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SCENE_CHANNEL_IMPL_H */
