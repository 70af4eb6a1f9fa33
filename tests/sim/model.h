// What the table must look like. A data file holds tokens, one a row; the model follows every swap
// of the pointer and says whether it did what the operation behind it promised.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "world.h"

namespace tickhouse::sim {

/// "51:17": a row of the partition of year 51. Each is made once.
using Rows = std::multiset<std::string>;
/// One a line: the content of a data file. That of a position delete file is the path of the data
/// file, then the row that is gone.
std::string RowsToText(const Rows& rows);
std::vector<std::string> TextToLines(const std::string& text);
/// The rows of a partition.
Rows RowsOfYear(const Rows& rows, int year);

enum class Verb { kAppend, kReplace, kDelete, kRowDelta, kSameRows, kRollback };

/// One call of an actor, from its beginning on.
struct Operation {
  int number = 0;
  std::string name;
  Verb verb = Verb::kSameRows;
  Rows added = {};
  int year = 0;                           ///< kReplace, kDelete.
  std::string row = {};                   ///< kRowDelta.
  int64_t snapshot_id = 0;                ///< kRollback: where to.
  std::optional<Rows> seen_in_year = {};  ///< kReplace: what it was planned on; empty: no matter.
  int swaps = 0;                          ///< So far.
  bool failed = false;                    ///< It was answered so: it must never swap again.
};

class Model {
 public:
  Model(World& world, lake::TableIdentifier table);

  /// The operation that `actor` is at; its number.
  int Begin(int actor, Operation operation);
  /// How it was answered. Done: must have swapped once, or not at all when nothing changed;
  /// failed: not at all.
  /// `looked_up`: the answer was lost, and that it is done was seen in the table; then another may
  /// have moved main to the very same snapshot.
  void End(int number, bool changed, bool looked_up, const Status& answer);

  /// The rows of a data file whose content is not their text.
  void Know(const std::string& path, Rows rows) { rows_of_[path] = std::move(rows); }

  const Rows& Known(const std::string& path) { return rows_of_[path]; }

  /// Rows of the table's main branch as it is now.
  Rows Visible();
  /// Of a snapshot as it was made; empty: before the first.
  Rows RowsAt(std::optional<int64_t> snapshot_id);
  /// Every snapshot that is left reads as it did when it was made; every file is there.
  void CheckAll();

  /// The first thing that was wrong; empty: nothing.
  const std::string& fault() const { return fault_; }
  int64_t swaps() const { return swaps_; }
  int64_t done() const { return done_; }
  void Blame(std::string fault);

 private:
  void OnSwap(int number, const std::string& from, const std::string& to);
  void Judge(const Operation& operation, const Rows& before, const Rows& after);
  std::optional<lake::TableMetadata> Read(const std::string& location);
  Rows RowsOf(const lake::TableMetadata& metadata, const lake::Snapshot* snapshot);
  Rows RowsOfFile(const std::string& path);
  std::vector<lake::ManifestEntry> LiveOf(const lake::TableMetadata& metadata,
                                          const lake::Snapshot& snapshot);
  /// What `path` held when it was first read: files never change. Blames one that is gone.
  template <typename T, typename Parse>
  const T& Once(std::map<std::string, T>* known, const std::string& path, const Parse& parse);

  World& world_;
  lake::TableIdentifier table_;
  std::map<int, Operation> operations_;
  std::map<int64_t, Rows> snapshots_;
  std::map<std::string, std::vector<lake::ManifestFile>> lists_;
  std::map<std::string, std::vector<lake::ManifestEntry>> manifests_;
  std::map<std::string, Rows> rows_of_;
  std::optional<lake::TableMetadata> last_;  ///< Of the last swap.
  std::string last_location_;
  std::string fault_;
  int64_t swaps_ = 0;
  int64_t done_ = 0;
  int next_ = 0;
};

}  // namespace tickhouse::sim
