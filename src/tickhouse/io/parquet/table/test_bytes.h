// Files in memory, for the tests of this folder.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

class TextFile : public ReadableFile {
 public:
  explicit TextFile(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (offset < 0 || static_cast<int64_t>(out.size()) > size() - offset) {
      return Fail(ErrorKind::kInvalidArgument, "read past the end of test.parquet");
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string bytes_;
  std::string path_ = "test.parquet";
};

}  // namespace tickhouse::io
