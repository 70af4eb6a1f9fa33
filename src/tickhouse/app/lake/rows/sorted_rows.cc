#include "tickhouse/app/lake/rows/sorted_rows.h"

#include <algorithm>
#include <utility>

#include "tickhouse/app/lake/rows/merged_rows.h"
#include "tickhouse/io/parquet/table/row_choice.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/io/parquet/table/table_writer.h"
#include "tickhouse/lake/data/column_values.h"

namespace tickhouse::app {

namespace {

using io::ColumnBatch;

class HeldRows : public RowSource {
 public:
  explicit HeldRows(std::shared_ptr<ColumnBatch> rows) : rows_(std::move(rows)) {}
  Result<bool> Next(ColumnBatch* batch) override {
    if (!rows_) return false;
    *batch = std::move(*rows_);
    rows_.reset();
    return true;
  }

 private:
  std::shared_ptr<ColumnBatch> rows_;
};

class SpilledRows : public RowSource {
 public:
  SpilledRows(std::unique_ptr<io::ParquetTableReader> reader, SpillSpace& spill, std::string path)
      : reader_(std::move(reader)), spill_(spill), path_(std::move(path)) {}
  ~SpilledRows() override {
    reader_.reset();
    spill_.Remove(path_);
  }
  SpilledRows(const SpilledRows&) = delete;
  SpilledRows& operator=(const SpilledRows&) = delete;
  Result<bool> Next(ColumnBatch* batch) override { return reader_->Next(batch); }

 private:
  std::unique_ptr<io::ParquetTableReader> reader_;
  SpillSpace& spill_;
  std::string path_;
};

// What a look through a file tells.
struct Survey {
  int64_t rows = 0;
  bool sorted = true;
  ColumnBatch first = {};
  ColumnBatch last = {};
};

ColumnBatch OneRow(const ColumnBatch& batch, std::size_t row) {
  const uint32_t rows[] = {static_cast<uint32_t>(row)};
  return io::TakeRows(batch, rows);
}

class Sorter {
 public:
  Sorter(const RowReading& reading, SpillSpace& spill, const lake::Schema& schema,
         const RowOrder& order, const SortLimits& limits)
      : reading_(reading), spill_(spill), schema_(schema), order_(order), limits_(limits) {
    reading_.batch_rows = limits.batch_rows;
    for (const OrderColumn& by : order) {
      if (std::ranges::find(keys_, by.column) != keys_.end()) continue;
      keys_.push_back(by.column);
      key_schema_.fields.push_back(schema.fields[by.column]);
    }
  }

  Result<SortedRows> Run(const std::vector<RowFile>& files) {
    TICKHOUSE_ASSIGN(stored_, lake::StoredColumnsOf(schema_));
    for (const RowFile& file : files) TICKHOUSE_TRY(Add(file));
    if (!order_.empty()) {
      SortRuns(order_, &runs_);
      TICKHOUSE_TRY(ReduceOverlap());
    }
    SortedRows sorted;
    sorted.source =
        MergeRuns(order_, stored_, std::move(runs_), limits_.batch_rows, reading_.cancel);
    if (!order_.empty()) sorted.rows = rows_;
    return sorted;
  }

 private:
  Status Add(const RowFile& file) {
    TICKHOUSE_TRY(reading_.cancel.Check());
    if (order_.empty()) {
      AddFile(file, {});
      return {};
    }
    TICKHOUSE_ASSIGN(Survey survey, LookThrough(file));
    if (!survey.sorted) return SortFile(file);
    if (survey.rows > 0) AddFile(file, std::move(survey));
    return {};
  }

  void AddFile(const RowFile& file, Survey survey) {
    rows_ += survey.rows;
    runs_.push_back({.open = [reading = reading_, file,
                              schema = schema_] { return OpenRows(reading, file, schema); },
                     .first = std::move(survey.first),
                     .last = std::move(survey.last),
                     .index = runs_.size()});
  }

  // The columns of the order at the places they have in whole rows.
  ColumnBatch Placed(ColumnBatch keys) const {
    ColumnBatch placed{.schema = {}, .columns = {}, .rows = keys.rows};
    placed.columns.resize(schema_.fields.size());
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      placed.columns[keys_[i]] = std::move(keys.columns[i]);
    }
    return placed;
  }

