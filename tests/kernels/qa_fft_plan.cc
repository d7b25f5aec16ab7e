/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "fft_plan.h"
#include <gnuradio/fft/fft.h>
#include <unistd.h>
#include <volk/volk_alloc.hh>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace gr::isac;

namespace {

// A home of its own: GNU Radio keeps the wisdom there.
struct empty_home {
    empty_home()
    {
        std::filesystem::create_directories(path);
        for (const char* name :
             { "HOME", "APPDATA", "XDG_CONFIG_HOME", "XDG_STATE_HOME" })
            setenv(name, path.c_str(), 1);
    }
    ~empty_home() { std::filesystem::remove_all(path); }

    const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                       ("qa_fft_plan." + std::to_string(getpid()));
};

constexpr size_t LENGTH = 96, COUNT = 5, PITCH = 7;

// Whether FFTW knows a plan without trying ways.
bool is_known()
{
    volk::vector<gr_complex> from(LENGTH * PITCH), to(LENGTH * PITCH);
    const int length = LENGTH;
    const auto plan = fftwf_plan_many_dft(1,
                                          &length,
                                          COUNT,
                                          reinterpret_cast<fftwf_complex*>(from.data()),
                                          nullptr,
                                          PITCH,
                                          1,
                                          reinterpret_cast<fftwf_complex*>(to.data()),
                                          nullptr,
                                          1,
                                          LENGTH,
                                          FFTW_FORWARD,
                                          FFTW_PATIENT | FFTW_WISDOM_ONLY);
    if (plan)
        fftwf_destroy_plan(plan);
    return plan;
}

} // namespace

// What one program learned the next one reads: here one that forgot all.
BOOST_AUTO_TEST_CASE(wisdom_is_kept_for_the_next_program)
{
    const empty_home home;
    BOOST_TEST_REQUIRE(!is_known());
    volk::vector<gr_complex> from(LENGTH * PITCH), to(LENGTH * PITCH);
    const fft_plan plan(LENGTH,
                        COUNT,
                        FFTW_FORWARD,
                        { from.data(), PITCH, 1 },
                        { to.data(), 1, LENGTH },
                        FFTW_PATIENT);
    BOOST_TEST(is_known());
    fftwf_forget_wisdom();
    BOOST_TEST_REQUIRE(!is_known());
    gr::fft::fft_complex_fwd(1); // reads the file
    BOOST_TEST(is_known());
}
