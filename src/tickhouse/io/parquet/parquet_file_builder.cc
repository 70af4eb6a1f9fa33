#include "tickhouse/io/parquet/parquet_file_builder.h"

#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/encode/footer_writer.h"

namespace tickhouse::io {

namespace {

constexpr std::string_view kMagic = "PAR1";

WrittenChunk ToWritten(EncodedColumn&& column, int64_t offset) {
  WrittenChunk chunk;
  chunk.offset = offset;
  chunk.bytes = static_cast<int64_t>(column.bytes.size());
  chunk.rows = column.rows;
  chunk.dictionary_bytes = column.dictionary_bytes;
  chunk.uncompressed_bytes = column.uncompressed_bytes;
  chunk.encoding = column.encoding;
  chunk.zstd = column.zstd;
  chunk.stats = std::move(column.stats);
  chunk.pages = std::move(column.pages);
  return chunk;
}

}  // namespace

std::string ParquetCreatedBy() {
  return "tickhouse version 0.1.0";
}

struct ParquetFileBuilder::State {
  std::unique_ptr<WritableFile> file;
  std::vector<ColumnSchema> columns;
  std::vector<WrittenRowGroup> groups;
  int64_t rows = 0;
  bool closed = false;
  WrittenParquet written;

  // Column indexes of all chunks, then offset indexes, so that each kind is read at once.
  void AppendIndexes(ByteBuffer* out) {
    const int64_t begin = file->size();
    for (WrittenRowGroup& group : groups) {
      for (std::size_t i = 0; i < group.chunks.size(); ++i) {
        WrittenChunk& chunk = group.chunks[i];
        if (!HasPageBounds(chunk)) continue;
        const auto at = static_cast<int64_t>(out->size());
        AppendColumnIndex(chunk, columns[i].type, out);
        chunk.column_index_offset = begin + at;
        chunk.column_index_bytes = static_cast<int32_t>(static_cast<int64_t>(out->size()) - at);
      }
    }
    for (WrittenRowGroup& group : groups) {
      for (WrittenChunk& chunk : group.chunks) {
        const auto at = static_cast<int64_t>(out->size());
        AppendOffsetIndex(chunk, out);
        chunk.offset_index_offset = begin + at;
        chunk.offset_index_bytes = static_cast<int32_t>(static_cast<int64_t>(out->size()) - at);
      }
    }
  }
};

ParquetFileBuilder::ParquetFileBuilder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetFileBuilder::~ParquetFileBuilder() = default;

Result<std::unique_ptr<ParquetFileBuilder>> ParquetFileBuilder::Open(
    std::unique_ptr<WritableFile> file, std::vector<ColumnSchema> columns) {
  auto state = std::make_unique<State>();
  state->file = std::move(file);
  state->columns = std::move(columns);
  TICKHOUSE_TRY(state->file->Append(std::as_bytes(std::span(kMagic))));
  return std::unique_ptr<ParquetFileBuilder>(new ParquetFileBuilder(std::move(state)));
}

Status ParquetFileBuilder::AppendRowGroup(std::vector<EncodedColumn> columns) {
  State& state = *state_;
  TICKHOUSE_CHECK(columns.size() == state.columns.size(), "one encoded column for each column");
  if (state.groups.size() == std::numeric_limits<int16_t>::max()) {
    return Fail(ErrorKind::kUnsupported,
                "a Parquet file holds at most 32767 row groups; use smaller chunks");
  }
  WrittenRowGroup group;
  group.rows = columns[0].rows;
  for (EncodedColumn& column : columns) {
    TICKHOUSE_CHECK(column.rows == group.rows && group.rows > 0, "columns of one length");
    const int64_t offset = state.file->size();
    TICKHOUSE_TRY(state.file->Append(std::as_bytes(column.bytes.bytes())));
    group.chunks.push_back(ToWritten(std::move(column), offset));
  }
  state.rows += group.rows;
  state.groups.push_back(std::move(group));
  return {};
}

const WrittenParquet& ParquetFileBuilder::written() const {
  return state_->written;
}

int64_t ParquetFileBuilder::rows_written() const {
  return state_->rows;
}

int64_t ParquetFileBuilder::bytes_written() const {
  return state_->file->size();
}

Status ParquetFileBuilder::Close(const std::map<std::string, std::string>& metadata) {
  State& state = *state_;
  TICKHOUSE_CHECK(!state.closed, "closed once");
  state.closed = true;
  ByteBuffer tail;
  state.AppendIndexes(&tail);
  const std::size_t footer_begin = tail.size();
  AppendFooter(state.columns, state.groups, metadata, ParquetCreatedBy(), &tail);
  const auto length = static_cast<uint32_t>(tail.size() - footer_begin);
  tail.Append(&length, sizeof(length));
  state.written.bytes = state.file->size() + static_cast<int64_t>(tail.size() + kMagic.size());
  TICKHOUSE_ASSIGN(
      state.written.footer,
      ParseParquetFooter(tail.bytes().subspan(footer_begin, length), state.written.bytes));
  tail.Append(kMagic.data(), kMagic.size());
  TICKHOUSE_TRY(state.file->Append(std::as_bytes(tail.bytes())));
  return state.file->Commit();
}

}  // namespace tickhouse::io
