#include "tickhouse/io/parquet/pages/page_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/io/parquet/format/page_checksum.h"

namespace tickhouse::io {

namespace {

// A page is decoded as a whole, so its size is a bound on memory: no writer comes near these.
constexpr int32_t kMaxPageBytes = 1 << 29;
constexpr int32_t kMaxPageRows = 1 << 24;
constexpr int64_t kMaxHeaderBytes = 1 << 20;

}  // namespace

std::unexpected<Error> PageSource::FaultError(const DecodeFault& fault) const {
  return Fail(fault.unsupported ? ErrorKind::kUnsupported : ErrorKind::kCorrupt,
              fmt::format("{}: row group {}, column {}, page of row {}: {}", source_.file->path(),
                          source_.row_group, source_.column->name, page_row_, fault.why));
}

std::unexpected<Error> PageSource::Corrupt(std::string_view why) const {
  return FaultError(DecodeFault::Corrupt(std::string(why)));
}

Status PageSource::Fetch(int64_t offset, int64_t bytes, std::span<const uint8_t>* out) {
  if (offset < source_.chunk->begin || bytes < 0 || bytes > end() - offset) {
    return Corrupt("it reaches past the end of its column");
  }
  const auto slab_end = slab_begin_ + static_cast<int64_t>(slab_.size());
  if (offset < slab_begin_ || offset + bytes > slab_end) {
    slab_.resize(
        static_cast<std::size_t>(std::min(end() - offset, std::max(bytes, source_.read_ahead))));
    slab_begin_ = offset;
    if (Status status = source_.file->ReadAt(offset, slab_); !status) {
      slab_.clear();
      return status;
    }
  }
  const auto* begin = reinterpret_cast<const uint8_t*>(slab_.data()) + (offset - slab_begin_);
  *out = {begin, static_cast<std::size_t>(bytes)};
  return {};
}

Status PageSource::ParseHeader(PageHeader* header) {
  for (int64_t size = 512;; size *= 16) {
    const int64_t bytes = std::min(size, end() - position_);
    if (bytes <= 0) return Corrupt("the column ends before its last row");
    std::span<const uint8_t> raw;
    TICKHOUSE_TRY(Fetch(position_, bytes, &raw));
    const std::size_t length = ParsePageHeader(raw, header);
    if (length > 0) {
      position_ += static_cast<int64_t>(length);
      break;
    }
    if (bytes == end() - position_ || size > kMaxHeaderBytes) {
      return Corrupt("the page header is malformed");
    }
  }
  if (header->body_bytes > kMaxPageBytes || header->values > kMaxPageRows) {
    return FaultError(DecodeFault::Unsupported(
        fmt::format("{} values in {} bytes are more than a page may hold here", header->values,
                    header->body_bytes)));
  }
  return {};
}

Status PageSource::TakeLevels(const PageHeader& header, std::span<const uint8_t> levels,
                              RawPage* page) {
  if (header.type == PageType::kData) {
    if (header.level_encoding != PageEncoding::kRle) {
      return FaultError(DecodeFault::Unsupported("its levels are not run-length encoded"));
    }
    uint32_t length = 0;
    if (page->body.size() < 4) return Corrupt("its levels are cut");
    std::memcpy(&length, page->body.data(), 4);
    if (length > page->body.size() - 4) return Corrupt("its levels are cut");
    levels = page->body.subspan(4, length);
    page->body = page->body.subspan(4 + std::size_t{length});
  }
  const DecodeFault fault = DecodeLevels(levels, page->rows, &page->present, &page->values);
  return fault.ok() ? Status() : FaultError(fault);
}

Status PageSource::Unpack(const PageHeader& header, std::span<const uint8_t> stored,
                          RawPage* page) {
  std::span<const uint8_t> levels;
  const bool v2 = header.type == PageType::kDataV2;
  auto body_bytes = static_cast<std::size_t>(header.body_bytes);
  if (v2) {  // Levels stand uncompressed in front.
    const auto repetition = static_cast<std::size_t>(header.rep_level_bytes);
    const std::size_t both = repetition + static_cast<std::size_t>(header.def_level_bytes);
    if (both > stored.size() || both > body_bytes) return Corrupt("its levels are cut");
    levels = stored.subspan(repetition, both - repetition);
    stored = stored.subspan(both);
    body_bytes -= both;
  }
  page->body = stored;
  if (source_.chunk->codec != 0 && (!v2 || header.is_compressed)) {
    const DecodeFault fault =
        DecompressPage(source_.chunk->codec, stored, body_bytes, &uncompressed_);
    if (!fault.ok()) return FaultError(fault);
    page->body = uncompressed_.bytes();
  }
  if (page->is_dictionary || !source_.column->optional) return {};
  return TakeLevels(header, levels, page);
}

Status PageSource::NextHeader(PageHeader* header) {
  page_row_ = next_row_;
  TICKHOUSE_TRY(ParseHeader(header));
  if (header->stored_bytes > end() - position_) {
    return Corrupt("it reaches past the end of its column");
  }
  if (IsDataPage(*header)) {
    if (header->values > source_.rows - next_row_) {
      return Corrupt("its pages hold more rows than the row group");
    }
    next_row_ += header->values;
  }
  position_ += header->stored_bytes;
  return {};
}

Status PageSource::Load(const PageHeader& header, RawPage* page) {
  std::span<const uint8_t> stored;
  TICKHOUSE_TRY(Fetch(position_ - header.stored_bytes, header.stored_bytes, &stored));
  if (source_.verify_checksums && header.crc &&
      PageChecksum(stored) != static_cast<uint32_t>(*header.crc)) {
    return Corrupt("its checksum does not match; the file was damaged after it was written");
  }
  page->is_dictionary = header.type == PageType::kDictionary;
  page->encoding = header.encoding;
  page->rows = static_cast<std::size_t>(header.values);
  page->values = page->rows;
  page->present.clear();
  return Unpack(header, stored, page);
}

Status PageSource::Next(RawPage* page) {
  PageHeader header;
  do {
    TICKHOUSE_TRY(NextHeader(&header));
  } while (header.type != PageType::kDictionary && !IsDataPage(header));
  return Load(header, page);
}

}  // namespace tickhouse::io
