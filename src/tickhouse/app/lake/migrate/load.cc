#include "tickhouse/app/lake/migrate/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::app {

namespace {

using lake::DataFile;
using Partition = std::vector<std::optional<lake::Value>>;

constexpr int64_t kGroupRows = 4'000'000;
constexpr std::size_t kBufferRows = 524'288;
constexpr int64_t kRowGroupRows = 524'288;
constexpr std::size_t kBatchRows = 131'072;
constexpr int64_t kNullTime = std::numeric_limits<int64_t>::min();

std::string DataFolder(const GoldTable& table) {
  std::string folder(
      table.metadata().Property("write.data.path", table.metadata().location + "/data"));
  while (folder.ends_with('/')) folder.pop_back();
  return folder;
}

// The groups of a killed run are found by these names. The sequence number is part of them: a name
// is never used a second time for another snapshot, so that the clean-up of one that was rolled
// back cannot take the files of its successor.
std::string NameOf(const GoldTable& table, const LoadGroup& group) {
  std::string text = fmt::format(
      "1 {} {} {} {} {} {}\n", table.metadata().table_uuid, table.metadata().last_sequence_number,
      table.metadata().default_spec_id, table.datetime_id, table.bid_id, table.ask_id);
  for (const LoadUnit& unit : group.units) {
    text += fmt::format("{} {} {} {}\n", unit.source->place, unit.source->content, unit.begin,
                        unit.end);
  }
  return lineage::Sha256Of(text).substr(0, 24);
}

DataFile Describe(const GoldTable& table, const io::ParquetFooter& footer, int64_t bytes,
                  DataFile file, Status* status) {
  auto metrics = lake::MetricsFromFooter(footer, bytes, table.metadata().CurrentSchema(),
                                         {.nan_are_nulls = true});
  if (!metrics) {
    *status = Fail(metrics.error().WithContext(file.path));
    return file;
  }
  metrics->path = std::move(file.path);
  metrics->partition = std::move(file.partition);
  metrics->spec_id = table.metadata().default_spec_id;
  metrics->sort_order_id = table.sort_order_id;
  return std::move(*metrics);
}

// Writes sorted rows into files of one partition each.
class GroupWriter {
 public:
  GroupWriter(Environment& environment, const GoldTable& table, const LoadGroup& group, int threads)
      : environment_(&environment), table_(&table), group_(&group), threads_(threads) {
    decimals_ = group.units.front().source->decimals;
    for (const LoadUnit& unit : group.units) {
      if (unit.source->decimals != decimals_) decimals_ = -1;
    }
  }

  /// Ascending in time.
  Status Write(const TickBatch& rows, std::size_t begin, std::size_t end) {
    while (begin < end) {
      const Partition partition = table_->PartitionOf(MicrosOf(rows.time_ns[begin]));
      const std::size_t stop = EndOfPartition(rows, begin, end, partition);
      if (!writer_ || partition != partition_ || rows.time_ns[begin] < last_ns_) {
        TICKHOUSE_TRY(Begin(partition));
      }
      slice_.Clear();
      slice_.AppendRows(rows, begin, stop);
      TICKHOUSE_TRY(writer_->Write(slice_));
      last_ns_ = rows.time_ns[stop - 1];
      begin = stop;
    }
    return {};
  }

  Status Finish(int64_t null_times) {
    return writer_ ? Close(fmt::format("{} {}", files_.size() + 1, null_times)) : Status();
  }
  std::vector<DataFile> TakeFiles() { return std::move(files_); }

 private:
  static int64_t MicrosOf(int64_t time_ns) { return FloorDiv(time_ns, kNanosPerMicro); }

  std::size_t EndOfPartition(const TickBatch& rows, std::size_t begin, std::size_t end,
                             const Partition& partition) const {
    if (table_->PartitionOf(MicrosOf(rows.time_ns[end - 1])) == partition) return end;
    const auto first = rows.time_ns.begin();
    const auto at = std::partition_point(
        first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end),
        [&](int64_t time_ns) { return table_->PartitionOf(MicrosOf(time_ns)) == partition; });
    return static_cast<std::size_t>(at - first);
  }

