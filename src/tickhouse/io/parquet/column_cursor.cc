#include "tickhouse/io/parquet/column_cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/format/bit_packing.h"
#include "tickhouse/io/parquet/format/page_checksum.h"

namespace tickhouse::io {

namespace {

// A page is decoded as a whole, so its size is a bound on memory: no writer comes near these.
constexpr int32_t kMaxPageBytes = 1 << 29;
constexpr int32_t kMaxPageRows = 1 << 24;
constexpr int64_t kMaxHeaderBytes = 1 << 20;

std::size_t StoredWidth(const FooterColumn& column) {
  switch (column.type) {
    case PhysicalType::kInt32:
    case PhysicalType::kFloat: return 4;
    case PhysicalType::kInt96: return 12;
    case PhysicalType::kFixedBytes: return static_cast<std::size_t>(column.type_length);
    default: return 8;
  }
}

bool IsDictionaryIndex(PageEncoding encoding) {
  return encoding == PageEncoding::kPlainDictionary || encoding == PageEncoding::kRleDictionary;
}

// Moves dense values apart so that missing ones have their place; from the back, in one array.
template <typename T>
void SpreadOut(const std::vector<uint8_t>& present, std::size_t values, std::vector<T>* out) {
  std::size_t from = values;
  for (std::size_t row = present.size(); row-- > 0;) {
    (*out)[row] = present[row] != 0 ? (*out)[--from] : MissingValue(T{});
  }
}

}  // namespace

template <typename T>
ColumnCursor<T>::ColumnCursor(const Source& source)
    : source_(source), position_(source.chunk->begin) {
  const FooterColumn& column = *source.column;
  format_ = {.type = column.type,
             .width = StoredWidth(column),
             .unit_ns = column.timestamp_unit_ns == 0 ? 1 : column.timestamp_unit_ns,
             .is_decimal = column.is_decimal,
             .scale = column.is_decimal ? column.decimal_scale : 0};
}

template <typename T>
std::unexpected<Error> ColumnCursor<T>::Corrupt(std::string_view why) const {
  return FaultError(DecodeFault::Corrupt(std::string(why)));
}

template <typename T>
std::unexpected<Error> ColumnCursor<T>::FaultError(const DecodeFault& fault) const {
  return Fail(fault.unsupported ? ErrorKind::kUnsupported : ErrorKind::kCorrupt,
              fmt::format("{}: row group {}, column {}, page of row {}: {}", source_.file->path(),
                          source_.row_group, source_.column->name, next_row_, fault.why));
}

template <typename T>
Status ColumnCursor<T>::Fetch(int64_t offset, int64_t bytes, std::span<const uint8_t>* out) {
  if (offset < source_.chunk->begin || bytes < 0 || bytes > end() - offset) {
    return Corrupt("it reaches past the end of its column");
  }
  const auto slab_bytes = static_cast<int64_t>(slab_.size());
  if (offset < slab_begin_ || offset + bytes > slab_begin_ + slab_bytes) {
    const int64_t wanted = std::min(end() - offset, std::max(bytes, source_.read_ahead));
    slab_.resize(static_cast<std::size_t>(wanted));
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

template <typename T>
Status ColumnCursor<T>::LoadOffsetIndex() {
  index_tried_ = true;
  const FooterChunk& chunk = *source_.chunk;
  const int64_t bytes = chunk.offset_index_bytes;
  if (bytes <= 0 || chunk.offset_index_offset <= 0) return {};
  const bool inside = chunk.offset_index_offset <= source_.file->size() - bytes;
  if (!inside) return Corrupt("its offset index lies outside the file");
  std::vector<std::byte> raw(static_cast<std::size_t>(bytes));
  TICKHOUSE_TRY(source_.file->ReadAt(chunk.offset_index_offset, raw));
  std::vector<PageLocation> pages;
  bool good = ParseOffsetIndex({reinterpret_cast<const uint8_t*>(raw.data()), raw.size()}, &pages);
  for (std::size_t i = 0; good && i < pages.size(); ++i) {
    const int64_t floor = i == 0 ? -1 : pages[i - 1].first_row;
    good = pages[i].offset >= chunk.begin && pages[i].offset < end() && pages[i].bytes > 0 &&
           pages[i].first_row > floor && pages[i].first_row < source_.rows;
  }
  if (!good || (!pages.empty() && pages[0].first_row != 0)) {
    return Corrupt("its offset index is malformed");
  }
  pages_ = std::move(pages);
  return {};
}

template <typename T>
Status ColumnCursor<T>::ReadHeader(PageHeader* header) {
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

template <typename T>
Status ColumnCursor<T>::CheckedStored(const PageHeader& header, std::span<const uint8_t>* stored) {
  TICKHOUSE_TRY(Fetch(position_, header.stored_bytes, stored));
  if (source_.verify_checksums && header.crc &&
      PageChecksum(*stored) != static_cast<uint32_t>(*header.crc)) {
    return Corrupt("its checksum does not match; the file was damaged after it was written");
  }
  return {};
}

template <typename T>
Status ColumnCursor<T>::LoadDictionary(const PageHeader& header) {
  if (has_dictionary_) return Corrupt("a second dictionary page");
  std::span<const uint8_t> body;
  TICKHOUSE_TRY(CheckedStored(header, &body));
  if (source_.chunk->codec != 0) {
    const DecodeFault fault = DecompressPage(
        source_.chunk->codec, body, static_cast<std::size_t>(header.body_bytes), &uncompressed_);
    if (!fault.ok()) return FaultError(fault);
    body = uncompressed_.bytes();
  }
  if (header.encoding != PageEncoding::kPlain &&
      header.encoding != PageEncoding::kPlainDictionary) {
    return Corrupt("its dictionary is not plain");
  }
  if (body.size() / format_.width < static_cast<std::size_t>(header.values)) {
    return Corrupt("its dictionary is cut");
  }
  dictionary_.resize(static_cast<std::size_t>(header.values));
  const DecodeFault fault =
      DecodeValues<T>(format_, PageEncoding::kPlain, body, &scratch_, dictionary_);
  if (!fault.ok()) return FaultError(fault);
  has_dictionary_ = true;
  return {};
}

// Levels first, then values; version 2 leaves levels uncompressed in front.
template <typename T>
Status ColumnCursor<T>::SplitBody(const PageHeader& header, std::span<const uint8_t> stored) {
  const auto rows = static_cast<std::size_t>(header.values);
  std::span<const uint8_t> levels;
  const bool v2 = header.type == PageType::kDataV2;
  std::size_t level_bytes = 0;
  auto body_bytes = static_cast<std::size_t>(header.body_bytes);
  if (v2) {
    level_bytes = static_cast<std::size_t>(header.def_level_bytes) +
                  static_cast<std::size_t>(header.rep_level_bytes);
    if (level_bytes > stored.size() || level_bytes > body_bytes)
      return Corrupt("its levels are cut");
    levels = stored.subspan(static_cast<std::size_t>(header.rep_level_bytes),
                            static_cast<std::size_t>(header.def_level_bytes));
    stored = stored.subspan(level_bytes);
    body_bytes -= level_bytes;
  }
  body_ = stored;
  if (source_.chunk->codec != 0 && (!v2 || header.is_compressed)) {
    const DecodeFault fault =
        DecompressPage(source_.chunk->codec, stored, body_bytes, &uncompressed_);
    if (!fault.ok()) return FaultError(fault);
    body_ = uncompressed_.bytes();
  }
  present_.clear();
  values_ = rows;
  if (!source_.column->optional) return {};
  if (!v2) {
    if (header.level_encoding != PageEncoding::kRle) {
      return FaultError(DecodeFault::Unsupported("its levels are not run-length encoded"));
    }
    uint32_t length = 0;
    if (body_.size() < 4) return Corrupt("its levels are cut");
    std::memcpy(&length, body_.data(), 4);
    if (length > body_.size() - 4) return Corrupt("its levels are cut");
    levels = body_.subspan(4, length);
    body_ = body_.subspan(4 + std::size_t{length});
  }
  const DecodeFault fault = DecodeLevels(levels, rows, &present_, &values_);
  return fault.ok() ? Status() : FaultError(fault);
}

template <typename T>
Status ColumnCursor<T>::LoadBody(const PageHeader& header) {
  std::span<const uint8_t> stored;
  TICKHOUSE_TRY(CheckedStored(header, &stored));
  encoding_ = header.encoding;
  decoded_ = false;
  TICKHOUSE_TRY(SplitBody(header, stored));
  if (IsDictionaryIndex(encoding_) && !has_dictionary_) return Corrupt("its dictionary is missing");
  return {};
}

// Takes the next page; `*found` when it is the data page that holds `row`, which then is loaded.
template <typename T>
Status ColumnCursor<T>::StepPage(int64_t row, bool* found) {
  *found = false;
  PageHeader header;
  TICKHOUSE_TRY(ReadHeader(&header));
  if (header.stored_bytes > end() - position_)
    return Corrupt("it reaches past the end of its column");
  if (header.type == PageType::kDictionary) {
    TICKHOUSE_TRY(LoadDictionary(header));
  } else if (header.type == PageType::kData || header.type == PageType::kDataV2) {
    if (header.values > source_.rows - next_row_) {
      return Corrupt("its pages hold more rows than the row group");
    }
    if (row < next_row_ + header.values) {
      page_rows_ = 0;
      TICKHOUSE_TRY(LoadBody(header));
      page_row_ = next_row_;
      page_rows_ = header.values;
      *found = true;
    }
    next_row_ += header.values;
  }
  position_ += header.stored_bytes;
  return {};
}

template <typename T>
Status ColumnCursor<T>::LoadPageOf(int64_t row) {
  if (InPage(row)) return {};
  TICKHOUSE_CHECK(row >= page_row_ && row < source_.rows, "rows are asked for in ascending order");
  if (!index_tried_ && row > next_row_) TICKHOUSE_TRY(LoadOffsetIndex());
  bool found = false;
  if (!pages_.empty()) {
    const bool dictionary_first = source_.chunk->begin < pages_[0].offset;
    if (dictionary_first && !has_dictionary_) {
      position_ = source_.chunk->begin;
      TICKHOUSE_TRY(StepPage(row, &found));
      if (found) return {};
    }
    const auto after = std::upper_bound(
        pages_.begin(), pages_.end(), row,
        [](int64_t wanted, const PageLocation& page) { return wanted < page.first_row; });
    const PageLocation& page = *(after - 1);
    if (page.first_row > next_row_) {
      position_ = page.offset;
      next_row_ = page.first_row;
    }
  }
  while (!found) TICKHOUSE_TRY(StepPage(row, &found));
  if (pages_.empty()) return {};
  const auto at = std::lower_bound(
      pages_.begin(), pages_.end(), page_row_,
      [](const PageLocation& page, int64_t wanted) { return page.first_row < wanted; });
  const bool last = at != pages_.end() && at + 1 == pages_.end();
  const bool agrees = at != pages_.end() && at->first_row == page_row_ &&
                      page_row_ + page_rows_ == (last ? source_.rows : (at + 1)->first_row);
  return agrees ? Status() : Corrupt("its offset index does not agree with its pages");
}

template <typename T>
DecodeFault ColumnCursor<T>::DecodePageValues(std::size_t values, T* out) {
  if (!IsDictionaryIndex(encoding_)) {
    return DecodeValues<T>(format_, encoding_, body_, &scratch_, {out, values});
  }
  indices_.resize(std::max(indices_.size(), values));
  const std::span<uint32_t> indices(indices_.data(), values);
  DecodeFault fault = DecodeIndices(body_, static_cast<uint32_t>(dictionary_.size()), indices);
  if (!fault.ok()) return fault;
  const T* entries = dictionary_.data();
  for (std::size_t i = 0; i < values; ++i) out[i] = entries[indices[i]];
  return {};
}

template <typename T>
Status ColumnCursor<T>::DecodePage() {
  if (decoded_) return {};
  decoded_values_.resize(static_cast<std::size_t>(page_rows_));
  const DecodeFault fault = DecodePageValues(values_, decoded_values_.data());
  if (!fault.ok()) return FaultError(fault);
  if (!present_.empty()) SpreadOut(present_, values_, &decoded_values_);
  decoded_ = true;
  return {};
}

template <typename T>
Status ColumnCursor<T>::Read(int64_t row, std::span<T> out) {
  while (!out.empty()) {
    TICKHOUSE_TRY(LoadPageOf(row));
    const auto skip = static_cast<std::size_t>(row - page_row_);
    const std::size_t count = std::min(out.size(), static_cast<std::size_t>(page_rows_) - skip);
    if (!decoded_ && present_.empty() && count == static_cast<std::size_t>(page_rows_)) {
      // The whole page is wanted once: straight to its destination.
      const DecodeFault fault = DecodePageValues(values_, out.data());
      if (!fault.ok()) return FaultError(fault);
    } else {
      TICKHOUSE_TRY(DecodePage());
      std::copy_n(decoded_values_.begin() + static_cast<std::ptrdiff_t>(skip), count, out.begin());
    }
    out = out.subspan(count);
    row += static_cast<int64_t>(count);
  }
  return {};
}

template <typename T>
Status ColumnCursor<T>::ReadAt(int64_t base, std::span<const uint32_t> offsets, T* out) {
  while (!offsets.empty()) {
    TICKHOUSE_TRY(LoadPageOf(base + offsets[0]));
    const int64_t page_end = page_row_ + page_rows_;
    const auto last =
        std::lower_bound(offsets.begin(), offsets.end(), page_end - base,
                         [](uint32_t offset, int64_t limit) { return offset < limit; });
    const auto count = static_cast<std::size_t>(last - offsets.begin());
    const int64_t shift = base - page_row_;
    int width = 0;
    std::span<const uint8_t> packed;
    // Few rows of a page of indices: pick their bits and leave the rest alone.
    const bool pick = !decoded_ && present_.empty() && IsDictionaryIndex(encoding_) &&
                      count * 8 < static_cast<std::size_t>(page_rows_) &&
                      IsOnePackedRun(body_, static_cast<std::size_t>(page_rows_), &width, &packed);
    if (!pick) TICKHOUSE_TRY(DecodePage());
    for (std::size_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(shift + offsets[i]);
      if (!pick) {
        out[i] = decoded_values_[at];
        continue;
      }
      const uint32_t index = PackedValueAt(packed.data(), packed.size(), width, at);
      if (index >= dictionary_.size()) return Corrupt("it points past its dictionary");
      out[i] = dictionary_[index];
    }
    out += count;
    offsets = offsets.subspan(count);
  }
  return {};
}

template class ColumnCursor<int64_t>;
template class ColumnCursor<double>;

}  // namespace tickhouse::io
