#include "tickhouse/io/parquet/parquet_file_builder.h"

#include <arrow/io/interfaces.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include <string_view>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/format/page_writer.h"

namespace tickhouse::io {

namespace {

constexpr std::string_view kMagic = "PAR1";

// Lets libparquet write to our file; the first failure of ours is kept, Arrow sees a plain IOError.
class ArrowSink : public arrow::io::OutputStream {
 public:
  explicit ArrowSink(WritableFile* file) : file_(file) {}
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return file_->size(); }
  arrow::Status Write(const void* data, int64_t bytes) override {
    Status status =
        file_->Append({static_cast<const std::byte*>(data), static_cast<std::size_t>(bytes)});
    if (status) return arrow::Status::OK();
    error_ = std::move(status).error();
    return arrow::Status::IOError(error_.message);
  }
  const Error& error() const { return error_; }

 private:
  WritableFile* file_;
  Error error_{ErrorKind::kIo, ""};
};

parquet::schema::NodePtr MakeSchema(const std::vector<ColumnSpec>& columns) {
  using parquet::LogicalType;
  using parquet::schema::PrimitiveNode;
  parquet::schema::NodeVector fields;
  for (const ColumnSpec& column : columns) {
    std::shared_ptr<const LogicalType> logical = LogicalType::None();
    parquet::Type::type physical = parquet::Type::DOUBLE;
    if (column.kind == ColumnKind::kTime) {
      logical = LogicalType::Timestamp(false, LogicalType::TimeUnit::MICROS);
      physical = parquet::Type::INT64;
    } else if (column.kind == ColumnKind::kInt64) {
      physical = parquet::Type::INT64;
    }
    fields.push_back(
        PrimitiveNode::Make(column.name, parquet::Repetition::OPTIONAL, logical, physical));
  }
  return parquet::schema::GroupNode::Make("schema", parquet::Repetition::REQUIRED, fields);
}

std::shared_ptr<parquet::WriterProperties> MakeProperties(const std::vector<ColumnSpec>& columns) {
  parquet::WriterProperties::Builder builder;
  builder.created_by(ParquetCreatedBy());
  builder.version(parquet::ParquetVersion::PARQUET_2_6);
  for (const ColumnSpec& column : columns) {
    builder.compression(column.name, column.kind == ColumnKind::kDouble
                                         ? parquet::Compression::ZSTD
                                         : parquet::Compression::UNCOMPRESSED);
  }
  return builder.build();
}

parquet::EncodedStatistics ToParquet(const EncodedStats& stats, int64_t rows) {
  parquet::EncodedStatistics out;
  out.set_is_signed(true);
  out.set_null_count(stats.nulls);
  out.all_null_value = stats.nulls == rows;
  if (stats.min.empty()) return out;
  out.set_min(stats.min);
  out.set_max(stats.max);
  out.is_min_value_exact = true;
  out.is_max_value_exact = true;
  return out;
}

}  // namespace

std::string ParquetCreatedBy() {
  return "tickhouse version 0.1.0";
}

struct ParquetFileBuilder::State {
  std::unique_ptr<WritableFile> file;
  std::vector<ColumnSpec> columns;
  std::unique_ptr<parquet::SchemaDescriptor> schema;
  std::shared_ptr<parquet::WriterProperties> properties;
  std::unique_ptr<parquet::FileMetaDataBuilder> footer;
  std::unique_ptr<parquet::PageIndexBuilder> index;
  int64_t rows = 0;
  int16_t row_groups = 0;
  bool closed = false;

  void AddPages(std::size_t ordinal, const EncodedColumn& column, int64_t offset);
  void AddChunk(const EncodedColumn& column, int64_t offset,
                parquet::RowGroupMetaDataBuilder* row_group);
  void WriteFooter(ArrowSink* sink, const std::map<std::string, std::string>& metadata);
};

void ParquetFileBuilder::State::AddPages(std::size_t ordinal, const EncodedColumn& column,
                                         int64_t offset) {
  const auto position = static_cast<int32_t>(ordinal);
  parquet::ColumnIndexBuilder* bounds = index->GetColumnIndexBuilder(position);
  parquet::OffsetIndexBuilder* places = index->GetOffsetIndexBuilder(position);
  for (std::size_t i = 0; i < column.pages.size(); ++i) {
    const EncodedPage& page = column.pages[i];
    const int64_t end = i + 1 < column.pages.size() ? column.pages[i + 1].first_row : column.rows;
    bounds->AddPage(ToParquet(page.stats, end - page.first_row), parquet::SizeStatistics());
    places->AddPage(offset + page.offset, page.bytes, page.first_row);
  }
  bounds->Finish();
  places->Finish(0);
}