  Status Begin(const Partition& partition) {
    if (writer_) TICKHOUSE_TRY(Close(""));
    partition_ = partition;
    location_ = fmt::format("{}/{}{}-{:05}.parquet", DataFolder(*table_),
                            table_->PartitionPath(partition), group_->name, files_.size());
    TICKHOUSE_ASSIGN(const std::string path, lake::StoragePath(location_));
    TICKHOUSE_ASSIGN(auto file, environment_->files->Create(path));
    io::ParquetTickWriter::Options options;
    options.threads = threads_;
    options.row_group_rows = kRowGroupRows;
    options.field_ids = {table_->datetime_id, table_->bid_id, table_->ask_id};
    TICKHOUSE_ASSIGN(writer_, io::ParquetTickWriter::Open(std::move(file), std::move(options)));
    return {};
  }

  // `last`: what the last file of a group says of all of them.
  Status Close(const std::string& last) {
    io::TickFileMetadata metadata;
    metadata.symbol = group_->units.front().source->symbol;
    metadata.decimals = decimals_;
    metadata.source_zone = "UTC";
    if (!last.empty()) metadata.more["group"] = last;
    writer_->SetMetadata(std::move(metadata));
    TICKHOUSE_TRY(writer_->Close());
    DataFile file;
    file.path = location_;
    file.partition = partition_;
    Status status;
    const io::WrittenParquet& written = writer_->written();
    files_.push_back(Describe(*table_, written.footer, written.bytes, std::move(file), &status));
    writer_.reset();
    return status;
  }

  Environment* environment_;
  const GoldTable* table_;
  const LoadGroup* group_;
  int threads_;
  int decimals_ = -1;
  std::unique_ptr<io::ParquetTickWriter> writer_;
  Partition partition_;
  std::string location_;
  int64_t last_ns_ = kNullTime;
  TickBatch slice_;
  std::vector<DataFile> files_;
};

void SortByTime(TickBatch* rows) {
  if (std::ranges::is_sorted(rows->time_ns)) return;
  std::vector<uint32_t> order(rows->size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](uint32_t row) { return rows->time_ns[row]; });
  TickBatch sorted;
  sorted.Reserve(rows->size());
  for (const uint32_t row : order) {
    sorted.time_ns.push_back(rows->time_ns[row]);
    sorted.bid.push_back(rows->bid[row]);
    sorted.ask.push_back(rows->ask[row]);
  }
  std::swap(*rows, sorted);
}

// Takes rows in any order and hands them on sorted as far back as its memory reaches.
class SortBuffer {
 public:
  explicit SortBuffer(GroupWriter& writer) : writer_(&writer) {
    rows_.Reserve(kBufferRows + kBatchRows);
    kept_.Reserve(kBufferRows);
  }

  Status Add(const TickBatch& batch) {
    for (std::size_t begin = 0; begin < batch.size();) {
      const bool null = batch.time_ns[begin] == kNullTime;
      std::size_t end = begin + 1;
      while (end < batch.size() && (batch.time_ns[end] == kNullTime) == null) ++end;
      if (null) {
        null_times_ += static_cast<int64_t>(end - begin);
      } else {
        rows_.AppendRows(batch, begin, end);
      }
      begin = end;
    }
    return rows_.size() < kBufferRows ? Status() : HandOn(rows_.size() - kBufferRows / 2);
  }
  Status Finish() {
    TICKHOUSE_TRY(HandOn(rows_.size()));
    return writer_->Finish(null_times_);
  }
  int64_t null_times() const { return null_times_; }

 private:
  Status HandOn(std::size_t count) {
    SortByTime(&rows_);
    TICKHOUSE_TRY(writer_->Write(rows_, 0, count));
    kept_.Clear();
    kept_.AppendRows(rows_, count, rows_.size());
    std::swap(rows_, kept_);
    return {};
  }

