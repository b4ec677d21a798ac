#include "engine/base/host_port.h"

#include <charconv>

namespace kith {

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  HostPort parsed{std::string(text.substr(0, colon)), 0};
  const std::string_view port = text.substr(colon + 1);
  const char* const all = port.data() + port.size();
  const auto [end, error] = std::from_chars(port.data(), all, parsed.port);
  if (error != std::errc() || end != all || parsed.port == 0) return std::nullopt;
  return parsed;
}

}  // namespace kith
