// What others did to a branch since a change was planned, and whether the change can stand with it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/update/snapshot_summary.h"

namespace tickhouse::lake {

/// True when `deletes` may take rows of `data` away: partition, path, bounds and, where both know
/// theirs, sequence numbers allow it.
bool MayDeleteRowsOf(const ManifestEntry& deletes, const ManifestEntry& data);

/// Files by the snapshots that added or removed them. `rewritten`: by a "replace", which moves rows
/// but changes none.
struct Happened {
  struct File {
    ManifestEntry entry;
    bool rewritten = false;
  };
  std::vector<File> added_data;
  std::vector<File> removed_data;
  std::vector<File> added_deletes;
};

/// All between `planned_on` (empty: the beginning) and `head` (nullptr: nothing). kConflict when
/// `planned_on` is not in the history of `head`: it was rolled back, or what lies between expired.
Result<Happened> WhatHappened(io::FileSystem& files, const TableMetadata& metadata,
                              std::optional<int64_t> planned_on, const Snapshot* head);

using FileTest = std::function<Result<bool>(const DataFile&)>;

// Each answers kConflict naming the first file that stands in the way.

/// No rows were added to files that meet `matters`.
Status CheckNoDataAdded(const Happened& happened, const FileTest& matters);
/// No file that meets `matters` was removed but by rewriting.
Status CheckNoDataRemoved(const Happened& happened, const FileTest& matters);
/// No delete file that meets `matters` was added.
Status CheckNoDeletesAdded(const Happened& happened, const FileTest& matters);
/// No delete file was added that may take rows of `data` away; equality deletes do not count when
/// the rows keep their sequence number.
Status CheckNoDeletesFor(const Happened& happened, const std::vector<ManifestEntry>& data,
                         bool sequence_numbers_kept);
/// None of `paths` was removed, not even by rewriting.
Status CheckStillThere(const Happened& happened, const std::set<std::string>& paths);

}  // namespace tickhouse::lake
