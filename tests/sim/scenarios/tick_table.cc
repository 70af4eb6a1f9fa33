#include "tick_table.h"

#include <fmt/format.h>

#include <iterator>

#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/data_file_reader.h"
#include "tickhouse/lake/data/data_file_writer.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/scan/plan_scan.h"
#include "tickhouse/lake/update/append.h"

namespace tickhouse::sim {
namespace {

lake::Type TypeNamed(lake::TypeKind kind) {
  lake::Type type;
  type.kind = kind;
  return type;
}

std::string Token(const Tick& tick) {
  return fmt::format("{}|{}|{}", tick.time_us, tick.bid ? fmt::to_string(*tick.bid) : "null",
                     tick.note.value_or("null"));
}

io::ColumnData ColumnOf(const std::string& name, const std::vector<Tick>& ticks) {
  io::ColumnData column;
  std::vector<int64_t> times;
  std::vector<double> bids;
  io::BytesValues notes;
  for (const Tick& tick : ticks) {
    times.push_back(tick.time_us);
    bids.push_back(tick.bid.value_or(0));
    notes.Append(tick.note.value_or(""));
    const bool there =
        name == "at" || (name == "bid" ? tick.bid.has_value() : tick.note.has_value());
    column.valid.push_back(there ? 1 : 0);
  }
  if (name == "at") column.values = std::move(times);
  if (name == "bid") column.values = std::move(bids);
  if (name == "note") column.values = std::move(notes);
  return column;
}

Tick TickAt(const lake::Schema& schema, const io::ColumnBatch& batch, std::size_t row) {
  Tick tick;
  for (std::size_t c = 0; c < schema.fields.size(); ++c) {
    const lake::Field& field = schema.fields[c];
    const auto value = lake::ValueAt(field.type, batch.columns[c], row);
    if (!value) continue;
    if (field.name == "at") tick.time_us = std::get<int64_t>(value->data);
    if (field.name == "bid") tick.bid = std::get<double>(value->data);
    if (field.name == "note") tick.note = std::get<std::string>(value->data);
  }
  return tick;
}

}  // namespace

TableShape TickShape(std::optional<lake::TransformKind> transform) {
  TableShape shape;
  shape.fields = {{.id = 1, .name = "at", .type = TypeNamed(lake::TypeKind::kTimestamp)},
                  {.id = 2, .name = "bid", .type = TypeNamed(lake::TypeKind::kDouble)},
                  {.id = 3, .name = "note", .type = TypeNamed(lake::TypeKind::kString)}};
  if (transform) {
    const lake::Transform by{.kind = *transform};
    shape.spec = {
        {.source_id = 1, .field_id = 1000, .name = "at_" + by.ToString(), .transform = by}};
  }
  return shape;
}

std::string AtFilter(const std::string& comparison, int64_t time_us) {
  return fmt::format(
      "at {} '{}'", comparison,
      lake::ValueToText(TypeNamed(lake::TypeKind::kTimestamp), lake::Value{time_us}));
}

lake::DataFile TickTable::Write(const std::vector<Tick>& ticks) {
  Process& process = stage_.Actor(1);
  const lake::MetadataPtr metadata = stage_.Table().metadata;
  const auto write = [&]() -> Result<std::vector<lake::DataFile>> {
    TICKHOUSE_ASSIGN(const auto writer,
                     lake::DataFileWriter::Open(process.files(), *metadata, process.random()));
    io::ColumnBatch batch{.schema = writer->schema(), .columns = {}, .rows = ticks.size()};
    for (const io::ColumnSchema& column : batch.schema) {
      batch.columns.push_back(ColumnOf(column.name, ticks));
    }
    TICKHOUSE_TRY(writer->Write(batch));
    return writer->Close();
  };
  const auto files = write();
  stage_.Expect(files && files->size() == 1,
                files ? fmt::format("one file, not {}", files->size()) : files.error().ToString());
  if (!files || files->empty()) return {};
  Rows rows;
  for (const Tick& tick : ticks) rows.insert(Token(tick));
  stage_.model.Know(files->front().path, rows);
  ticks_.insert(ticks_.end(), ticks.begin(), ticks.end());
  ++files_;
  return files->front();
}

void TickTable::Append(const std::vector<lake::DataFile>& files) {
  Operation operation{.name = "append of ticks", .verb = Verb::kAppend};
  for (const lake::DataFile& file : files) {
    const Rows& rows = stage_.model.Known(file.path);
    operation.added.insert(rows.begin(), rows.end());
  }
  Process& process = stage_.Actor(1);
  stage_.ExpectDone(
      process.Commit(std::move(operation),
                     [&] { return lake::AppendFiles(process.session(), kTable, files); }),
      "the append");
}

lake::DataFile TickTable::Add(const std::vector<Tick>& ticks) {
  const lake::DataFile file = Write(ticks);
  if (!file.path.empty()) Append({file});
  return file;
}

void TickTable::ForgetNotes() {
  for (Tick& tick : ticks_) tick.note.reset();
}

Result<Rows> TickTable::Scan(const std::string& filter, int64_t* opened) {
  const lake::MetadataPtr metadata = stage_.Table().metadata;
  const lake::Schema& schema = metadata->CurrentSchema();
  TICKHOUSE_ASSIGN(lake::Predicate predicate, lake::BindText(filter, schema));
  io::FileSystem& files = stage_.Actor(1).files();
  TICKHOUSE_ASSIGN(const lake::ScanPlan plan,
                   lake::PlanScan(files, *metadata,
                                  {.snapshot = metadata->CurrentSnapshot(), .filter = predicate}));
  *opened = static_cast<int64_t>(plan.tasks.size());
  Rows rows;
  for (const lake::ScanTask& task : plan.tasks) {
    TICKHOUSE_ASSIGN(const auto reader,
                     lake::DataFileReader::Open(files, *metadata, task.data, task.deletes,
                                                {.columns = schema, .residual = task.residual}));
    io::ColumnBatch batch;
    for (;;) {
      TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
      if (!more) break;
      for (std::size_t row = 0; row < batch.rows; ++row) {
        rows.insert(Token(TickAt(schema, batch, row)));
      }
    }
  }
  return rows;
}

int64_t TickTable::ExpectScan(const std::string& filter, const Test& matches) {
  Rows expected;
  for (const Tick& tick : ticks_) {
    if (matches(tick)) expected.insert(Token(tick));
  }
  int64_t opened = 0;
  const auto found = Scan(filter, &opened);
  stage_.Expect(found.has_value(), fmt::format("[{}] is answered, not: {}", filter,
                                               found ? "" : found.error().ToString()));
  if (found) {
    stage_.Expect(*found == expected,
                  fmt::format("[{}] finds [{}], not [{}]", filter, fmt::join(expected, " "),
                              fmt::join(*found, " ")));
  }
  return opened;
}

}  // namespace tickhouse::sim
