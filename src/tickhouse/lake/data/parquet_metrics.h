// What a manifest says of a Parquet file, told from the file's footer alone.
#pragma once

#include <cstdint>

#include "tickhouse/core/error.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/lake/data/name_mapping.h"
#include "tickhouse/lake/format/type.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

struct MetricsOptions {
  /// For files without field ids; null: columns of the schema's own names.
  const NameMapping* names = nullptr;
  /// The writer stored NaN as null, so no column has one (else the count is left out).
  bool nan_are_nulls = false;
};

/// Counts, sizes, bounds and split offsets by field id of `schema`, of top-level primitive columns;
/// path and partition are the caller's. A file with any field id is matched by ids alone. Strings
/// and binaries have bounds of at most 16 code points or bytes; a column of which one row group
/// lacks bounds or has NaN among them has none. kUnsupported names a column that cannot be read as
/// the schema's type, or a required one that is missing.
Result<DataFile> MetricsFromFooter(const io::ParquetFooter& footer, int64_t file_bytes,
                                   const Schema& schema, const MetricsOptions& options = {});

/// The field of `schema` that a column of the file is; nullptr for none.
const Field* FieldOfColumn(const io::ParquetFooter& footer, std::size_t column,
                           const Schema& schema, const NameMapping* names);

/// True when values of `column` can be read as `type`.
bool CanReadAs(const io::FooterColumn& column, const Type& type);

}  // namespace tickhouse::lake