  Result<Survey> LookThrough(const RowFile& file) const {
    Survey survey;
    TICKHOUSE_ASSIGN(const auto source, OpenRows(reading_, file, key_schema_));
    ColumnBatch batch;
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, source->Next(&batch));
      if (!more) return survey;
      ColumnBatch first = Placed(OneRow(batch, 0));
      ColumnBatch last = Placed(OneRow(batch, batch.rows - 1));
      const ColumnBatch keys = Placed(std::move(batch));
      survey.sorted = survey.rows == 0 || CompareRows(order_, survey.last, 0, keys, 0) <= 0;
      for (std::size_t row = 1; survey.sorted && row < keys.rows; ++row) {
        survey.sorted = CompareRows(order_, keys, row - 1, keys, row) <= 0;
      }
      if (!survey.sorted) return survey;
      if (survey.rows == 0) survey.first = std::move(first);
      survey.last = std::move(last);
      survey.rows += static_cast<int64_t>(keys.rows);
    }
  }

  Status SortFile(const RowFile& file) {
    TICKHOUSE_ASSIGN(const auto source, OpenRows(reading_, file, schema_));
    ColumnBatch gathered = EmptyBatch(stored_), batch;
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, source->Next(&batch));
      if (!more) break;
      AppendSlice(batch, 0, batch.rows, &gathered);
      if (BytesOf(gathered) < limits_.run_bytes) continue;
      TICKHOUSE_TRY(AddSorted(gathered));
      gathered = EmptyBatch(stored_);
    }
    return gathered.rows == 0 ? Status() : AddSorted(gathered);
  }

  Status AddSorted(const ColumnBatch& rows) {
    auto sorted = std::make_shared<ColumnBatch>(io::TakeRows(rows, SortedPlaces(order_, rows)));
    rows_ += static_cast<int64_t>(sorted->rows);
    SortedRun run{.open = {},
                  .first = OneRow(*sorted, 0),
                  .last = OneRow(*sorted, sorted->rows - 1),
                  .index = runs_.size()};
    if (const int64_t bytes = BytesOf(*sorted); held_ + bytes <= limits_.held_bytes) {
      held_ += bytes;
      run.open = [sorted]() mutable -> Result<std::unique_ptr<RowSource>> {
        return std::make_unique<HeldRows>(std::exchange(sorted, nullptr));
      };
    } else {
      TICKHOUSE_ASSIGN(const std::string path, spill_.Write(*sorted));
      run.open = SpillOpener(path);
    }
    runs_.push_back(std::move(run));
    return {};
  }

  std::function<Result<std::unique_ptr<RowSource>>()> SpillOpener(const std::string& path) const {
    return [files = reading_.files, &spill = spill_, path = path,
            rows = limits_.batch_rows]() -> Result<std::unique_ptr<RowSource>> {
      TICKHOUSE_ASSIGN(auto file, files->OpenRead(path));
      TICKHOUSE_ASSIGN(auto reader,
                       io::ParquetTableReader::Open(std::move(file), {.batch_rows = rows}));
      return std::make_unique<SpilledRows>(std::move(reader), spill, path);
    };
  }

  // While more runs than may be open overlap, the runs of that stretch are merged by the handful.
  Status ReduceOverlap() {
    while (const auto crowd = FindCrowd()) {
      std::vector<SortedRun> runs;
      for (std::size_t i = 0; i < runs_.size();) {
        if (i < crowd->first || i >= crowd->second) {
          runs.push_back(std::move(runs_[i++]));
          continue;
        }
        const std::size_t end = std::min(crowd->second, i + limits_.most_open);
        std::vector<SortedRun> part(std::make_move_iterator(runs_.begin() + Offset(i)),
                                    std::make_move_iterator(runs_.begin() + Offset(end)));
        TICKHOUSE_ASSIGN(SortedRun merged, MergeToSpill(std::move(part)));
        runs.push_back(std::move(merged));
        i = end;
      }
      runs_ = std::move(runs);
      SortRuns(order_, &runs_);
    }
    return {};
  }

  static std::ptrdiff_t Offset(std::size_t i) { return static_cast<std::ptrdiff_t>(i); }

  // A stretch of runs [first, second) that no instant separates and of which too many overlap.
  std::optional<std::pair<std::size_t, std::size_t>> FindCrowd() const {
    std::size_t begin = 0;
    std::vector<std::size_t> active;
    bool crowded = false;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      std::erase_if(active, [&](std::size_t other) {
        return CompareRows(order_, runs_[other].last, 0, runs_[i].first, 0) <= 0;
      });
      if (active.empty()) {
        if (crowded) return std::pair(begin, i);
        begin = i;
      }
      active.push_back(i);
      crowded = crowded || active.size() > limits_.most_open;
    }
    if (crowded) return std::pair(begin, runs_.size());
    return std::nullopt;
  }

  Result<SortedRun> MergeToSpill(std::vector<SortedRun> runs) {
    if (runs.size() == 1) return std::move(runs.front());
    SortedRun merged{.open = {}, .first = runs[0].first, .last = runs[0].last};
    merged.index = runs[0].index;
    for (const SortedRun& run : runs) {
      if (CompareRows(order_, merged.last, 0, run.last, 0) < 0) merged.last = run.last;
    }
    TICKHOUSE_ASSIGN(std::string path, spill_.NextPath());
    const auto source =
        MergeRuns(order_, stored_, std::move(runs), limits_.batch_rows, reading_.cancel);
    TICKHOUSE_ASSIGN(auto file, reading_.files->Create(path));
    TICKHOUSE_ASSIGN(const auto writer, io::ParquetTableWriter::Open(std::move(file), stored_,
                                                                     {.row_group_rows = 131'072}));
    ColumnBatch batch;
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, source->Next(&batch));
      if (!more) break;
      TICKHOUSE_TRY(writer->Write(batch));
    }
    TICKHOUSE_TRY(writer->Close());
    merged.open = SpillOpener(path);
    return merged;
  }

  RowReading reading_;
  SpillSpace& spill_;
  const lake::Schema& schema_;
  const RowOrder& order_;
  const SortLimits limits_;
  std::vector<std::size_t> keys_;  // Columns of the order, each once.
  lake::Schema key_schema_;
  std::vector<io::ColumnSchema> stored_;
  std::vector<SortedRun> runs_;
  int64_t rows_ = 0;
  int64_t held_ = 0;
};

}  // namespace

Result<SortedRows> SortRows(const RowReading& reading, SpillSpace& spill,
                            const lake::Schema& schema, const RowOrder& order,
                            const std::vector<RowFile>& files, const SortLimits& limits) {
  return Sorter(reading, spill, schema, order, limits).Run(files);
}

}  // namespace tickhouse::app
