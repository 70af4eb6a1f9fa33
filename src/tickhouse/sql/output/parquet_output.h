// Rows of a statement as a Parquet file.
#pragma once

#include <cstdint>
#include <memory>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// Writes every row, commits the file and gives their number. Booleans, integers, reals, decimals,
/// dates and times keep their types, all else is text. Memory: twice a row group. kUnsupported for
/// a value that the column's type cannot hold; kInvalidArgument when two columns have one name or
/// there is none.
Result<int64_t> WriteParquet(RowStream& rows, std::unique_ptr<io::WritableFile> file);

}  // namespace tickhouse::sql
