#include "tickhouse/lake/data/data_file_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/table/row_choice.h"
#include "tickhouse/io/parquet/table/table_writer.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/data/partition/data_location.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/format/uuid.h"

namespace tickhouse::lake {

namespace {

constexpr int64_t kDefaultTarget = int64_t{512} << 20;
// Rows between looks at the size of a file.
constexpr std::size_t kStepRows = 65'536;

Result<int64_t> TargetBytes(const TableMetadata& metadata, const DataWriteOptions& options) {
  if (options.target_file_bytes) return std::max<int64_t>(1, *options.target_file_bytes);
  constexpr std::string_view kProperty = "write.target-file-size-bytes";
  const std::string_view text = metadata.Property(kProperty, "");
  if (text.empty()) return kDefaultTarget;
  int64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes <= 0) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("property {} is \"{}\", not a number of bytes", kProperty, text));
  }
  return bytes;
}

struct OpenFile {
  PartitionTuple partition;
  std::string location;
  std::unique_ptr<io::ParquetTableWriter> writer;
  uint64_t last_used = 0;
};

using OpenFiles = std::map<std::string, OpenFile>;

}  // namespace

struct DataFileWriter::State {
  io::FileSystem& files;
  TableMetadata metadata = {};  ///< Without snapshots: what locations and specs are told from.
  DataWriteOptions options = {};
  const PartitionSpec* spec = nullptr;
  int64_t target = 0;
  std::vector<io::ColumnSchema> schema = {};
  std::optional<RowPartitioner> partitioner = {};
  std::string name = {};
  OpenFiles open = {};
  std::vector<DataFile> done = {};
  std::size_t started = 0;
  uint64_t clock = 0;
  int64_t buffered = 0;

  Status WriteRows(const PartitionTuple& partition, const io::ColumnBatch& batch, std::size_t begin,
                   std::size_t count);
  Result<OpenFiles::iterator> FileOf(const PartitionTuple& partition);
  Result<OpenFile> Start(const PartitionTuple& partition);
  Status Finish(OpenFiles::iterator at);
  Status FlushLargest();
};

Result<OpenFile> DataFileWriter::State::Start(const PartitionTuple& partition) {
  OpenFile file{.partition = partition, .location = {}, .writer = {}};
  TICKHOUSE_ASSIGN(file.location, DataLocation(metadata, *spec, partition,
                                               fmt::format("{:05}-{}.parquet", started++, name)));
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(file.location));
  TICKHOUSE_ASSIGN(auto created, files.Create(path, {.must_not_exist = true}));
  io::TableWriteOptions table{.row_group_rows = options.row_group_rows,
                              .row_group_bytes = std::min(options.row_group_bytes, target)};
  table.metadata["iceberg.schema"] = SchemaToJson(metadata.CurrentSchema());
  TICKHOUSE_ASSIGN(file.writer, io::ParquetTableWriter::Open(std::move(created), schema, table));
  return file;
}

Result<OpenFiles::iterator> DataFileWriter::State::FileOf(const PartitionTuple& partition) {
  const std::string key = KeyOfPartition(partition);
  auto at = open.find(key);
  if (at == open.end()) {
    if (open.size() >= std::max<std::size_t>(1, options.most_open)) {
      TICKHOUSE_TRY(Finish(std::min_element(open.begin(), open.end(), [](auto& a, auto& b) {
        return a.second.last_used < b.second.last_used;
      })));
    }
    TICKHOUSE_ASSIGN(OpenFile file, Start(partition));
    at = open.emplace(key, std::move(file)).first;
  }
  at->second.last_used = ++clock;
  return at;
}

Status DataFileWriter::State::Finish(OpenFiles::iterator at) {
  OpenFile file = std::move(at->second);
  open.erase(at);
  buffered -= file.writer->buffered_bytes();
  TICKHOUSE_ASSIGN(const io::WrittenTable written, file.writer->Close());
  const Schema& fields = metadata.CurrentSchema();
  TICKHOUSE_ASSIGN(DataFile data, MetricsFromFooter(written.footer, written.bytes, fields));
  data.path = std::move(file.location);
  data.spec_id = spec->id;
  data.partition = std::move(file.partition);
  data.sort_order_id = options.sort_order_id;
  for (std::size_t i = 0; i < fields.fields.size(); ++i) {
    const TypeKind kind = fields.fields[i].type.kind;
    if (kind != TypeKind::kFloat && kind != TypeKind::kDouble) continue;
    data.nan_counts.emplace_back(fields.fields[i].id, written.nan_counts[i]);
  }
  std::sort(data.nan_counts.begin(), data.nan_counts.end());
  done.push_back(std::move(data));
  return {};
}

Status DataFileWriter::State::FlushLargest() {
  const auto largest = std::max_element(open.begin(), open.end(), [](auto& a, auto& b) {
    return a.second.writer->buffered_bytes() < b.second.writer->buffered_bytes();
  });
  if (largest == open.end()) return {};
  buffered -= largest->second.writer->buffered_bytes();
  return largest->second.writer->EndRowGroup();
}

