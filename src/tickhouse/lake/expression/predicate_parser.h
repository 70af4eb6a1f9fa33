// The filter language of the command line:
//
//   datetime >= '2021-01-04' and datetime < 2021-01-05T07:50 and not (bid > 1.25 or side in ('B'))
//
// Comparisons = == != <> < <= > >=, `between a and b`, `in (...)`, `not in (...)`, `is [not] null`,
// `is [not] nan`, `[not] starts with '...'`, and, or, not, true, false, parentheses; `not` binds
// tighter than `and`, `and` tighter than `or`. Keywords in any case. A name that is no plain word
// or is a keyword stands in "double quotes" or `backquotes`, a text in 'single quotes'; a quote
// within is doubled. Numbers, days and instants need no quotes. A literal may stand on the left.
#pragma once

#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/expression/predicate.h"

namespace tickhouse::lake {

/// kInvalidArgument: "filter, column 12: ..." with what was expected; columns count characters from
/// 1. At most 1 MiB of text and 200 levels.
Result<Expression> ParseExpression(std::string_view text);

}  // namespace tickhouse::lake
