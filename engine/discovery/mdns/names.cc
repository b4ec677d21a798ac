#include "engine/discovery/mdns/names.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace kith::mdns {
namespace {

// Takes "<before><number><after>" off the end of the label; 1 if there is none.
unsigned take_number(std::string_view& label, std::string_view before, std::string_view after) {
  std::string_view rest = label;
  if (!rest.ends_with(after)) return 1;
  rest.remove_suffix(after.size());
  const std::size_t start = rest.find_last_not_of("0123456789") + 1;
  const std::string_view digits = rest.substr(start);
  if (digits.empty() || digits.size() > 4 || !rest.substr(0, start).ends_with(before)) return 1;
  unsigned number = 0;
  for (const char digit : digits) number = number * 10 + static_cast<unsigned>(digit - '0');
  label = rest.substr(0, start - before.size());
  return number;
}

std::string next(std::string_view label, std::string_view before, std::string_view after) {
  const unsigned number = take_number(label, before, after) + 1;
  const std::string suffix = fmt::format("{}{}{}", before, number, after);
  return std::string(cut_utf8(label, dns::kMaxLabelBytes - suffix.size())) + suffix;
}

}  // namespace

bool Names::is_instance(const dns::Name& name) const {
  return !name.is_root() && name.parent() == service;
}

std::string next_instance_label(std::string_view label) { return next(label, " (", ")"); }
std::string next_host_label(std::string_view label) { return next(label, "-", ""); }

}  // namespace kith::mdns
