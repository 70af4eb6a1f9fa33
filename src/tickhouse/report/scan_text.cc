#include "tickhouse/report/scan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>

#include "tickhouse/report/text/csv_text.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::report {

namespace {

using Json = nlohmann::ordered_json;
using quality::FileFindings;
using quality::GapSummary;
using quality::ScanReport;
using quality::ScanTotals;
using quality::SymbolFindings;
using OptionalCount = std::optional<int64_t>;

double Seconds(Nanos duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string Plain(const OptionalCount& count) {
  return count ? fmt::format("{}", *count) : "";
}
std::string Grouped(const OptionalCount& count) {
  return count ? GroupDigits(*count) : "";
}
std::string Plain(const std::optional<double>& price) {
  return price ? fmt::format("{}", *price) : "";
}
std::string Time(const OptionalCount& time_ns) {
  return time_ns ? FormatUtc(FromNanos(*time_ns)) : "";
}
std::string PlainSeconds(Nanos duration) {
  return PlainNumber(Seconds(duration), 15);
}

OptionalCount GapCount(const FileFindings& file) {
  return file.gaps ? OptionalCount(file.gaps->count) : std::nullopt;
}

const std::vector<std::string> kCsvColumns = {
    "file",       "total_rows", "DateTime_nulls", "Bid_nulls",  "Ask_nulls", "corrupted",
    "error",      "symbol",     "bytes",          "decoded",    "min_time",  "max_time",
    "min_bid",    "min_ask",    "order_breaks",   "duplicates", "crossed",   "non_positive",
    "not_finite", "gaps",       "longest_gap_s",  "gap_seconds"};

std::vector<std::string> CsvFields(const FileFindings& file) {
  return {file.file,
          Plain(file.rows),
          Plain(file.date_time_nulls),
          Plain(file.bid_nulls),
          Plain(file.ask_nulls),
          file.corrupted() ? "True" : "False",
          file.error ? file.error->ToString() : "",
          file.symbol,
          fmt::format("{}", file.bytes),
          file.decoded ? "True" : "False",
          Time(file.min_time_ns),
          Time(file.max_time_ns),
          Plain(file.min_bid),
          Plain(file.min_ask),
          Plain(file.order_breaks),
          Plain(file.duplicates),
          Plain(file.crossed),
          Plain(file.non_positive),
          Plain(file.not_finite),
          Plain(GapCount(file)),
          file.gaps ? PlainSeconds(file.gaps->Longest()) : "",
          file.gaps ? PlainSeconds(file.gaps->open_total) : ""};
}

std::vector<std::string> CsvFields(const ScanTotals& totals) {
  const std::string failed =
      totals.unreadable > 0 ? fmt::format("{} unreadable", totals.unreadable) : "";
  return {"TOTAL",
          fmt::format("{}", totals.rows),
          fmt::format("{}", totals.date_time_nulls),
          fmt::format("{}", totals.bid_nulls),
          fmt::format("{}", totals.ask_nulls),
          fmt::format("{}", totals.corrupted),
          failed,
          "",
          fmt::format("{}", totals.bytes),
          "",
          Time(totals.min_time_ns),
          Time(totals.max_time_ns),
          Plain(totals.min_bid),
          Plain(totals.min_ask),
          Plain(totals.order_breaks),
          Plain(totals.duplicates),
          Plain(totals.crossed),
          Plain(totals.non_positive),
          Plain(totals.not_finite),
          Plain(totals.gap_count),
          totals.gap_count ? PlainSeconds(totals.longest_gap) : "",
          ""};
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json TimeOrNull(const OptionalCount& time_ns) {
  return time_ns ? Json(Time(time_ns)) : Json(nullptr);
}

Json ToJson(const GapSummary& gaps) {
  Json json;
  json["count"] = gaps.count;
  json["open_s"] = Seconds(gaps.open_total);
  json["longest"] = Json::array();
  for (const quality::Gap& gap : gaps.longest) {
    json["longest"].push_back({{"from", FormatUtc(gap.range.begin)},
                               {"to", FormatUtc(gap.range.end)},
                               {"open_s", Seconds(gap.open)}});
  }
  return json;
}

Json ToJson(const FileFindings& file) {
  Json json;
  json["file"] = ToUtf8(file.file);
  json["symbol"] = file.symbol;
  json["bytes"] = file.bytes;
  json["corrupted"] = file.corrupted();
  json["error"] = file.error ? Json(ToUtf8(file.error->ToString())) : Json(nullptr);
  json["decoded"] = file.decoded;
  json["total_rows"] = OrNull(file.rows);
  json["DateTime_nulls"] = OrNull(file.date_time_nulls);
  json["Bid_nulls"] = OrNull(file.bid_nulls);
  json["Ask_nulls"] = OrNull(file.ask_nulls);
  json["min_time"] = TimeOrNull(file.min_time_ns);
  json["max_time"] = TimeOrNull(file.max_time_ns);
  json["min_bid"] = OrNull(file.min_bid);
  json["min_ask"] = OrNull(file.min_ask);
  json["order_breaks"] = OrNull(file.order_breaks);
  json["duplicates"] = OrNull(file.duplicates);
  json["crossed"] = OrNull(file.crossed);
  json["non_positive"] = OrNull(file.non_positive);
  json["not_finite"] = OrNull(file.not_finite);
  json["gaps"] = file.gaps ? ToJson(*file.gaps) : Json(nullptr);
  return json;
}

Json ToJson(const SymbolFindings& symbol) {
  Json json;
  json["symbol"] = symbol.symbol;
  json["files"] = symbol.files;
  json["failed"] = symbol.failed;
  json["total_rows"] = symbol.rows;
  json["min_time"] = TimeOrNull(symbol.min_time_ns);
  json["max_time"] = TimeOrNull(symbol.max_time_ns);
  json["overlaps"] = symbol.overlaps;
  json["gaps_between_files"] = ToJson(symbol.gaps_between);
  return json;
}

Json ToJson(const ScanTotals& totals) {
  Json json;
  json["files"] = totals.files;
  json["corrupted"] = totals.corrupted;
  json["unreadable"] = totals.unreadable;
  json["bytes"] = totals.bytes;
  json["total_rows"] = totals.rows;
  json["DateTime_nulls"] = totals.date_time_nulls;
  json["Bid_nulls"] = totals.bid_nulls;
  json["Ask_nulls"] = totals.ask_nulls;
  json["min_time"] = TimeOrNull(totals.min_time_ns);
  json["max_time"] = TimeOrNull(totals.max_time_ns);
  json["min_bid"] = OrNull(totals.min_bid);
  json["min_ask"] = OrNull(totals.min_ask);
  json["order_breaks"] = OrNull(totals.order_breaks);
  json["duplicates"] = OrNull(totals.duplicates);
  json["crossed"] = OrNull(totals.crossed);
  json["non_positive"] = OrNull(totals.non_positive);
  json["not_finite"] = OrNull(totals.not_finite);
  json["gaps"] = OrNull(totals.gap_count);
  json["longest_gap_s"] = totals.gap_count ? Json(Seconds(totals.longest_gap)) : Json(nullptr);
  return json;
}

int64_t RowsAtFault(const FileFindings& file) {
  int64_t rows = 0;
  for (const OptionalCount& count :
       {file.date_time_nulls, file.bid_nulls, file.ask_nulls, file.order_breaks, file.duplicates,
        file.crossed, file.non_positive, file.not_finite}) {
    rows += count.value_or(0);
  }
  return rows;
}

std::string NonPositive(const FileFindings& file) {
  return file.MayHaveNonPositive() ? "some" : Grouped(file.non_positive);
}

std::string LongestGap(const std::optional<GapSummary>& gaps) {
  return gaps && gaps->count > 0 ? ShortDuration(Seconds(gaps->Longest())) : "";
}

OptionalCount AllNulls(const FileFindings& file) {
  if (!file.date_time_nulls || !file.bid_nulls || !file.ask_nulls) return std::nullopt;
  return *file.date_time_nulls + *file.bid_nulls + *file.ask_nulls;
}

void AddFile(const FileFindings& file, TextTable* table) {
  table->AddRow({file.file, Grouped(file.rows), Grouped(AllNulls(file)), Grouped(file.order_breaks),
                 Grouped(file.duplicates), Grouped(file.crossed), NonPositive(file),
                 Grouped(file.not_finite), Grouped(GapCount(file)), LongestGap(file.gaps),
                 file.error ? std::string(ErrorKindName(file.error->kind)) : ""});
}

std::string FileTable(const ScanReport& report, std::size_t width, std::size_t most) {
  TextTable table({{"file", false, true},
                   {"rows", true},
                   {"nulls", true},
                   {"order", true},
                   {"twice", true},
                   {"crossed", true},
                   {"<= 0", true},
                   {"not finite", true},
                   {"gaps", true},
                   {"longest", true},
                   {"error"}});
  std::size_t shown = 0;
  std::size_t with_findings = 0;
  for (const std::size_t index : WorstFirst(report)) {
    const FileFindings& file = report.files[index];
    with_findings += file.HasFindings() ? 1 : 0;
    if (shown == most || (report.files.size() > most && !file.HasFindings())) continue;
    AddFile(file, &table);
    ++shown;
  }
  std::string text = table.ToString(width);
  const std::size_t hidden = with_findings > shown ? with_findings - shown : 0;
  const std::size_t good = report.files.size() - with_findings;
  if (hidden > 0)
    text += fmt::format("... and {} more with findings (--report lists all)\n", hidden);
  if (report.files.size() > most && good > 0) {
    text += fmt::format("{} files without findings\n", GroupDigits(static_cast<int64_t>(good)));
  }
  return text;
}

std::string SymbolTable(const ScanReport& report, std::size_t width) {
  TextTable table({{"symbol", false, true},
                   {"files", true},
                   {"rows", true},
                   {"first"},
                   {"last"},
                   {"overlaps", true},
                   {"gaps between", true},
                   {"longest", true}});
  for (const SymbolFindings& symbol : report.symbols) {
    table.AddRow({symbol.symbol.empty() ? "?" : symbol.symbol, GroupDigits(symbol.files),
                  GroupDigits(symbol.rows), Time(symbol.min_time_ns), Time(symbol.max_time_ns),
                  GroupDigits(symbol.overlaps), GroupDigits(symbol.gaps_between.count),
                  LongestGap(symbol.gaps_between)});
  }
  return table.ToString(width);
}

}  // namespace

std::string ScanCsv(const ScanReport& report) {
  std::string csv = CsvRow(kCsvColumns);
  for (const FileFindings& file : report.files) csv += CsvRow(CsvFields(file));
  return csv + CsvRow(CsvFields(report.totals));
}

std::string ScanJson(const ScanReport& report) {
  Json json;
  json["folder"] = ToUtf8(report.folder);
  json["deep"] = report.options.deep;
  json["gap_s"] = Seconds(report.options.gap_allowed);
  json["totals"] = ToJson(report.totals);
  json["symbols"] = Json::array();
  for (const SymbolFindings& symbol : report.symbols) json["symbols"].push_back(ToJson(symbol));
  json["files"] = Json::array();
  for (const FileFindings& file : report.files) json["files"].push_back(ToJson(file));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::size_t> WorstFirst(const ScanReport& report) {
  std::vector<std::size_t> order(report.files.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto badness = [&](std::size_t i) {
    const FileFindings& file = report.files[i];
    return std::tuple(file.error.has_value(), file.MayHaveNonPositive(), RowsAtFault(file),
                      file.gaps ? file.gaps->Longest() : Nanos{0});
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return badness(a) > badness(b); });
  return order;
}

std::string ScanTable(const ScanReport& report, std::size_t width, std::size_t most) {
  std::string text = FileTable(report, width, most);
  if (!text.empty()) text += '\n';
  return text + SymbolTable(report, width);
}

}  // namespace tickhouse::report
