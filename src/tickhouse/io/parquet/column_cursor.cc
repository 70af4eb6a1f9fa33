#include "tickhouse/io/parquet/column_cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/format/bit_packing.h"

namespace tickhouse::io {

namespace {

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
ColumnCursor<T>::ColumnCursor(const Source& source) : source_(source), page_source_(source) {
  const FooterColumn& column = *source.column;
  format_ = {.type = column.type,
             .width = StoredWidth(column),
             .unit_ns = column.timestamp_unit_ns == 0 ? 1 : column.timestamp_unit_ns,
             .is_decimal = column.is_decimal,
             .scale = column.is_decimal ? column.decimal_scale : 0};
}

template <typename T>
Status ColumnCursor<T>::LoadOffsetIndex() {
  index_tried_ = true;
  const FooterChunk& chunk = *source_.chunk;
  const int64_t bytes = chunk.offset_index_bytes;
  if (bytes <= 0 || chunk.offset_index_offset <= 0) return {};
  const bool inside = chunk.offset_index_offset <= source_.file->size() - bytes;
  if (!inside) return page_source_.Corrupt("its offset index lies outside the file");
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
    return page_source_.Corrupt("its offset index is malformed");
  }
  pages_ = std::move(pages);
  return {};
}

template <typename T>
Status ColumnCursor<T>::LoadDictionary(const PageHeader& header) {
  if (has_dictionary_) return page_source_.Corrupt("a second dictionary page");
  RawPage page;
  TICKHOUSE_TRY(page_source_.Load(header, &page));
  if (page.encoding != PageEncoding::kPlain && page.encoding != PageEncoding::kPlainDictionary) {
    return page_source_.Corrupt("its dictionary is not plain");
  }
  if (page.body.size() / format_.width < page.rows) {
    return page_source_.Corrupt("its dictionary is cut");
  }
  dictionary_.resize(page.rows);
  const DecodeFault fault =
      DecodeValues<T>(format_, PageEncoding::kPlain, page.body, &scratch_, dictionary_);
  if (!fault.ok()) return page_source_.FaultError(fault);
  has_dictionary_ = true;
  return {};
}

// Takes the next page; `*found` when it is the data page that holds `row`, which then is loaded.
template <typename T>
Status ColumnCursor<T>::StepPage(int64_t row, bool* found) {
  *found = false;
  const int64_t first_row = page_source_.next_row();
  PageHeader header;
  TICKHOUSE_TRY(page_source_.NextHeader(&header));
  if (header.type == PageType::kDictionary) return LoadDictionary(header);
  if (!IsDataPage(header) || row >= page_source_.next_row()) return {};
  page_rows_ = 0;  // Should it fail, nothing is at hand.
  TICKHOUSE_TRY(page_source_.Load(header, &page_));
  if (IsDictionaryIndex(page_.encoding) && !has_dictionary_) {
    return page_source_.Corrupt("its dictionary is missing");
  }
  decoded_ = false;
  page_row_ = first_row;
  page_rows_ = header.values;
  *found = true;
  return {};
}

template <typename T>
Status ColumnCursor<T>::LoadPageOf(int64_t row) {
  if (InPage(row)) return {};
  TICKHOUSE_CHECK(row >= page_row_ && row < source_.rows, "rows are asked for in ascending order");
  if (!index_tried_ && row > page_source_.next_row()) TICKHOUSE_TRY(LoadOffsetIndex());
  bool found = false;
  if (!pages_.empty()) {
    const bool dictionary_first = source_.chunk->begin < pages_[0].offset;
    if (dictionary_first && !has_dictionary_) {
      page_source_.SeekTo(source_.chunk->begin, page_source_.next_row());
      TICKHOUSE_TRY(StepPage(row, &found));
      if (found) return {};
    }
    const auto after = std::upper_bound(
        pages_.begin(), pages_.end(), row,
        [](int64_t wanted, const PageLocation& page) { return wanted < page.first_row; });
    const PageLocation& page = *(after - 1);
    if (page.first_row > page_source_.next_row()) page_source_.SeekTo(page.offset, page.first_row);
  }
  while (!found) TICKHOUSE_TRY(StepPage(row, &found));
  if (pages_.empty()) return {};
  const auto at = std::lower_bound(
      pages_.begin(), pages_.end(), page_row_,
      [](const PageLocation& page, int64_t wanted) { return page.first_row < wanted; });
  const bool last = at != pages_.end() && at + 1 == pages_.end();
  const bool agrees = at != pages_.end() && at->first_row == page_row_ &&
                      page_row_ + page_rows_ == (last ? source_.rows : (at + 1)->first_row);
  return agrees ? Status() : page_source_.Corrupt("its offset index does not agree with its pages");
}

template <typename T>
DecodeFault ColumnCursor<T>::DecodePageValues(std::size_t values, T* out) {
  if (!IsDictionaryIndex(page_.encoding)) {
    return DecodeValues<T>(format_, page_.encoding, page_.body, &scratch_, {out, values});
  }
  indices_.resize(std::max(indices_.size(), values));
  const std::span<uint32_t> indices(indices_.data(), values);
  DecodeFault fault = DecodeIndices(page_.body, static_cast<uint32_t>(dictionary_.size()), indices);
  if (!fault.ok()) return fault;
  const T* entries = dictionary_.data();
  for (std::size_t i = 0; i < values; ++i) out[i] = entries[indices[i]];
  return {};
}

template <typename T>
Status ColumnCursor<T>::DecodePage() {
  if (decoded_) return {};
  decoded_values_.resize(static_cast<std::size_t>(page_rows_));
  const DecodeFault fault = DecodePageValues(page_.values, decoded_values_.data());
  if (!fault.ok()) return page_source_.FaultError(fault);
  if (!page_.present.empty()) SpreadOut(page_.present, page_.values, &decoded_values_);
  decoded_ = true;
  return {};
}

template <typename T>
Status ColumnCursor<T>::Read(int64_t row, std::span<T> out) {
  while (!out.empty()) {
    TICKHOUSE_TRY(LoadPageOf(row));
    const auto skip = static_cast<std::size_t>(row - page_row_);
    const std::size_t count = std::min(out.size(), static_cast<std::size_t>(page_rows_) - skip);
    if (!decoded_ && page_.present.empty() && count == static_cast<std::size_t>(page_rows_)) {
      // The whole page is wanted once: straight to its destination.
      const DecodeFault fault = DecodePageValues(page_.values, out.data());
      if (!fault.ok()) return page_source_.FaultError(fault);
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
    const bool pick =
        !decoded_ && page_.present.empty() && IsDictionaryIndex(page_.encoding) &&
        count * 8 < static_cast<std::size_t>(page_rows_) &&
        IsOnePackedRun(page_.body, static_cast<std::size_t>(page_rows_), &width, &packed);
    if (!pick) TICKHOUSE_TRY(DecodePage());
    for (std::size_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(shift + offsets[i]);
      if (!pick) {
        out[i] = decoded_values_[at];
        continue;
      }
      const uint32_t index = PackedValueAt(packed.data(), packed.size(), width, at);
      if (index >= dictionary_.size()) return page_source_.Corrupt("it points past its dictionary");
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
