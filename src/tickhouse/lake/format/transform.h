// Partition and sort transforms of the specification, and what they do to filters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tickhouse/lake/format/type.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

enum class TransformKind {
  kIdentity,
  kBucket,
  kTruncate,
  kYear,
  kMonth,
  kDay,
  kHour,
  kVoid,
  kUnknown,  ///< Read, kept, and never used to leave out a file.
};

struct Transform {
  TransformKind kind = TransformKind::kIdentity;
  int parameter = 0;         ///< Buckets or width.
  std::string unknown = {};  ///< kUnknown: as written.

  /// "identity", "bucket[16]", "year".
  std::string ToString() const;
  /// Type of the result; kInvalidArgument when the source type does not allow the transform.
  Result<Type> ResultType(const Type& source) const;
  /// Null in, null out; void always answers null. Instants before 1970 floor. Source and transform
  /// must fit (`ResultType` succeeded).
  std::optional<Value> Apply(const Type& source, const std::optional<Value>& value) const;
  /// True when `a <= b` implies `Apply(a) <= Apply(b)`: not for bucket, void and unknown.
  bool PreservesOrder() const;
  /// A result as people and paths read it: year 51 is "2021", day 18628 is "2021-01-01".
  std::string ResultToText(const Type& source, const std::optional<Value>& value) const;
  bool operator==(const Transform&) const = default;
};

/// Never fails: what is not known is kUnknown.
Transform ParseTransform(std::string_view text);

/// Murmur3, 32 bit, x86 variant, seed 0, over the bytes the specification names for the type.
int32_t BucketHash(const Type& type, const Value& value);

}  // namespace tickhouse::lake
