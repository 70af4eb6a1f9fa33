#include "tickhouse/lake/manifest/partition_value.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace tickhouse::lake {
namespace {

constexpr int kUuidBytes = 16;
constexpr std::size_t kInt128Bytes = 16;

// The least number of bytes whose two's complement holds every number of `precision` digits.
int DecimalBytes(int precision) {
  Int128 limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  int bytes = 1;
  for (Int128 half = 128; half < limit && bytes < kUuidBytes; half *= 256) ++bytes;
  return bytes;
}

AvroSchema Timestamp(const char* logical_type, bool adjust_to_utc) {
  AvroSchema schema = AvroPrimitive(AvroKind::kLong, logical_type);
  schema.adjust_to_utc = adjust_to_utc;
  return schema;
}

AvroSchema Fixed(std::string name, int size, std::string logical_type = {}) {
  return {.kind = AvroKind::kFixed,
          .name = std::move(name),
          .logical_type = std::move(logical_type),
          .size = size};
}

AvroSchema Decimal(const Type& type, int field_id) {
  AvroSchema schema = Fixed(fmt::format("decimal_{}_{}_{}", type.precision, type.scale, field_id),
                            DecimalBytes(type.precision), "decimal");
  schema.precision = type.precision;
  schema.scale = type.scale;
  return schema;
}

void WriteDecimal(const Type& type, Int128 value, AvroEncoder* out) {
  std::string bytes(static_cast<std::size_t>(DecimalBytes(type.precision)), '\0');
  for (std::size_t i = bytes.size(); i > 0; --i, value >>= 8) {
    bytes[i - 1] = static_cast<char>(value & 0xFF);
  }
  out->Raw(bytes);
}

Int128 ReadDecimal(AvroDecoder& in, const AvroSchema& written) {
  const std::string_view bytes = in.Text(written);
  if (bytes.empty() || bytes.size() > kInt128Bytes) {
    in.SetFailure("a decimal of no or more than 16 bytes");
    return 0;
  }
  Int128 value = static_cast<signed char>(bytes[0]) < 0 ? -1 : 0;
  for (const char c : bytes) {
    value = static_cast<Int128>((static_cast<unsigned __int128>(value) << 8) |
                                static_cast<unsigned char>(c));
  }
  return value;
}

Value ReadInt(AvroDecoder& in, const AvroSchema& written) {
  const int64_t value = in.Integer(written);
  if (!std::in_range<int32_t>(value)) in.SetFailure("an int of more than 32 bits");
  return {static_cast<int32_t>(value)};
}

Value ReadSized(AvroDecoder& in, const AvroSchema& written, int size) {
  std::string bytes(in.Text(written));
  if (!in.failed() && bytes.size() != static_cast<std::size_t>(size)) {
    in.SetFailure("a fixed value of another length than its type");
  }
  return {std::move(bytes)};
}

TypeKind KindOfAvroLong(const AvroSchema& schema) {
  const bool utc = schema.adjust_to_utc.value_or(false);
  if (schema.logical_type == "time-micros") return TypeKind::kTime;
  if (schema.logical_type == "timestamp-micros") {
    return utc ? TypeKind::kTimestampTz : TypeKind::kTimestamp;
  }
  if (schema.logical_type == "timestamp-nanos") {
    return utc ? TypeKind::kTimestampTzNs : TypeKind::kTimestampNs;
  }
  return TypeKind::kLong;
}

TypeKind KindOfAvro(const AvroSchema& schema) {
  const bool decimal = schema.logical_type == "decimal";
  switch (schema.kind) {
    case AvroKind::kBoolean: return TypeKind::kBoolean;
    case AvroKind::kInt: return schema.logical_type == "date" ? TypeKind::kDate : TypeKind::kInt;
    case AvroKind::kLong: return KindOfAvroLong(schema);
    case AvroKind::kFloat: return TypeKind::kFloat;
    case AvroKind::kDouble: return TypeKind::kDouble;
    case AvroKind::kString: return TypeKind::kString;
    case AvroKind::kBytes: return decimal ? TypeKind::kDecimal : TypeKind::kBinary;
    case AvroKind::kFixed:
      if (decimal) return TypeKind::kDecimal;
      return schema.logical_type == "uuid" ? TypeKind::kUuid : TypeKind::kFixed;
    default: return TypeKind::kOpaque;
  }
}

}  // namespace

