// The last steps of a demo: its clean ticks as tables with history, by the use cases of the
// commands `lake` and `sql`.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/app/demo/demo_page.h"
#include "tickhouse/app/environment.h"
#include "tickhouse/core/error.h"
#include "tickhouse/report/html_report.h"

namespace tickhouse::app {

struct DemoLakeRequest {
  std::string clean;     ///< CLEAN/SYMBOL/SYMBOL.parquet.
  std::string incoming;  ///< Folder for files that are removed again.
  std::string folder;    ///< The workspace; nothing must be there.
};

struct DemoLake {
  std::vector<report::StageLine> stages = {};
  std::vector<DemoCheck> checks = {};
  std::vector<Problem> problems = {};
  report::PageSection section = {};
  std::string text = {};  ///< What was seen, in a few lines.
  std::string json = {};  ///< One object.
};

/// Migrates everything but the last day and tags it `first-load`, migrates that day, asks the
/// tables now and at the tag, rolls the first table back to it and forward again, so that all rows
/// are there at the end. A step that fails is a problem, and the steps after it are left out;
/// kCancelled is the only error.
Result<DemoLake> MakeDemoLake(const DemoLakeRequest& request, Environment& environment);

}  // namespace tickhouse::app
