#include "tickhouse/app/demo/demo_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "tickhouse/report/plot/tick_plots.h"
#include "tickhouse/report/scan_text.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

using quality::FileFindings;
using quality::Gap;
using report::GroupDigits;
using report::PageSection;
using report::PageTable;

constexpr std::size_t kMostRows = 50;
constexpr std::size_t kMostGaps = 12;

std::string Time(const std::optional<int64_t>& time_ns) {
  return time_ns ? FormatUtc(FromNanos(*time_ns)) : "";
}

std::string Count(const std::optional<int64_t>& count) {
  return count ? GroupDigits(*count) : "";
}

double Seconds(Nanos duration) {
  return std::chrono::duration<double>(duration).count();
}

PageSection InputSection(const DemoFacts& facts) {
  PageTable table;
  table.columns = {{"symbol"},           {"files", true},     {"ticks", true},
                   {"first tick (UTC)"}, {"last tick (UTC)"}, {"overlaps", true}};
  for (const quality::SymbolFindings& symbol : facts.scan.symbols) {
    table.rows.push_back({symbol.symbol, GroupDigits(symbol.files), GroupDigits(symbol.rows),
                          Time(symbol.min_time_ns), Time(symbol.max_time_ns),
                          GroupDigits(symbol.overlaps)});
  }
  table.when_empty = "no tick was converted";
  return {"Input", "What was converted, by symbol.", {std::move(table)}, {}};
}

PageTable FileTable(const quality::ScanReport& scan) {
  PageTable table;
  table.caption = scan.files.size() > kMostRows
                      ? fmt::format("The worst {} of {} files", kMostRows, scan.files.size())
                      : "By file, worst first";
  table.columns = {{"file"},
                   {"rows", true},
                   {"order breaks", true},
                   {"duplicates", true},
                   {"crossed", true},
                   {"price ≤ 0", true},
                   {"nulls", true},
                   {"gaps", true},
                   {"longest gap", true},
                   {"error"}};
  for (const std::size_t index : report::WorstFirst(scan)) {
    if (table.rows.size() == kMostRows) break;
    const FileFindings& file = scan.files[index];
    const bool counted = file.date_time_nulls && file.bid_nulls && file.ask_nulls;
    table.rows.push_back(
        {file.file, Count(file.rows), Count(file.order_breaks), Count(file.duplicates),
         Count(file.crossed), Count(file.non_positive),
         counted ? GroupDigits(*file.date_time_nulls + *file.bid_nulls + *file.ask_nulls) : "",
         file.gaps ? GroupDigits(file.gaps->count) : "",
         file.gaps && file.gaps->count > 0 ? report::ShortDuration(Seconds(file.gaps->Longest()))
                                           : "",
         file.error ? file.error->ToString() : ""});
  }
  table.when_empty = "no file";
  return table;
}

PageTable GapTable(const quality::ScanReport& scan) {
  std::vector<std::pair<const FileFindings*, const Gap*>> gaps;
  for (const FileFindings& file : scan.files) {
    if (!file.gaps) continue;
    for (const Gap& gap : file.gaps->longest) gaps.emplace_back(&file, &gap);
  }
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const auto& a, const auto& b) { return a.second->open > b.second->open; });
  PageTable table;
  table.caption = "Longest gaps";
  table.columns = {{"symbol"}, {"from (UTC)"}, {"to (UTC)"}, {"market open for", true}};
  for (const auto& [file, gap] : gaps) {
    if (table.rows.size() == kMostGaps) break;
    table.rows.push_back({file->symbol, FormatUtc(gap->range.begin), FormatUtc(gap->range.end),
                          report::ShortDuration(Seconds(gap->open))});
  }
  table.when_empty = "no gap longer than allowed";
  return table;
}