void ParquetFileBuilder::State::AddChunk(const EncodedColumn& column, int64_t offset,
                                         parquet::RowGroupMetaDataBuilder* row_group) {
  parquet::ColumnChunkMetaDataBuilder* chunk = row_group->NextColumnChunk();
  chunk->SetStatistics(ToParquet(column.stats, column.rows));
  const bool dictionary = column.dictionary_bytes > 0;
  std::map<parquet::Encoding::type, int32_t> dictionary_pages;
  if (dictionary) dictionary_pages[parquet::Encoding::PLAIN] = 1;
  const auto encoding = column.delta ? parquet::Encoding::DELTA_BINARY_PACKED
                        : dictionary ? parquet::Encoding::RLE_DICTIONARY
                                     : parquet::Encoding::PLAIN;
  const std::map<parquet::Encoding::type, int32_t> data_pages = {
      {encoding, static_cast<int32_t>(column.pages.size())}};
  chunk->Finish(column.rows, dictionary ? offset : -1, -1, offset + column.dictionary_bytes,
                static_cast<int64_t>(column.bytes.size()), column.uncompressed_bytes, dictionary,
                false, dictionary_pages, data_pages);
}

void ParquetFileBuilder::State::WriteFooter(ArrowSink* sink,
                                            const std::map<std::string, std::string>& metadata) {
  if (row_groups > 0) {
    index->Finish();
    const auto places = index->WriteTo(sink);
    footer->SetIndexLocations(parquet::IndexKind::kColumnIndex, places.column_index_locations);
    footer->SetIndexLocations(parquet::IndexKind::kOffsetIndex, places.offset_index_locations);
  }
  auto pairs = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto& [key, value] : metadata) pairs->Append(key, value);
  const std::unique_ptr<parquet::FileMetaData> done =
      footer->Finish(metadata.empty() ? nullptr : pairs);
  parquet::WriteFileMetaData(*done, sink);
}

ParquetFileBuilder::ParquetFileBuilder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetFileBuilder::~ParquetFileBuilder() = default;

Result<std::unique_ptr<ParquetFileBuilder>> ParquetFileBuilder::Open(
    std::unique_ptr<WritableFile> file, std::vector<ColumnSpec> columns) {
  auto state = std::make_unique<State>();
  state->file = std::move(file);
  state->columns = std::move(columns);
  try {
    state->schema = std::make_unique<parquet::SchemaDescriptor>();
    state->schema->Init(MakeSchema(state->columns));
    state->properties = MakeProperties(state->columns);
    state->footer = parquet::FileMetaDataBuilder::Make(state->schema.get(), state->properties);
    state->index = parquet::PageIndexBuilder::Make(state->schema.get());
  } catch (const std::exception& error) {
    return Fail(ErrorKind::kIo, fmt::format("preparing a Parquet footer: {}", error.what()));
  }
  TICKHOUSE_TRY(state->file->Append(std::as_bytes(std::span(kMagic))));
  return std::unique_ptr<ParquetFileBuilder>(new ParquetFileBuilder(std::move(state)));
}

Status ParquetFileBuilder::AppendRowGroup(std::vector<EncodedColumn> columns) {
  State& state = *state_;
  TICKHOUSE_CHECK(columns.size() == state.columns.size(), "one encoded column for each column");
  if (state.row_groups == std::numeric_limits<int16_t>::max()) {
    return Fail(ErrorKind::kUnsupported,
                "a Parquet file holds at most 32767 row groups; use smaller chunks");
  }
  const int64_t rows = columns[0].rows;
  int64_t bytes = 0;
  try {
    parquet::RowGroupMetaDataBuilder* row_group = state.footer->AppendRowGroup();
    row_group->set_num_rows(rows);
    state.index->AppendRowGroup();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      TICKHOUSE_CHECK(columns[i].rows == rows && rows > 0, "columns of one length");
      const int64_t offset = state.file->size();
      TICKHOUSE_TRY(state.file->Append(std::as_bytes(columns[i].bytes.bytes())));
      state.AddPages(i, columns[i], offset);
      state.AddChunk(columns[i], offset, row_group);
      bytes += columns[i].uncompressed_bytes;
    }
    row_group->Finish(bytes, state.row_groups);
  } catch (const std::exception& error) {
    return Fail(ErrorKind::kIo, fmt::format("describing a row group: {}", error.what()));
  }
  ++state.row_groups;
  state.rows += rows;
  return {};
}

int64_t ParquetFileBuilder::rows_written() const {
  return state_->rows;
}

Status ParquetFileBuilder::Close(const std::map<std::string, std::string>& metadata) {
  TICKHOUSE_CHECK(!state_->closed, "closed once");
  state_->closed = true;
  ArrowSink sink(state_->file.get());
  try {
    state_->WriteFooter(&sink, metadata);
  } catch (const std::exception& error) {
    if (!sink.error().message.empty()) return Fail(sink.error());
    return Fail(ErrorKind::kIo, fmt::format("writing a Parquet footer: {}", error.what()));
  }
  return state_->file->Commit();
}

}  // namespace tickhouse::io
