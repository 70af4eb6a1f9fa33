// The migration of one symbol's files into its table: planned, loaded group by group, committed at
// once, and planned again when somebody else was first or a file turned out to be damaged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/migrate/gold_table.h"
#include "tickhouse/app/lake/migrate/ledger.h"
#include "tickhouse/app/lake/migrate/load.h"
#include "tickhouse/app/lake/migrate/sources.h"
#include "tickhouse/core/error.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::app {

/// What came of it.
struct MigrationOutcome {
  int64_t files_loaded = 0;
  int64_t files_known = 0;  ///< In the table before.
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t null_times = 0;
  int64_t groups_found_again = 0;
  std::optional<int64_t> snapshot_id = {};
  std::vector<std::pair<std::string, Error>> problems = {};
  std::optional<Error> failure = {};  ///< Nothing of this symbol was committed.
};

/// One thread at a time, but for Load.
class SymbolMigration {
 public:
  SymbolMigration(const SymbolSources& sources, bool in_place)
      : sources_(&sources), in_place_(in_place), id_{{"gold"}, sources.table} {}

  /// Opens the table and finds out what is new. Afterwards `groups` are to be loaded, or, in place,
  /// nothing. A failure stands in the outcome.
  void Plan(Environment& environment, lake::Catalog& catalog, const std::string& partition);
  std::size_t groups() const { return groups_.size(); }

  /// Group `i`; any thread.
  std::expected<LoadedGroup, LoadFailure> Load(Environment& environment, std::size_t i,
                                               int threads) const;
  /// What came of group `i`. True when all of them are there now, so that Commit may follow.
  bool Take(std::size_t i, std::expected<LoadedGroup, LoadFailure> loaded);

  /// Adopts or appends, in one commit with the ledger. Conflicts ask for another Plan.
  void Commit(Environment& environment, lake::UpdateSession& session);

  bool wants_plan() const { return wants_plan_ && !outcome_.failure; }
  bool has_work() const { return !todo_.empty() && !outcome_.failure; }
  bool in_place() const { return in_place_; }
  void GiveUp(Error error) { outcome_.failure = std::move(error); }
  const MigrationOutcome& outcome() const { return outcome_; }
  const lake::TableIdentifier& id() const { return id_; }
  const std::optional<GoldTable>& table() const { return table_; }
  std::size_t files() const { return sources_->files.size(); }

 private:
  Status DoPlan(Environment& environment, lake::Catalog& catalog, const std::string& partition);
  Result<std::vector<lake::DataFile>> Adopt(Environment& environment, lake::UpdateSession& session);
  std::vector<lake::DataFile> TakeLoaded();
  Status DoCommit(Environment& environment, lake::UpdateSession& session);
  Status CheckStillNew(const lake::TableMetadata& metadata) const;
  void AddProblem(const MigrateSource& source, Error error);

  const SymbolSources* sources_;
  bool in_place_;
  lake::TableIdentifier id_;
  std::optional<GoldTable> table_;
  std::vector<const MigrateSource*> todo_;
  std::map<const MigrateSource*, bool> refused_;  ///< Told already.
  std::set<std::string> there_;
  std::vector<LoadGroup> groups_;
  std::vector<std::optional<LoadedGroup>> loaded_;
  std::size_t taken_ = 0;
  bool wants_plan_ = true;
  MigrationOutcome outcome_;
};

}  // namespace tickhouse::app
