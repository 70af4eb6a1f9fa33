// Bounds of a column: from Parquet's statistics to Iceberg's single-value serialization.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/lake/format/type.h"

namespace tickhouse::lake {

enum class BoundSide { kLower, kUpper };

/// Nothing when `stored` has the wrong length, is NaN or cannot be told. Instants in a unit finer
/// than the type's round down for lower and up for upper bounds.
std::optional<std::string> BoundFromParquet(const io::FooterColumn& column, const Type& type,
                                            BoundSide side, std::string_view stored);

/// True when serialized bound `a` sorts before `b`.
bool BoundLess(const Type& type, std::string_view a, std::string_view b);

/// At most 16 code points of a string (bytes of a binary), so that it still bounds; an upper bound
/// that cannot be made greater is nothing.
std::optional<std::string> TruncateBound(const Type& type, BoundSide side, std::string bound);

}  // namespace tickhouse::lake
