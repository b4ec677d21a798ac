#pragma once

// "router.example.org:6881": a host by its name, and a port.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

struct HostPort {
  std::string host;        // not empty; not looked up and not looked at
  std::uint16_t port = 0;  // never 0
};

// Nothing if `text` is not of that form.
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace kith
