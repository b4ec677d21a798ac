#pragma once

// A file as a recording is read from it.

#include <fstream>
#include <string>

#include "engine/trace/recording_reader.h"
#include "kith/result.h"

namespace kith::sim {

class FileSource final : public trace::ByteSource {
 public:
  // Errors: not_found, invalid_argument (a directory), permission_denied and the like as io_error.
  static Result<FileSource> open(const std::string& path);

  std::size_t read(std::span<std::byte> into) override;

 private:
  explicit FileSource(std::ifstream file) : file_(std::move(file)) {}

  std::ifstream file_;
};

}  // namespace kith::sim
