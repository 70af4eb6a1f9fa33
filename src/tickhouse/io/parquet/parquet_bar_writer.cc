#include "tickhouse/io/parquet/parquet_bar_writer.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/check.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/parquet/encode/column_encoder.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kPrices = 3;
constexpr std::size_t kMeanSpread = 1 + 4 * kPrices;
constexpr std::size_t kTicks = kMeanSpread + 1;
constexpr std::size_t kColumns = kTicks + 1;

std::vector<ColumnSchema> BarColumns() {
  std::vector<ColumnSchema> columns = {{"DateTime", kTimestampColumn}};
  for (const char* price : {"Bid", "Ask", "Mid"}) {
    for (const char* part : {"Open", "High", "Low", "Close"}) {
      columns.push_back({std::string(price) + part, kDoubleColumn});
    }
  }
  columns.push_back({"MeanSpread", kDoubleColumn});
  columns.push_back({"Ticks", kInt64Column});
  return columns;
}

// Pending bars as columns: 12 prices, then the mean spread.
struct PendingBars {
  std::vector<int64_t> time_us;
  std::array<std::vector<double>, kMeanSpread> values;
  std::vector<int64_t> ticks;

  void Append(const Bar& bar) {
    time_us.push_back(FloorDiv(bar.time_ns, kNanosPerMicro));
    std::size_t column = 0;
    for (const Ohlc* ohlc : {&bar.bid, &bar.ask, &bar.mid}) {
      for (const double value : {ohlc->open, ohlc->high, ohlc->low, ohlc->close}) {
        values[column++].push_back(value);
      }
    }
    values[column].push_back(bar.mean_spread);
    ticks.push_back(bar.ticks);
  }
  void Clear() {
    time_us.clear();
    for (auto& column : values) column.clear();
    ticks.clear();
  }
};

class BarWriter : public ParquetBarWriter {
 public:
  BarWriter(std::unique_ptr<ParquetFileBuilder> file, Options options)
      : file_(std::move(file)), options_(std::move(options)) {}

  Status Write(std::span<const Bar> bars) override {
    for (const Bar& bar : bars) {
      rows_.Append(bar);
      if (static_cast<int64_t>(rows_.time_us.size()) == options_.row_group_rows) {
        TICKHOUSE_TRY(Flush());
      }
    }
    return {};
  }

  void SetMetadata(TickFileMetadata metadata) override { options_.metadata = std::move(metadata); }

  int64_t rows_written() const override {
    return file_->rows_written() + static_cast<int64_t>(rows_.time_us.size());
  }

  Status Close() override {
    if (!rows_.time_us.empty()) TICKHOUSE_TRY(Flush());
    return file_->Close(TickMetadataPairs(options_.metadata));
  }

 private:
  Status Flush() {
    std::vector<EncodedColumn> encoded(kColumns);
    const auto encode = [&](std::size_t i) {
      encoded[i] = Encode(i);
      return Status();
    };
    TICKHOUSE_TRY(ParallelFor(kColumns, options_.threads, CancelToken(), encode));
    rows_.Clear();
    return file_->AppendRowGroup(std::move(encoded));
  }

  EncodedColumn Encode(std::size_t column) const {
    if (column == 0) return EncodeInt64(rows_.time_us);
    if (column == kTicks) return EncodeInt64(rows_.ticks);
    const int decimals = options_.metadata.decimals;
    const bool is_price = column < 1 + 8;
    // Half points: one digit more. Not exact, but near enough to place them.
    int hint = decimals < 0 || is_price ? decimals : decimals + 1;
    // Means lie anywhere between few points: placed by value they would all want the same slots.
    if (column == kMeanSpread) hint = -1;
    return EncodeDoubles(rows_.values[column - 1], hint);
  }

  std::unique_ptr<ParquetFileBuilder> file_;
  Options options_;
  PendingBars rows_;
};

}  // namespace

Result<std::unique_ptr<ParquetBarWriter>> ParquetBarWriter::Open(std::unique_ptr<WritableFile> file,
                                                                 Options options) {
  TICKHOUSE_CHECK(options.row_group_rows > 0 && options.threads > 0, "at least one row and thread");
  TICKHOUSE_ASSIGN(auto builder, ParquetFileBuilder::Open(std::move(file), BarColumns()));
  return std::make_unique<BarWriter>(std::move(builder), std::move(options));
}

}  // namespace tickhouse::io
