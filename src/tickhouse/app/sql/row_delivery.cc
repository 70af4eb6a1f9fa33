#include "tickhouse/app/sql/row_delivery.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "tickhouse/sql/output/parquet_output.h"
#include "tickhouse/sql/output/row_output.h"

namespace tickhouse::app {

namespace {

constexpr std::size_t kMostReportBytes = std::size_t{64} << 20;

Result<int64_t> Write(sql::RowStream& rows, const RowDelivery& delivery,
                      const sql::ByteSink& sink) {
  const sql::RowOutputOptions options{.most_cell_columns = delivery.most_cell_columns};
  return sql::WriteRows(rows, *sql::RowFormatNamed(FormatOf(delivery)), options, sink);
}

Result<int64_t> ToFile(sql::RowStream& rows, const RowDelivery& delivery,
                       Environment& environment) {
  TICKHOUSE_ASSIGN(auto file, environment.files->Create(delivery.output));
  if (FormatOf(delivery) == "parquet") return sql::WriteParquet(rows, std::move(file));
  TICKHOUSE_ASSIGN(const int64_t count, Write(rows, delivery, [&file](std::string_view bytes) {
                     return file->Append(std::as_bytes(std::span(bytes.data(), bytes.size())));
                   }));
  TICKHOUSE_TRY(file->Commit());
  return count;
}

Result<int64_t> ToReport(sql::RowStream& rows, const RowDelivery& delivery, RunReport* report) {
  std::string held;
  TICKHOUSE_ASSIGN(const int64_t count,
                   Write(rows, delivery, [&held](std::string_view bytes) -> Status {
                     held += bytes;
                     if (held.size() <= kMostReportBytes) return {};
                     return Fail(ErrorKind::kInvalidArgument,
                                 "too many rows for one JSON document: name a file with --output");
                   }));
  held.erase(held.find_last_not_of('\n') + 1);
  report->details.emplace_back("rows", std::move(held));
  return count;
}

}  // namespace

std::string FormatOf(const RowDelivery& delivery) {
  if (!delivery.format.empty()) return delivery.format;
  if (delivery.output.empty()) return delivery.rows_in_report ? "json" : "table";
  std::string extension = io::Extension(delivery.output);
  if (extension == "ndjson") return "jsonl";
  if (extension == "feather" || extension == "ipc") return "arrow";
  if (extension == "txt") return "table";
  return extension;
}

Status CheckDelivery(const RowDelivery& delivery) {
  const std::string format = FormatOf(delivery);
  if (format == "parquet") {
    if (!delivery.output.empty()) return {};
    return Fail(ErrorKind::kInvalidArgument, "Parquet needs a file: name it with --output");
  }
  if (!sql::RowFormatNamed(format)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("no format \"{}\": table, csv, json, jsonl, parquet, arrow or arrows "
                            "(--format)",
                            format));
  }
  if (delivery.rows_in_report && delivery.output.empty() && format != "json") {
    return Fail(
        ErrorKind::kInvalidArgument,
        fmt::format("--json holds the rows itself; for {} name a file with --output", format));
  }
  return {};
}

Result<int64_t> DeliverRows(sql::RowStream& rows, const RowDelivery& delivery,
                            Environment& environment, RunReport* report) {
  if (!delivery.output.empty()) {
    TICKHOUSE_ASSIGN(const int64_t count, ToFile(rows, delivery, environment));
    report->outputs.push_back(delivery.output);
    report->text = fmt::format("{} rows to {}\n", count, delivery.output);
    return count;
  }
  if (delivery.rows_in_report) return ToReport(rows, delivery, report);
  return Write(rows, delivery, delivery.print);
}

}  // namespace tickhouse::app
