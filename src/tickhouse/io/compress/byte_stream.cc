#include "tickhouse/io/compress/byte_stream.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "tickhouse/io/compress/byte_stream_kinds.h"

namespace tickhouse::io {

namespace {

enum class Packing { kPlain, kGzip, kZstd, kZip };

class PlainStream : public ByteStream {
 public:
  explicit PlainStream(std::unique_ptr<ReadableFile> file) : file_(std::move(file)) {}

  Result<std::size_t> Read(std::span<std::byte> out) override {
    const auto left = static_cast<std::size_t>(file_->size() - offset_);
    const std::size_t wanted = std::min(left, out.size());
    if (wanted == 0) return 0;
    TICKHOUSE_TRY(file_->ReadAt(offset_, out.first(wanted)));
    offset_ += static_cast<int64_t>(wanted);
    return wanted;
  }
  int64_t consumed() const override { return offset_; }

 private:
  std::unique_ptr<ReadableFile> file_;
  int64_t offset_ = 0;
};

Packing PackingOf(std::span<const std::byte> head) {
  const auto starts_with = [&](std::initializer_list<int> magic) {
    if (head.size() < magic.size()) return false;
    return std::equal(magic.begin(), magic.end(), head.begin(),
                      [](int byte, std::byte found) { return static_cast<int>(found) == byte; });
  };
  if (starts_with({0x1F, 0x8B})) return Packing::kGzip;
  if (starts_with({0x28, 0xB5, 0x2F, 0xFD})) return Packing::kZstd;
  const bool skippable = head.size() >= 4 && (static_cast<int>(head[0]) & 0xF0) == 0x50 &&
                         starts_with({static_cast<int>(head[0]), 0x2A, 0x4D, 0x18});
  if (skippable) return Packing::kZstd;
  if (starts_with({'P', 'K', 3, 4}) || starts_with({'P', 'K', 5, 6})) return Packing::kZip;
  return Packing::kPlain;
}

Result<Packing> PackingOfFile(const ReadableFile& file) {
  std::array<std::byte, 4> head = {};
  const auto bytes = static_cast<std::size_t>(std::min<int64_t>(file.size(), head.size()));
  if (bytes > 0) TICKHOUSE_TRY(file.ReadAt(0, std::span(head).first(bytes)));
  return PackingOf(std::span(head).first(bytes));
}

}  // namespace

std::unique_ptr<ByteStream> OpenPlainStream(std::unique_ptr<ReadableFile> file) {
  return std::make_unique<PlainStream>(std::move(file));
}

Result<std::unique_ptr<ByteStream>> OpenByteStream(std::unique_ptr<ReadableFile> file) {
  TICKHOUSE_ASSIGN(const Packing packing, PackingOfFile(*file));
  switch (packing) {
    case Packing::kPlain: break;
    case Packing::kGzip: return OpenGzipStream(std::move(file));
    case Packing::kZstd: return OpenZstdStream(std::move(file));
    case Packing::kZip: return OpenZipStream(std::move(file));
  }
  return OpenPlainStream(std::move(file));
}

Result<bool> IsPacked(const ReadableFile& file) {
  TICKHOUSE_ASSIGN(const Packing packing, PackingOfFile(file));
  return packing != Packing::kPlain;
}

std::string StripPackedExtension(std::string path) {
  const std::string extension = Extension(path);
  for (const std::string_view packed : {"gz", "gzip", "zst", "zstd", "zip"}) {
    if (extension == packed) path.resize(path.size() - packed.size() - 1);
    if (extension == packed) break;
  }
  return path;
}

}  // namespace tickhouse::io
