// The Thrift compact protocol, as far as Parquet's page headers, indexes and footers need it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/byte_reader.h"

namespace tickhouse::io {

enum class ThriftType : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
};

/// Writes fields in ascending order of their ids; structs nest at most kThriftDepth deep.
inline constexpr int kThriftDepth = 32;

class ThriftWriter {
 public:
  explicit ThriftWriter(ByteBuffer* out) : out_(out) {}
  void Byte(int field, int8_t value);
  void I16(int field, int16_t value);
  void I32(int field, int32_t value);
  void I64(int field, int64_t value);
  void Bool(int field, bool value);
  void Binary(int field, std::string_view bytes);
  void BeginStruct(int field);
  void EndStruct();

  /// Elements follow: structs between BeginElement and EndStruct, others by the calls below.
  void BeginList(int field, ThriftType element, std::size_t size);
  void BeginElement();
  void IntegerElement(int64_t value);
  void BinaryElement(std::string_view bytes);
  void BoolElement(bool value);

 private:
  void Field(int field, ThriftType type);
  ByteBuffer* out_;
  int last_[kThriftDepth] = {};
  int depth_ = 0;
};

/// Reads bytes from outside. Once something was malformed every further read is a no-op that leaves
/// its target untouched, `NextField` and lists end, and `failed()` stays true.
class ThriftReader {
 public:
  explicit ThriftReader(std::span<const uint8_t> bytes) : in_(bytes) {}

  bool failed() const { return failed_; }
  std::size_t left() const { return in_.left(); }

  /// A struct's body: `BeginStruct(); while (NextField(&id, &type)) ...; EndStruct();`. Each field
  /// must be read or skipped.
  void BeginStruct();
  bool NextField(int* field, ThriftType* type);
  void EndStruct();

  void Skip(ThriftType type);

  /// Reads an integer of any width; another type is skipped and leaves `*value` alone.
  void Integer(ThriftType type, int64_t* value);
  void Integer(ThriftType type, int32_t* value);
  void Bool(ThriftType type, bool* value);
  /// A view into the bytes given to the constructor.
  void Binary(ThriftType type, std::string_view* value);
  /// The number of elements to follow (0 for a malformed list) and their type. A list cannot claim
  /// more elements than bytes are left.
  uint32_t ListHeader(ThriftType type, ThriftType* element);
  /// One boolean element of a list.
  bool BoolElement();

 private:
  void SkipDepth(ThriftType type, int depth);
  void Fail() { failed_ = true; }
  ByteReader in_;
  bool failed_ = false;
  int last_[kThriftDepth] = {};
  int depth_ = 0;
};

}  // namespace tickhouse::io
