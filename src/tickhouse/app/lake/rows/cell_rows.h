// Rows of a table as text for people and files: what sql/output writes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tickhouse/app/lake/rows/row_source.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::app {

/// As the SQL engines describe a column of the type, so that every output keeps it.
/// kUnsupported for nested and opaque types.
Result<std::vector<sql::Column>> CellColumnsOf(const lake::Schema& schema);

/// The values of rows [0, batch.rows) as cells, column by column; bytes are hexadecimal.
sql::RowBatch CellsOf(const lake::Schema& schema, const io::ColumnBatch& batch);

/// Rows of files one after another.
class CellRows : public sql::RowStream {
 public:
  /// Ends after `limit` rows. kUnsupported as CellColumnsOf.
  static Result<std::unique_ptr<CellRows>> Make(const RowReading& reading, lake::Schema schema,
                                                std::vector<RowFile> files,
                                                std::optional<int64_t> limit);
  const std::vector<sql::Column>& columns() const override { return columns_; }
  Result<std::optional<sql::RowBatch>> Next() override;
  /// Files that were opened so far.
  std::size_t files_opened() const { return next_; }

 private:
  CellRows() = default;

  RowReading reading_;
  lake::Schema schema_;
  std::vector<sql::Column> columns_;
  std::vector<RowFile> files_;
  std::optional<int64_t> left_;
  std::size_t next_ = 0;
  std::unique_ptr<RowSource> source_;
};

}  // namespace tickhouse::app