  GroupWriter* writer_;
  TickBatch rows_, kept_;
  int64_t null_times_ = 0;
};

Status ReadUnit(Environment& environment, const LoadUnit& unit, SortBuffer* buffer,
                bool* is_of_source) {
  *is_of_source = true;
  TICKHOUSE_ASSIGN(auto file, environment.files->OpenRead(unit.source->path));
  if (file->size() != unit.source->bytes) {
    return Fail(ErrorKind::kConflict, "it changed during the migration; run again");
  }
  io::ParquetReadOptions options;
  options.keep_null_rows = true;
  options.batch_rows = kBatchRows;
  options.row_group_begin = static_cast<int>(unit.begin);
  options.row_group_end = static_cast<int>(unit.end);
  TICKHOUSE_ASSIGN(const auto reader, io::OpenParquetTicks(std::move(file), options));
  int64_t expected = 0;
  for (std::size_t i = unit.begin; i < unit.end; ++i) {
    expected += unit.source->row_groups[i].rows;
  }
  TickBatch batch;
  int64_t rows = 0;
  while (true) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) break;
    rows += static_cast<int64_t>(batch.size());
    *is_of_source = false;
    TICKHOUSE_TRY(buffer->Add(batch));
    *is_of_source = true;
    environment.progress->Advance(static_cast<int64_t>(batch.size()));
  }
  if (rows == expected) return {};
  return Fail(ErrorKind::kCorrupt,
              fmt::format("its footer promises {} rows and it has {}", expected, rows));
}

// What the last file of a group says of all of them.
struct GroupNote {
  bool known = false;
  std::size_t files = 0;
  int64_t null_times = 0;
};

// "3 120"; not known for another text.
GroupNote ReadGroupNote(const io::ParquetFooter& footer) {
  GroupNote note;
  for (const auto& [key, value] : footer.metadata) {
    if (key != "tickhouse.group") continue;
    const char* const end = value.data() + value.size();
    const auto first = std::from_chars(value.data(), end, note.files);
    if (first.ec != std::errc() || first.ptr == end) return note;
    const auto second = std::from_chars(first.ptr + 1, end, note.null_times);
    note.known = second.ec == std::errc() && second.ptr == end;
  }
  return note;
}

// The partition of a file that we wrote: of its first instant, as all are of one.
std::optional<Partition> PartitionOfWritten(const GoldTable& table, const DataFile& file) {
  const std::string* const lower = lake::FindByFieldId(file.lower_bounds, table.datetime_id);
  if (lower == nullptr) return std::nullopt;
  const lake::Type type{.kind = lake::TypeKind::kTimestamp, .fields = {}};
  const auto value = lake::ValueFromBytes(type, *lower);
  if (!value) return std::nullopt;
  return table.PartitionOf(std::get<int64_t>(value->data));
}

// The whole group as a killed run left it; nothing when any part is missing or odd.
std::optional<LoadedGroup> FindAgain(Environment& environment, const GoldTable& table,
                                     const LoadGroup& group, const std::set<std::string>& there) {
  std::vector<std::string> locations;
  for (const std::string& location : there) {
    if (io::BaseName(location).starts_with(group.name + "-")) locations.push_back(location);
  }
  std::ranges::sort(locations, {}, [](const std::string& path) { return io::BaseName(path); });
  LoadedGroup found;
  GroupNote note;
  int64_t rows = 0;
  for (const std::string& location : locations) {
    const auto path = lake::StoragePath(location);
    if (!path) return std::nullopt;
    const auto file = environment.files->OpenRead(*path);
    if (!file) return std::nullopt;
    const auto footer = io::ReadParquetFooter(**file);
    if (!footer) return std::nullopt;
    Status status;
    DataFile named;
    named.path = location;
    DataFile data = Describe(table, *footer, (*file)->size(), std::move(named), &status);
    const auto partition = PartitionOfWritten(table, data);
    if (!status || !partition) return std::nullopt;
    data.partition = *partition;
    rows += data.record_count;
    note = ReadGroupNote(*footer);
    found.files.push_back(std::move(data));
  }
  if (!note.known || note.files != found.files.size() || rows + note.null_times != group.rows) {
    return std::nullopt;
  }
  found.null_times = note.null_times;
  found.found_again = true;
  return found;
}

}  // namespace

