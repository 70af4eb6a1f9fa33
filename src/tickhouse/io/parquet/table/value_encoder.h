// Any flat column of one row group, turned into the bytes of a column chunk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tickhouse/io/parquet/encode/encoded_column.h"
#include "tickhouse/io/parquet/table/column_batch.h"

namespace tickhouse::io {

struct EncodedValues {
  EncodedColumn column;
  int64_t nans = 0;  ///< Bounds are of the other values; all NaN: there are none.
};

/// Pure. `data` is shaped as `column` says: fixed bytes of its length, no nulls when required.
/// Texts longer than `bound_bytes` are cut for the statistics, between characters; where a cut one
/// cannot be made greater there is no upper bound.
EncodedValues EncodeColumn(const ColumnSchema& column, const ColumnData& data,
                           std::size_t bound_bytes);

/// At most `bytes` bytes of `value` that are not above it. `is_text`: whole UTF-8 characters.
std::string CutLower(std::string_view value, std::size_t bytes, bool is_text);
/// At most `bytes` bytes (three more for text) that are above every value that begins as `value`
/// does; nothing when there are none, or the text is no UTF-8.
std::optional<std::string> CutUpper(std::string_view value, std::size_t bytes, bool is_text);

}  // namespace tickhouse::io
