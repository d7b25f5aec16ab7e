/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <gnuradio/isac/check.h>
#include <gnuradio/isac/mobility/beam_search.h>
#include <gnuradio/isac/theory/constants.h>
#include <algorithm>
#include <cmath>

namespace gr {
namespace isac {

namespace {

// Of the prediction that beams are pointed around, standard deviations.
constexpr double REACH = 3;
// An angle that is this much wider than so many beams takes no further one.
constexpr double ROUNDING = 1e-9;

vector3 unit(const direction& d)
{
    return { std::cos(d.elevation) * std::cos(d.azimuth),
             std::cos(d.elevation) * std::sin(d.azimuth),
             std::sin(d.elevation) };
}

size_t beams_across(double angle, double beamwidth)
{
    return std::max(1.0, std::ceil(angle / beamwidth - ROUNDING));
}

// Standard deviation of a position along a unit vector, m.
double deviation(const matrix3& covariance, const vector3& along)
{
    double variance = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            variance += along[i] * covariance[3 * i + k] * along[k];
    return std::sqrt(std::max(variance, 0.0));
}

// Beams on either side of the middle one that cover the angle.
int beams_beside(double angle, double beamwidth)
{
    return std::max(0.0, std::ceil((angle - beamwidth / 2) / beamwidth - ROUNDING));
}

} // namespace

direction direction_to(const vector3& from, const vector3& to)
{
    const vector3 way = to - from;
    return { std::atan2(way[1], way[0]), std::atan2(way[2], std::hypot(way[0], way[1])) };
}

double angle_between(const direction& a, const direction& b)
{
    // Unlike the arc cosine of their product also for small angles.
    return 2 * std::asin(std::min(1.0, norm(unit(a) - unit(b)) / 2));
}

bool beam_search::parameters::operator==(const parameters& other) const
{
    const auto all = [](const parameters& p) {
        return std::tie(p.position,
                        p.beamwidth,
                        p.sector_azimuth,
                        p.sector_width,
                        p.sector_elevation,
                        p.sector_height);
    };
    return all(*this) == all(other);
}

beam_search::beam_search(const parameters& p) : d_params(p)
{
    for (double x : p.position)
        require_finite("beam: position", x);
    require(p.beamwidth > 0 && p.beamwidth <= PI,
            "beam: beamwidth",
            p.beamwidth,
            "must be above 0 and at most pi");
    require_finite("beam: sector_azimuth", p.sector_azimuth);
    require(p.sector_width > 0 && p.sector_width <= 2 * PI,
            "beam: sector_width",
            p.sector_width,
            "must be above 0 and at most 2 pi");
    require_within("beam: sector_elevation", p.sector_elevation, -PI / 2, PI / 2);
    require_within("beam: sector_height", p.sector_height, 0, PI);
    d_columns = beams_across(p.sector_width, p.beamwidth);
    d_rows = beams_across(p.sector_height, p.beamwidth);
    d_candidates.reserve(num_beams());
}

void beam_search::reset()
{
    d_object.reset();
    d_misses = 0;
    d_seen = false;
}

void beam_search::assist(const object_state& object)
{
    // While it is looked for around one prediction, a new one begins no new search.
    if (d_seen || !d_object)
        d_misses = 0;
    d_object = object;
}

void beam_search::look(bool seen)
{
    d_seen = seen;
    if (!seen)
        d_misses++;
}

direction beam_search::point(double time)
{
    if (const auto known = predicted(time))
        return *known;
    return swept(d_misses % num_beams());
}

// Row by row, in azimuth from the lowest on.
direction beam_search::swept(size_t index) const
{
    const auto place = [](double middle, double extent, size_t i, size_t count) {
        return middle + extent * ((i + 0.5) / count - 0.5);
    };
    return {
        place(
            d_params.sector_azimuth, d_params.sector_width, index % d_columns, d_columns),
        place(
            d_params.sector_elevation, d_params.sector_height, index / d_columns, d_rows)
    };
}

// The beam that is next by what is known; none once it was looked for everywhere there.
std::optional<direction> beam_search::predicted(double time)
{
    if (!d_object)
        return std::nullopt;
    const object_state object = d_object->at(time);
    const direction middle = direction_to(d_params.position, object.position);
    const double distance = norm(object.position - d_params.position);
    if (!(distance > 0))
        return std::nullopt;
    const vector3 sideways = { -std::sin(middle.azimuth), std::cos(middle.azimuth), 0 };
    const vector3 upwards = unit({ middle.azimuth, middle.elevation + PI / 2 });
    const matrix3 covariance = object.position_covariance();
    const double across = deviation(covariance, sideways) / distance;
    const double up = deviation(covariance, upwards) / distance;
    int columns = beams_beside(REACH * across, d_params.beamwidth);
    int rows = beams_beside(REACH * up, d_params.beamwidth);
    if ((2.0 * columns + 1) * (2.0 * rows + 1) > num_beams())
        columns = rows = 0; // so little is known that the sweep is quicker
    d_candidates.clear();
    for (int row = -rows; row <= rows; row++) {
        for (int column = -columns; column <= columns; column++) {
            const double x = column ? column * d_params.beamwidth / across : 0;
            const double y = row ? row * d_params.beamwidth / up : 0;
            d_candidates.push_back({ x * x + y * y, column, row });
        }
    }
    if (d_misses >= d_candidates.size())
        return std::nullopt;
    std::sort(d_candidates.begin(), d_candidates.end());
    const auto [unlikely, column, row] = d_candidates[d_misses];
    // A step sideways is more in azimuth the higher the beam points.
    const double step = d_params.beamwidth / std::max(std::cos(middle.elevation), 0.01);
    return direction{ middle.azimuth + column * step,
                      middle.elevation + row * d_params.beamwidth };
}

} // namespace isac
} // namespace gr
