/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_CHANNEL_WALL_H
#define INCLUDED_ISAC_CHANNEL_WALL_H

#include <gnuradio/isac/api.h>
#include <gnuradio/isac/channel/trajectory.h>

namespace gr {
namespace isac {

/*!
 * \brief What takes the line of sight: a segment seen from above, of any height, or a box
 * along the axes. A value.
 */
class ISAC_API wall
{
public:
    enum class shape { segment, box };

    /*!
     * \param kind  segment: z is not looked at
     * \param from  one end, or the corner of the lowest coordinates, m, finite
     * \param to    the other end, or the opposite corner, m; of a segment another place
     *              than \p from, of a box nowhere lower
     * \throws std::invalid_argument
     */
    wall(shape kind, const vector3& from, const vector3& to);

    shape kind() const { return d_kind; }
    const vector3& from() const { return d_from; }
    const vector3& to() const { return d_to; }

    //! Whether the straight line from \p a to \p b touches it.
    bool blocks(const vector3& a, const vector3& b) const;
    //! Whether \p place is within, or on a segment but for a millimetre.
    bool contains(const vector3& place) const;

private:
    shape d_kind;
    vector3 d_from;
    vector3 d_to;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_CHANNEL_WALL_H */
