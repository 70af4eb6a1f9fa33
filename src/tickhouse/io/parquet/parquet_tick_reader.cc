#include "tickhouse/io/parquet/parquet_tick_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/parquet_selective_reader.h"
#include "tickhouse/io/parquet/tick_file_layout.h"

namespace tickhouse::io {

namespace {

// The sum over row groups, unknown as soon as one is.
std::optional<int64_t> TotalNulls(const ParquetFooter& footer, std::size_t column) {
  int64_t total = 0;
  for (const FooterRowGroup& group : footer.row_groups) {
    const auto& nulls = group.chunks[column].stats.nulls;
    if (!nulls && footer.columns[column].optional) return std::nullopt;
    total += nulls.value_or(0);
  }
  return total;
}

bool IsAllNull(const FooterRowGroup& group, std::size_t column) {
  return group.rows == 0 || group.chunks[column].stats.nulls == group.rows;
}

std::optional<double> PriceBound(const FooterColumn& column,
                                 const std::optional<std::string>& bytes) {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (bytes && column.type == PhysicalType::kDouble && bytes->size() == 8) {
    std::memcpy(&value, bytes->data(), 8);
  } else if (bytes && column.type == PhysicalType::kFloat && bytes->size() == 4) {
    float narrow = 0;
    std::memcpy(&narrow, bytes->data(), 4);
    value = narrow;
  }
  if (std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<double> LeastPrice(const ParquetFooter& footer, std::size_t column) {
  std::optional<double> least;
  for (const FooterRowGroup& group : footer.row_groups) {
    if (IsAllNull(group, column)) continue;
    const auto min = PriceBound(footer.columns[column], group.chunks[column].stats.min);
    if (!min) return std::nullopt;
    least = least ? std::min(*least, *min) : *min;
  }
  return least;
}

void FillTimeBounds(const TickFileLayout& layout, ParquetTickInfo* info) {
  const ParquetFooter& footer = layout.footer;
  bool all_known = true;
  for (const FooterRowGroup& group : footer.row_groups) {
    const FooterStats& stats = group.chunks[layout.time].stats;
    ParquetTickInfo::RowGroup& out = info->row_groups.emplace_back();
    out.rows = group.rows;
    out.min_time_ns = TimeBound(footer.columns[layout.time], stats.min);
    out.max_time_ns = TimeBound(footer.columns[layout.time], stats.max);
    if (IsAllNull(group, layout.time)) continue;
    if (!out.min_time_ns || !out.max_time_ns) {
      all_known = false;
      continue;
    }
    info->min_time_ns = std::min(info->min_time_ns.value_or(*out.min_time_ns), *out.min_time_ns);
    info->max_time_ns = std::max(info->max_time_ns.value_or(*out.max_time_ns), *out.max_time_ns);
  }
  if (all_known) return;
  info->min_time_ns.reset();
  info->max_time_ns.reset();
}

void FillMetadata(const ParquetFooter& footer, TickFileMetadata* metadata) {
  for (const auto& [key, value] : footer.metadata) {
    constexpr std::string_view kPrefix = "tickhouse.";
    if (!key.starts_with(kPrefix)) continue;
    const std::string_view name = std::string_view(key).substr(kPrefix.size());
    if (name == "symbol") {
      metadata->symbol = value;
    } else if (name == "decimals") {
      int decimals = -1;
      std::from_chars(value.data(), value.data() + value.size(), decimals);
      metadata->decimals = std::max(decimals, -1);
    } else if (name == "source_file") {
      metadata->source_file = value;
    } else if (name == "source_sha256") {
      metadata->source_sha256 = value;
    } else if (name == "source_zone") {
      metadata->source_zone = value;
    } else {
      metadata->more[std::string(name)] = value;
    }
  }
}

// Leaves out the rows with `missing` set, in one column.
void DropRows(const std::vector<bool>& missing, std::vector<int64_t>* values) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (!missing[i]) (*values)[count++] = (*values)[i];
  }
  values->resize(count);
}
void DropRows(const std::vector<bool>& missing, std::vector<double>* values) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (!missing[i]) (*values)[count++] = (*values)[i];
  }
  values->resize(count);
}

