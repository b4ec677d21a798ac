#pragma once

// The name of a type without its namespaces, as the compiler spells it: a kind of input or output
// is called as its struct is, and a new one needs no entry in a table of names.

#include <string_view>

namespace kith::trace {

template <class T>
constexpr std::string_view type_name() {
  // gcc:   "... type_name() [with T = kith::FileWrite; std::string_view = ...]"
  // clang: "... type_name() [T = kith::FileWrite]"
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  const auto qualified = name.rfind(':');
  return qualified == std::string_view::npos ? name : name.substr(qualified + 1);
}

}  // namespace kith::trace
