#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/time.h"
#include "tickhouse/sql/output/arrow_cell.h"
#include "tickhouse/sql/output/row_output.h"

namespace tickhouse::sql {

namespace {

Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return {};
  return Fail(ErrorKind::kIo, "Arrow: " + status.ToString());
}

// Hands what Arrow writes to a sink, and keeps the sink's own error.
class SinkStream : public arrow::io::OutputStream {
 public:
  explicit SinkStream(const ByteSink& sink) : sink_(sink) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return at_; }
  arrow::Status Write(const void* data, int64_t bytes) override {
    const Status taken =
        sink_(std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(bytes)));
    if (!taken) {
      problem = taken.error();
      return arrow::Status::IOError(problem->message);
    }
    at_ += bytes;
    return arrow::Status::OK();
  }
  std::optional<Error> problem;

 private:
  const ByteSink& sink_;
  int64_t at_ = 0;
  bool closed_ = false;
};

Result<std::shared_ptr<arrow::Array>> ArrayOf(const Column& column,
                                              const std::shared_ptr<arrow::DataType>& type,
                                              const std::vector<Cell>& cells, int64_t first_row) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  TICKHOUSE_TRY(FromArrow(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder)));
  TICKHOUSE_TRY(FromArrow(builder->Reserve(static_cast<int64_t>(cells.size()))));
  for (std::size_t row = 0; row < cells.size(); ++row) {
    if (!cells[row]) {
      TICKHOUSE_TRY(FromArrow(builder->AppendNull()));
    } else if (!AppendCell(*type, *cells[row], builder.get())) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("row {}, column {}: Arrow's {} cannot hold {}",
                              first_row + static_cast<int64_t>(row), column.name, type->ToString(),
                              *cells[row]));
    }
  }
  std::shared_ptr<arrow::Array> array;
  TICKHOUSE_TRY(FromArrow(builder->Finish(&array)));
  return array;
}

Result<int64_t> WriteBatches(RowStream& rows, const std::shared_ptr<arrow::Schema>& schema,
                             arrow::ipc::RecordBatchWriter& writer) {
  int64_t count = 0;
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, rows.Next());
    if (!batch) break;
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (std::size_t i = 0; i < batch->columns.size(); ++i) {
      TICKHOUSE_ASSIGN(auto array,
                       ArrayOf(rows.columns()[i], schema->field(static_cast<int>(i))->type(),
                               batch->columns[i], count + 1));
      arrays.push_back(std::move(array));
    }
    const auto size = static_cast<int64_t>(batch->rows);
    TICKHOUSE_TRY(FromArrow(
        writer.WriteRecordBatch(*arrow::RecordBatch::Make(schema, size, std::move(arrays)))));
    count += size;
  }
  TICKHOUSE_TRY(FromArrow(writer.Close()));
  return count;
}

}  // namespace

Result<int64_t> WriteArrow(RowStream& rows, bool as_stream, const ByteSink& sink) {
  arrow::FieldVector fields;
  for (const Column& column : rows.columns()) {
    fields.push_back(arrow::field(column.name, ArrowTypeOf(column)));
  }
  const std::shared_ptr<arrow::Schema> schema = arrow::schema(fields);
  const auto stream = std::make_shared<SinkStream>(sink);
  auto writer = as_stream ? arrow::ipc::MakeStreamWriter(stream, schema)
                          : arrow::ipc::MakeFileWriter(stream, schema);
  Result<int64_t> count = 0;
  if (const Status made = FromArrow(writer.status()); !made) {
    count = std::unexpected(made.error());
  } else {
    count = WriteBatches(rows, schema, **writer);
  }
  if (!count && stream->problem) return Fail(*stream->problem);
  return count;
}

}  // namespace tickhouse::sql
