#pragma once

// Names of files: bytes, possibly from a stranger, that may become part of a path here.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::transfer {

// Everything that begins with this belongs to a transfer in progress. It is neither sent nor
// accepted as a name.
inline constexpr std::string_view kStagingPrefix = ".kith-part-";

enum class NameFault : std::uint8_t { empty, dots, separator, nul, too_long, reserved };
std::string_view to_string(NameFault fault);

// What is wrong with one component of a path; nothing if it may be used.
std::optional<NameFault> check_name(std::string_view name);

// "a/b" as its components, "" as none. Empty if a component is not a name, or all are too long.
std::optional<std::vector<std::string>> split_destination(std::string_view destination);
// The rule for a destination that arrives as components.
bool destination_ok(const std::vector<std::string>& components);

// An absolute path as the directory that holds it and its last component. Empty if it is not
// absolute or does not end in a name.
struct NamedPath {
  std::string parent;
  std::string name;
};
std::optional<NamedPath> split_path(std::string_view absolute);

// "a/b", or the other if one is empty.
std::string join(std::string_view directory, std::string_view name);
std::string join(const std::vector<std::string>& components);

// The name to try when `name` is taken for the `attempt`-th time, counted from 2: "cat (2).jpg",
// "album (2)". Stays a name of at most kMaxNameBytes.
std::string alternative_name(std::string_view name, bool directory, unsigned attempt);

}  // namespace kith::transfer
