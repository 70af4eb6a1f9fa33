// Any bytes as tick CSV: no crash, and the fast path, the slow path and any cut see the same.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tickhouse/core/check.h"
#include "tickhouse/io/csv/csv_tick_parser.h"

namespace tickhouse::io {
namespace {

/// Rows and rejects as one string; equal if and only if all of them are.
void Describe(ParsedCsv* parsed, int64_t lines_before, std::string* out) {
  for (const RejectedRow& row : parsed->rejected) {
    *out += std::to_string(row.line + lines_before) + ":" + row.reason + ":" + row.row + "\n";
  }
  parsed->rejected.clear();
}

void DescribeRows(ParsedCsv* parsed, std::string* out) {
  TickBatch rows;
  parsed->MoveRowsTo(&rows);
  const auto add = [out](const std::vector<double>& column, std::size_t row) {
    if (row >= column.size()) return;
    const double value = column[row] == column[row] ? column[row] : 0.125;
    *out += std::to_string(std::bit_cast<uint64_t>(value)) + ",";
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    *out += std::to_string(rows.time_ns[i]) + ",";
    for (const auto* column :
         {&rows.bid, &rows.ask, &rows.volume, &rows.bid_volume, &rows.ask_volume}) {
      add(*column, i);
    }
  }
}

/// Cut behind the first line end at or after `cut`.
std::string Parse(std::string_view text, const CsvParseOptions& options, std::size_t cut) {
  std::size_t end = text.find('\n', std::min(cut, text.size()));
  end = end == std::string_view::npos ? text.size() : end + 1;
  CsvCarry carry;
  ParsedCsv parsed;
  std::string rejects;
  std::string rows;
  int64_t lines = 0;
  bool first = true;
  for (const std::string_view part : {text.substr(0, end), text.substr(end)}) {
    const std::unique_ptr<char[]> copy(new char[part.size()]);
    std::copy_n(part.data(), part.size(), copy.get());
    ParseCsvChunk({copy.get(), part.size()}, first, options, &carry, &parsed);
    Describe(&parsed, lines, &rejects);
    DescribeRows(&parsed, &rows);
    lines += parsed.lines;
    first = false;
  }
  return rejects + rows;
}

void FuzzOne(std::string_view text) {
  (void)DetectCsvDialect(text);
  (void)ParseTickFileName(text.substr(0, 200));
  if (text.size() < 2) return;
  static const std::array<Zone, 3> zones = {Zone(), Zone::FixedOffset(std::chrono::hours(2)),
                                            Zone::Parse("America/New_York").value()};
  const auto choice = static_cast<unsigned char>(text[0]);
  const auto cut = static_cast<unsigned char>(text[1]);
  text.remove_prefix(2);
  CsvParseOptions options;
  options.dialect = static_cast<CsvDialect>(choice % 7);
  options.with_volumes = choice / 7 % 2 == 0;
  options.source_zone = zones[choice / 14 % zones.size()];
  const std::string whole = Parse(text, options, text.size());
  TICKHOUSE_CHECK(Parse(text, options, std::size_t{cut} * 2) == whole, "a cut changes nothing");
  options.allow_fast_path = false;
  TICKHOUSE_CHECK(Parse(text, options, text.size()) == whole, "both paths see the same");
}

}  // namespace
}  // namespace tickhouse::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  tickhouse::io::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
