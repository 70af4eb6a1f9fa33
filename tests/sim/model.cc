#include "model.h"

#include <fmt/format.h>

#include <utility>

namespace tickhouse::sim {
namespace {

Rows Without(Rows rows, const Rows& gone) {
  for (const std::string& row : gone) {
    const auto found = rows.find(row);
    if (found != rows.end()) rows.erase(found);
  }
  return rows;
}

std::string Difference(const Rows& expected, const Rows& found) {
  std::string text;
  for (const std::string& row : Without(expected, found)) text += " lost " + row;
  for (const std::string& row : Without(found, expected)) text += " surplus " + row;
  return text;
}

}  // namespace

std::string RowsToText(const Rows& rows) {
  std::string text;
  for (const std::string& row : rows) text += row + "\n";
  return text;
}

std::vector<std::string> TextToLines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

Rows RowsOfYear(const Rows& rows, int year) {
  Rows found;
  for (const std::string& row : rows) {
    if (row.starts_with(fmt::format("{}:", year))) found.insert(row);
  }
  return found;
}

Model::Model(World& world, lake::TableIdentifier table) : world_(world), table_(std::move(table)) {
  world_.on_swap = [this](int number, const std::string& from, const std::string& to) {
    OnSwap(number, from, to);
  };
}

void Model::Blame(std::string fault) {
  if (fault_.empty()) fault_ = std::move(fault);
}

int Model::Begin(int actor, Operation operation) {
  operation.number = ++next_;
  operations_[operation.number] = operation;
  world_.operation_of[actor] = operation.number;
  return operation.number;
}

void Model::End(int number, bool changed, bool looked_up, const Status& answer) {
  Operation& operation = operations_.at(number);
  if (operation.verb == Verb::kSameRows) return;  // Compaction commits group by group.
  if (answer) {
    ++done_;
    if (operation.swaps == (changed ? 1 : 0)) return;
    if (operation.verb == Verb::kRollback && looked_up && operation.swaps == 0) return;
    Blame(fmt::format("{} was answered done ({}), and swapped {} times", operation.name,
                      changed ? "changed" : "nothing to do", operation.swaps));
  } else if (answer.error().kind != ErrorKind::kUnknownOutcome) {
    operation.failed = true;
    if (operation.swaps == 0) return;
    Blame(fmt::format("{} was answered failed ({}), and swapped {} times", operation.name,
                      answer.error().ToString(), operation.swaps));
  }
}

std::optional<lake::TableMetadata> Model::Read(const std::string& location) {
  auto text = world_.files->ReadWhole(location);
  if (!text) {
    Blame("metadata: " + text.error().ToString());
    return std::nullopt;
  }
  auto metadata = lake::ParseTableMetadata(*text);
  if (!metadata) {
    Blame("metadata: " + metadata.error().ToString());
    return std::nullopt;
  }
  return std::move(*metadata);
}

template <typename T, typename Parse>
const T& Model::Once(std::map<std::string, T>* known, const std::string& path, const Parse& parse) {
  const auto found = known->find(path);
  if (found != known->end()) {
    const auto there = world_.files->Stat(path);
    if (!there) Blame("a file that the table needs: " + there.error().ToString());
    return found->second;
  }
  auto parsed = parse();
  if (!parsed) Blame("a file that the table needs: " + parsed.error().ToString());
  return known->emplace(path, parsed ? std::move(*parsed) : T()).first->second;
}

Rows Model::RowsOfFile(const std::string& path) {
  return Once(&rows_of_, path, [&]() -> Result<Rows> {
    TICKHOUSE_ASSIGN(const std::string text, world_.files->ReadWhole(path));
    const auto lines = TextToLines(text);
    return Rows(lines.begin(), lines.end());
  });
}

std::vector<lake::ManifestEntry> Model::LiveOf(const lake::TableMetadata& metadata,
                                               const lake::Snapshot& snapshot) {
  const auto& list = Once(&lists_, snapshot.manifest_list,
                          [&] { return lake::ReadManifestList(*world_.files, snapshot); });
  std::vector<lake::ManifestEntry> live;
  for (const lake::ManifestFile& manifest : list) {
    const auto& entries = Once(&manifests_, manifest.path, [&] {
      return lake::ReadManifest(*world_.files, manifest, metadata);
    });
    for (const lake::ManifestEntry& entry : entries) {
      if (entry.status != lake::EntryStatus::kDeleted) live.push_back(entry);
    }
  }
  return live;
}

Rows Model::RowsOf(const lake::TableMetadata& metadata, const lake::Snapshot* snapshot) {
  if (snapshot == nullptr) return {};
  const auto entries = LiveOf(metadata, *snapshot);
  Rows rows;
  for (const lake::ManifestEntry& data : entries) {
    if (data.file.content != lake::FileContent::kData) continue;
    Rows here = RowsOfFile(data.file.path);
    for (const lake::ManifestEntry& deletes : entries) {
      if (deletes.file.content != lake::FileContent::kPositionDeletes) continue;
      if (deletes.file.referenced_data_file != data.file.path) continue;
      if (deletes.sequence_number < data.sequence_number) continue;
      here = Without(std::move(here), RowsOfFile(deletes.file.path));
    }
    rows.merge(here);
  }
  return rows;
}

Rows Model::Visible() {
  const auto location = world_.rows->Find(table_);
  if (!location) {
    Blame(location.error().ToString());
    return {};
  }
  const auto metadata = Read(*location);
  return metadata ? RowsOf(*metadata, metadata->CurrentSnapshot()) : Rows();
}

Rows Model::RowsAt(std::optional<int64_t> snapshot_id) {
  return snapshot_id ? snapshots_[*snapshot_id] : Rows();
}

void Model::Judge(const Operation& operation, const Rows& before, const Rows& after) {
  Rows expected = before;
  switch (operation.verb) {
    case Verb::kAppend: expected.insert(operation.added.begin(), operation.added.end()); break;
    case Verb::kReplace:
      if (operation.seen_in_year && *operation.seen_in_year != RowsOfYear(before, operation.year)) {
        Blame(operation.name + " replaced rows that it had not seen");
      }
      expected = Without(before, RowsOfYear(before, operation.year));
      expected.insert(operation.added.begin(), operation.added.end());
      break;
    case Verb::kDelete: expected = Without(before, RowsOfYear(before, operation.year)); break;
    case Verb::kRowDelta: expected = Without(before, {operation.row}); break;
    case Verb::kSameRows: break;
    case Verb::kRollback: expected = snapshots_[operation.snapshot_id]; break;
  }
  if (expected == after) return;
  Blame(fmt::format("{}:{}", operation.name, Difference(expected, after)));
}

void Model::OnSwap(int number, const std::string& from, const std::string& to) {
  ++swaps_;
  Operation& operation = operations_.at(number);
  ++operation.swaps;
  if (operation.failed) Blame(operation.name + " was answered failed, and swapped afterwards");
  if (operation.swaps > 1 && operation.verb != Verb::kSameRows) {
    Blame(operation.name + " swapped twice");
  }
  const auto before = from == last_location_ ? std::exchange(last_, {}) : Read(from);
  auto after = Read(to);
  if (!before || !after) return;
  const Rows now = RowsOf(*after, after->CurrentSnapshot());
  Judge(operation, RowsOf(*before, before->CurrentSnapshot()), now);
  for (const lake::Snapshot& snapshot : after->snapshots) {
    if (snapshot.id == after->current_snapshot_id) {
      snapshots_.emplace(snapshot.id, now);
    } else if (!snapshots_.contains(snapshot.id)) {
      snapshots_.emplace(snapshot.id, RowsOf(*after, &snapshot));  // Staged, or of a branch.
    }
  }
  last_ = std::move(after);
  last_location_ = to;
}

void Model::CheckAll() {
  const auto location = world_.rows->Find(table_);
  const auto metadata = location ? Read(*location) : std::nullopt;
  if (!metadata) return;
  for (const lake::Snapshot& snapshot : metadata->snapshots) {
    const Rows now = RowsOf(*metadata, &snapshot);
    const auto then = snapshots_.find(snapshot.id);
    if (then == snapshots_.end()) {
      Blame(fmt::format("snapshot {} came from nowhere", snapshot.id));
    } else if (then->second != now) {
      Blame(fmt::format("snapshot {}:{}", snapshot.id, Difference(then->second, now)));
    }
  }
}

}  // namespace tickhouse::sim
