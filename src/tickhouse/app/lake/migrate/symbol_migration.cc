#include "tickhouse/app/lake/migrate/symbol_migration.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/app/lake/migrate/adopt.h"
#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/snapshot_producer.h"

namespace tickhouse::app {

namespace {

using lake::DataFile;

Error Changed() {
  return {ErrorKind::kConflict,
          "its content changed since it was loaded, and the table holds what it was; to load it "
          "anew, roll the table back to before (`tickhouse lake snapshots`, `lake rollback`) or "
          "give the new rows another file name"};
}

Error TwiceHere(const MigrateSource& other) {
  return {ErrorKind::kAlreadyExists, "the same content as " + other.name + "; loaded once"};
}

}  // namespace

void SymbolMigration::AddProblem(const MigrateSource& source, Error error) {
  if (!refused_.emplace(&source, true).second) return;
  outcome_.problems.emplace_back(source.path, std::move(error));
}

void SymbolMigration::Plan(Environment& environment, lake::Catalog& catalog,
                           const std::string& partition) {
  if (Status planned = DoPlan(environment, catalog, partition); !planned) {
    outcome_.failure = std::move(planned.error());
  }
}

Status SymbolMigration::DoPlan(Environment& environment, lake::Catalog& catalog,
                               const std::string& partition) {
  wants_plan_ = false;
  TICKHOUSE_ASSIGN(table_, OpenGoldTable(catalog, id_, partition));
  TICKHOUSE_ASSIGN(const SourceLedger ledger, ReadLedger(table_->metadata()));
  todo_.clear();
  outcome_.files_known = 0;
  std::map<std::string, const MigrateSource*> contents;
  for (const MigrateSource& source : sources_->files) {
    switch (ledger.StateOf(source)) {
      case SourceLedger::State::kLoaded: ++outcome_.files_known; continue;
      case SourceLedger::State::kChanged: AddProblem(source, Changed()); continue;
      case SourceLedger::State::kNew: break;
    }
    if (refused_.contains(&source)) continue;
    const auto [first, is_new] = contents.emplace(source.content, &source);
    if (is_new) {
      todo_.push_back(&source);
    } else {
      AddProblem(source, TwiceHere(*first->second));
    }
  }
  groups_.clear();
  if (in_place_ || todo_.empty()) return {};
  groups_ = PlanLoad(*table_, todo_);
  loaded_.assign(groups_.size(), std::nullopt);
  taken_ = 0;
  TICKHOUSE_ASSIGN(there_, ListDataFiles(*environment.files, *table_));
  return {};
}

std::expected<LoadedGroup, LoadFailure> SymbolMigration::Load(Environment& environment,
                                                              std::size_t i, int threads) const {
  return LoadGroupFiles(environment, *table_, groups_[i], there_, threads);
}

bool SymbolMigration::Take(std::size_t i, std::expected<LoadedGroup, LoadFailure> loaded) {
  ++taken_;
  if (loaded) {
    loaded_[i] = std::move(*loaded);
  } else if (loaded.error().source != nullptr) {
    AddProblem(*loaded.error().source, std::move(loaded.error().error));
    wants_plan_ = true;
  } else {
    outcome_.failure = std::move(loaded.error().error);
  }
  return taken_ == groups_.size() && !wants_plan_ && !outcome_.failure;
}

std::vector<DataFile> SymbolMigration::TakeLoaded() {
  std::vector<DataFile> files;
  for (std::optional<LoadedGroup>& group : loaded_) {
    outcome_.null_times += group->null_times;
    outcome_.groups_found_again += group->found_again ? 1 : 0;
    std::ranges::move(group->files, std::back_inserter(files));
  }
  return files;
}

Result<std::vector<DataFile>> SymbolMigration::Adopt(Environment& environment,
                                                     lake::UpdateSession& session) {
  std::vector<TickColumnNames> names;
  for (const MigrateSource* const source : todo_) names.push_back(ColumnNamesOf(*source));
  TICKHOUSE_ASSIGN(const auto mapping, ExtendedNameMapping(*table_, names));
  if (mapping) {
    TICKHOUSE_ASSIGN(
        const lake::CommitOutcome outcome,
        lake::UpdateProperties(session, id_, {{std::string(kNameMappingKey), *mapping}}, {}));
    TICKHOUSE_ASSIGN(table_, DescribeGoldTable(outcome.table));
  }
  TICKHOUSE_ASSIGN(const lake::NameMapping known,
                   lake::ParseNameMapping(table_->metadata().Property(kNameMappingKey, "[]")));
  std::set<std::string> paths;
  if (const lake::Snapshot* const current = table_->metadata().CurrentSnapshot()) {
    TICKHOUSE_ASSIGN(const auto live,
                     lake::LiveEntries(*environment.files, table_->metadata(), *current));
    for (const lake::ManifestEntry& entry : live) paths.insert(entry.file.path);
  }
  std::vector<DataFile> files;
  std::vector<const MigrateSource*> adopted;
  for (const MigrateSource* const source : todo_) {
    if (paths.contains(source->location)) {
      ++outcome_.files_known;
      continue;
    }
    auto file = AdoptFile(*table_, *source, known);
    if (!file) {
      AddProblem(*source, std::move(file.error()));
      continue;
    }
    adopted.push_back(source);
    if (file->record_count > 0) files.push_back(std::move(*file));
  }
  todo_ = std::move(adopted);
  return files;
}

Status SymbolMigration::CheckStillNew(const lake::TableMetadata& metadata) const {
  TICKHOUSE_ASSIGN(const SourceLedger ledger, ReadLedger(metadata));
  for (const MigrateSource* const source : todo_) {
    if (ledger.StateOf(*source) == SourceLedger::State::kNew) continue;
    return Fail(ErrorKind::kConflict,
                source->path + ": another migration loaded it meanwhile; run again");
  }
  return {};
}

void SymbolMigration::Commit(Environment& environment, lake::UpdateSession& session) {
  Status committed = DoCommit(environment, session);
  if (committed) return;
  if (committed.error().kind == ErrorKind::kConflict) wants_plan_ = true;
  if (!wants_plan_) outcome_.failure = std::move(committed.error());
}

Status SymbolMigration::DoCommit(Environment& environment, lake::UpdateSession& session) {
  outcome_.null_times = 0;
  outcome_.groups_found_again = 0;
  std::vector<DataFile> files;
  if (in_place_) {
    TICKHOUSE_ASSIGN(files, Adopt(environment, session));
  } else {
    files = TakeLoaded();
  }
  int64_t rows_in = 0, rows_out = 0;
  for (const MigrateSource* const source : todo_) rows_in += source->rows;
  for (const DataFile& file : files) rows_out += file.record_count;
  if (rows_in != rows_out + outcome_.null_times) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{} rows came in and {} went out; nothing was committed", rows_in,
                            rows_out + outcome_.null_times));
  }
  if (!files.empty()) {
    const std::string text = LedgerText(todo_);
    lake::SnapshotProducer producer(session, {.summary = {{std::string(kSourcesKey), text}}});
    const std::string property = fmt::format("{}.{}", kSourcesKey, producer.snapshot_id());
    const lake::FileChanges changes{.operation = "append", .added = std::move(files)};
    const auto produce = [&](const lake::LoadedTable& base,
                             lake::WrittenFiles& written) -> Result<lake::TableChange> {
      TICKHOUSE_TRY(CheckStillNew(*base.metadata));
      TICKHOUSE_ASSIGN(lake::TableChange change, producer.Produce(base, changes, written));
      change.updates.push_back(lake::SetProperties{{{property, text}}});
      return change;
    };
    TICKHOUSE_ASSIGN(const lake::CommitOutcome done,
                     lake::CommitChange(session, id_, produce, table_->loaded));
    TICKHOUSE_ASSIGN(table_, DescribeGoldTable(done.table));
    outcome_.snapshot_id = done.snapshot_id;
  }
  outcome_.rows_in = rows_in;
  outcome_.rows_out = rows_out;
  outcome_.files_loaded = static_cast<int64_t>(todo_.size());
  return {};
}

}  // namespace tickhouse::app
