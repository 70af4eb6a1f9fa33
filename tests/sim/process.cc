#include "process.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "tickhouse/lake/maintenance/orphans.h"
#include "tickhouse/lake/maintenance/rewrite_manifests.h"
#include "tickhouse/lake/scan/plan_scan.h"
#include "tickhouse/lake/scan/resolve_snapshot.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"

namespace tickhouse::sim {
namespace {

constexpr int kYears[] = {51, 52};

int YearOf(const lake::DataFile& file) {
  return std::get<int32_t>(file.partition.at(0)->data);
}

lake::BindFilter YearIs(int year) {
  return [year](const lake::TableMetadata&) -> Result<lake::FileFilter> {
    const auto matches = [year](const lake::DataFile& file) -> Result<bool> {
      return YearOf(file) == year;
    };
    return lake::FileFilter{.may_match = matches, .must_match = matches};
  };
}

}  // namespace

Process::Process(World& world, Model& model, int actor, Random random, lake::TableIdentifier table)
    : world_(world),
      model_(model),
      actor_(actor),
      random_(random),
      table_(std::move(table)),
      clock_(world),
      files_(FilesOf(world, actor)),
      catalog_(lake::MakeStoredCatalog(RowsOf(world, actor), {.name = "sim",
                                                              .warehouse = "/lake",
                                                              .files = files_.get(),
                                                              .clock = &clock_,
                                                              .random = random_.Fork(1)})) {
  session_.catalog = catalog_.get();
  session_.files = files_.get();
  session_.clock = &clock_;
  session_.random = &random_;
}

Rows Process::NewRows(int year) {
  Rows rows;
  const uint64_t count = 1 + random_.Below(3);
  for (uint64_t i = 0; i < count; ++i) {
    rows.insert(fmt::format("{}:{}-{}", year, actor_, ++next_row_));
  }
  return rows;
}

Result<lake::DataFile> Process::WriteText(const std::string& text, int year, int64_t rows) {
  lake::DataFile file;
  file.path = fmt::format("/lake/gold/eurusd/data/{}-{}.parquet", actor_, ++next_file_);
  file.partition = {lake::Value{int32_t{year}}};
  file.record_count = rows;
  file.file_size = static_cast<int64_t>(text.size());
  TICKHOUSE_TRY(files_->WriteWhole(file.path, text));
  return file;
}

Result<lake::DataFile> Process::WriteRows(const Rows& rows, int year) {
  return WriteText(RowsToText(rows), year, static_cast<int64_t>(rows.size()));
}

Result<lake::DataFile> Process::WriteDelete(const lake::DataFile& data, const std::string& row) {
  TICKHOUSE_ASSIGN(lake::DataFile deletes,
                   WriteText(data.path + "\n" + row + "\n", YearOf(data), 1));
  deletes.content = lake::FileContent::kPositionDeletes;
  deletes.referenced_data_file = data.path;
  return deletes;
}

Result<Rows> Process::ReadRows(const std::string& path) {
  TICKHOUSE_ASSIGN(const std::string text, files_->ReadWhole(path));
  const auto lines = TextToLines(text);
  return Rows(lines.begin(), lines.end());
}

Result<Rows> Process::Read(std::string_view at) {
  TICKHOUSE_ASSIGN(const lake::LoadedTable table, Load());
  TICKHOUSE_ASSIGN(const lake::Snapshot* snapshot, lake::ResolveSnapshot(*table.metadata, at));
  TICKHOUSE_ASSIGN(const lake::ScanPlan plan,
                   lake::PlanScan(*files_, *table.metadata, {.snapshot = snapshot}));
  Rows rows;
  for (const lake::ScanTask& task : plan.tasks) {
    TICKHOUSE_ASSIGN(Rows here, ReadRows(task.data.path));
    for (const lake::DataFile& deletes : task.deletes) {
      TICKHOUSE_ASSIGN(const Rows gone, ReadRows(deletes.path));
      for (const std::string& row : gone) here.erase(row);
    }
    rows.merge(here);
  }
  return rows;
}

Process::Outcome Process::Commit(Operation operation, const std::function<Outcome()>& change) {
  const int number = model_.Begin(actor_, std::move(operation));
  Outcome outcome = change();
  const Status answer = outcome ? Status() : Status(std::unexpected(outcome.error()));
  model_.End(number, outcome && outcome->changed, outcome && outcome->answer_was_lost, answer);
  return outcome;
}

Process::Outcome Process::Append(int year, const Rows& rows, const lake::SnapshotTarget& target) {
  TICKHOUSE_ASSIGN(const lake::DataFile file, WriteRows(rows, year));
  const bool shows = !target.wap_id && target.branch == "main";
  return Commit({.name = fmt::format("append of {}", *rows.begin()),
                 .verb = shows ? Verb::kAppend : Verb::kSameRows,
                 .added = rows},
                [&] { return lake::AppendFiles(session_, table_, {file}, target); });
}

Process::Outcome Process::Replace(int year, const Rows& rows, lake::Isolation isolation) {
  TICKHOUSE_ASSIGN(const lake::DataFile file, WriteRows(rows, year));
  TICKHOUSE_ASSIGN(const lake::LoadedTable table, Load());
  const lake::PlannedOn planned = lake::PlannedOnHead(*table.metadata, {}, isolation);
  Operation operation{.name = fmt::format("replacing {} by {}", year, *rows.begin()),
                      .verb = Verb::kReplace,
                      .added = rows,
                      .year = year};
  if (isolation == lake::Isolation::kSerializable) {
    operation.seen_in_year = RowsOfYear(model_.RowsAt(planned.snapshot_id), year);
  }
  return Commit(std::move(operation),
                [&] { return lake::ReplacePartitions(session_, table_, {file}, planned); });
}

Process::Outcome Process::Delete(int year) {
  return Commit({.name = fmt::format("deleting {}", year), .verb = Verb::kDelete, .year = year},
                [&] { return lake::DeleteByFilter(session_, table_, YearIs(year), {}); });
}

Process::Outcome Process::DeleteRowOf(const lake::LoadedTable& table, const lake::DataFile& data,
                                      const std::string& row) {
  TICKHOUSE_ASSIGN(const lake::DataFile deletes, WriteDelete(data, row));
  return Commit(
      {.name = fmt::format("deleting row {}", row), .verb = Verb::kRowDelta, .row = row}, [&] {
        return lake::CommitRowDelta(session_, table_,
                                    {.added_deletes = {deletes}, .referenced_files = {data.path}},
                                    lake::PlannedOnHead(*table.metadata));
      });
}

Result<lake::DataFile> Process::FileOf(const lake::TableMetadata& metadata,
                                       const std::string& row) {
  if (metadata.CurrentSnapshot() != nullptr) {
    TICKHOUSE_ASSIGN(const auto entries,
                     lake::LiveEntries(*files_, metadata, *metadata.CurrentSnapshot()));
    for (const lake::ManifestEntry& entry : entries) {
      if (entry.file.content != lake::FileContent::kData) continue;
      TICKHOUSE_ASSIGN(const Rows rows, ReadRows(entry.file.path));
      if (rows.contains(row)) return entry.file;
    }
  }
  return Fail(ErrorKind::kNotFound, "no file holds row " + row);
}

Process::Outcome Process::DeleteRow(const std::string& row) {
  TICKHOUSE_ASSIGN(const lake::LoadedTable table, Load());
  TICKHOUSE_ASSIGN(const lake::DataFile data, FileOf(*table.metadata, row));
  return DeleteRowOf(table, data, row);
}

Process::Outcome Process::Tag(const std::string& name) {
  return Commit({.name = "tagging", .verb = Verb::kSameRows},
                [&] { return lake::CreateTag(session_, table_, name); });
}

Process::Outcome Process::RollBack(int64_t snapshot_id) {
  return Commit({.name = fmt::format("rolling back to {}", snapshot_id),
                 .verb = Verb::kRollback,
                 .snapshot_id = snapshot_id},
                [&] { return lake::RollbackTo(session_, table_, snapshot_id); });
}

void Process::WriteReplacement() {
  const int year = kYears[random_.Below(2)];
  std::ignore = Replace(year, NewRows(year));
}

void Process::DeleteSomeRow() {
  const auto table = Load();
  if (!table || table->metadata->CurrentSnapshot() == nullptr) return;
  const auto entries =
      lake::LiveEntries(*files_, *table->metadata, *table->metadata->CurrentSnapshot());
  if (!entries || entries->empty()) return;
  const lake::DataFile& data = (*entries)[random_.Below(entries->size())].file;
  if (data.content != lake::FileContent::kData) return;
  const auto rows = ReadRows(data.path);
  if (!rows || rows->empty()) return;
  std::ignore = DeleteRowOf(*table, data, *rows->begin());
}

void Process::RollBackSomewhere() {
  const auto table = Load();
  if (!table || !table->metadata->current_snapshot_id) return;
  const auto line = table->metadata->AncestorsOf(*table->metadata->current_snapshot_id);
  std::ignore = RollBack(line[random_.Below(line.size())]);
}

void Process::Write() {
  const uint64_t drawn = random_.Below(20);
  if (drawn < 9) {
    const int year = kYears[random_.Below(2)];
    std::ignore = Append(year, NewRows(year));
  } else if (drawn < 12) {
    WriteReplacement();
  } else if (drawn < 14) {
    std::ignore = Delete(kYears[random_.Below(2)]);
  } else if (drawn < 17) {
    DeleteSomeRow();
  } else if (drawn < 18) {
    std::ignore = Tag(fmt::format("t{}-{}", actor_, ++next_row_));
  } else {
    RollBackSomewhere();
  }
}

Result<std::vector<lake::DataFile>> Process::Join(const lake::CompactGroup& group) {
  Rows joined;
  for (const lake::CompactInput& input : group.inputs) {
    TICKHOUSE_ASSIGN(Rows rows, ReadRows(input.data.file.path));
    for (const lake::DataFile& deletes : input.deletes) {
      TICKHOUSE_ASSIGN(const Rows gone, ReadRows(deletes.path));
      for (const std::string& row : gone) rows.erase(row);
    }
    joined.merge(rows);
  }
  if (joined.empty()) return std::vector<lake::DataFile>();
  const int year = std::get<int32_t>(group.partition.values.at(0)->data);
  TICKHOUSE_ASSIGN(lake::DataFile file, WriteRows(joined, year));
  return std::vector<lake::DataFile>{std::move(file)};
}

Result<lake::Receipt> Process::Compact() {
  model_.Begin(actor_, {.name = "compaction", .verb = Verb::kSameRows});
  return lake::CompactFiles(
      session_, table_,
      [this](const lake::LoadedTable&, const lake::CompactGroup& group) { return Join(group); },
      {.min_files = 2});
}

Result<lake::Receipt> Process::RewriteManifests() {
  model_.Begin(actor_, {.name = "rewriting manifests", .verb = Verb::kSameRows});
  return lake::RewriteManifests(session_, table_);
}

Result<lake::Receipt> Process::Expire(const lake::ExpireRequest& request) {
  model_.Begin(actor_, {.name = "expiry", .verb = Verb::kSameRows});
  return lake::ExpireSnapshots(session_, table_, request);
}

Result<lake::Receipt> Process::RemoveOrphans() {
  model_.Begin(actor_, {.name = "orphan removal", .verb = Verb::kSameRows});
  return lake::RemoveOrphans(session_, table_);
}

void Process::Maintain() {
  const uint64_t drawn = random_.Below(4);
  if (drawn == 0) std::ignore = Compact();
  if (drawn == 1) std::ignore = RewriteManifests();
  if (drawn == 2) {
    std::ignore = Expire({.older_than_ms = lake::NowMillis(clock_),
                          .keep_last = static_cast<int32_t>(1 + random_.Below(3))});
  }
  if (drawn == 3) std::ignore = RemoveOrphans();
}

}  // namespace tickhouse::sim
