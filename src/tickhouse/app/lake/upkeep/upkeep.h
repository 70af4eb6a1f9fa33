// Use cases that keep a table small and quick: expire, orphans, compact, rewrite-manifests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

// Each changes nothing in a dry run and tells what it would do; a real one leaves a receipt beside
// the table's metadata. What could not be done is a problem of the report. In the JSON: "receipt".

struct ExpireCommand {
  std::string table = {};
  std::optional<int64_t> older_than_ms = {};  ///< Empty: as refs and table properties say.
  std::optional<int> keep_last = {};          ///< Of each branch.
  std::vector<std::string> snapshots = {};    ///< These too: ids, or what stands for one.
  bool keep_files = false;                    ///< Only the snapshots are forgotten.
  bool dry_run = false;
};
Result<RunReport> LakeExpire(const WorkspaceRequest& workspace, const ExpireCommand& command,
                             Environment& environment);

struct OrphansCommand {
  std::string table = {};
  std::optional<int64_t> older_than_ms = {};  ///< Empty: three days ago.
  bool any_age = false;                       ///< Nobody writes: younger than a day will do.
  bool dry_run = false;
};
Result<RunReport> LakeOrphans(const WorkspaceRequest& workspace, const OrphansCommand& command,
                              Environment& environment);

struct CompactCommand {
  std::string table = {};
  std::optional<int64_t> target_bytes = {};  ///< Empty: write.target-file-size-bytes.
  std::optional<int> min_files = {};         ///< A partition with fewer small files stays (5).
  bool dry_run = false;
};
/// Files of a partition that are small, or have deletes, become few of the target size, sorted by
/// the table's order or by time. kUnsupported for tables of format version 3.
Result<RunReport> LakeCompact(const WorkspaceRequest& workspace, const CompactCommand& command,
                              Environment& environment);

struct RewriteManifestsCommand {
  std::string table = {};
  std::optional<int64_t> target_bytes = {};  ///< Empty: commit.manifest.target-size-bytes.
  bool dry_run = false;
};
Result<RunReport> LakeRewriteManifests(const WorkspaceRequest& workspace,
                                       const RewriteManifestsCommand& command,
                                       Environment& environment);

}  // namespace tickhouse::app
