// Records of one schema read as what the caller wants, matched by field id.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/lake/avro/avro_decoder.h"

namespace tickhouse::lake {

/// One field that the caller wants. `read` gets the type that the value was written with (of a
/// union: the branch) and is not called for a null, nor for a field that the file lacks: the
/// member's initial value is the default.
template <typename T>
struct AvroMember {
  int id = 0;
  std::string_view name;  ///< Tried for fields that were written without ids.
  bool required = false;
  std::function<void(AvroDecoder& in, const AvroSchema& written, T* out)> read;
};

/// Safe for several threads. The schema must outlive it.
template <typename T>
class AvroRecordReader {
 public:
  /// kCorrupt when `schema` is no record or lacks a required member. Fields that nobody wants are
  /// passed over.
  static Result<AvroRecordReader> Resolve(const AvroSchema& schema,
                                          std::vector<AvroMember<T>> members) {
    if (schema.kind != AvroKind::kRecord) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("Avro schema: {} where a record belongs", AvroKindName(schema.kind)));
    }
    AvroRecordReader reader;
    reader.members_ = std::move(members);
    std::vector<bool> found(reader.members_.size());
    for (const AvroField& field : schema.fields) {
      const std::size_t index = reader.Find(field);
      if (index < found.size()) found[index] = true;
      reader.steps_.push_back({.schema = &field.type, .member = index});
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      const AvroMember<T>& member = reader.members_[i];
      if (!member.required || found[i]) continue;
      return Fail(ErrorKind::kCorrupt, fmt::format("Avro schema: record {} has no field {} ({})",
                                                   schema.name, member.id, member.name));
    }
    return reader;
  }

  /// A failure is the decoder's.
  void Read(AvroDecoder& in, T* out) const {
    for (const Step& step : steps_) {
      if (step.member == members_.size()) {
        in.Skip(*step.schema);
        continue;
      }
      const AvroMember<T>& member = members_[step.member];
      const AvroSchema* schema = step.schema;
      if (schema->kind == AvroKind::kUnion) schema = in.Branch(*schema);
      if (schema == nullptr) return;
      if (schema->kind != AvroKind::kNull) {
        member.read(in, *schema, out);
      } else if (member.required) {
        in.SetFailure("null in a field that must have a value");
      }
      if (in.failed()) return;
    }
  }

 private:
  struct Step {
    const AvroSchema* schema;
    std::size_t member;  ///< members_.size(): pass over.
  };

  std::size_t Find(const AvroField& field) const {
    std::size_t i = 0;
    while (i < members_.size() &&
           !(field.id ? *field.id == members_[i].id : field.name == members_[i].name)) {
      ++i;
    }
    return i;
  }

  std::vector<AvroMember<T>> members_;
  std::vector<Step> steps_;
};

/// Calls `element(written)` for each element of an array.
template <typename Function>
void ReadAvroArray(AvroDecoder& in, const AvroSchema& schema, Function element) {
  if (schema.kind != AvroKind::kArray) {
    in.SetFailure("another type than array, which is needed here");
    return;
  }
  for (int64_t count = in.BlockCount(); count > 0; count = in.BlockCount()) {
    for (int64_t i = 0; i < count && !in.failed(); ++i) element(schema.items[0]);
  }
}

}  // namespace tickhouse::lake
