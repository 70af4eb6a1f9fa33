// One flat column of one row group, row after row.
#pragma once

#include <cstdint>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/pages/page_source.h"
#include "tickhouse/io/parquet/table/column_batch.h"

namespace tickhouse::io {

/// What the source names must outlive it. One thread.
class ColumnReader {
 public:
  explicit ColumnReader(const PageSource::Source& source)
      : column_(source.column), pages_(source) {}

  /// Appends the next `rows` rows, which the row group must have.
  Status Append(std::size_t rows, ColumnData* out);

 private:
  Status LoadPage();
  Status LoadDictionary();
  Status DecodePage();

  const FooterColumn* column_;
  PageSource pages_;
  RawPage page_;
  bool has_dictionary_ = false;
  ColumnValues dictionary_;
  std::size_t dictionary_size_ = 0;
  ColumnValues decoded_;
  std::size_t taken_ = 0;  ///< Rows of the page at hand that were handed out.
  std::vector<uint32_t> indices_;
  ByteBuffer scratch_;
};

}  // namespace tickhouse::io
