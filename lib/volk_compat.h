/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_VOLK_COMPAT_H
#define INCLUDED_ISAC_VOLK_COMPAT_H

#include <gnuradio/gr_complex.h>
#include <volk/volk.h>
#include <volk/volk_version.h>

namespace gr {
namespace isac {

//! out = in * scalar; VOLK 3.1 passes the scalar by pointer.
inline void
multiply_scalar(gr_complex* out, const gr_complex* in, gr_complex scalar, size_t count)
{
#if VOLK_VERSION >= 030100
    volk_32fc_s32fc_multiply2_32fc(out, in, &scalar, count);
#else
    volk_32fc_s32fc_multiply_32fc(out, in, scalar, count);
#endif
}

//! out = in + conj(x) * scalar
inline void multiply_conjugate_add(gr_complex* out,
                                   const gr_complex* in,
                                   const gr_complex* x,
                                   gr_complex scalar,
                                   size_t count)
{
#if VOLK_VERSION >= 030100
    volk_32fc_x2_s32fc_multiply_conjugate_add2_32fc(out, in, x, &scalar, count);
#else
    volk_32fc_x2_s32fc_multiply_conjugate_add_32fc(out, in, x, scalar, count);
#endif
}

} // namespace isac
} // namespace gr

#endif /* INCLUDED_ISAC_VOLK_COMPAT_H */
