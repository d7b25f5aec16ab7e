/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_OBJECT_LOCATOR_H
#define INCLUDED_ISAC_MOBILITY_OBJECT_LOCATOR_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <gnuradio/isac/reports.h>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace gr {
namespace isac {

/*!
 * Kernel: locates one object by what several pairs detect, and follows it.
 *
 * The object is the strongest detection of each pair, or once it is followed, the one
 * nearest to the prediction. Where more pairs than these agree on another place, it is
 * followed from there.
 */
class ISAC_API object_locator
{
public:
    using node_pair = std::pair<int64_t, int64_t>; //!< tx, rx

    //! \throws std::invalid_argument as object_track
    object_locator(const std::vector<node_pair>& pairs,
                   const std::map<int64_t, vector3>& nodes,
                   const object_track::parameters& p);

    object_locator(const object_locator&) = delete;
    object_locator& operator=(const object_locator&) = delete;

    void set_motion(const object_track::parameters& p);

    /*!
     * \param time     s
     * \param seen     one a pair
     * \param used     pairs whose detections count
     * \param gate     standard deviations around the prediction
     * \param targets  one a pair: which detection is the object, -1: none
     * \return the position by these detections alone
     */
    position_estimate step(double time,
                           const std::vector<detections>& seen,
                           const std::vector<bool>& used,
                           double gate,
                           std::vector<int>& targets);

    //! Where the object will be; none if it is not followed.
    std::optional<object_state> predict(double time) const;

private:
    // A detection that may be the object.
    struct sighting {
        size_t pair;
        int target;
        path_look look;
    };

    std::vector<sighting> strongest(const std::vector<detections>& seen,
                                    const std::vector<bool>& used);
    std::vector<sighting> nearest(const std::vector<detections>& seen,
                                  const std::vector<bool>& used,
                                  double time,
                                  double gate);
    std::vector<range_sum> ranges_of(size_t pair, const detections& seen) const;
    sighting look_at(size_t pair, size_t target, const detections& seen);
    bool elsewhere(const std::vector<sighting>& found, size_t num_predicted);

    const std::vector<node_pair> d_pairs;
    const std::map<int64_t, vector3> d_nodes;
    object_track d_track;
    position_solver d_solver;                                      // without the track
    double d_wavelength = std::numeric_limits<double>::infinity(); // m, unknown
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_OBJECT_LOCATOR_H */
