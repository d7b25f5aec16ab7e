/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_SENSING_NODE_H
#define INCLUDED_ISAC_SENSING_NODE_H

#include <gnuradio/block.h>
#include <gnuradio/isac/api.h>
#include <gnuradio/isac/mobility/beam_search.h>
#include <gnuradio/isac/mobility/sensing_resources.h>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

namespace gr {
namespace isac {

//! What a node can do.
struct sensing_node_parameters {
    //! Where it is and what its beams can do.
    beam_search::parameters beams;
    //! That it has left for sensing.
    sensing_resources resources;
    //! SNR of a resource element at which it needs no help of a source, dB; infinite:
    //! never.
    double release_snr_db = std::numeric_limits<double>::infinity();
};

/*!
 * \brief A node's part in the handover of sensing: answers requests, and points its beam.
 * \ingroup isac
 *
 * Messages only. A request for this node is accepted if it has the resources, else
 * refused; what was accepted is refused as soon as resources are set that do not suffice
 * any more. From the configuration that gives it a part the node points a narrow beam:
 * where the assistance says, or sweeping its sector without any (beam_search). Each of
 * its own reports in which the object is seen keeps the beam, one without moves it on;
 * tracks renew what is known.
 *
 * Where it is the target of a soft handover and sees the object at `release_snr_db`, it
 * tells that the source need not sense on.
 *
 * Message inputs (keys in metadata_keys.h; what is for other nodes is passed over):
 * - `signalling`: request and assist
 * - `configuration`, `tracks`: of the Mono/Bistatic Combiner
 * - `detections`: of the pairs that this node is part of
 *
 * Message outputs:
 * - `signalling`: accept, refuse (cause: "symbols", "subcarriers" or "power"), release
 * - `beam`: scene_time, node, azimuth, elevation, width; when it is given a part,
 *   when it is assisted, and after each of its reports
 *
 * Malformed messages ("bad_" and the port's name) are counted in faults() and dropped.
 */
class ISAC_API sensing_node : virtual public gr::block
{
public:
    using sptr = std::shared_ptr<sensing_node>;

    /*!
     * \param node        its number, not negative
     * \param parameters  see sensing_node_parameters
     * \throws std::invalid_argument naming the parameter, its value and its limit
     */
    static sptr make(int64_t node, const sensing_node_parameters& parameters);

    /*!
     * Live.
     *
     * \throws std::invalid_argument as make(), and where beams differ from what it was
     *         made with
     */
    virtual void set_parameters(const sensing_node_parameters& parameters) = 0;
    virtual sensing_node_parameters parameters() const = 0;

    //! Whether the node has a part in the sensing.
    virtual bool active() const = 0;
    //! Requests accepted, and refused.
    virtual uint64_t num_accepted() const = 0;
    virtual uint64_t num_refused() const = 0;

    //! Messages dropped, by kind.
    virtual std::map<std::string, uint64_t> faults() const = 0;
};

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_SENSING_NODE_H */
