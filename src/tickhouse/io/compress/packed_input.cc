#include "tickhouse/io/compress/packed_input.h"

#include <algorithm>

namespace tickhouse::io {

namespace {

constexpr std::size_t kWindowBytes = 256 * 1024;

}  // namespace

PackedInput::PackedInput(std::unique_ptr<ReadableFile> file)
    : file_(std::move(file)), buffer_(kWindowBytes) {}

Result<std::span<const std::byte>> PackedInput::Window() {
  if (begin_ == end_) {
    const int64_t left = file_->size() - file_offset_;
    const auto wanted = std::min(static_cast<std::size_t>(left), buffer_.size());
    begin_ = 0;
    end_ = 0;
    if (wanted > 0) TICKHOUSE_TRY(file_->ReadAt(file_offset_, std::span(buffer_).first(wanted)));
    end_ = wanted;
    file_offset_ += static_cast<int64_t>(wanted);
  }
  return std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
}

std::unexpected<Error> PackedInput::Corrupt(std::string_view what) const {
  return Fail(ErrorKind::kCorrupt, path() + ": " + std::string(what) + " at offset " +
                                       std::to_string(offset()) +
                                       "; get the file again or unpack it by hand");
}

}  // namespace tickhouse::io
