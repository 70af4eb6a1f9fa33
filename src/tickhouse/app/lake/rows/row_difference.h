// What two sets of rows do not have in common, as multisets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tickhouse/app/lake/rows/row_order.h"
#include "tickhouse/app/lake/rows/row_source.h"

namespace tickhouse::app {

/// Two streams in the same order; what only one holds comes out in that order. A row that is twice
/// on one side and once on the other comes out once. Memory: a batch of each, and the rows of one
/// instant.
class RowDifference {
 public:
  /// Both are ordered by `order`; rows that are equal by `whole` are the same. Of one instant at
  /// most `most_equal` rows of a side are compared.
  RowDifference(std::unique_ptr<RowSource> removed, std::unique_ptr<RowSource> added,
                std::vector<io::ColumnSchema> schema, RowOrder order, RowOrder whole,
                std::size_t most_equal = std::size_t{1} << 20);

  /// Replaces `*rows` and `*added` (1: only the second has it, 0: only the first); false at the
  /// end. kUnsupported when more rows than may be are equal by `order`.
  Result<bool> Next(io::ColumnBatch* rows, std::vector<uint8_t>* added);

  /// Rows that both had, so far.
  int64_t same_rows() const { return same_; }

 private:
  struct Side {
    std::unique_ptr<RowSource> source;
    io::ColumnBatch batch = {};
    std::size_t row = 0;
    bool ended = false;
  };
  static Status Fill(Side* side);
  static void Advance(Side* side, std::size_t rows = 1) { side->row += rows; }
  bool IsAlone(const Side& side) const;
  std::size_t EndBefore(const Side& side, const Side& other) const;
  void Emit(const io::ColumnBatch& from, std::size_t begin, std::size_t count, uint8_t added);
  Status Step();
  Status CompareEqual();
  Result<io::ColumnBatch> Gather(Side* side);
  void Cancel(const io::ColumnBatch& removed, const io::ColumnBatch& added);

  Side removed_;
  Side added_;
  const std::vector<io::ColumnSchema> schema_;
  const RowOrder order_;
  const RowOrder whole_;
  const std::size_t most_equal_;
  const bool order_is_whole_;
  int64_t same_ = 0;
  io::ColumnBatch out_;
  std::vector<uint8_t> out_added_;
};

}  // namespace tickhouse::app
