// One process of a writer or of maintenance: its own catalog client, files, session and randomness,
// over the world that all share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/maintenance/compact.h"
#include "tickhouse/lake/maintenance/expire.h"
#include "tickhouse/lake/update/commit.h"
#include "tickhouse/lake/update/file_changes.h"
#include "world.h"

namespace tickhouse::sim {

class Process {
 public:
  using Outcome = Result<lake::CommitOutcome>;

  /// `random` decides what the process does and how it names things.
  Process(World& world, Model& model, int actor, Random random, lake::TableIdentifier table);

  /// One operation drawn at random of those a writer does: append, replace a partition, delete one,
  /// delete a row, tag, roll back.
  void Write();
  /// Of those maintenance does: compact, rewrite manifests, expire, remove orphans.
  void Maintain();

  // The same by name. Each tells the model what it promises and how it was answered.
  Outcome Append(int year, const Rows& rows, const lake::SnapshotTarget& target = {});
  Outcome Replace(int year, const Rows& rows,
                  lake::Isolation isolation = lake::Isolation::kSerializable);
  Outcome Delete(int year);
  /// By a position delete of the file that holds it now; kNotFound.
  Outcome DeleteRow(const std::string& row);
  Outcome Tag(const std::string& name);
  Outcome RollBack(int64_t snapshot_id);
  Result<lake::Receipt> Compact();
  Result<lake::Receipt> RewriteManifests();
  Result<lake::Receipt> Expire(const lake::ExpireRequest& request);
  Result<lake::Receipt> RemoveOrphans();
  /// Any other: `change` is what makes it.
  Outcome Commit(Operation operation, const std::function<Outcome()>& change);

  /// The rows that a scan finds, of a snapshot as ResolveSnapshot takes it.
  Result<Rows> Read(std::string_view at = {});
  Result<lake::LoadedTable> Load() { return catalog_->LoadTable(table_); }
  Result<lake::DataFile> WriteRows(const Rows& rows, int year);
  /// A position delete of one row of `data`.
  Result<lake::DataFile> WriteDelete(const lake::DataFile& data, const std::string& row);
  /// The live data file that holds the row; kNotFound.
  Result<lake::DataFile> FileOf(const lake::TableMetadata& metadata, const std::string& row);

  const lake::TableIdentifier& table() const { return table_; }
  lake::UpdateSession& session() { return session_; }
  io::FileSystem& files() { return *files_; }
  Random& random() { return random_; }
  SimulatedClock& clock() { return clock_; }

 private:
  void WriteReplacement();
  void DeleteSomeRow();
  void RollBackSomewhere();

  Rows NewRows(int year);
  Outcome DeleteRowOf(const lake::LoadedTable& table, const lake::DataFile& data,
                      const std::string& row);
  Result<lake::DataFile> WriteText(const std::string& text, int year, int64_t rows);
  Result<std::vector<lake::DataFile>> Join(const lake::CompactGroup& group);
  Result<Rows> ReadRows(const std::string& path);

  World& world_;
  Model& model_;
  int actor_;
  Random random_;
  lake::TableIdentifier table_;
  SimulatedClock clock_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<lake::Catalog> catalog_;
  lake::UpdateSession session_;
  int next_row_ = 0;
  int next_file_ = 0;
};

}  // namespace tickhouse::sim
