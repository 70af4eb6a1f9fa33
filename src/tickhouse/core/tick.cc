#include "tickhouse/core/tick.h"

#include <algorithm>

#include "tickhouse/core/check.h"

namespace tickhouse {

namespace {

template <typename T>
void AppendColumn(std::vector<T>* to, const std::vector<T>& from, std::size_t begin,
                  std::size_t end) {
  if (from.empty()) return;
  to->insert(to->end(), from.begin() + static_cast<std::ptrdiff_t>(begin),
             from.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace

void TickBatch::Clear() {
  time_ns.clear();
  bid.clear();
  ask.clear();
  bid_volume.clear();
  ask_volume.clear();
  volume.clear();
}

void TickBatch::Reserve(std::size_t rows) {
  time_ns.reserve(rows);
  bid.reserve(rows);
  ask.reserve(rows);
}

void TickBatch::AppendRows(const TickBatch& other, std::size_t begin, std::size_t end) {
  TICKHOUSE_CHECK(begin <= end && end <= other.size(), "rows lie inside the other batch");
  // No rows have no columns to differ in.
  if (begin == end) return;
  TICKHOUSE_CHECK(empty() || (bid_volume.empty() == other.bid_volume.empty() &&
                              ask_volume.empty() == other.ask_volume.empty() &&
                              volume.empty() == other.volume.empty()),
                  "both batches have the same columns");
  AppendColumn(&time_ns, other.time_ns, begin, end);
  AppendColumn(&bid, other.bid, begin, end);
  AppendColumn(&ask, other.ask, begin, end);
  AppendColumn(&bid_volume, other.bid_volume, begin, end);
  AppendColumn(&ask_volume, other.ask_volume, begin, end);
  AppendColumn(&volume, other.volume, begin, end);
}

VectorTickReader::VectorTickReader(TickBatch ticks, std::size_t batch_rows)
    : ticks_(std::move(ticks)), batch_rows_(batch_rows) {
  TICKHOUSE_CHECK(batch_rows > 0, "a batch holds at least one row");
}

Result<bool> VectorTickReader::Next(TickBatch* batch) {
  batch->Clear();
  if (next_row_ == ticks_.size()) return false;
  const std::size_t end = std::min(ticks_.size(), next_row_ + batch_rows_);
  batch->AppendRows(ticks_, next_row_, end);
  next_row_ = end;
  return true;
}

Result<TickBatch> ReadAll(TickReader& reader) {
  TickBatch all;
  TickBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader.Next(&batch));
    if (!more) return all;
    all.AppendRows(batch, 0, batch.size());
  }
}

}  // namespace tickhouse
