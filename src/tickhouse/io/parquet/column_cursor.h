// Rows of one column chunk, in ascending order, page by page: pages that hold no wanted row are
// neither read (where an offset index tells their place) nor decoded.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/page_decoder.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/io/parquet/pages/page_source.h"

namespace tickhouse::io {

/// Marks of a missing value: INT64_MIN for times, NaN for prices.
inline int64_t MissingValue(int64_t) {
  return std::numeric_limits<int64_t>::min();
}
inline double MissingValue(double) {
  return std::numeric_limits<double>::quiet_NaN();
}

/// T is int64_t (times in nanoseconds) or double (prices, volumes). What it is constructed from
/// must outlive it. One thread at a time.
template <typename T>
class ColumnCursor {
 public:
  using Source = PageSource::Source;
  explicit ColumnCursor(const Source& source);

  /// Rows [row, row + out.size()); never before a row of an earlier call's page.
  Status Read(int64_t row, std::span<T> out);

  /// The rows `base + offsets[i]`, offsets ascending.
  Status ReadAt(int64_t base, std::span<const uint32_t> offsets, T* out);

 private:
  Status LoadPageOf(int64_t row);
  Status LoadOffsetIndex();
  Status StepPage(int64_t row, bool* found);
  Status LoadDictionary(const PageHeader& header);
  Status DecodePage();
  DecodeFault DecodePageValues(std::size_t values, T* out);
  int64_t end() const { return source_.chunk->begin + source_.chunk->bytes; }
  bool InPage(int64_t row) const { return row >= page_row_ && row < page_row_ + page_rows_; }

  Source source_;
  ValueFormat format_;
  PageSource page_source_;
  bool index_tried_ = false;
  std::vector<PageLocation> pages_;

  std::vector<T> dictionary_;
  bool has_dictionary_ = false;

  // The page at hand.
  int64_t page_row_ = 0;
  int64_t page_rows_ = 0;
  RawPage page_;
  bool decoded_ = false;
  std::vector<T> decoded_values_;

  ByteBuffer scratch_;
  std::vector<uint32_t> indices_;
};

extern template class ColumnCursor<int64_t>;
extern template class ColumnCursor<double>;

}  // namespace tickhouse::io
