// A text file as blocks of whole lines, plain or packed, at places that do not depend on how it is
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/io/compress/byte_stream.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::ingest {

/// Whole lines; the last block of a file may end without a line end. Reused from block to block:
/// the memory stays.
class TextBlock {
 public:
  std::string_view text() const { return {bytes_.get(), size_}; }
  int64_t chunk() const { return chunk_; }     ///< Index of the output file its lines belong to.
  bool is_first() const { return is_first_; }  ///< The file begins here.

 private:
  friend class TextBlockReader;
  void Reserve(std::size_t capacity);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  int64_t chunk_ = 0;
  bool is_first_ = false;
};

/// A line belongs to chunk k when it starts at a byte in [k * chunk_bytes, (k + 1) * chunk_bytes)
/// of the unpacked text. One thread at a time.
class TextBlockReader {
 public:
  struct Options {
    int64_t chunk_bytes = 500'000'000;
    std::size_t block_bytes = std::size_t{4} << 20;  ///< Without the rest of the last line.
  };
  static constexpr std::size_t kLongestLine = std::size_t{1} << 20;

  /// Opens a file that may be packed (told by content).
  static Result<std::unique_ptr<TextBlockReader>> Open(io::FileSystem& files,
                                                       const std::string& path, Options options);

  /// The first bytes of the text (up to 64 KiB), before the first `Next`.
  std::string_view head() const { return carry_; }
  bool is_packed() const { return stream_ != nullptr; }
  /// Bytes of the file as it lies on disk, at the time of opening.
  int64_t file_bytes() const { return file_bytes_; }
  /// How many of them were read so far.
  int64_t consumed() const;

  /// False at the end. kCorrupt: a line longer than kLongestLine, a packed file that is damaged, a
  /// file that shrank.
  Result<bool> Next(TextBlock* block);

 private:
  TextBlockReader(std::string path, Options options) : path_(std::move(path)), options_(options) {}
  /// Appends up to `wanted` bytes to the block; fewer only at the end of the file.
  Status Fill(TextBlock* block, std::size_t wanted);
  Result<std::size_t> ReadSome(std::span<std::byte> out);

  const std::string path_;
  const Options options_;
  std::unique_ptr<io::ReadableFile> file_;  ///< Plain.
  std::unique_ptr<io::ByteStream> stream_;  ///< Packed.
  int64_t file_bytes_ = 0;
  int64_t read_offset_ = 0;  ///< Plain: next byte to read.
  int64_t position_ = 0;     ///< Where in the text the next block starts.
  std::string carry_;        ///< Read, but not yet handed out.
  bool at_end_ = false;
};

}  // namespace tickhouse::ingest