// The generator's own list: no field of it is quoted.
PageTable LabelTable(const std::string& csv) {
  PageTable table;
  table.caption = "Faults the generator put in, to compare";
  table.columns = {{"symbol"},   {"kind"},       {"from (UTC)"},
                   {"to (UTC)"}, {"rows", true}, {"size", true}};
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && table.rows.size() < kMostRows) {
    std::istringstream fields(line);
    std::vector<std::string> row;
    for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
    if (row.size() == 7) table.rows.push_back({row[0], row[1], row[2], row[3], row[5], row[6]});
  }
  table.when_empty = "none";
  return table;
}

PageSection FindingsSection(const DemoFacts& facts) {
  const std::string gap = report::ShortDuration(Seconds(facts.scan.options.gap_allowed));
  PageSection section{
      "Findings",
      "Every page of the converted files was decoded and judged; nothing was changed. A "
      "gap is more than " +
          gap + " of open market without a tick.",
      {FileTable(facts.scan), GapTable(facts.scan)},
      {}};
  if (!facts.labels_csv.empty()) section.tables.push_back(LabelTable(facts.labels_csv));
  return section;
}

PageSection ChecksSection(const DemoFacts& facts) {
  PageTable checks;
  checks.columns = {{"must be equal"}, {"left", true}, {"right", true}, {"result"}};
  for (const DemoCheck& check : facts.checks) {
    checks.rows.push_back({check.what, GroupDigits(check.left), GroupDigits(check.right),
                           check.holds() ? "✓" : "differs"});
  }
  PageTable problems;
  problems.caption = "Problems";
  problems.columns = {{"item"}, {"kind"}, {"what"}};
  for (const Problem& problem : facts.problems) {
    if (problems.rows.size() == kMostRows) break;
    problems.rows.push_back({problem.item, problem.kind, problem.message});
  }
  problems.when_empty = "No problem in any stage.";
  return {"Checks", "", {std::move(checks), std::move(problems)}, {}};
}

PageSection FilesSection(const DemoFacts& facts) {
  PageTable table;
  table.columns = {{"written beside this page"}};
  for (const std::string& output : facts.outputs) table.rows.push_back({output});
  table.when_empty = "nothing";
  return {"Files", "", {std::move(table)}, {}};
}

std::vector<report::Figure> Figures(const DemoFacts& facts) {
  double seconds = 0;
  std::optional<double> convert_rate;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  for (const report::StageLine& stage : facts.stages) {
    seconds += stage.seconds;
    if (stage.name == "convert") {
      convert_rate = stage.RowsPerSecond();
      rows_in = stage.rows_in.value_or(0);
    }
    if (stage.name == "clean") rows_out = stage.rows_out.value_or(0);
  }
  const auto with_findings =
      std::count_if(facts.scan.files.begin(), facts.scan.files.end(),
                    [](const FileFindings& file) { return file.HasFindings(); });
  return {{GroupDigits(rows_in), "raw ticks"},
          {GroupDigits(rows_out), "clean ticks, one a second"},
          {GroupDigits(static_cast<int64_t>(facts.scan.symbols.size())), "symbols"},
          {fmt::format("{} of {}", with_findings, facts.scan.files.size()), "files with findings"},
          {report::ShortDuration(seconds), "all stages"},
          {convert_rate ? report::ShortNumber(*convert_rate) : "–", "ticks a second converted"}};
}

}  // namespace

report::HtmlReport MakeDemoPage(const DemoFacts& facts) {
  report::HtmlReport page;
  page.title = facts.lakehouse.title.empty() ? "From raw ticks to clean data"
                                             : "From raw ticks to a lakehouse";
  page.subtitle = facts.subtitle;
  page.figures = Figures(facts);
  page.stages = facts.stages;
  page.sections = {InputSection(facts), FindingsSection(facts), ChecksSection(facts)};
  if (!facts.lakehouse.title.empty()) page.sections.push_back(facts.lakehouse);
  for (const SymbolStatistics& symbol : facts.symbols) {
    page.sections.push_back(
        {symbol.symbol, "", {}, report::PlotsOf(symbol.symbol, symbol.statistics)});
  }
  page.sections.push_back(FilesSection(facts));
  page.footer = "Finished " + facts.finished + ".";
  return page;
}

}  // namespace tickhouse::app
