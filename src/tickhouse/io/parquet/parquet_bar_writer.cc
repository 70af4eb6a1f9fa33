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

constexpr std::array<Ohlc Bar::*, kPrices> kOhlcs = {&Bar::bid, &Bar::ask, &Bar::mid};
constexpr std::array<double Ohlc::*, 4> kParts = {&Ohlc::open, &Ohlc::high, &Ohlc::low,
                                                  &Ohlc::close};

// Pending bars as columns: 12 prices, then the mean spread. The vectors are longer than the rows,
// so that they are not filled with zeros each time.
struct PendingBars {
  std::size_t rows = 0;
  std::vector<int64_t> time_us;
  std::array<std::vector<double>, kMeanSpread> values;
  std::vector<int64_t> ticks;

  // No more than `most` rows will come.
  void Append(std::span<const Bar> bars, std::size_t most) {
    if (rows + bars.size() > time_us.size()) {
      Resize(std::min(most, std::max(rows + bars.size(), 2 * time_us.size())));
    }
    // Column by column, of as many bars as the nearest cache holds.
    constexpr std::size_t kBlock = 128;
    for (; bars.size() > kBlock; bars = bars.subspan(kBlock)) AppendBlock(bars.first(kBlock));
    AppendBlock(bars);
  }

 private:
  void Resize(std::size_t size) {
    time_us.resize(size);
    for (auto& column : values) column.resize(size);
    ticks.resize(size);
  }
  void AppendBlock(std::span<const Bar> bars) {
    Copy(bars, &time_us, [](const Bar& bar) { return FloorDiv(bar.time_ns, kNanosPerMicro); });
    auto column = values.begin();
    for (const auto ohlc : kOhlcs) {
      for (const auto part : kParts) {
        Copy(bars, &*column++, [=](const Bar& bar) { return bar.*ohlc.*part; });
      }
    }
    Copy(bars, &*column, [](const Bar& bar) { return bar.mean_spread; });
    Copy(bars, &ticks, [](const Bar& bar) { return bar.ticks; });
    rows += bars.size();
  }
  template <typename T, typename Get>
  void Copy(std::span<const Bar> bars, std::vector<T>* column, Get get) const {
    T* out = column->data() + rows;
    for (std::size_t i = 0; i < bars.size(); ++i) out[i] = get(bars[i]);
  }
};

class BarWriter : public ParquetBarWriter {
 public:
  BarWriter(std::unique_ptr<ParquetFileBuilder> file, Options options)
      : file_(std::move(file)), options_(std::move(options)) {}

  Status Write(std::span<const Bar> bars) override {
    while (!bars.empty()) {
      const auto most = static_cast<std::size_t>(options_.row_group_rows);
      const std::size_t count = std::min(bars.size(), most - rows_.rows);
      rows_.Append(bars.first(count), most);
      bars = bars.subspan(count);
      if (rows_.rows == most) TICKHOUSE_TRY(Flush());
    }
    return {};
  }

  void SetMetadata(TickFileMetadata metadata) override { options_.metadata = std::move(metadata); }

  int64_t rows_written() const override {
    return file_->rows_written() + static_cast<int64_t>(rows_.rows);
  }

  Status Close() override {
    if (rows_.rows > 0) TICKHOUSE_TRY(Flush());
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
    rows_.rows = 0;
    return file_->AppendRowGroup(std::move(encoded));
  }

  EncodedColumn Encode(std::size_t column) const {
    // Steps of whole seconds look all alike to zstd.
    if (column == 0) return EncodeInt64(Pending(rows_.time_us), true);
    if (column == kTicks) return EncodeInt64(Pending(rows_.ticks));
    return EncodeDoublesQuickly(Pending(rows_.values[column - 1]), GridOf(column));
  }

  template <typename T>
  std::span<const T> Pending(const std::vector<T>& column) const {
    return std::span(column).first(rows_.rows);
  }

  // Means of spreads lie anywhere.
  PointGrid GridOf(std::size_t column) const {
    const bool is_mid = column > 4 * (kPrices - 1);
    return {column == kMeanSpread ? -1 : options_.metadata.decimals, is_mid};
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
