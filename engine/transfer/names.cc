#include "engine/transfer/names.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {
namespace {

// Cuts at most at the beginning of a UTF-8 sequence, if `text` is UTF-8 there.
std::string_view cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  std::size_t end = size;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0u) == 0x80u;
  };
  for (int back = 0; back < 3 && end > 0 && continues(end); ++back) --end;
  return text.substr(0, continues(end) || end == 0 ? size : end);
}

}  // namespace

std::string_view to_string(NameFault fault) {
  switch (fault) {
    case NameFault::empty:
      return "it is empty";
    case NameFault::dots:
      return "it is \".\" or \"..\"";
    case NameFault::separator:
      return "it contains \"/\"";
    case NameFault::nul:
      return "it contains a NUL byte";
    case NameFault::too_long:
      return "it is longer than 255 bytes";
    case NameFault::reserved:
      return "it is reserved for transfers in progress";
  }
  return "";
}

std::optional<NameFault> check_name(std::string_view name) {
  if (name.empty()) return NameFault::empty;
  if (name == "." || name == "..") return NameFault::dots;
  if (name.find('/') != name.npos) return NameFault::separator;
  if (name.find('\0') != name.npos) return NameFault::nul;
  if (name.size() > kMaxNameBytes) return NameFault::too_long;
  if (name.substr(0, kStagingPrefix.size()) == kStagingPrefix) return NameFault::reserved;
  return std::nullopt;
}

std::optional<std::vector<std::string>> split_destination(std::string_view destination) {
  std::vector<std::string> components;
  while (!destination.empty()) {
    const auto slash = std::min(destination.find('/'), destination.size());
    components.emplace_back(destination.substr(0, slash));
    destination.remove_prefix(std::min(slash + 1, destination.size()));
  }
  if (!destination_ok(components)) return std::nullopt;
  return components;
}

bool destination_ok(const std::vector<std::string>& components) {
  std::size_t total = 0;
  for (const auto& component : components) {
    if (check_name(component)) return false;
    total += component.size() + 1;
  }
  return total <= kMaxDestinationBytes;
}

std::optional<NamedPath> split_path(std::string_view absolute) {
  if (absolute.empty() || absolute.front() != '/') return std::nullopt;
  while (absolute.size() > 1 && absolute.back() == '/') absolute.remove_suffix(1);
  const auto slash = absolute.rfind('/');
  const auto name = absolute.substr(slash + 1);
  if (check_name(name)) return std::nullopt;
  const auto parent = slash == 0 ? std::string_view("/") : absolute.substr(0, slash);
  if (parent.find('\0') != parent.npos) return std::nullopt;
  return NamedPath{std::string(parent), std::string(name)};
}

std::string join(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  if (name.empty()) return std::string(directory);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string join(const std::vector<std::string>& components) {
  std::string path;
  for (const auto& component : components) path = join(path, component);
  return path;
}

std::string alternative_name(std::string_view name, bool directory, unsigned attempt) {
  KITH_CHECK(attempt >= 2);
  const std::string number = " (" + std::to_string(attempt) + ")";
  // A leading dot hides a file; it does not begin an extension.
  const auto dot = directory ? name.npos : name.rfind('.');
  const bool has_extension = dot != name.npos && dot > 0 && name.size() - dot <= 32;
  const auto extension = has_extension ? name.substr(dot) : std::string_view();
  const auto stem = name.substr(0, name.size() - extension.size());
  std::string made(cut(stem, kMaxNameBytes - number.size() - extension.size()));
  return made.append(number).append(extension);
}

}  // namespace kith::transfer
