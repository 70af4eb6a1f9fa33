// A lakehouse in a folder of its own, and rows in and out of it. Tests only.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/app/lake/init.h"
#include "tickhouse/app/lake/migrate/gold_table.h"
#include "tickhouse/app/lake/read.h"
#include "tickhouse/app/lake/table_change.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/lake/data/copy_on_write.h"
#include "tickhouse/lake/data/data_file_writer.h"
#include "tickhouse/lake/data/data_testing.h"
#include "tickhouse/lake/data/deletes/position_delete_writer.h"
#include "tickhouse/lake/expression/metrics_filter.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/file_changes.h"

namespace tickhouse::app {

using lake::TextRow;

/// Ticks a second apart from `second` on, of one day of 2020 (or the year given); bids tell them
/// apart.
inline std::vector<TextRow> TickRows(int second, int count, double bid = 1, int year = 2020) {
  std::vector<TextRow> rows;
  for (int i = 0; i < count; ++i) {
    const int at = second + i;
    rows.push_back(
        {fmt::format("{}-03-01T{:02}:{:02}:{:02}.000000", year, at / 3'600, at / 60 % 60, at % 60),
         fmt::format("{}", bid + i), "null"});
  }
  return rows;
}

/// gold.eurusd(datetime, bid, ask) by year, sorted by time; an hour between changes.
class LakeFolder {
 public:
  LakeFolder() {
    EXPECT_OK(LakeInit(request, environment));
    auto workspace = OpenWorkspace(request, environment);
    EXPECT_OK(workspace);
    EXPECT_OK(OpenGoldTable(*workspace->catalog, id, "year"));
  }

  std::unique_ptr<OpenedTable> Open() {
    clock.Advance(std::chrono::hours(1));
    ++environment.seed;  // As in another run: the same names again would be refused.
    auto opened = OpenTable(request, "eurusd", environment);
    EXPECT_OK(opened);
    return std::move(*opened);
  }
  lake::TableMetadata Metadata() { return *Open()->loaded.metadata; }
  int64_t Current() { return Metadata().current_snapshot_id.value_or(0); }

  /// A data file a partition; the order of rows is kept. Answers the snapshot.
  int64_t Append(const std::vector<TextRow>& rows) {
    const auto opened = Open();
    const auto& metadata = *opened->loaded.metadata;
    auto writer = lake::DataFileWriter::Open(*files, metadata, opened->workspace.random);
    EXPECT_OK(writer);
    EXPECT_OK((*writer)->Write(lake::BatchOfText(metadata.CurrentSchema(), rows)));
    auto written = (*writer)->Close();
    EXPECT_OK(written);
    if (!written) return 0;
    const auto done = lake::AppendFiles(opened->session, opened->id, *written);
    EXPECT_OK(done);
    return done ? done->snapshot_id.value_or(0) : 0;
  }

  /// By copy on write.
  int64_t Delete(const std::string& filter) {
    const auto opened = Open();
    const lake::MetadataPtr table = opened->loaded.metadata;
    const auto binder = [&](const lake::TableMetadata& metadata) -> Result<lake::FileFilter> {
      TICKHOUSE_ASSIGN(const auto bound, lake::BindText(filter, metadata.CurrentSchema()));
      return lake::FileFilter{
          .may_match = [bound](const lake::DataFile& file) { return MayMatch(bound, file); },
          .must_match = [bound](const lake::DataFile& file) { return AllMatch(bound, file); }};
    };
    const auto done = lake::DeleteByFilter(
        opened->session, opened->id, binder,
        lake::MakeCopyOnWrite(*files, table, lake::Filter(filter, table->CurrentSchema()),
                              opened->workspace.random));
    EXPECT_OK(done);
    return done ? done->snapshot_id.value_or(0) : 0;
  }

  /// By position deletes, in the data file that was written last.
  int64_t DeletePositions(const std::vector<int64_t>& positions, const std::string& name) {
    const auto opened = Open();
    const lake::TableMetadata& metadata = *opened->loaded.metadata;
    const auto live = Live();
    const lake::DataFile* last = nullptr;
    for (const lake::ManifestEntry& entry : live) {
      if (entry.file.content == lake::FileContent::kData && last == nullptr) last = &entry.file;
    }
    auto deletes = lake::WritePositionDeletes(*files, metadata, last->spec_id, last->partition,
                                              name, {{last->path, positions}});
    EXPECT_OK(deletes);
    const auto done =
        lake::CommitRowDelta(opened->session, opened->id,
                             {.added_deletes = {*deletes}, .referenced_files = {last->path}},
                             lake::PlannedOnHead(metadata));
    EXPECT_OK(done);
    return done ? done->snapshot_id.value_or(0) : 0;
  }

  std::vector<lake::ManifestEntry> Live() {
    const auto metadata = Metadata();
    if (metadata.CurrentSnapshot() == nullptr) return {};
    auto entries = lake::LiveEntries(*files, metadata, *metadata.CurrentSnapshot());
    EXPECT_OK(entries);
    return entries ? *entries : std::vector<lake::ManifestEntry>();
  }
  std::vector<lake::DataFile> DataFiles() {
    std::vector<lake::DataFile> data;
    for (const lake::ManifestEntry& entry : Live()) {
      if (entry.file.content == lake::FileContent::kData) data.push_back(entry.file);
    }
    return data;
  }

  /// Rows as CSV, without the line of names.
  std::string Read(ReadRequest wanted = {}) {
    std::string text;
    wanted.table = "eurusd";
    wanted.delivery.format = "csv";
    wanted.delivery.print = [&text](std::string_view bytes) -> Status {
      text += bytes;
      return {};
    };
    EXPECT_OK(LakeRead(request, wanted, environment));
    return text.substr(text.find('\n') + 1);
  }

  io::TemporaryFolder folder;
  std::unique_ptr<io::FileSystem> files = io::MakeLocalFileSystem();
  ManualClock clock{FromNanos(1'700'000'000 * kNanosPerSecond)};
  SilentProgress progress;
  Environment environment{files.get(), nullptr, &clock, &progress, CancelToken(), 2, 5};
  WorkspaceRequest request{.folder = folder.File("lakehouse")};
  lake::TableIdentifier id{{"gold"}, "eurusd"};
};

/// A member of the report's JSON.
inline nlohmann::json JsonOf(const RunReport& report, const std::string& name) {
  return nlohmann::json::parse(report.ToJson()).at(name);
}

inline std::multiset<std::string> LinesOf(const std::string& text) {
  std::multiset<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace tickhouse::app
