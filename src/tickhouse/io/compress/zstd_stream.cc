#include <zstd.h>
#include <zstd_errors.h>

#include <optional>

#include "tickhouse/core/check.h"
#include "tickhouse/io/compress/byte_stream_kinds.h"
#include "tickhouse/io/compress/packed_input.h"

namespace tickhouse::io {

namespace {

/// Frames one after the other, skippable ones among them. Memory is the frame's window, of which
/// the library allows 128 MiB.
class ZstdStream : public ByteStream {
 public:
  explicit ZstdStream(std::unique_ptr<ReadableFile> file)
      : input_(std::move(file)), context_(ZSTD_createDCtx()) {
    TICKHOUSE_CHECK(context_ != nullptr, "out of memory");
  }
  ~ZstdStream() override { ZSTD_freeDCtx(context_); }
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;

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
    if (window.empty() && between_frames_) {
      done_ = true;
      return 0;
    }
    ZSTD_inBuffer in = {window.data(), window.size(), 0};
    ZSTD_outBuffer unpacked = {out.data(), out.size(), 0};
    const std::size_t answer = ZSTD_decompressStream(context_, &unpacked, &in);
    input_.Consume(in.pos);
    if (ZSTD_isError(answer) != 0) {
      failed_ = ErrorOf(answer);
    } else if (window.empty() && unpacked.pos == 0) {
      return input_.Corrupt("the zstd data is cut");
    } else {
      between_frames_ = answer == 0;
    }
    return unpacked.pos;
  }

  Error ErrorOf(std::size_t answer) const {
    const std::string why = std::string("zstd: ") + ZSTD_getErrorName(answer);
    Error error = input_.Corrupt(why).error();
    if (ZSTD_getErrorCode(answer) == ZSTD_error_frameParameter_windowTooLarge) {
      error.kind = ErrorKind::kUnsupported;
    }
    return error;
  }

  PackedInput input_;
  ZSTD_DCtx* context_;
  bool between_frames_ = true;
  bool done_ = false;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenZstdStream(std::unique_ptr<ReadableFile> file) {
  return std::make_unique<ZstdStream>(std::move(file));
}

}  // namespace tickhouse::io
