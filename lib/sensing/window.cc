/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/fft/window.h>
#include <gnuradio/isac/check.h>
#include <gnuradio/isac/sensing/window.h>
#include <utility>

namespace gr {
namespace isac {

namespace {

using gr::fft::window;

const std::pair<const char*, window::win_type> KNOWN[] = {
    { "rectangular", window::WIN_RECTANGULAR },
    { "hann", window::WIN_HANN },
    { "hamming", window::WIN_HAMMING },
    { "blackman", window::WIN_BLACKMAN },
    { "blackman_harris", window::WIN_BLACKMAN_HARRIS },
    { "nuttall", window::WIN_NUTTALL },
    { "flattop", window::WIN_FLATTOP },
    { "kaiser", window::WIN_KAISER },
    { "tukey", window::WIN_TUKEY },
};

window::win_type type_of(const std::string& name)
{
    std::string names;
    for (const auto& [known, type] : KNOWN) {
        if (name == known)
            return type;
        names += std::string(names.empty() ? "" : ", ") + known;
    }
    require(false, "window", name, "must be one of " + names);
    return window::WIN_NONE;
}

} // namespace

std::vector<std::string> window_names()
{
    std::vector<std::string> names;
    for (const auto& known : KNOWN)
        names.push_back(known.first);
    return names;
}

std::vector<float> make_window(const std::string& name, size_t length, double parameter)
{
    const auto type = type_of(name);
    if (type == window::WIN_KAISER)
        require_within("window: window_parameter, beta of kaiser", parameter, 0, 100);
    if (type == window::WIN_TUKEY)
        require_within("window: window_parameter, alpha of tukey", parameter, 0, 1);
    if (length < 3)
        return std::vector<float>(length, 1.0f);
    return window::build(type, static_cast<int>(length), parameter);
}

} // namespace isac
} // namespace gr
