#include "tickhouse/app/lake/rows/row_source.h"

#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "tickhouse/io/parquet/table/row_choice.h"
#include "tickhouse/io/parquet/table/value_decoder.h"
#include "tickhouse/lake/data/data_file_reader.h"

namespace tickhouse::app {

namespace {

using io::ColumnBatch;
using io::ColumnData;
using lake::DataFileReader;

class FileRows : public RowSource {
 public:
  FileRows(std::unique_ptr<DataFileReader> reader, CancelToken cancel)
      : reader_(std::move(reader)), cancel_(std::move(cancel)) {}
  Result<bool> Next(ColumnBatch* batch) override {
    TICKHOUSE_TRY(cancel_.Check());
    return reader_->Next(batch);
  }

 private:
  std::unique_ptr<DataFileReader> reader_;
  CancelToken cancel_;
};

// Rows that are there by one set of deletes and are not by a greater one. Both readers give the
// positions of their rows last, ascending.
class NamedRows : public RowSource {
 public:
  NamedRows(std::unique_ptr<DataFileReader> before, std::unique_ptr<DataFileReader> after,
            CancelToken cancel)
      : before_(std::move(before)), after_(std::move(after)), cancel_(std::move(cancel)) {}

  Result<bool> Next(ColumnBatch* batch) override {
    while (true) {
      TICKHOUSE_TRY(cancel_.Check());
      TICKHOUSE_ASSIGN(const bool more, before_->Next(batch));
      if (!more) return false;
      const auto positions =
          std::get<std::vector<int64_t>>(std::move(batch->columns.back().values));
      batch->columns.pop_back();
      batch->schema.pop_back();
      keep_.assign(batch->rows, 1);
      for (std::size_t row = 0; row < batch->rows; ++row) {
        TICKHOUSE_TRY(SkipTo(positions[row]));
        if (left_at_ == positions[row]) keep_[row] = 0;
      }
      if (io::KeepRows(keep_, batch) > 0) return true;
    }
  }

 private:
  // `left_at_` becomes the first position at or behind `position` that is still there.
  Status SkipTo(int64_t position) {
    while (left_at_ < position) {
      if (next_ == left_.rows) {
        TICKHOUSE_ASSIGN(const bool more, after_->Next(&left_));
        next_ = 0;
        if (!more) {
          left_.rows = 0;
          left_at_ = std::numeric_limits<int64_t>::max();
          return {};
        }
      }
      left_at_ = std::get<std::vector<int64_t>>(left_.columns.back().values)[next_++];
    }
    return {};
  }

  std::unique_ptr<DataFileReader> before_;
  std::unique_ptr<DataFileReader> after_;
  CancelToken cancel_;
  ColumnBatch left_;
  std::size_t next_ = 0;
  int64_t left_at_ = -1;
  std::vector<uint8_t> keep_;
};

Result<std::unique_ptr<DataFileReader>> OpenReader(const RowReading& reading, const RowFile& file,
                                                   std::span<const lake::DataFile> deletes,
                                                   lake::Schema columns, bool positions) {
  return DataFileReader::Open(*reading.files, *reading.metadata, file.data, deletes,
                              {.columns = std::move(columns),
                               .residual = file.residual,
                               .position_column = positions,
                               .batch_rows = reading.batch_rows});
}

void AppendColumn(const ColumnData& from, std::size_t begin, std::size_t count, ColumnData* to) {
  const std::size_t before = to->size();
  io::AppendRows(from.values, begin, count, &to->values);
  if (from.valid.empty() && to->valid.empty()) return;
  to->valid.resize(before, 1);
  if (from.valid.empty()) {
    to->valid.resize(before + count, 1);
  } else {
    const auto first = from.valid.begin() + static_cast<std::ptrdiff_t>(begin);
    to->valid.insert(to->valid.end(), first, first + static_cast<std::ptrdiff_t>(count));
  }
}

}  // namespace

Result<std::unique_ptr<RowSource>> OpenRows(const RowReading& reading, const RowFile& file,
                                            const lake::Schema& columns) {
  const bool named = !file.only.empty();
  TICKHOUSE_ASSIGN(auto before, OpenReader(reading, file, file.deletes, columns, named));
  if (!named) {
    return std::unique_ptr<RowSource>(
        std::make_unique<FileRows>(std::move(before), reading.cancel));
  }
  std::vector<lake::DataFile> all = file.deletes;
  all.insert(all.end(), file.only.begin(), file.only.end());
  TICKHOUSE_ASSIGN(auto after, OpenReader(reading, file, all, {}, true));
  return std::unique_ptr<RowSource>(
      std::make_unique<NamedRows>(std::move(before), std::move(after), reading.cancel));
}

Result<int64_t> CountRows(const RowReading& reading, const RowFile& file) {
  if (file.deletes.empty() && file.only.empty() && file.residual.IsTrue()) {
    return file.data.record_count;
  }
  TICKHOUSE_ASSIGN(const auto rows, OpenRows(reading, file, {}));
  int64_t count = 0;
  ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, rows->Next(&batch));
    if (!more) return count;
    count += static_cast<int64_t>(batch.rows);
  }
}

ColumnBatch EmptyBatch(const std::vector<io::ColumnSchema>& schema) {
  ColumnBatch batch{.schema = schema, .columns = {}, .rows = 0};
  for (const io::ColumnSchema& column : schema) {
    batch.columns.push_back({.values = io::EmptyValues(column.type.physical)});
  }
  return batch;
}

void AppendSlice(const ColumnBatch& from, std::size_t begin, std::size_t count, ColumnBatch* to) {
  for (std::size_t c = 0; c < to->columns.size(); ++c) {
    AppendColumn(from.columns[c], begin, count, &to->columns[c]);
  }
  to->rows += count;
}

int64_t BytesOf(const ColumnBatch& batch) {
  std::size_t bytes = 0;
  for (const ColumnData& column : batch.columns) {
    bytes += column.valid.size();
    bytes += std::visit(
        []<typename Held>(const Held& held) {
          if constexpr (std::is_same_v<Held, io::BytesValues>) {
            return held.bytes.size() + held.offsets.size() * sizeof(int64_t);
          } else {
            return held.size() * sizeof(typename Held::value_type);
          }
        },
        column.values);
  }
  return static_cast<int64_t>(bytes);
}

}  // namespace tickhouse::app
