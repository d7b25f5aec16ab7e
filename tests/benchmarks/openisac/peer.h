/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef ISAC_BENCHMARKS_OPENISAC_PEER_H
#define ISAC_BENCHMARKS_OPENISAC_PEER_H

#include <complex>
#include <cstddef>
#include <utility>

/*!
 * OpenISAC's sensing of a frame, behind an interface that has none of its types: its
 * library is loaded at run time, built as its own programs are.
 */
class peer
{
public:
    using value = std::complex<float>;

    virtual ~peer() = default;

    //! From samples of a frame, cyclic prefixes included, to powers of all cells in dB.
    virtual void map(const value* samples) = 0;
    //! Its OS-CFAR of that map, of cells from so much power on.
    virtual void detect(float least_db) = 0;
    //! Of the map: Doppler row, 0 in the middle, and range cell of the highest power.
    virtual std::pair<size_t, size_t> highest() const = 0;
};

//! What a library exports as "make_peer". \param sent  M x N values, subcarrier 0 first
using make_peer_function = peer*(size_t n, size_t m, size_t cp, const peer::value* sent);

#endif