void DropRowsWithoutPrice(TickBatch* batch) {
  double sum =
      0;  // A NaN anywhere makes it NaN; infinities may, too, which only costs a second look.
  for (std::size_t i = 0; i < batch->size(); ++i) sum += batch->bid[i] + batch->ask[i];
  if (!std::isnan(sum)) return;
  std::vector<bool> missing(batch->size());
  for (std::size_t i = 0; i < batch->size(); ++i) {
    missing[i] = std::isnan(batch->bid[i]) || std::isnan(batch->ask[i]);
  }
  DropRows(missing, &batch->time_ns);
  for (auto* column :
       {&batch->bid, &batch->ask, &batch->bid_volume, &batch->ask_volume, &batch->volume}) {
    if (!column->empty()) DropRows(missing, column);
  }
}

SelectiveTickReader::Options ToSelective(const ParquetReadOptions& options) {
  SelectiveTickReader::Options out;
  out.ranges = options.ranges;
  out.row_group_begin = static_cast<std::size_t>(std::max(options.row_group_begin, 0));
  if (options.row_group_end >= 0)
    out.row_group_end = static_cast<std::size_t>(options.row_group_end);
  out.span_rows = options.batch_rows;
  out.verify_checksums = options.verify_checksums;
  out.keep_null_times = options.keep_null_rows;
  return out;
}

class ParquetTickReader : public TickReader {
 public:
  ParquetTickReader(std::shared_ptr<const ParquetTickFile> file, ParquetReadOptions options)
      : reader_(std::move(file), ToSelective(options)), options_(std::move(options)) {}

  Result<bool> Next(TickBatch* batch) override {
    batch->Clear();
    Result<bool> more = options_.choose ? FillChosen(batch) : Fill(batch);
    if (!more) batch->Clear();
    return more;
  }

 private:
  Result<bool> Fill(TickBatch* batch) {
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, reader_.NextTimes(&batch->time_ns));
      if (!more) return false;
      TICKHOUSE_TRY(reader_.FetchAllPrices(&batch->bid, &batch->ask));
      if (options_.with_volumes) {
        TICKHOUSE_TRY(
            reader_.FetchAllVolumes(&batch->bid_volume, &batch->ask_volume, &batch->volume));
      }
      if (!options_.keep_null_rows) DropRowsWithoutPrice(batch);
      if (!batch->empty()) return true;
    }
  }

  Result<bool> FillChosen(TickBatch* batch) {
    do {
      TICKHOUSE_ASSIGN(const bool more, reader_.NextTimes(&times_));
      if (!more) return false;
      chosen_.clear();
      options_.choose(times_, &chosen_);
    } while (chosen_.empty());
    TICKHOUSE_CHECK(chosen_.back() < times_.size(), "chosen rows are among those offered");
    for (const uint32_t row : chosen_) batch->time_ns.push_back(times_[row]);
    TICKHOUSE_TRY(reader_.FetchPrices(chosen_, &batch->bid, &batch->ask));
    if (options_.with_volumes) {
      TICKHOUSE_TRY(
          reader_.FetchVolumes(chosen_, &batch->bid_volume, &batch->ask_volume, &batch->volume));
    }
    return true;
  }

  SelectiveTickReader reader_;
  ParquetReadOptions options_;
  std::vector<int64_t> times_;
  std::vector<uint32_t> chosen_;
};

}  // namespace

Result<ParquetTickInfo> ReadParquetTickInfo(const ReadableFile& file) {
  TICKHOUSE_ASSIGN(const TickFileLayout layout, ReadTickFileLayout(file));
  const ParquetFooter& footer = layout.footer;
  ParquetTickInfo info;
  info.rows = footer.rows;
  info.bytes = file.size();
  info.date_time = {true, TotalNulls(footer, layout.time)};
  info.bid = {true, TotalNulls(footer, layout.bid)};
  info.ask = {true, TotalNulls(footer, layout.ask)};
  info.min_bid = LeastPrice(footer, layout.bid);
  info.min_ask = LeastPrice(footer, layout.ask);
  info.volumes = {.both_sides = layout.bid_volume && layout.ask_volume,
                  .single = layout.volume.has_value()};
  info.created_by = footer.created_by;
  FillTimeBounds(layout, &info);
  FillMetadata(footer, &info.metadata);
  return info;
}

Result<std::unique_ptr<TickReader>> OpenParquetTicks(std::unique_ptr<ReadableFile> file,
                                                     ParquetReadOptions options) {
  TICKHOUSE_CHECK(options.batch_rows > 0, "a batch holds at least one row");
  TICKHOUSE_ASSIGN(auto opened, ParquetTickFile::Open(std::move(file)));
  return std::make_unique<ParquetTickReader>(std::move(opened), std::move(options));
}

}  // namespace tickhouse::io
