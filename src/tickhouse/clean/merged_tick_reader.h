// Several exports of one symbol as one stream in time order, without loss and without doubles.
//
// The rule. A tick is (time, bid, ask); prices are equal when their bits are. At each instant, a
// tick comes out as often as in the source that holds it most often. So an export that repeats part
// of another adds nothing, a tick that only one of them has is kept, and a tick that one source
// holds twice at one instant (two quotes, same prices) stays two.
//
//   source A:  10:00:00.100 1.1/1.2   10:00:00.100 1.1/1.2   10:00:00.300 1.3/1.4
//   source B:  10:00:00.100 1.1/1.2   10:00:00.100 1.5/1.6   10:00:00.300 1.3/1.4   10:00:00.400
//   ... merged:    10:00:00.100 1.1/1.2 (twice), 1.5/1.6;  10:00:00.300 1.3/1.4 (once);
//   10:00:00.400 ...
//
// Order within one instant: the ticks of the source ranked first in its order, then of each further
// source, in its order, those still missing. Ranks come from content alone (see `SourceRank`), so
// neither names nor the order in which files are listed play a part.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"

namespace tickhouse::clean {

/// What a whole source is ranked by. Sources that agree in all three are ranked, at each instant,
/// by their ticks there (compared one after another by bid, then ask).
struct SourceRank {
  int64_t first_ns = 0;  ///< Earliest time of any row.
  int64_t last_ns = 0;   ///< Latest.
  int64_t rows = 0;
  auto operator<=>(const SourceRank&) const = default;
};

/// One stream to be merged. Its rows must come in time order and lie in [begin_ns, end_ns] (both
/// inclusive); hold only usable ticks; and are opened when the merge gets to `begin_ns`.
struct TickSource {
  std::string name;  ///< For messages.
  SourceRank rank;
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
  std::function<Result<std::unique_ptr<TickReader>>()> open;
};

/// Which source stopped the merge, as an index into the sources given.
struct SourceFault {
  std::size_t source = 0;
  bool out_of_order = false;  ///< Its rows are sound but not in time order.
};

/// The merged stream. Open readers: as many as sources overlap at one instant, times one batch
/// each; ticks of one instant that several sources hold are in memory at once. A source that fails,
/// or breaks its promise of order (kUnsupported) or bounds (kCorrupt), ends the stream with that
/// error; `fault()` then names it.
class MergedTickReader : public TickReader {
 public:
  explicit MergedTickReader(std::vector<TickSource> sources);
  ~MergedTickReader() override;

  Result<bool> Next(TickBatch* batch) override;

  const std::optional<SourceFault>& fault() const { return fault_; }
  /// Ticks left out because an earlier ranked source had them.
  int64_t doubles() const { return doubles_; }

 private:
  struct Cursor;
  struct InstantMerge;

  Status Advance(TickBatch* batch);
  Status OpenDue();
  Result<bool> Refill(Cursor* cursor);
  Status CopyRun(Cursor* cursor, int64_t before_ns, TickBatch* batch);
  Result<bool> TakeInstant(Cursor* cursor, int64_t time_ns);
  Status MergeInstant(int64_t time_ns, TickBatch* batch);

  std::vector<TickSource> sources_;
  std::vector<std::size_t> by_begin_;            // Not opened yet, latest first.
  std::vector<std::unique_ptr<Cursor>> active_;  // By rank.
  std::unique_ptr<InstantMerge> instant_;
  std::optional<SourceFault> fault_;
  std::optional<Error> failed_;
  int64_t doubles_ = 0;
};

}  // namespace tickhouse::clean