Result<AvroSchema> AvroTypeOf(const Type& type, int field_id) {
  switch (type.kind) {
    case TypeKind::kBoolean: return AvroPrimitive(AvroKind::kBoolean);
    case TypeKind::kInt: return AvroPrimitive(AvroKind::kInt);
    case TypeKind::kLong: return AvroPrimitive(AvroKind::kLong);
    case TypeKind::kFloat: return AvroPrimitive(AvroKind::kFloat);
    case TypeKind::kDouble: return AvroPrimitive(AvroKind::kDouble);
    case TypeKind::kDecimal: return Decimal(type, field_id);
    case TypeKind::kDate: return AvroPrimitive(AvroKind::kInt, "date");
    case TypeKind::kTime: return AvroPrimitive(AvroKind::kLong, "time-micros");
    case TypeKind::kTimestamp: return Timestamp("timestamp-micros", false);
    case TypeKind::kTimestampTz: return Timestamp("timestamp-micros", true);
    case TypeKind::kTimestampNs: return Timestamp("timestamp-nanos", false);
    case TypeKind::kTimestampTzNs: return Timestamp("timestamp-nanos", true);
    case TypeKind::kString: return AvroPrimitive(AvroKind::kString);
    case TypeKind::kUuid: return Fixed(fmt::format("uuid_fixed_{}", field_id), kUuidBytes, "uuid");
    case TypeKind::kFixed:
      return Fixed(fmt::format("fixed_{}_{}", type.length, field_id), type.length);
    case TypeKind::kBinary: return AvroPrimitive(AvroKind::kBytes);
    case TypeKind::kStruct:
    case TypeKind::kList:
    case TypeKind::kMap:
    case TypeKind::kOpaque: break;
  }
  return Fail(ErrorKind::kUnsupported,
              fmt::format("partition field {}: a partition by values of type {}", field_id,
                          type.ToString()));
}

Type TypeOfAvro(const AvroSchema& schema) {
  Type type;
  type.kind = KindOfAvro(schema);
  type.precision = schema.precision;
  type.scale = schema.scale;
  type.length = schema.size;
  if (type.kind == TypeKind::kOpaque) type.name = AvroKindName(schema.kind);
  return type;
}

bool FitsType(const Type& type, const Value& value) {
  switch (type.kind) {
    case TypeKind::kBoolean: return std::holds_alternative<bool>(value.data);
    case TypeKind::kInt:
    case TypeKind::kDate: return std::holds_alternative<int32_t>(value.data);
    case TypeKind::kLong:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: return std::holds_alternative<int64_t>(value.data);
    case TypeKind::kFloat: return std::holds_alternative<float>(value.data);
    case TypeKind::kDouble: return std::holds_alternative<double>(value.data);
    case TypeKind::kDecimal: return std::holds_alternative<Int128>(value.data);
    case TypeKind::kString:
    case TypeKind::kBinary: return std::holds_alternative<std::string>(value.data);
    case TypeKind::kUuid:
    case TypeKind::kFixed: {
      const auto* bytes = std::get_if<std::string>(&value.data);
      const int size = type.kind == TypeKind::kUuid ? kUuidBytes : type.length;
      return bytes != nullptr && bytes->size() == static_cast<std::size_t>(size);
    }
    default: return false;
  }
}

void WritePartitionValue(const Type& type, const Value& value, AvroEncoder* out) {
  const auto& data = value.data;
  if (const auto* truth = std::get_if<bool>(&data)) return out->Boolean(*truth);
  if (const auto* number = std::get_if<int32_t>(&data)) return out->Int(*number);
  if (const auto* number = std::get_if<int64_t>(&data)) return out->Long(*number);
  if (const auto* number = std::get_if<float>(&data)) return out->Float(*number);
  if (const auto* number = std::get_if<double>(&data)) return out->Double(*number);
  if (const auto* number = std::get_if<Int128>(&data)) return WriteDecimal(type, *number, out);
  const std::string& bytes = std::get<std::string>(data);
  const bool fixed = type.kind == TypeKind::kFixed || type.kind == TypeKind::kUuid;
  fixed ? out->Raw(bytes) : out->Bytes(bytes);
}

Value ReadPartitionValue(AvroDecoder& in, const AvroSchema& written, const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean: return {in.Truth(written)};
    case TypeKind::kInt:
    case TypeKind::kDate: return ReadInt(in, written);
    case TypeKind::kFloat: return {static_cast<float>(in.Real(written))};
    case TypeKind::kDouble: return {in.Real(written)};
    case TypeKind::kDecimal: return {ReadDecimal(in, written)};
    case TypeKind::kString:
    case TypeKind::kBinary: return {std::string(in.Text(written))};
    case TypeKind::kUuid: return ReadSized(in, written, kUuidBytes);
    case TypeKind::kFixed: return ReadSized(in, written, type.length);
    case TypeKind::kLong:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: return {in.Integer(written)};
    default: in.SetFailure("a partition value of a type that partitions cannot have"); return {};
  }
}

}  // namespace tickhouse::lake
