#include "tickhouse/lake/scan/plan_scan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "tickhouse/core/parallel.h"
#include "tickhouse/lake/scan/delete_index.h"
#include "tickhouse/lake/scan/scan_filter.h"

namespace tickhouse::lake {
namespace {

// Fewer are read sooner than a thread is started.
constexpr std::size_t kManifestsPerThread = 4;
constexpr std::size_t kMostNamesTold = 50;

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

Result<const Field*> FindColumn(const Schema& schema, std::string_view name, bool case_sensitive) {
  const Field* other_case = nullptr;
  int fits = 0;
  for (const Field& field : schema.fields) {
    if (field.name == name) return &field;
    if (case_sensitive || !SameIgnoringCase(field.name, name)) continue;
    other_case = &field;
    ++fits;
  }
  if (fits == 1) return other_case;
  std::vector<std::string_view> known;
  for (const Field& field : schema.fields) {
    if (known.size() < kMostNamesTold) known.push_back(field.name);
  }
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("{} \"{}\"; columns: {}", fits > 1 ? "more than one column" : "no column",
                          name, fmt::join(known, ", ")));
}

class Planner {
 public:
  Planner(io::FileSystem& files, const TableMetadata& metadata, const ScanRequest& request)
      : files_(files), metadata_(metadata), request_(request), filter_(metadata, request.filter) {
    const auto ids = FieldIdsOf(request.filter);
    columns_.assign(ids.begin(), ids.end());
  }

  Status Run(ScanPlan* plan) {
    TICKHOUSE_ASSIGN(const auto list, ReadManifestList(files_, *request_.snapshot));
    Choose(list, &plan->counters);
    TICKHOUSE_TRY(ReadDeletes(&plan->counters));
    std::vector<ScanPlan> parts(data_.size());
    TICKHOUSE_TRY(ForEachManifest(
        data_, [&](std::size_t i) -> Status { return ReadData(*data_[i], &parts[i]); }));
    for (ScanPlan& part : parts) {
      plan->counters.Add(part.counters);
      std::ranges::move(part.tasks, std::back_inserter(plan->tasks));
    }
    return {};
  }

 private:
  using Manifests = std::vector<const ManifestFile*>;

  void Choose(const std::vector<ManifestFile>& list, ScanCounters* counters) {
    for (const ManifestFile& manifest : list) {
      ++counters->manifests;
      // Deletes lie in the partitions of their rows, but for those that apply to all: their spec
      // has no fields, and so no summary says anything of them.
      if (!MayHoldLiveFiles(manifest) || !filter_.MayMatch(manifest)) {
        ++counters->manifests_skipped;
        continue;
      }
      counters->manifest_bytes_read += manifest.length;
      (manifest.content == ManifestContent::kData ? data_ : deletes_).push_back(&manifest);
    }
  }

  template <typename Work>
  Status ForEachManifest(const Manifests& manifests, const Work& work) const {
    const std::size_t useful = manifests.size() / kManifestsPerThread + 1;
    const auto threads =
        static_cast<int>(std::min(useful, static_cast<std::size_t>(std::max(request_.threads, 1))));
    return ParallelFor(manifests.size(), threads, request_.cancel, work);
  }

  Status ReadDeletes(ScanCounters* counters) {
    std::vector<std::vector<ManifestEntry>> parts(deletes_.size());
    TICKHOUSE_TRY(ForEachManifest(deletes_, [&](std::size_t i) -> Status {
      TICKHOUSE_ASSIGN(parts[i], ReadManifest(files_, *deletes_[i], metadata_));
      return {};
    }));
    std::vector<ManifestEntry> live;
    for (std::vector<ManifestEntry>& part : parts) {
      std::ranges::copy_if(std::move_iterator(part.begin()), std::move_iterator(part.end()),
                           std::back_inserter(live), [](const ManifestEntry& entry) {
                             return entry.status != EntryStatus::kDeleted;
                           });
    }
    counters->delete_files = static_cast<int64_t>(live.size());
    TICKHOUSE_ASSIGN(index_, DeleteIndex::Build(metadata_, std::move(live)));
    return {};
  }

  Status ReadData(const ManifestFile& manifest, ScanPlan* part) const {
    const EntryChoice choice{.columns = columns_, .keep = [&](const ManifestEntry& entry) {
                               return Keep(entry, &part->counters);
                             }};
    TICKHOUSE_ASSIGN(auto entries, ReadChosenEntries(files_, manifest, metadata_, choice));
    part->tasks.reserve(entries.size());
    for (ManifestEntry& entry : entries) {
      Predicate residual = filter_.Residual(entry.file);
      const int64_t number = entry.sequence_number.value_or(0);
      std::vector<DataFile> deletes = index_.For(entry.file, number);
      part->tasks.push_back({.data = std::move(entry.file),
                             .data_sequence_number = number,
                             .deletes = std::move(deletes),
                             .residual = std::move(residual)});
    }
    return {};
  }

  bool Keep(const ManifestEntry& entry, ScanCounters* counters) const {
    ++counters->files;
    auto verdict = filter_.Judge(entry.file);
    if (verdict == ScanFilter::Verdict::kSelected && filter_.Residual(entry.file).IsFalse()) {
      verdict = ScanFilter::Verdict::kOtherValues;
    }
    if (verdict == ScanFilter::Verdict::kSelected) {
      ++counters->files_selected;
      counters->bytes_selected += entry.file.file_size;
      counters->rows_selected += entry.file.record_count;
      return true;
    }
    const bool partition = verdict == ScanFilter::Verdict::kOtherPartition;
    ++(partition ? counters->files_skipped_by_partition : counters->files_skipped_by_values);
    counters->bytes_skipped += entry.file.file_size;
    return false;
  }

  io::FileSystem& files_;
  const TableMetadata& metadata_;
  const ScanRequest& request_;
  ScanFilter filter_;
  std::vector<int> columns_;  // Of the filter.
  Manifests data_;
  Manifests deletes_;
  DeleteIndex index_;
};

}  // namespace

void ScanCounters::Add(const ScanCounters& other) {
  manifests += other.manifests;
  manifests_skipped += other.manifests_skipped;
  manifest_bytes_read += other.manifest_bytes_read;
  files += other.files;
  files_skipped_by_partition += other.files_skipped_by_partition;
  files_skipped_by_values += other.files_skipped_by_values;
  files_selected += other.files_selected;
  bytes_skipped += other.bytes_skipped;
  bytes_selected += other.bytes_selected;
  rows_selected += other.rows_selected;
  delete_files += other.delete_files;
}

Result<Schema> SelectColumns(const Schema& schema, const std::vector<std::string>& columns,
                             bool case_sensitive) {
  if (columns.empty()) return schema;
  Schema chosen = schema;
  chosen.fields.clear();
  for (const std::string& name : columns) {
    TICKHOUSE_ASSIGN(const Field* const field, FindColumn(schema, name, case_sensitive));
    chosen.fields.push_back(*field);
  }
  return chosen;
}

Result<ScanPlan> PlanScan(io::FileSystem& files, const TableMetadata& metadata,
                          const ScanRequest& request) {
  const Schema& schema = request.schema != nullptr ? *request.schema : metadata.CurrentSchema();
  ScanPlan plan;
  TICKHOUSE_ASSIGN(plan.schema, SelectColumns(schema, request.columns, request.case_sensitive));
  if (request.snapshot == nullptr || request.filter.IsFalse()) return plan;
  TICKHOUSE_TRY(Planner(files, metadata, request).Run(&plan));
  return plan;
}

}  // namespace tickhouse::lake
