#include "tickhouse/app/lake/rows/rewrite_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "tickhouse/lake/data/data_file_writer.h"
#include "tickhouse/lake/format/location.h"

namespace tickhouse::app {

namespace {

using lake::CompactGroup;
using lake::CompactInput;
using lake::DataFile;
using lake::DataFileWriter;

struct Rewrite {
  Environment& environment;
  Random& random;
  SpillSpace& spill;
  SortLimits limits;

  Result<std::vector<DataFile>> Run(const lake::LoadedTable& table,
                                    const CompactGroup& group) const;
  Status Copy(RowSource& rows, const CompactGroup& group, DataFileWriter* writer) const;
};

// As many rows as there must be; not known where deletes take some away and nobody has looked.
std::optional<int64_t> RowsOf(const CompactGroup& group, const SortedRows& sorted) {
  int64_t rows = 0;
  for (const CompactInput& input : group.inputs) {
    if (!input.deletes.empty()) return sorted.rows;
    rows += input.data.file.record_count;
  }
  return rows;
}

Status CheckRows(const std::optional<int64_t>& expected, const std::vector<DataFile>& files) {
  int64_t rows = 0;
  for (const DataFile& file : files) rows += file.record_count;
  if (!expected || *expected == rows) return {};
  return Fail(ErrorKind::kCorrupt,
              fmt::format("the manifests promise {} rows and the files have {}: `tickhouse lake "
                          "check` tells which",
                          *expected, rows));
}

Status Rewrite::Copy(RowSource& rows, const CompactGroup& group, DataFileWriter* writer) const {
  io::ColumnBatch batch;
  while (true) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, rows.Next(&batch));
    if (!more) return {};
    TICKHOUSE_TRY(writer->WritePartition(group.partition.values, batch));
    if (environment.progress != nullptr) {
      environment.progress->Advance(static_cast<int64_t>(batch.rows));
    }
  }
}

Result<std::vector<DataFile>> Rewrite::Run(const lake::LoadedTable& table,
                                           const CompactGroup& group) const {
  const lake::TableMetadata& metadata = *table.metadata;
  const TableOrder order = OrderOfTable(metadata);
  std::vector<RowFile> inputs;
  for (const CompactInput& input : group.inputs) {
    inputs.push_back({.data = input.data.file, .deletes = input.deletes});
  }
  const RowReading reading{
      .files = environment.files, .metadata = &metadata, .cancel = environment.cancel};
  TICKHOUSE_ASSIGN(const SortedRows sorted,
                   SortRows(reading, spill, metadata.CurrentSchema(), order.order, inputs, limits));
  TICKHOUSE_ASSIGN(const auto writer,
                   DataFileWriter::Open(*environment.files, metadata, random,
                                        {.spec_id = group.partition.spec_id,
                                         .sort_order_id = order.sort_order_id,
                                         .target_file_bytes = group.target_bytes}));
  const Status copied = Copy(*sorted.source, group, writer.get());
  Result<std::vector<DataFile>> files =
      copied ? writer->Close() : Result<std::vector<DataFile>>(Fail(copied.error()));
  if (!files) {
    std::ignore = writer->Abandon();  // The failure that led here is the one to tell.
    return files;
  }
  if (const Status right = CheckRows(RowsOf(group, sorted), *files); !right) {
    for (const DataFile& file : *files) {
      const auto path = lake::StoragePath(file.path);
      if (path) std::ignore = environment.files->Remove(*path);
    }
    return Fail(right.error());
  }
  return files;
}

}  // namespace

lake::RewriteGroup MakeSortedRewrite(Environment& environment, Random& random, SpillSpace& spill,
                                     const SortLimits& limits) {
  return [rewrite = Rewrite{environment, random, spill, limits}](const lake::LoadedTable& table,
                                                                 const CompactGroup& group) {
    return rewrite.Run(table, group);
  };
}

}  // namespace tickhouse::app
