// What was fetched of one symbol: a journal that survives a kill, and a readable export.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/ingest/fetch/hour_record.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/journal/journal.h"

namespace tickhouse::ingest {

/// The folder beside a symbol's raw files that holds what belongs to them: `{out}/{SYMBOL}/.fetch`.
/// The dot keeps `convert` and its like from taking the export for ticks.
std::string FetchFolder(std::string_view out, std::string_view symbol);

/// The last record of an hour counts. A record of a stored hour is written before its file appears,
/// so an hour is complete when both are there. Safe for several threads; one process at a time (the
/// lock of the output folder).
class FetchManifest {
 public:
  /// Opens or makes `manifest.journal` in `folder` (a FetchFolder).
  static Result<std::unique_ptr<FetchManifest>> Open(io::FileSystem& fs, const std::string& folder);

  std::optional<HourRecord> Find(FeedKind feed, int64_t hour_ns) const;
  /// Of one feed, sorted by hour.
  std::vector<HourRecord> Records(FeedKind feed) const;

  /// Durable when it returns; all of them or none.
  Status Put(std::span<const HourRecord> records);
  Status Put(const HourRecord& record) { return Put(std::span(&record, 1)); }

  /// Writes `manifest.csv`: one line an hour, sorted by feed and hour; see docs/guides/fetch.md.
  Status Export(io::FileSystem& fs) const;

 private:
  FetchManifest(std::string folder, std::unique_ptr<io::Journal> journal)
      : folder_(std::move(folder)), journal_(std::move(journal)) {}

  const std::string folder_;
  std::unique_ptr<io::Journal> journal_;
  mutable std::mutex mutex_;
  std::map<std::pair<FeedKind, int64_t>, HourRecord> records_;
};

}  // namespace tickhouse::ingest
