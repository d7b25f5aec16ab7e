/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_MOBILITY_BEAM_SEARCH_H
#define INCLUDED_ISAC_MOBILITY_BEAM_SEARCH_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/object_track.h>
#include <cstddef>
#include <optional>
#include <tuple>
#include <vector>

namespace gr {
namespace isac {

//! A direction seen from a node, rad.
struct direction {
    double azimuth = 0;   //!< from x towards y
    double elevation = 0; //!< upwards from the horizontal
};

//! The direction from one place to another.
ISAC_API direction direction_to(const vector3& from, const vector3& to);

//! The angle between two directions, rad.
ISAC_API double angle_between(const direction& a, const direction& b);

/*!
 * \brief Kernel: where a node points its narrow beam, to find an object and to keep it.
 * \ingroup isac
 *
 * Knowing nothing it sweeps its sector, beam by beam; assisted with the object's track it
 * points to where the object is predicted, and then around it, the likeliest direction
 * first, as far as three standard deviations go. A beam in which the object was seen is
 * kept. (Y. S. Ribeiro et al., "Mobility Management in Integrated Sensing and
 * Communications Networks", section II: assisting information lets the target node skip
 * the sweep.)
 */
class ISAC_API beam_search
{
public:
    struct parameters {
        vector3 position = { 0, 0, 0 }; //!< of the node, m
        //! At half power, rad, positive, at most pi.
        double beamwidth = 0.1;
        //! Middle and width of the sector in azimuth, rad; the width positive, at most
        //! 2 pi.
        double sector_azimuth = 0;
        double sector_width = 2.0943951023931953;
        //! Middle and height of the sector in elevation, rad; the height from 0 (one row
        //! of beams) to pi.
        double sector_elevation = 0;
        double sector_height = 0;

        bool operator==(const parameters& other) const;
    };

    //! \throws std::invalid_argument naming the parameter, its value and its limit
    explicit beam_search(const parameters& p);

    beam_search(const beam_search&) = delete;
    beam_search& operator=(const beam_search&) = delete;

    const parameters& params() const { return d_params; }
    //! Beams of a sweep.
    size_t num_beams() const { return d_columns * d_rows; }

    //! Knows nothing any more: the sweep begins.
    void reset();
    //! What is known of the object from now on.
    void assist(const object_state& object);
    bool assisted() const { return d_object.has_value(); }

    //! The beam at a time, s.
    direction point(double time);
    //! What came of the last beam: kept if the object was seen, else the next one.
    void look(bool seen);

private:
    direction swept(size_t index) const;
    std::optional<direction> predicted(double time);

    parameters d_params;
    size_t d_columns, d_rows;
    std::optional<object_state> d_object;
    size_t d_misses = 0;
    bool d_seen = false; // in the last look
    // How unlikely, column and row of a beam beside the predicted one.
    std::vector<std::tuple<double, int, int>> d_candidates;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_MOBILITY_BEAM_SEARCH_H */
