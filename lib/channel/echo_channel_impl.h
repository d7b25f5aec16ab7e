/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_ECHO_CHANNEL_IMPL_H
#define INCLUDED_ISAC_ECHO_CHANNEL_IMPL_H

#include "channel_faults.h"
#include "fault_log.h"
#include "frame_clock.h"
#include <gnuradio/isac/channel/echo_scene.h>
#include <gnuradio/isac/channel/echo_synthesizer.h>
#include <gnuradio/isac/echo_channel.h>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace gr {
namespace isac {

class echo_channel_impl : public echo_channel
{
public:
    echo_channel_impl(ofdm_grid::sptr grid,
                      const echo_scene::parameters& scene,
                      int64_t tx,
                      int64_t rx,
                      double revisit_interval,
                      double start_time);

    bool start() override;
    void forecast(int noutput_items, gr_vector_int& ninput_items_required) override;
    int general_work(int noutput_items,
                     gr_vector_int& ninput_items,
                     gr_vector_const_void_star& input_items,
                     gr_vector_void_star& output_items) override;

    void set_targets(const std::vector<target::sptr>& targets) override;
    void set_noise_figure_db(double figure) override;
    void set_noise_enabled(bool enabled) override;
    void set_tx_gain_db(double gain) override;
    void set_rx_gain_db(double gain) override;
    void set_shadowing_std_db(double std) override;
    void set_self_interference(const std::string& mode) override;
    void set_leakage_gain_db(double gain) override;
    void set_residual_dbm(double power) override;
    void set_revisit_interval(double interval) override;
    std::map<std::string, uint64_t> faults() const override { return d_faults.counts(); }

private:
    struct settings {
        echo_scene::parameters scene;
        double revisit_interval;
    };

    template <typename F>
    void change(F&& edit);
    void take_up_changes();
    void read_tags(uint64_t first, uint64_t count, uint64_t reach);
    void start_frame(uint64_t here, const uint64_t* number);
    void publish_truth();

    const ofdm_grid::sptr d_grid;
    const int64_t d_tx;
    const int64_t d_rx;
    fault_log d_faults;

    std::mutex d_mutex; // guards the next three
    settings d_requested;
    bool d_changed = false;

    channel_faults d_watch;
    frame_clock d_clock;
    double d_revisit_interval;
    echo_scene d_scene;
    echo_synthesizer d_synthesizer;

    std::vector<tag_t> d_tags;
    double d_frame_energy = 0; // of the input
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_ECHO_CHANNEL_IMPL_H */
