// The world of one seed: an object store, the rows of a catalog and a clock, all in memory, with
// the faults that real ones have. Nothing here knows what a table is.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scheduler.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/table_store.h"

namespace tickhouse::sim {

/// Chances, per call, in thousandths.
struct FaultRates {
  uint64_t refused = 8;      ///< Nothing happens, an error says so.
  uint64_t lost_before = 4;  ///< Nothing happens, the answer is an error that does not tell.
  uint64_t lost_after = 8;   ///< It happens, the answer is an error that does not tell.
  uint64_t late = 4;         ///< A swap: as lost_before, but it is tried later on its own.
  uint64_t killed = 2;       ///< The process dies, before or after.
  /// Calm weather, the usual, and storms in which no look at the table may succeed.
  static FaultRates Draw(Random& random);
};

enum class CallKind { kRead, kList, kWrite, kRemove, kFind, kSwap };

/// One call of a process to the object store or to the rows of the catalog.
struct Call {
  int actor = 0;
  CallKind kind = CallKind::kRead;
  std::string what = {};  ///< A path, or where the pointer shall go.
  bool happened = false;  ///< False: about to be made; true: made, the answer is on its way.
};

/// What becomes of a call: when it is about to be made, and again when it happened.
enum class Fate {
  kPasses,
  kRefused,  ///< Before: nothing happens, kUnavailable says so.
  kLost,     ///< The answer does not tell; before: and nothing happens.
  kLate,     ///< Before, a swap: as kLost, but `World::late` holds it.
  kDies,     ///< The process is killed.
};

struct World {
  World(uint64_t seed, Scheduler& turns);

  Random random;  ///< Of faults.
  Scheduler& scheduler;
  ManualClock clock{FromNanos(1'700'000'000 * kNanosPerSecond)};
  std::unique_ptr<io::FileSystem> files;       ///< As it is, without faults.
  std::map<std::string, int64_t> modified_ns;  ///< When each file was written, by path.
  std::unique_ptr<lake::TableStore> rows;      ///< As they are, without faults.
  FaultRates rates;
  bool quiet = false;  ///< No faults and no turns: while the model looks.

  /// What each actor is at: a swap belongs to it however late it arrives.
  std::map<int, int> operation_of;
  /// After each swap that took place.
  std::function<void(int operation, const std::string& from, const std::string& to)> on_swap;
  /// Swaps whose answer is gone but which may still arrive.
  std::vector<std::function<void()>> late;

  /// Instead of chance and of turns: what becomes of each call. Others may act within it.
  std::function<Fate(const Call&)> script;
  /// The store replaces what must not exist yet, as some do.
  bool ignores_conditions = false;

  bool Chance(uint64_t per_mille) { return random.Below(1000) < per_mille; }
  /// Of a call about to be made; never kDies.
  Fate Meet(const Call& call);
  /// Of one that happened: true when its answer is lost.
  bool LosesAnswer(Call call);
  /// All of `late`, now.
  void LetLateOnesArrive();
  /// A turn for others; then maybe a late request arrives, maybe the process dies.
  void Step();
};

/// What the process of `actor` sees. The world outlives it.
std::unique_ptr<io::FileSystem> FilesOf(World& world, int actor);
std::unique_ptr<lake::TableStore> RowsOf(World& world, int actor);

/// Sleeping passes time and is a turn for others.
class SimulatedClock : public Clock {
 public:
  explicit SimulatedClock(World& world) : world_(world) {}
  UtcTime Now() override { return world_.clock.Now() + wrong_by; }
  int64_t MonotonicNanos() override { return world_.clock.MonotonicNanos(); }
  bool Sleep(Nanos duration, const CancelToken& cancel) override {
    world_.Step();
    return world_.clock.Sleep(duration, cancel);
  }

  Nanos wrong_by = Nanos::zero();  ///< Of the machine's clock against the world's.

 private:
  World& world_;
};

}  // namespace tickhouse::sim
