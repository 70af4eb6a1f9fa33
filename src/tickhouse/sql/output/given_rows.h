// Rows that a test wrote down, in batches of two. Tests only.
#pragma once

#include <utility>
#include <vector>

#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

class GivenRows : public RowStream {
 public:
  GivenRows(std::vector<Column> columns, std::vector<std::vector<Cell>> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}
  const std::vector<Column>& columns() const override { return columns_; }
  Result<std::optional<RowBatch>> Next() override {
    if (next_ == rows_.size()) {
      if (broken) return Fail(ErrorKind::kIo, "the engine broke");
      return std::nullopt;
    }
    RowBatch batch;
    batch.columns.resize(columns_.size());
    for (; next_ < rows_.size() && batch.rows < 2; ++next_, ++batch.rows) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        batch.columns[i].push_back(rows_[next_][i]);
      }
    }
    return batch;
  }
  bool broken = false;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  std::size_t next_ = 0;
};

}  // namespace tickhouse::sql
