#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "tickhouse/core/check.h"
#include "tickhouse/io/compress/byte_stream_kinds.h"
#include "tickhouse/io/compress/packed_input.h"

namespace tickhouse::io {

namespace {

/// Members one after the other, as gzip's own `cat a.gz b.gz` makes them, and zeros behind the last
/// one, as tapes leave them.
class GzipStream : public ByteStream {
 public:
  explicit GzipStream(std::unique_ptr<ReadableFile> file) : input_(std::move(file)) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    TICKHOUSE_CHECK(inflateInit2(&zlib_, kGzipOnly) == Z_OK, "zlib takes its own constants");
  }
  ~GzipStream() override { inflateEnd(&zlib_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<std::size_t> Read(std::span<std::byte> out) override {
    std::size_t produced = 0;
    while (produced == 0 && !failed_ && !done_ && !out.empty()) {
      auto step = Step(out);
      if (step.has_value()) {
        produced = *step;
      } else {
        failed_ = std::move(step).error();
      }
    }
    if (produced == 0 && failed_) return Fail(*failed_);
    return produced;
  }
  int64_t consumed() const override { return input_.offset(); }

 private:
  Result<std::size_t> Step(std::span<std::byte> out) {
    TICKHOUSE_ASSIGN(const auto window, input_.Window());
    if (!in_member_) return BetweenMembers(window);
    if (window.empty()) return input_.Corrupt("the gzip data is cut");
    const std::size_t room =
        std::min<std::size_t>(out.size(), std::numeric_limits<unsigned>::max());
    // zlib's interface takes a pointer to non-const and only reads.
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(window.data()));
    zlib_.avail_in = static_cast<unsigned>(window.size());
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib_.avail_out = static_cast<unsigned>(room);
    const int answer = inflate(&zlib_, Z_NO_FLUSH);
    input_.Consume(window.size() - zlib_.avail_in);
    if (answer == Z_STREAM_END) {
      in_member_ = false;
      seen_member_ = true;
    } else if (answer != Z_OK && answer != Z_BUF_ERROR) {
      const char* why = zlib_.msg != nullptr ? zlib_.msg : "unreadable data";
      failed_ = input_.Corrupt(std::string("gzip: ") + why).error();
    }
    return room - zlib_.avail_out;
  }

  Result<std::size_t> BetweenMembers(std::span<const std::byte> window) {
    if (window.empty()) {
      done_ = true;
      return 0;
    }
    if (seen_member_ && window[0] == std::byte{0}) {
      const auto zeros =
          std::ranges::find_if(window, [](std::byte b) { return b != std::byte{0}; });
      input_.Consume(static_cast<std::size_t>(zeros - window.begin()));
      return 0;
    }
    if (window[0] != std::byte{0x1F}) return input_.Corrupt("bytes after the gzip data");
    inflateReset(&zlib_);
    in_member_ = true;
    return 0;
  }

  PackedInput input_;
  z_stream zlib_ = {};
  bool in_member_ = false;
  bool seen_member_ = false;
  bool done_ = false;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenGzipStream(std::unique_ptr<ReadableFile> file) {
  return std::make_unique<GzipStream>(std::move(file));
}

}  // namespace tickhouse::io
