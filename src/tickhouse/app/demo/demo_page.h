// The page of a demo, from what its stages answered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/app/run_report.h"
#include "tickhouse/app/stats.h"
#include "tickhouse/quality/scan.h"
#include "tickhouse/report/html_report.h"

namespace tickhouse::app {

/// Two counts that must be one.
struct DemoCheck {
  std::string what;  ///< "rows converted = rows scanned"
  int64_t left = 0;
  int64_t right = 0;
  bool holds() const { return left == right; }
};

struct DemoFacts {
  std::string subtitle;    ///< Where the ticks come from, program, threads.
  std::string labels_csv;  ///< Of the generator; empty: none.
  std::vector<report::StageLine> stages;
  std::vector<DemoCheck> checks;
  quality::ScanReport scan;
  std::vector<SymbolStatistics> symbols;
  report::PageSection lakehouse;  ///< Without a title: there is none.
  std::vector<Problem> problems;
  std::vector<std::string> outputs;  ///< Relative to the page.
  std::string finished;              ///< When, in UTC.
};

report::HtmlReport MakeDemoPage(const DemoFacts& facts);

}  // namespace tickhouse::app
