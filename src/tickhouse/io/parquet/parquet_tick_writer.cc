#include "tickhouse/io/parquet/parquet_tick_writer.h"

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/tick_row_group.h"

namespace tickhouse::io {

namespace {

class TickWriter : public ParquetTickWriter {
 public:
  TickWriter(std::unique_ptr<ParquetFileBuilder> file, Options options)
      : file_(std::move(file)),
        options_(std::move(options)),
        rows_(options_.volumes, options_.row_group_rows, options_.metadata.decimals) {}

  Status Write(const TickBatch& batch) override { return WriteAny(batch); }
  Status WritePoints(const PointTicks& ticks) override { return WriteAny(ticks); }

  Status AppendEncoded(std::vector<EncodedColumn> columns) override {
    TICKHOUSE_CHECK(rows_.empty(), "encoded row groups are not mixed with pending rows");
    return file_->AppendRowGroup(std::move(columns));
  }

  Status EndRows() override {
    if (rows_.empty()) return {};
    TICKHOUSE_TRY(Flush());
    rows_ = TickRowGroup(options_.volumes, options_.row_group_rows);
    return {};
  }

  void SetMetadata(TickFileMetadata metadata) override { options_.metadata = std::move(metadata); }

  int64_t rows_written() const override {
    return file_->rows_written() + static_cast<int64_t>(rows_.size());
  }

  Status Close() override {
    TICKHOUSE_TRY(EndRows());
    return file_->Close(TickMetadataPairs(options_.metadata));
  }

  const WrittenParquet& written() const override { return file_->written(); }

 private:
  template <typename Ticks>
  Status WriteAny(const Ticks& ticks) {
    for (std::size_t row = 0; row < ticks.size();) {
      row += rows_.Append(ticks, row);
      if (rows_.full()) TICKHOUSE_TRY(Flush());
    }
    return {};
  }

  Status Flush() {
    std::vector<EncodedColumn> encoded = EncodeRowGroup(rows_, options_.threads);
    rows_.Clear();
    return file_->AppendRowGroup(std::move(encoded));
  }

  std::unique_ptr<ParquetFileBuilder> file_;
  Options options_;
  TickRowGroup rows_;
};

}  // namespace

Result<std::unique_ptr<ParquetTickWriter>> ParquetTickWriter::Open(
    std::unique_ptr<WritableFile> file, Options options) {
  TICKHOUSE_CHECK(options.row_group_rows > 0 && options.threads > 0, "at least one row and thread");
  std::vector<ColumnSchema> columns = TickColumns(options.volumes);
  TICKHOUSE_CHECK(options.field_ids.empty() || options.field_ids.size() == columns.size(),
                  "a field id for each column or for none");
  for (std::size_t i = 0; i < options.field_ids.size(); ++i) {
    columns[i].field_id = options.field_ids[i];
  }
  TICKHOUSE_ASSIGN(auto builder, ParquetFileBuilder::Open(std::move(file), std::move(columns)));
  return std::make_unique<TickWriter>(std::move(builder), std::move(options));
}

std::map<std::string, std::string> TickMetadataPairs(const TickFileMetadata& metadata) {
  std::map<std::string, std::string> pairs;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) pairs["tickhouse." + std::string(key)] = value;
  };
  for (const auto& [key, value] : metadata.more) add(key, value);
  add("symbol", metadata.symbol);
  if (metadata.decimals >= 0) add("decimals", std::to_string(metadata.decimals));
  add("source_file", metadata.source_file);
  add("source_sha256", metadata.source_sha256);
  add("source_zone", metadata.source_zone);
  return pairs;
}

}  // namespace tickhouse::io
