// The packed bytes under a decompressor: a window over a file that moves forward.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// One thread.
class PackedInput {
 public:
  explicit PackedInput(std::unique_ptr<ReadableFile> file);

  /// Bytes read but not yet consumed; empty only at the end of the file.
  Result<std::span<const std::byte>> Window();
  void Consume(std::size_t bytes) { begin_ += bytes; }

  /// Offset in the file of the next byte to consume.
  int64_t offset() const { return file_offset_ - static_cast<int64_t>(end_ - begin_); }
  const std::string& path() const { return file_->path(); }
  const ReadableFile& file() const { return *file_; }

  /// "PATH: WHAT at offset N": kCorrupt.
  std::unexpected<Error> Corrupt(std::string_view what) const;

 private:
  std::unique_ptr<ReadableFile> file_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  int64_t file_offset_ = 0;
};

}  // namespace tickhouse::io
