// From names and texts to fields and values.
#pragma once

#include "tickhouse/core/error.h"
#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/format/type.h"

namespace tickhouse::lake {

/// Columns are found by name, else by name in another case where only one fits; negations are
/// pushed down to the conditions. A literal that no value of the type equals is rounded (1.5
/// against integers, microseconds against days) or folded away where all values lie on one side of
/// it. kInvalidArgument names the column and the known ones, or the literal and its expected form;
/// kUnsupported for columns inside lists and maps and for types without literals.
Result<Predicate> Bind(const Expression& expression, const Schema& schema);

/// Parsed and bound; kTrue for empty text.
Result<Predicate> BindText(std::string_view filter, const Schema& schema);

}  // namespace tickhouse::lake
