#include "process.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "tickhouse/lake/maintenance/expire.h"
#include "tickhouse/lake/maintenance/orphans.h"
#include "tickhouse/lake/maintenance/rewrite_manifests.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/file_changes.h"

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
      files_(FilesOf(world)),
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

Result<Rows> Process::ReadRows(const std::string& path) {
  TICKHOUSE_ASSIGN(const std::string text, files_->ReadWhole(path));
  const auto lines = TextToLines(text);
  return Rows(lines.begin(), lines.end());
}

void Process::End(int number, const Result<lake::CommitOutcome>& outcome) {
  const Status answer = outcome ? Status() : Status(std::unexpected(outcome.error()));
  model_.End(number, outcome && outcome->changed, outcome && outcome->answer_was_lost, answer);
}

void Process::Append() {
  const int year = kYears[random_.Below(2)];
  const Rows rows = NewRows(year);
  auto file = WriteRows(rows, year);
  if (!file) return;
  const int number = model_.Begin(
      actor_,
      {.name = fmt::format("append of {}", *rows.begin()), .verb = Verb::kAppend, .added = rows});
  End(number, lake::AppendFiles(session_, table_, {*file}));
}

void Process::Replace() {
  const int year = kYears[random_.Below(2)];
  const Rows rows = NewRows(year);
  auto file = WriteRows(rows, year);
  const auto table = file ? catalog_->LoadTable(table_) : Fail(std::move(file).error());
  if (!table) return;
  const lake::PlannedOn planned = lake::PlannedOnHead(*table->metadata);
  Operation operation{.name = fmt::format("replacing {} by {}", year, *rows.begin()),
                      .verb = Verb::kReplace,
                      .added = rows,
                      .year = year};
  operation.seen_in_year = RowsOfYear(model_.RowsAt(planned.snapshot_id), year);
  const int number = model_.Begin(actor_, operation);
  End(number, lake::ReplacePartitions(session_, table_, {*file}, planned));
}

void Process::Delete() {
  const int year = kYears[random_.Below(2)];
  const int number = model_.Begin(
      actor_, {.name = fmt::format("deleting {}", year), .verb = Verb::kDelete, .year = year});
  End(number, lake::DeleteByFilter(session_, table_, YearIs(year), {}));
}

void Process::DeleteRow() {
  const auto table = catalog_->LoadTable(table_);
  if (!table || table->metadata->CurrentSnapshot() == nullptr) return;
  const auto entries =
      lake::LiveEntries(*files_, *table->metadata, *table->metadata->CurrentSnapshot());
  if (!entries || entries->empty()) return;
  const lake::DataFile& data = (*entries)[random_.Below(entries->size())].file;
  if (data.content != lake::FileContent::kData) return;
  const auto rows = ReadRows(data.path);
  if (!rows || rows->empty()) return;
  const std::string row = *rows->begin();
  auto deletes = WriteText(data.path + "\n" + row + "\n", YearOf(data), 1);
  if (!deletes) return;
  deletes->content = lake::FileContent::kPositionDeletes;
  deletes->referenced_data_file = data.path;
  const int number = model_.Begin(
      actor_, {.name = fmt::format("deleting row {}", row), .verb = Verb::kRowDelta, .row = row});
  End(number, lake::CommitRowDelta(session_, table_,
                                   {.added_deletes = {*deletes}, .referenced_files = {data.path}},
                                   lake::PlannedOnHead(*table->metadata)));
}

void Process::Tag() {
  const int number = model_.Begin(actor_, {.name = "tagging", .verb = Verb::kSameRows});
  std::ignore = lake::CreateTag(session_, table_, fmt::format("t{}", number));
}

void Process::RollBack() {
  const auto table = catalog_->LoadTable(table_);
  if (!table || !table->metadata->current_snapshot_id) return;
  const auto line = table->metadata->AncestorsOf(*table->metadata->current_snapshot_id);
  const int64_t id = line[random_.Below(line.size())];
  const int number = model_.Begin(
      actor_,
      {.name = fmt::format("rolling back to {}", id), .verb = Verb::kRollback, .snapshot_id = id});
  End(number, lake::RollbackTo(session_, table_, id));
}

void Process::Write() {
  const uint64_t drawn = random_.Below(20);
  if (drawn < 9) return Append();
  if (drawn < 12) return Replace();
  if (drawn < 14) return Delete();
  if (drawn < 17) return DeleteRow();
  if (drawn < 18) return Tag();
  return RollBack();
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

void Process::Compact() {
  model_.Begin(actor_, {.name = "compaction", .verb = Verb::kSameRows});
  std::ignore = lake::CompactFiles(
      session_, table_,
      [this](const lake::LoadedTable&, const lake::CompactGroup& group) { return Join(group); },
      {.min_files = 2});
}

void Process::Maintain() {
  const uint64_t drawn = random_.Below(4);
  if (drawn == 0) return Compact();
  const char* const names[] = {"", "rewriting manifests", "expiry", "orphan removal"};
  model_.Begin(actor_, {.name = names[drawn], .verb = Verb::kSameRows});
  if (drawn == 1) std::ignore = lake::RewriteManifests(session_, table_);
  if (drawn == 2) {
    std::ignore = lake::ExpireSnapshots(session_, table_,
                                        {.older_than_ms = lake::NowMillis(clock_),
                                         .keep_last = static_cast<int32_t>(1 + random_.Below(3))});
  }
  if (drawn == 3) std::ignore = lake::RemoveOrphans(session_, table_);
}

}  // namespace tickhouse::sim
