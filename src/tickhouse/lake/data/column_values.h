// Between columns of Parquet and the types of Iceberg.
#pragma once

#include <optional>
#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/format/type.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

/// How this version stores a type, as the specification's appendix asks: decimals of up to 9 and
/// 18 digits as integers, larger ones in the fewest bytes. kUnsupported for nested and opaque
/// types.
Result<io::ColumnType> StoredTypeOf(const Type& type);
/// Name, id and stored type of a field.
Result<io::ColumnSchema> StoredColumnOf(const Field& field);
/// Of all fields; kUnsupported names the field.
Result<std::vector<io::ColumnSchema>> StoredColumnsOf(const Schema& schema);

/// True when `ConvertColumn` can: what CanReadAs allows, instants of Impala (int96) as timestamps
/// with or without zone, and dates as timestamps (v3).
bool CanConvert(const io::FooterColumn& column, const Type& type);

/// Turns values stored as `from` into values stored as `StoredTypeOf(to)`. Finer instants are
/// floored. kCorrupt for a value that the type cannot hold.
Status ConvertColumn(const io::ColumnType& from, const Type& to, io::ColumnData* column);

/// `rows` times the same value; nothing: null. Numbers may come in a narrower representation.
io::ColumnData ConstantColumn(const Type& type, const std::optional<Value>& value,
                              std::size_t rows);

/// A value of a column that is stored as `StoredTypeOf(type)`; nothing for null.
std::optional<Value> ValueAt(const Type& type, const io::ColumnData& column, std::size_t row);

/// Big-endian two's complement in `bytes` bytes, and back.
std::string DecimalBytes(Int128 value, std::size_t bytes);
Int128 DecimalOf(std::string_view bytes);

}  // namespace tickhouse::lake
