/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#ifndef INCLUDED_ISAC_PARAMETER_LIST_H
#define INCLUDED_ISAC_PARAMETER_LIST_H

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <type_traits>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>

/*!
 * The members of a struct of parameters, listed once (a tuple of parameter): of such a
 * list are made the arguments of a constructor in Python with their defaults and their
 * documentation, the setters, and the dict that tells what is in force.
 */

//! A member: how Python calls it, what it is, and how it is reached in the struct.
template <typename Get>
struct parameter {
    const char* name;
    const char* doc;
    Get get;

    template <typename Struct>
    using type = std::decay_t<decltype(std::declval<Get>()(std::declval<Struct&>()))>;
};

template <typename Struct, typename T>
auto make_parameter(const char* name, T Struct::*member, const char* doc)
{
    auto get = [member](auto& owner) -> auto& { return owner.*member; };
    return parameter<decltype(get)>{ name, doc, get };
}

//! The list of a struct that is itself a member of another.
template <typename Owner, typename Struct, typename... Get>
auto within(Struct Owner::*member, const std::tuple<parameter<Get>...>& list)
{
    const auto moved = [member](const auto& inner) {
        const auto reach = inner.get;
        auto get = [member, reach](auto& owner) -> auto& { return reach(owner.*member); };
        return parameter<decltype(get)>{ inner.name, inner.doc, get };
    };
    return std::apply(
        [&](const auto&... each) { return std::make_tuple(moved(each)...); }, list);
}

//! Lines of a docstring's "Args:", broken as Python's are. A member without text shares
//! that of the next one.
template <typename... Get>
std::string documentation(const std::tuple<parameter<Get>...>& list)
{
    constexpr size_t WIDTH = 100;
    std::string text, names;
    const auto line = [&](const auto& p) {
        names += std::string(names.empty() ? "    " : ", ") + p.name;
        if (*p.doc == 0)
            return;
        std::string row = names + ":";
        names.clear();
        std::istringstream words(p.doc);
        for (std::string word; words >> word;) {
            if (row.size() + 1 + word.size() > WIDTH) {
                text += row + "\n";
                row = "       ";
            }
            row += " " + word;
        }
        text += row + "\n";
    };
    std::apply([&](const auto&... each) { (line(each), ...); }, list);
    return text;
}

template <typename Struct, typename... Get>
pybind11::dict to_dict(const std::tuple<parameter<Get>...>& list, const Struct& values)
{
    pybind11::dict d;
    std::apply([&](const auto&... each) { ((d[each.name] = each.get(values)), ...); },
               list);
    return d;
}

//! Types of the arguments that come before those of a list.
template <typename... T>
struct arguments {
};

/*!
 * Defines the constructor.
 *
 * \param make   called with the arguments before and the struct
 * \param names  py::arg of the arguments before
 */
template <typename Struct,
          typename Class,
          typename... Get,
          typename... Before,
          typename Make,
          typename... Name>
void def_init(Class& bound,
              const std::tuple<parameter<Get>...>& list,
              arguments<Before...>,
              Make make,
              const Name&... names)
{
    namespace py = pybind11;
    const Struct defaults;
    const auto init =
        [list, make](const Before&... before,
                     const typename parameter<Get>::template type<Struct>&... values) {
            Struct given;
            std::apply([&](const auto&... each) { ((each.get(given) = values), ...); },
                       list);
            return make(before..., given);
        };
    std::apply(
        [&](const auto&... each) {
            bound.def(
                py::init(init), names..., (py::arg(each.name) = each.get(defaults))...);
        },
        list);
}

//! Defines set_<name> for each of a list, for a class with set_parameters().
template <typename Struct, typename Class, typename... Get>
void def_setters(Class& bound, const std::tuple<parameter<Get>...>& list)
{
    using block = typename Class::type;
    const auto def = [&bound](const auto& p) {
        using value = typename std::decay_t<decltype(p)>::template type<Struct>;
        bound.def((std::string("set_") + p.name).c_str(),
                  [get = p.get](block& self, const value& v) {
                      Struct changed = self.parameters();
                      get(changed) = v;
                      self.set_parameters(changed);
                  },
                  pybind11::arg(p.name));
    };
    std::apply([&](const auto&... each) { (def(each), ...); }, list);
}

//! Takes over what is given by name; an unknown name is a TypeError.
template <typename Struct, typename... Get>
void set_by_name(const std::tuple<parameter<Get>...>& list,
                 Struct& values,
                 const pybind11::kwargs& changes)
{
    for (const auto& [key, value] : changes) {
        const auto name = key.template cast<std::string>();
        bool known = false;
        const auto set = [&, &value = value](const auto& p) {
            if (name != p.name)
                return;
            using type = typename std::decay_t<decltype(p)>::template type<Struct>;
            p.get(values) = value.template cast<type>();
            known = true;
        };
        std::apply([&](const auto&... each) { (set(each), ...); }, list);
        if (!known)
            throw pybind11::type_error("no parameter " + name);
    }
}

#endif /* INCLUDED_ISAC_PARAMETER_LIST_H */
