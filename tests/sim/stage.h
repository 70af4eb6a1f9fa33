// A world in which nothing is left to chance: who does what between which calls of whom, and what
// becomes of each call, is written down.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model.h"
#include "process.h"
#include "world.h"

namespace tickhouse::sim {

inline const lake::TableIdentifier kTable{{"gold"}, "eurusd"};

/// Without fields: datetime timestamp, by year(datetime).
struct TableShape {
  std::vector<lake::Field> fields = {};
  std::vector<lake::PartitionField> spec = {};
  lake::Properties properties = {};
};
/// Makes namespace and table; the world must be quiet or without a script.
void MakeTable(World& world, Random random, const TableShape& shape);

/// What happens at a call. The first cue that fits a call is taken, each for `times` calls.
struct Cue {
  std::function<bool(const Call&)> when;
  int nth = 1;  ///< Of the calls that fit, from the placing of the cue on.
  int times = 1;
  Fate fate = Fate::kPasses;
  std::function<void()> act = {};  ///< Others act within the call, before its fate.
};
/// Calls of `actor` that are about to be made; `happened`: those that were.
std::function<bool(const Call&)> CallOf(int actor, CallKind kind, bool happened = false);
/// Those that change something: writes, removals, swaps.
std::function<bool(const Call&)> ChangeOf(int actor, bool happened);
constexpr int kAlways = 1'000'000;

class Stage {
 public:
  explicit Stage(Scheduler& scheduler, const TableShape& shape = {});

  /// Made when first named. A killed process is gone: its number is not used again.
  Process& Actor(int number);
  void On(Cue cue) { cues_.push_back(std::move(cue)); }
  void ForgetCues() { cues_.clear(); }
  /// True when the process was killed in it.
  bool Dies(const std::function<void()>& act);

  void Expect(bool holds, const std::string& what);
  /// Done with a change; names what was answered otherwise.
  void ExpectDone(const Process::Outcome& outcome, const std::string& what);
  void ExpectError(const Process::Outcome& outcome, ErrorKind kind, const std::string& what);
  void ExpectRows(const Rows& rows);
  /// No such call was made after the first `after` ones.
  void ExpectNo(const std::function<bool(const Call&)>& call, const std::string& what,
                std::size_t after = 0);
  /// Every snapshot reads as it was made, and an fsck of the table finds nothing.
  void Judge();

  lake::LoadedTable Table();
  int64_t Head() { return Table().metadata->current_snapshot_id.value_or(0); }
  /// Files that the table does not refer to, receipts aside.
  std::set<std::string> Unreachable();

  Scheduler& scheduler;
  World world;
  Model model;
  std::vector<Call> calls;  ///< All that were made.

 private:
  Fate Play(const Call& call);
  std::deque<Cue> cues_;
  std::map<int, std::unique_ptr<Process>> actors_;
};

}  // namespace tickhouse::sim