Status DataFileWriter::State::WriteRows(const PartitionTuple& partition,
                                        const io::ColumnBatch& batch, std::size_t begin,
                                        std::size_t count) {
  const std::size_t step =
      std::min(kStepRows, static_cast<std::size_t>(std::max<int64_t>(1, options.row_group_rows)));
  while (count > 0) {
    const std::size_t rows = std::min(count, step);
    TICKHOUSE_ASSIGN(const auto at, FileOf(partition));
    io::ParquetTableWriter& writer = *at->second.writer;
    buffered -= writer.buffered_bytes();
    const Status written = writer.Write(batch, begin, rows);
    buffered += writer.buffered_bytes();
    TICKHOUSE_TRY(written);
    begin += rows;
    count -= rows;
    if (writer.bytes_written() >= target) TICKHOUSE_TRY(Finish(at));
    while (buffered > options.most_buffered_bytes) TICKHOUSE_TRY(FlushLargest());
  }
  return {};
}

DataFileWriter::DataFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
DataFileWriter::~DataFileWriter() = default;

Result<std::unique_ptr<DataFileWriter>> DataFileWriter::Open(io::FileSystem& files,
                                                             const TableMetadata& metadata,
                                                             Random& random,
                                                             DataWriteOptions options) {
  auto state = std::make_unique<State>(State{files});
  state->metadata = metadata;
  state->metadata.snapshots = {};
  const int spec_id = options.spec_id.value_or(metadata.default_spec_id);
  state->spec = state->metadata.FindSpec(spec_id);
  if (state->spec == nullptr) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("the table has no partition spec {}", spec_id));
  }
  const Schema& schema = state->metadata.CurrentSchema();
  TICKHOUSE_ASSIGN(state->target, TargetBytes(metadata, options));
  TICKHOUSE_ASSIGN(state->schema, StoredColumnsOf(schema));
  TICKHOUSE_ASSIGN(state->partitioner, RowPartitioner::Make(schema, *state->spec));
  state->options = options;
  state->name = MakeUuid(random);
  return std::unique_ptr<DataFileWriter>(new DataFileWriter(std::move(state)));
}

const std::vector<io::ColumnSchema>& DataFileWriter::schema() const {
  return state_->schema;
}

Status DataFileWriter::WritePartition(const PartitionTuple& partition,
                                      const io::ColumnBatch& batch) {
  if (partition.size() != state_->spec->fields.size()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{} partition values for a spec of {} fields", partition.size(),
                            state_->spec->fields.size()));
  }
  return state_->WriteRows(partition, batch, 0, batch.rows);
}

Status DataFileWriter::Write(const io::ColumnBatch& batch) {
  if (batch.columns.size() != state_->schema.size()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("a batch of {} columns for a table of {}", batch.columns.size(),
                            state_->schema.size()));
  }
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.schema.size() == batch.columns.size() &&
        batch.schema[i].type == state_->schema[i].type && batch.columns[i].size() == batch.rows) {
      continue;
    }
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("column {} is not shaped as the table asks", state_->schema[i].name));
  }
  const RowPartitions rows = state_->partitioner->Assign(batch);
  if (rows.of_row.empty()) {
    if (batch.rows == 0) return {};
    return state_->WriteRows(rows.partitions[0], batch, 0, batch.rows);
  }
  std::vector<std::vector<uint32_t>> of_partition(rows.partitions.size());
  for (std::size_t row = 0; row < batch.rows; ++row) {
    of_partition[rows.of_row[row]].push_back(static_cast<uint32_t>(row));
  }
  for (std::size_t i = 0; i < of_partition.size(); ++i) {
    const std::vector<uint32_t>& chosen = of_partition[i];
    if (chosen.back() - chosen.front() + 1 == chosen.size()) {
      TICKHOUSE_TRY(state_->WriteRows(rows.partitions[i], batch, chosen.front(), chosen.size()));
    } else {
      TICKHOUSE_TRY(
          state_->WriteRows(rows.partitions[i], io::TakeRows(batch, chosen), 0, chosen.size()));
    }
  }
  return {};
}

Result<std::vector<DataFile>> DataFileWriter::Close() {
  // By partition key, so that the same rows give the same order.
  while (!state_->open.empty()) TICKHOUSE_TRY(state_->Finish(state_->open.begin()));
  return std::move(state_->done);
}

Status DataFileWriter::Abandon() {
  state_->open.clear();
  Status first;
  for (const DataFile& file : state_->done) {
    const auto path = StoragePath(file.path);
    const Status removed = path ? state_->files.Remove(*path) : Status(Fail(path.error()));
    if (!removed && first) first = removed;
  }
  state_->done.clear();
  return first;
}

}  // namespace tickhouse::lake
