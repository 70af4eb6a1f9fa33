#include "tickhouse/io/parquet/parquet_selective_reader.h"

#include <algorithm>
#include <optional>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/column_cursor.h"
#include "tickhouse/io/parquet/tick_file_layout.h"

namespace tickhouse::io {

namespace {

constexpr int64_t kNullTimeNs = std::numeric_limits<int64_t>::min();
// Large reads where everything is wanted; where pages are skipped, no more than the page.
constexpr int64_t kScanReadAhead = 256 * 1024;
constexpr int64_t kSeekReadAhead = 16 * 1024;

}  // namespace

struct ParquetTickFile::State {
  std::unique_ptr<ReadableFile> file;
  TickFileLayout layout;
};

ParquetTickFile::ParquetTickFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetTickFile::~ParquetTickFile() = default;

Result<std::shared_ptr<const ParquetTickFile>> ParquetTickFile::Open(
    std::unique_ptr<ReadableFile> file) {
  auto state = std::make_unique<State>();
  state->file = std::move(file);
  TICKHOUSE_ASSIGN(state->layout, ReadTickFileLayout(*state->file));
  return std::shared_ptr<const ParquetTickFile>(new ParquetTickFile(std::move(state)));
}

const ReadableFile& ParquetTickFile::file() const {
  return *state_->file;
}
const TickFileLayout& ParquetTickFile::layout() const {
  return state_->layout;
}
std::size_t ParquetTickFile::row_groups() const {
  return state_->layout.footer.row_groups.size();
}
int64_t ParquetTickFile::rows(std::size_t row_group) const {
  return state_->layout.footer.row_groups[row_group].rows;
}

bool ParquetTickFile::TimeBounds(std::size_t row_group, int64_t* min_ns, int64_t* max_ns) const {
  const ParquetFooter& footer = state_->layout.footer;
  const std::size_t time = state_->layout.time;
  const FooterStats& stats = footer.row_groups[row_group].chunks[time].stats;
  const auto min = TimeBound(footer.columns[time], stats.min);
  const auto max = TimeBound(footer.columns[time], stats.max);
  if (!min || !max) return false;
  *min_ns = *min;
  *max_ns = *max;
  return true;
}

struct SelectiveTickReader::State {
  std::shared_ptr<const ParquetTickFile> file;
  Options options;
  std::size_t group = 0;
  bool group_open = false;
  std::vector<RowSpan> spans;  // What is left of the open group, the next first.
  std::size_t next_span = 0;
  std::optional<Error> failed;

  // Cursors over the open group; prices and volumes are made when first asked for.
  std::optional<ColumnCursor<int64_t>> time;
  std::optional<ColumnCursor<double>> bid, ask, bid_volume, ask_volume, volume;

  // The rows of the last NextTimes: base .. base + kept, or base + offsets where some were left
  // out.
  int64_t base = 0;
  std::size_t kept = 0;
  bool dense = true;
  std::vector<uint32_t> offsets;
  std::vector<uint32_t> picked_offsets;
  int64_t read_ahead = 0;

