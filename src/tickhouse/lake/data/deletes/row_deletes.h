// Which rows of a data file its delete files take away.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/data/deletes/row_set.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

// Columns of position delete files.
inline constexpr int kDeletedFileId = 2147483546;
inline constexpr int kDeletedPositionId = 2147483545;

/// Rows with these values in these columns are deleted. Null equals null, NaN equals NaN, and -0.0
/// is another value than 0.0. A value counts as the same in a promoted type.
struct EqualityDeletes {
  std::vector<int> field_ids = {};  ///< Ascending.
  std::unordered_set<std::string> keys = {};
};

struct RowDeletes {
  RowSet positions;
  std::vector<EqualityDeletes> equalities = {};
  bool empty() const { return positions.empty() && equalities.empty(); }
  /// Fields that must be read to judge a row.
  std::set<int> FieldIds() const;
};

/// Everything `deletes` (all of which apply) say of `data`, a file of `rows` rows. Position deletes
/// are streamed, of equality deletes the values are held. A position behind the last row deletes
/// nothing. kUnsupported for a format other than Parquet and Puffin, or an equality column whose
/// type no schema of the table tells; kCorrupt names the delete file.
Result<RowDeletes> LoadRowDeletes(io::FileSystem& files, const TableMetadata& metadata,
                                  const DataFile& data, std::span<const DataFile> deletes,
                                  int64_t rows);

/// Clears `keep` where a row of the batch is deleted. Columns are found by field id; the first row
/// is at `first_row` of the file.
void ApplyRowDeletes(const RowDeletes& deletes, const io::ColumnBatch& batch, int64_t first_row,
                     std::vector<uint8_t>* keep);

/// A field of the table by id: of the current schema, else of any; nullptr when there is none.
const Field* FindFieldOfAny(const TableMetadata& metadata, int field_id);

}  // namespace tickhouse::lake
