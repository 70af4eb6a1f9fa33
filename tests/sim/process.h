// One process of a writer or of maintenance: its own catalog client, files, session and randomness,
// over the world that all share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/maintenance/compact.h"
#include "tickhouse/lake/update/commit.h"
#include "world.h"

namespace tickhouse::sim {

class Process {
 public:
  /// `random` decides what the process does and how it names things.
  Process(World& world, Model& model, int actor, Random random, lake::TableIdentifier table);

  /// One operation drawn at random of those a writer does: append, replace a partition, delete one,
  /// delete a row, tag, roll back.
  void Write();
  /// Of those maintenance does: compact, rewrite manifests, expire, remove orphans.
  void Maintain();

 private:
  void Append();
  void Replace();
  void Delete();
  void DeleteRow();
  void Tag();
  void RollBack();
  void Compact();

  Rows NewRows(int year);
  Result<lake::DataFile> WriteRows(const Rows& rows, int year);
  Result<lake::DataFile> WriteText(const std::string& text, int year, int64_t rows);
  Result<std::vector<lake::DataFile>> Join(const lake::CompactGroup& group);
  Result<Rows> ReadRows(const std::string& path);
  void End(int number, const Result<lake::CommitOutcome>& outcome);

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
