// Literals of a filter against the type of their column.
#pragma once

#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/format/type.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

/// Where a literal lies among the values of a type: on one, strictly between one and the next (1.5
/// among integers, a noon among days), or outside of them all (3e9 among 32-bit integers, the year
/// 2500 among nanoseconds).
struct FilterLiteral {
  enum class Place { kOn, kAfter, kBelowAll, kAboveAll };
  Place place = Place::kOn;
  Value value = {};  ///< kOn: it; kAfter: the greatest value below it.
};

/// kInvalidArgument with the expected form.
Result<FilterLiteral> ReadFilterLiteral(const Type& type, std::string_view text);

}  // namespace tickhouse::lake
