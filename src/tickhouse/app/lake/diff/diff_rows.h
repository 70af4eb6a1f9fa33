// The rows that a plan of changes adds and removes, without those that both sides hold.
#pragma once

#include <memory>
#include <vector>

#include "tickhouse/app/lake/diff/plan_difference.h"
#include "tickhouse/app/lake/rows/row_difference.h"
#include "tickhouse/app/lake/rows/sorted_rows.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::app {

/// As cells: column "change", "added" or "removed", then those of the schema.
class DiffRows : public sql::RowStream {
 public:
  /// What is given outlives it. `limits`: of both sides together.
  static Result<std::unique_ptr<DiffRows>> Open(const RowReading& reading, SpillSpace& spill,
                                                const lake::Schema& schema,
                                                const std::vector<RowChange>& changes,
                                                SortLimits limits = {});

  const std::vector<sql::Column>& columns() const override { return columns_; }
  Result<std::optional<sql::RowBatch>> Next() override;
  /// Reads to the end without making cells.
  Status CountRest();

  // So far.
  int64_t rows_added() const { return rows_added_; }
  int64_t rows_removed() const { return rows_removed_; }
  int64_t rows_in_both() const { return difference_->same_rows(); }

 private:
  DiffRows() = default;
  Result<bool> Step();

  lake::Schema schema_;
  std::vector<sql::Column> columns_;
  std::unique_ptr<RowDifference> difference_;
  io::ColumnBatch batch_;
  std::vector<uint8_t> added_;
  int64_t rows_added_ = 0;
  int64_t rows_removed_ = 0;
};

}  // namespace tickhouse::app
