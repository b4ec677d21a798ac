#pragma once

// The file effects of an Output as one type.

#include <optional>
#include <type_traits>
#include <variant>

#include "kith/file.h"
#include "kith/output.h"

namespace kith::sim {

using FileRequest = std::variant<FileStat, FileList, FileOpen, FileRead, FileWrite, FileSync,
                                 FileSetAttributes, FileClose, FileRename, FileMakeDirectory,
                                 FileSetDirectoryAttributes, FileRemove, DirectorySync>;

template <class T, class... Requests>
constexpr bool is_one_of(const std::variant<Requests...>*) {
  return (std::is_same_v<T, Requests> || ...);
}
template <class T>
inline constexpr bool kIsFileRequest = is_one_of<T>(static_cast<const FileRequest*>(nullptr));

// Nothing if the output asks for something else.
inline std::optional<FileRequest> file_request_of(const Output& output) {
  return std::visit(
      []<class T>(const T& effect) -> std::optional<FileRequest> {
        if constexpr (kIsFileRequest<T>) {
          return effect;
        } else {
          return std::nullopt;
        }
      },
      output);
}

inline FileOpId op_of(const FileRequest& request) {
  return std::visit([](const auto& effect) { return effect.op; }, request);
}

}  // namespace kith::sim
