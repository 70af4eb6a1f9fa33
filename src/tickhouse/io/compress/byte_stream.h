// Sequential bytes, whatever they are packed in.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// One thread at a time.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to `out.size()` bytes, at least 1 unless the end is reached, then 0. kCorrupt names the
  /// file and the compressed offset.
  virtual Result<std::size_t> Read(std::span<std::byte> out) = 0;
  /// Bytes of the underlying (packed) file consumed so far, for progress.
  virtual int64_t consumed() const = 0;
};

/// By content, not by name: gzip (also of several members), zstd (also of several frames), a zip of
/// one file (more than one is kUnsupported and lists them), or plain bytes. Owns `file`.
Result<std::unique_ptr<ByteStream>> OpenByteStream(std::unique_ptr<ReadableFile> file);

/// True for the packed kinds above.
Result<bool> IsPacked(const ReadableFile& file);

/// "a.csv.gz" -> "a.csv"
std::string StripPackedExtension(std::string path);

}  // namespace tickhouse::io
