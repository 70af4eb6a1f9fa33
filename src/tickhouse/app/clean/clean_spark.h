// The bridge between the inputs of `clean` and the Spark that does the work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tickhouse/app/clean.h"
#include "tickhouse/app/clean/clean_inputs.h"
#include "tickhouse/core/market/window.h"

namespace tickhouse::app {

struct SparkInput {
  const SymbolInputs* of = nullptr;
  std::string rows_folder;  ///< Where its rows are left.
};

/// Runs one Spark application over all symbols; errors as sql::CleanOnSpark.
Status CleanInputsOnSpark(const Environment& environment, const CleanRequest& request,
                          const std::optional<WindowSchedule>& schedule,
                          const std::vector<SparkInput>& symbols, const std::string& folder);

/// The Parquet files that Spark left in a rows folder. kIo when there is none.
Result<std::vector<CleanInput>> FindSparkRows(const Environment& environment,
                                              const std::string& rows_folder);

}  // namespace tickhouse::app
