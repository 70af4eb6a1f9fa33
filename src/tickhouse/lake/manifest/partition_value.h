// Partition values in Avro: types there and back, bytes there and back.
#pragma once

#include <optional>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/avro/avro_decoder.h"
#include "tickhouse/lake/avro/avro_schema.h"
#include "tickhouse/lake/format/type.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

/// The Avro type the specification's appendix A gives for a primitive type; fixed types are named
/// after `field_id`. kUnsupported for nested and opaque types.
Result<AvroSchema> AvroTypeOf(const Type& type, int field_id);

/// The way back; kOpaque for what no primitive type is written as.
Type TypeOfAvro(const AvroSchema& schema);

/// True when `value` has the representation of `type`.
bool FitsType(const Type& type, const Value& value);

/// A value that fits, as `AvroTypeOf` says.
void WritePartitionValue(const Type& type, const Value& value, AvroEncoder* out);

/// Written as `written`, wanted as `type`: int as long, float as double. A failure is the
/// decoder's.
Value ReadPartitionValue(AvroDecoder& in, const AvroSchema& written, const Type& type);

}  // namespace tickhouse::lake
