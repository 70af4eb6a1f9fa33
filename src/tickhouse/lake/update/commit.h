// The optimistic loop under every change of a table: load, produce, swap, and again when somebody
// else was first.
//
// Three answers. Done: a value. Failed: an error of any kind but kUnknownOutcome; the table is as
// others left it, and the manifests and lists written for the change are gone. Unknown:
// kUnknownOutcome; the change may have happened, nothing was removed, and the message says what to
// look for. The loop says so only when looking did not settle it either. Data files are the
// caller's and never touched.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// How often and how long: the table's properties commit.retry.num-retries, .min-wait-ms,
/// .max-wait-ms, .total-timeout-ms, and the same four of commit.status-check.
struct CommitPolicy {
  int retries = 4;
  Nanos min_wait = std::chrono::milliseconds(100);
  Nanos max_wait = std::chrono::minutes(1);
  Nanos total_timeout = std::chrono::minutes(30);
  int checks = 3;  ///< Looks at the table after a lost answer.
  Nanos check_min_wait = std::chrono::seconds(1);
  Nanos check_max_wait = std::chrono::minutes(1);
  Nanos check_total_timeout = std::chrono::minutes(30);
};

/// kInvalidArgument names a property that is not a whole number of at least 0.
Result<CommitPolicy> ParseCommitPolicy(const TableMetadata& metadata);

/// What changes reach the world through. Nothing is owned; one thread.
struct UpdateSession {
  Catalog* catalog = nullptr;
  io::FileSystem* files = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  CancelToken cancel = {};
  /// Put into the summary of every snapshot: {"engine-name", "tickhouse"}.
  std::map<std::string, std::string> engine_properties = {};
  /// Instead of the table's properties.
  std::optional<CommitPolicy> policy = {};
  /// The manifest list of the last commit, so that the next one need not read it. Lists never
  /// change once written.
  std::string known_list_location = {};
  std::vector<ManifestFile> known_list = {};
};

/// One attempt, made from one state of the table. No updates: there is nothing to do.
struct TableChange {
  std::vector<TableRequirement> requirements;
  std::vector<TableUpdate> updates;
  /// Locations the change refers to among those in `WrittenFiles`; kept when it is done.
  std::vector<std::string> kept_files = {};
};

/// Manifests and lists written on the way, over all attempts, by location.
using WrittenFiles = std::vector<std::string>;

/// Makes the change for a state of the table; called again, with a newer state, for each attempt.
/// This is where conflicts are judged by meaning: an error ends the loop (kConflict: what others
/// did does not allow this change). Every file it writes goes into `written` before it is written.
using ProduceChange =
    std::function<Result<TableChange>(const LoadedTable& base, WrittenFiles& written)>;

struct CommitOutcome {
  LoadedTable table;
  bool changed = true;  ///< False: there was nothing to do.
  int attempts = 0;
  bool answer_was_lost = false;             ///< Done, but known only from looking.
  std::optional<int64_t> snapshot_id = {};  ///< Of the snapshot the change added.
  /// Files of given-up attempts that could not be removed; orphan removal finds them.
  std::vector<std::string> left_behind = {};
};

/// Runs the loop. `known`: a state of the table to begin with instead of loading it; may be stale.
Result<CommitOutcome> CommitChange(UpdateSession& session, const TableIdentifier& identifier,
                                   const ProduceChange& produce,
                                   const std::optional<LoadedTable>& known = {});

/// Milliseconds since 1970.
int64_t NowMillis(Clock& clock);

}  // namespace tickhouse::lake
