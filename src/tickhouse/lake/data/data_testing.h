// Small tables, their rows as text, and files of them in memory. Tests only.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/parquet/table/table_writer.h"
#include "tickhouse/io/parquet/table/value_decoder.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/data_file_reader.h"
#include "tickhouse/lake/expression/bind.h"

namespace tickhouse::lake {

inline Type TypeOfText(std::string_view text) {
  auto type = ParsePrimitiveType(text);
  EXPECT_OK(type);
  return type ? *type : Type();
}

inline Field FieldOf(int id, std::string name, std::string_view type, bool required = false) {
  return {.id = id, .name = std::move(name), .required = required, .type = TypeOfText(type)};
}

inline TableMetadata TableOf(Schema schema, PartitionSpec spec = {}) {
  TableMetadata metadata;
  metadata.location = "/table";
  metadata.schemas = {std::move(schema)};
  metadata.specs = {std::move(spec)};
  return metadata;
}

/// A row: values as `ParseValue` reads them, "null" for none.
using TextRow = std::vector<std::string>;

/// As stored for `schema`. Columns without a null get no validity.
inline io::ColumnBatch BatchOfText(const Schema& schema, const std::vector<TextRow>& rows) {
  io::ColumnBatch batch;
  batch.rows = rows.size();
  for (std::size_t c = 0; c < schema.fields.size(); ++c) {
    const Field& field = schema.fields[c];
    batch.schema.push_back(*StoredColumnOf(field));
    io::ColumnData& column = batch.columns.emplace_back();
    column = ConstantColumn(field.type, ParseValue(field.type, "0").value_or(Value{0}), 0);
    for (const TextRow& row : rows) {
      std::optional<Value> value;
      if (row[c] != "null") value = *ParseValue(field.type, row[c]);
      const io::ColumnData one = ConstantColumn(field.type, value, 1);
      const std::size_t before = column.size();
      io::AppendRows(one.values, 0, 1, &column.values);
      if (value && column.valid.empty()) continue;
      column.valid.resize(before, 1);
      column.valid.push_back(value ? 1 : 0);
    }
  }
  return batch;
}

inline std::string TextAt(const Type& type, const io::ColumnData& column, std::size_t row) {
  const auto value = ValueAt(type, column, row);
  return value ? ValueToText(type, *value) : "null";
}

inline std::vector<TextRow> TextOf(const std::vector<Type>& types, const io::ColumnBatch& batch) {
  std::vector<TextRow> rows;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    TextRow& out = rows.emplace_back();
    for (std::size_t c = 0; c < batch.columns.size(); ++c) {
      out.push_back(TextAt(types[c], batch.columns[c], row));
    }
  }
  return rows;
}

/// Writes any batch as a Parquet file; the DataFile says only what readers need.
inline DataFile WriteTestFile(io::FileSystem& files, const std::string& path,
                              const io::ColumnBatch& batch, int64_t row_group_rows = 1'000) {
  auto writer = io::ParquetTableWriter::Open(*files.Create(path), batch.schema,
                                             {.row_group_rows = row_group_rows});
  EXPECT_OK(writer);
  EXPECT_OK((*writer)->Write(batch));
  const auto written = (*writer)->Close();
  EXPECT_OK(written);
  return {.path = path, .record_count = written->rows, .file_size = written->bytes};
}

inline Result<std::vector<TextRow>> ReadText(io::FileSystem& files, const TableMetadata& metadata,
                                             const DataFile& data,
                                             std::span<const DataFile> deletes,
                                             DataReadRequest request) {
  std::vector<Type> types;
  for (const Field& field : request.columns.fields) types.push_back(field.type);
  if (request.file_column) types.push_back(TypeOfText("string"));
  if (request.position_column) types.push_back(TypeOfText("long"));
  TICKHOUSE_ASSIGN(const auto reader,
                   DataFileReader::Open(files, metadata, data, deletes, std::move(request)));
  std::vector<TextRow> rows;
  io::ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return rows;
    EXPECT_GT(batch.rows, 0U);
    for (TextRow& row : TextOf(types, batch)) rows.push_back(std::move(row));
  }
}

inline Predicate Filter(std::string_view text, const Schema& schema) {
  auto bound = BindText(text, schema);
  EXPECT_OK(bound);
  return bound ? *bound : Predicate();
}

}  // namespace tickhouse::lake
