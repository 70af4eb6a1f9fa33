#include "tickhouse/ingest/convert/text_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tickhouse::ingest {

namespace {

constexpr std::size_t kHeadBytes = std::size_t{64} << 10;
constexpr std::size_t kLookAhead = std::size_t{4} << 10;

}  // namespace

void TextBlock::Reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  // Not zeroed: every byte is read into before it is looked at.
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

Result<std::unique_ptr<TextBlockReader>> TextBlockReader::Open(io::FileSystem& files,
                                                               const std::string& path,
                                                               Options options) {
  std::unique_ptr<TextBlockReader> reader(new TextBlockReader(path, options));
  TICKHOUSE_ASSIGN(reader->file_, files.OpenRead(path));
  reader->file_bytes_ = reader->file_->size();
  TICKHOUSE_ASSIGN(const bool packed, io::IsPacked(*reader->file_));
  if (packed) {
    TICKHOUSE_ASSIGN(reader->stream_, io::OpenByteStream(std::move(reader->file_)));
  }
  TextBlock head;
  TICKHOUSE_TRY(reader->Fill(&head, kHeadBytes));
  reader->carry_ = head.text();
  return reader;
}

int64_t TextBlockReader::consumed() const {
  return stream_ ? stream_->consumed() : read_offset_;
}

Result<std::size_t> TextBlockReader::ReadSome(std::span<std::byte> out) {
  if (stream_) return stream_->Read(out);
  const auto left = static_cast<std::size_t>(file_bytes_ - read_offset_);
  const std::size_t amount = std::min(left, out.size());
  if (amount > 0) {
    TICKHOUSE_TRY(file_->ReadAt(read_offset_, out.first(amount)));
  }
  read_offset_ += static_cast<int64_t>(amount);
  return amount;
}

Status TextBlockReader::Fill(TextBlock* block, std::size_t wanted) {
  block->Reserve(block->size_ + wanted);
  while (wanted > 0 && !at_end_) {
    std::byte* const to = reinterpret_cast<std::byte*>(block->bytes_.get() + block->size_);
    TICKHOUSE_ASSIGN(const std::size_t got, ReadSome({to, wanted}));
    at_end_ = got == 0;
    block->size_ += got;
    wanted -= got;
  }
  return {};
}

Result<bool> TextBlockReader::Next(TextBlock* block) {
  block->chunk_ = position_ / options_.chunk_bytes;
  block->is_first_ = position_ == 0;
  block->size_ = 0;
  const int64_t chunk_end = (block->chunk_ + 1) * options_.chunk_bytes;
  const std::size_t nominal = static_cast<std::size_t>(
      std::min(chunk_end - position_, static_cast<int64_t>(options_.block_bytes)));

  // Small files must not pay for large blocks: a hundred of them may be open at once.
  const std::size_t whole = std::max(carry_.size(), nominal + kLookAhead);
  block->Reserve(stream_ ? whole
                         : std::min(whole, carry_.size() + static_cast<std::size_t>(file_bytes_ -
                                                                                    read_offset_)));
  if (!carry_.empty()) std::memcpy(block->bytes_.get(), carry_.data(), carry_.size());
  block->size_ = carry_.size();
  if (carry_.size() < whole) {
    TICKHOUSE_TRY(Fill(block, std::min(whole, block->capacity_) - carry_.size()));
  }

  std::size_t searched = nominal - 1;
  while (true) {
    if (block->size_ > searched) {
      const void* const end =
          std::memchr(block->bytes_.get() + searched, '\n', block->size_ - searched);
      if (end != nullptr) {
        const auto size =
            static_cast<std::size_t>(static_cast<const char*>(end) - block->bytes_.get()) + 1;
        carry_.assign(block->bytes_.get() + size, block->size_ - size);
        block->size_ = size;
        break;
      }
      searched = block->size_;
    }
    if (at_end_ || (!stream_ && read_offset_ == file_bytes_)) {
      carry_.clear();
      break;
    }
    if (block->size_ > nominal + kLongestLine) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{}: no line end within {} bytes after byte {}; this is not tick CSV",
                              path_, kLongestLine, position_ + static_cast<int64_t>(nominal)));
    }
    TICKHOUSE_TRY(Fill(block, kHeadBytes));
  }
  position_ += static_cast<int64_t>(block->size_);
  return block->size_ > 0;
}

}  // namespace tickhouse::ingest