std::vector<LoadGroup> PlanLoad(const GoldTable& table,
                                const std::vector<const MigrateSource*>& sources) {
  struct Piece {
    const MigrateSource* source;
    std::size_t index;
    int64_t first_ns;
  };
  std::vector<Piece> pieces;
  for (const MigrateSource* const source : sources) {
    int64_t before = kNullTime;
    for (std::size_t i = 0; i < source->row_groups.size(); ++i) {
      before = source->row_groups[i].first_ns.value_or(before);
      pieces.push_back({source, i, before});
    }
  }
  std::ranges::stable_sort(pieces, {}, &Piece::first_ns);
  std::vector<LoadGroup> groups;
  for (const Piece& piece : pieces) {
    const int64_t rows = piece.source->row_groups[piece.index].rows;
    if (rows == 0) continue;
    if (groups.empty() || groups.back().rows >= kGroupRows) groups.emplace_back();
    LoadGroup& group = groups.back();
    group.rows += rows;
    LoadUnit* const last = group.units.empty() ? nullptr : &group.units.back();
    if (last != nullptr && last->source == piece.source && last->end == piece.index) {
      ++last->end;
    } else {
      group.units.push_back({piece.source, piece.index, piece.index + 1});
    }
  }
  for (LoadGroup& group : groups) group.name = NameOf(table, group);
  return groups;
}

Result<std::set<std::string>> ListDataFiles(io::FileSystem& files, const GoldTable& table) {
  const std::string folder = DataFolder(table);
  TICKHOUSE_ASSIGN(const std::string path, lake::StoragePath(folder));
  std::set<std::string> there;
  const auto listed = files.ListFiles(path);
  if (!listed && listed.error().kind == ErrorKind::kNotFound) return there;
  if (!listed) return Fail(listed.error());
  for (const io::FileInfo& info : *listed) {
    if (const auto below = io::RelativePath(info.path, path)) there.insert(folder + "/" + *below);
  }
  return there;
}

std::expected<LoadedGroup, LoadFailure> LoadGroupFiles(Environment& environment,
                                                       const GoldTable& table,
                                                       const LoadGroup& group,
                                                       const std::set<std::string>& there,
                                                       int threads) {
  if (!there.empty()) {
    if (auto found = FindAgain(environment, table, group, there)) {
      environment.progress->Advance(group.rows);
      return *std::move(found);
    }
  }
  GroupWriter writer(environment, table, group, threads);
  SortBuffer buffer(writer);
  for (const LoadUnit& unit : group.units) {
    bool is_of_source = false;
    if (Status read = ReadUnit(environment, unit, &buffer, &is_of_source); !read) {
      return std::unexpected(
          LoadFailure{std::move(read.error()), is_of_source ? unit.source : nullptr});
    }
  }
  LoadedGroup loaded;
  if (Status finished = buffer.Finish(); !finished) {
    return std::unexpected(LoadFailure{std::move(finished.error())});
  }
  loaded.files = writer.TakeFiles();
  loaded.null_times = buffer.null_times();
  int64_t rows = loaded.null_times;
  for (const DataFile& file : loaded.files) rows += file.record_count;
  if (rows == group.rows) return loaded;
  return std::unexpected(LoadFailure{
      {ErrorKind::kCorrupt,
       fmt::format("{} rows came in and {} went out; nothing was committed", group.rows, rows)}});
}

}  // namespace tickhouse::app
