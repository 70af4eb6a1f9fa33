// A column's type in Arrow, and the text of a value as one.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// By the engine's word where its kind leaves a choice (widths of integers, digits of decimals,
/// nanoseconds); an integer of 128 bits is a decimal of 38 digits.
std::shared_ptr<arrow::DataType> ArrowTypeOf(const Column& column);

/// False when the text is no value of the type. `builder` is of `type`.
bool AppendCell(const arrow::DataType& type, std::string_view text, arrow::ArrayBuilder* builder);

}  // namespace tickhouse::sql
