#pragma once

// A new file, which a recording is written to: never one that exists.

#include <cstdio>
#include <memory>
#include <string>

#include "engine/trace/encoder.h"
#include "kith/result.h"

namespace kith::sim {

class PrivateFile final : public trace::Sink {
 public:
  // With mode 0600. Errors: already_exists, io_error.
  static Result<PrivateFile> create(const std::string& path);

  void append(ByteView bytes) override;
  // Whether all of it was written.
  Result<void> close();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  PrivateFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
  bool good_ = true;
};

}  // namespace kith::sim
