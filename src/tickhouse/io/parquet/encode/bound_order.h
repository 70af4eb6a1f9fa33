// How the bounds of a column compare, as the format orders each type.
#pragma once

#include <string_view>

#include "tickhouse/io/parquet/format/column_type.h"

namespace tickhouse::io {

/// Negative, zero or positive. Both are bounds of `type` as stored, none is NaN.
int CompareBounds(const ColumnType& type, std::string_view a, std::string_view b);

/// Big-endian two's complement, of any lengths but 0.
int CompareBigEndian(std::string_view a, std::string_view b);

/// True for numbers that compare as signed, so that the statistics of old hold them too.
bool ComparesSigned(const ColumnType& type);

}  // namespace tickhouse::io
