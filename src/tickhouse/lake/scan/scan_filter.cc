#include "tickhouse/lake/scan/scan_filter.h"

#include "tickhouse/lake/expression/metrics_filter.h"

namespace tickhouse::lake {

ScanFilter::ScanFilter(const TableMetadata& metadata, const Predicate& filter) : filter_(filter) {
  for (const PartitionSpec& spec : metadata.specs) by_spec_.try_emplace(spec.id, filter, spec);
}

const PartitionFilter* ScanFilter::Find(int spec_id) const {
  const auto found = by_spec_.find(spec_id);
  return found == by_spec_.end() ? nullptr : &found->second;
}

bool ScanFilter::MayMatch(const ManifestFile& manifest) const {
  const PartitionFilter* const partitions = Find(manifest.spec_id);
  return partitions == nullptr || partitions->MayMatch(manifest);
}

ScanFilter::Verdict ScanFilter::Judge(const DataFile& file) const {
  const PartitionFilter* const partitions = Find(file.spec_id);
  if (partitions != nullptr && !partitions->MayMatch(file.partition)) {
    return Verdict::kOtherPartition;
  }
  return lake::MayMatch(filter_, file) ? Verdict::kSelected : Verdict::kOtherValues;
}

Predicate ScanFilter::Residual(const DataFile& file) const {
  const PartitionFilter* const partitions = Find(file.spec_id);
  return partitions == nullptr ? filter_ : partitions->Residual(file);
}

bool MayHoldLiveFiles(const ManifestFile& manifest) {
  const bool known = manifest.added_files && manifest.existing_files;
  return !known || *manifest.added_files + *manifest.existing_files > 0;
}

}  // namespace tickhouse::lake
