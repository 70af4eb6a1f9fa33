// Lengths of time on the command line.
#pragma once

#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse::cli {

/// "500ms", "60s", "5m" or "5min", "2h", "1d"; a bare number means seconds; parts may have a
/// fraction
/// ("1.5h"). Positive and at most 366 days, else kInvalidArgument.
Result<Nanos> ParseDuration(std::string_view text);

}  // namespace tickhouse::cli
