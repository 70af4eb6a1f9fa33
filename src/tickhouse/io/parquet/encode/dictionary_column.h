// A column of doubles as a dictionary and indices into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "tickhouse/io/parquet/encode/encoded_column.h"

namespace tickhouse::io {

/// None is NaN, min and max are as they compare.
EncodedStats DoubleStats(double min, double max, int64_t nulls);

struct DictionaryForm {
  bool required = false;  ///< Pages without levels.
  bool quick = false;     ///< As EncodeDoublesQuickly has it; else zstd.
};

/// Writes the indices of those values of rows row .. row + rows that are there, marks rows in
/// `present` unless all are, and returns their number. Gives the same each time.
using FillIndices = std::function<std::size_t(std::size_t row, std::size_t rows, uint32_t* indices,
                                              uint8_t* present)>;

/// `dictionary` is sorted.
EncodedColumn DictionaryColumn(std::span<const double> dictionary, std::size_t rows,
                               DictionaryForm form, const FillIndices& fill);

}  // namespace tickhouse::io