  Status OpenGroup();
  Result<bool> Next(std::vector<int64_t>* time_ns);
  void Keep(std::vector<int64_t>* time_ns);
  void KeepInRanges(std::vector<int64_t>* time_ns);
  template <typename T>
  ColumnCursor<T>& Cursor(std::optional<ColumnCursor<T>>* cursor, std::size_t column);
  std::span<const uint32_t> OffsetsOf(std::span<const uint32_t> picked);
  Status Fetch(std::optional<ColumnCursor<double>>* cursor, std::optional<std::size_t> column,
               std::span<const uint32_t> rows, std::vector<double>* out);
  Status FetchAll(std::optional<ColumnCursor<double>>* cursor, std::optional<std::size_t> column,
                  std::vector<double>* out);
};

template <typename T>
ColumnCursor<T>& SelectiveTickReader::State::Cursor(std::optional<ColumnCursor<T>>* cursor,
                                                    std::size_t column) {
  if (!cursor->has_value()) {
    const ParquetFooter& footer = file->layout().footer;
    const FooterRowGroup& rows = footer.row_groups[group];
    cursor->emplace(typename ColumnCursor<T>::Source{.file = &file->file(),
                                                     .column = &footer.columns[column],
                                                     .chunk = &rows.chunks[column],
                                                     .rows = rows.rows,
                                                     .row_group = group,
                                                     .verify_checksums = options.verify_checksums,
                                                     .read_ahead = read_ahead});
  }
  return **cursor;
}

Status SelectiveTickReader::State::OpenGroup() {
  TICKHOUSE_ASSIGN(spans, RowsToRead(file->file(), file->layout(), group, options.ranges));
  next_span = 0;
  group_open = true;
  time.reset();
  for (auto* cursor : {&bid, &ask, &bid_volume, &ask_volume, &volume}) cursor->reset();
  int64_t wanted = 0;
  for (const RowSpan& span : spans) wanted += span.end - span.begin;
  read_ahead = wanted * 2 > file->rows(group) ? kScanReadAhead : kSeekReadAhead;
  return {};
}

// Leaves the rows inside the ranges; most neighbours lie in the same one.
void SelectiveTickReader::State::KeepInRanges(std::vector<int64_t>* time_ns) {
  const std::vector<UtcRange>& ranges = options.ranges;
  int64_t begin = 0;
  int64_t end = 0;
  offsets.resize(time_ns->size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < time_ns->size(); ++i) {
    const int64_t at = (*time_ns)[i];
    if (at < begin || at >= end) {
      const auto range = std::partition_point(
          ranges.begin(), ranges.end(), [&](const UtcRange& r) { return ToNanos(r.end) <= at; });
      if (range == ranges.end() || ToNanos(range->begin) > at || at == kNullTimeNs) continue;
      begin = ToNanos(range->begin);
      end = ToNanos(range->end);
    }
    offsets[count] = static_cast<uint32_t>(i);
    (*time_ns)[count++] = at;
  }
  offsets.resize(count);
  dense = count == time_ns->size();
  time_ns->resize(count);
}

void SelectiveTickReader::State::Keep(std::vector<int64_t>* time_ns) {
  dense = true;
  if (!options.ranges.empty()) {
    KeepInRanges(time_ns);
  } else if (!options.keep_null_times &&
             std::find(time_ns->begin(), time_ns->end(), kNullTimeNs) != time_ns->end()) {
    offsets.clear();
    std::size_t count = 0;
    for (std::size_t i = 0; i < time_ns->size(); ++i) {
      if ((*time_ns)[i] == kNullTimeNs) continue;
      offsets.push_back(static_cast<uint32_t>(i));
      (*time_ns)[count++] = (*time_ns)[i];
    }
    time_ns->resize(count);
    dense = false;
  }
  kept = time_ns->size();
}

Result<bool> SelectiveTickReader::State::Next(std::vector<int64_t>* time_ns) {
  while (true) {
    if (!group_open) {
      if (group >= std::min(options.row_group_end, file->row_groups())) return false;
      TICKHOUSE_TRY(OpenGroup());
    }
    if (next_span == spans.size()) {
      group_open = false;
      ++group;
      continue;
    }
    RowSpan& span = spans[next_span];
    base = span.begin;
    const int64_t rows = std::min(span.end - span.begin, options.span_rows);
    span.begin += rows;
    if (span.begin == span.end) ++next_span;
    time_ns->resize(static_cast<std::size_t>(rows));
    TICKHOUSE_TRY(Cursor(&time, file->layout().time).Read(base, *time_ns));
    Keep(time_ns);
    if (!time_ns->empty()) return true;
  }
}

// Positions among the rows kept, as distances from `base`.
std::span<const uint32_t> SelectiveTickReader::State::OffsetsOf(std::span<const uint32_t> picked) {
  if (dense) return picked;
  picked_offsets.resize(picked.size());
  for (std::size_t i = 0; i < picked.size(); ++i) picked_offsets[i] = offsets[picked[i]];
  return picked_offsets;
}

Status SelectiveTickReader::State::Fetch(std::optional<ColumnCursor<double>>* cursor,
                                         std::optional<std::size_t> column,
                                         std::span<const uint32_t> rows, std::vector<double>* out) {
  out->clear();
  if (!column) return {};
  out->resize(rows.size());
  return Cursor(cursor, *column).ReadAt(base, rows, out->data());
}

Status SelectiveTickReader::State::FetchAll(std::optional<ColumnCursor<double>>* cursor,
                                            std::optional<std::size_t> column,
                                            std::vector<double>* out) {
  out->clear();
  if (!column) return {};
  if (!dense) return Fetch(cursor, column, offsets, out);
  out->resize(kept);
  return Cursor(cursor, *column).Read(base, *out);
}

SelectiveTickReader::SelectiveTickReader(std::shared_ptr<const ParquetTickFile> file,
                                         Options options)
    : state_(std::make_unique<State>()) {
  TICKHOUSE_CHECK(options.span_rows > 0, "a span has at least one row");
  state_->file = std::move(file);
  state_->group = options.row_group_begin;
  state_->options = std::move(options);
}

SelectiveTickReader::~SelectiveTickReader() = default;

Result<bool> SelectiveTickReader::NextTimes(std::vector<int64_t>* time_ns) {
  if (state_->failed) return Fail(*state_->failed);
  Result<bool> more = state_->Next(time_ns);
  if (!more) state_->failed = more.error();
  if (!more || !*more) {
    time_ns->clear();
    state_->kept = 0;
    state_->offsets.clear();
  }
  return more;
}

Status SelectiveTickReader::FetchPrices(std::span<const uint32_t> picked, std::vector<double>* bid,
                                        std::vector<double>* ask) {
  State& state = *state_;
  if (state.failed) return Fail(*state.failed);
  const std::span<const uint32_t> rows = state.OffsetsOf(picked);
  const TickFileLayout& layout = state.file->layout();
  Status status = state.Fetch(&state.bid, layout.bid, rows, bid);
  if (status) status = state.Fetch(&state.ask, layout.ask, rows, ask);
  if (!status) state.failed = status.error();
  return status;
}

Status SelectiveTickReader::FetchVolumes(std::span<const uint32_t> picked,
                                         std::vector<double>* bid_volume,
                                         std::vector<double>* ask_volume,
                                         std::vector<double>* volume) {
  State& state = *state_;
  if (state.failed) return Fail(*state.failed);
  const std::span<const uint32_t> rows = state.OffsetsOf(picked);
  const TickFileLayout& layout = state.file->layout();
  Status status = state.Fetch(&state.bid_volume, layout.bid_volume, rows, bid_volume);
  if (status) status = state.Fetch(&state.ask_volume, layout.ask_volume, rows, ask_volume);
  if (status) status = state.Fetch(&state.volume, layout.volume, rows, volume);
  if (!status) state.failed = status.error();
  return status;
}

Status SelectiveTickReader::FetchAllPrices(std::vector<double>* bid, std::vector<double>* ask) {
  State& state = *state_;
  if (state.failed) return Fail(*state.failed);
  const TickFileLayout& layout = state.file->layout();
  Status status = state.FetchAll(&state.bid, layout.bid, bid);
  if (status) status = state.FetchAll(&state.ask, layout.ask, ask);
  if (!status) state.failed = status.error();
  return status;
}

Status SelectiveTickReader::FetchAllVolumes(std::vector<double>* bid_volume,
                                            std::vector<double>* ask_volume,
                                            std::vector<double>* volume) {
  State& state = *state_;
  if (state.failed) return Fail(*state.failed);
  const TickFileLayout& layout = state.file->layout();
  Status status = state.FetchAll(&state.bid_volume, layout.bid_volume, bid_volume);
  if (status) status = state.FetchAll(&state.ask_volume, layout.ask_volume, ask_volume);
  if (status) status = state.FetchAll(&state.volume, layout.volume, volume);
  if (!status) state.failed = status.error();
  return status;
}

}  // namespace tickhouse::io
