#include "tickhouse/lake/avro/avro_decoder.h"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace tickhouse::lake {
namespace {

// Avro is little-endian, and so is everything this program runs on.
static_assert(std::endian::native == std::endian::little);

template <typename T>
T FromBytes(std::string_view bytes) {
  T value{};
  if (bytes.size() == sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

template <typename T>
std::string_view AsBytes(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

// Values of such a type can be claimed by the billion without a byte to show for them.
bool TakesNoBytes(const AvroSchema& schema) {
  if (schema.kind == AvroKind::kNull) return true;
  if (schema.kind == AvroKind::kFixed) return schema.size == 0;
  if (schema.kind != AvroKind::kRecord) return false;
  for (const AvroField& field : schema.fields) {
    if (!TakesNoBytes(field.type)) return false;
  }
  return true;
}

}  // namespace

void AvroDecoder::SetFailure(const char* reason) {
  if (failed()) return;
  failure_ = reason;
  end_ = at_;
}

int64_t AvroDecoder::LongLoop() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) {
      SetFailure("the bytes end within a number");
      return 0;
    }
    const auto byte = static_cast<unsigned char>(*at_++);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return static_cast<int64_t>((value >> 1) ^ -(value & 1));
  }
  SetFailure("a number of more than 64 bits");
  return 0;
}

int32_t AvroDecoder::Int() {
  const int64_t value = Long();
  if (std::in_range<int32_t>(value)) return static_cast<int32_t>(value);
  SetFailure("an int of more than 32 bits");
  return 0;
}

bool AvroDecoder::Boolean() {
  const std::string_view byte = Fixed(1);
  if (byte.empty()) return false;
  if (byte[0] != 0 && byte[0] != 1) SetFailure("a boolean that is neither 0 nor 1");
  return byte[0] == 1;
}

float AvroDecoder::Float() {
  return FromBytes<float>(Fixed(sizeof(float)));
}

double AvroDecoder::Double() {
  return FromBytes<double>(Fixed(sizeof(double)));
}

std::string_view AvroDecoder::Fixed(std::size_t size) {
  if (size > left()) {
    SetFailure("a value beyond the end of the bytes");
    return {};
  }
  const std::string_view value(at_, size);
  at_ += size;
  return value;
}

std::string_view AvroDecoder::Bytes() {
  const int64_t size = Long();
  if (size < 0) {
    SetFailure("a length below zero");
    return {};
  }
  return Fixed(static_cast<std::size_t>(size));
}

int64_t AvroDecoder::Integer(const AvroSchema& schema) {
  if (schema.kind == AvroKind::kLong) return Long();
  if (schema.kind == AvroKind::kInt) return Int();
  SetFailure("another type than int or long, which is needed here");
  return 0;
}

bool AvroDecoder::Truth(const AvroSchema& schema) {
  if (schema.kind == AvroKind::kBoolean) return Boolean();
  SetFailure("another type than boolean, which is needed here");
  return false;
}

double AvroDecoder::Real(const AvroSchema& schema) {
  if (schema.kind == AvroKind::kDouble) return Double();
  if (schema.kind == AvroKind::kFloat) return Float();
  return static_cast<double>(Integer(schema));
}

std::string_view AvroDecoder::Text(const AvroSchema& schema) {
  if (schema.kind == AvroKind::kString || schema.kind == AvroKind::kBytes) return Bytes();
  if (schema.kind == AvroKind::kFixed) return Fixed(static_cast<std::size_t>(schema.size));
  SetFailure("another type than string, bytes or fixed, which is needed here");
  return {};
}

const AvroSchema* AvroDecoder::Branch(const AvroSchema& schema) {
  const int64_t index = Long();
  if (failed()) return nullptr;
  if (index < 0 || static_cast<std::size_t>(index) >= schema.items.size()) {
    SetFailure("a branch that the union does not have");
    return nullptr;
  }
  return &schema.items[static_cast<std::size_t>(index)];
}

int64_t AvroDecoder::BlockCount() {
  int64_t count = Long();
  if (count < 0) {
    // A negative count is followed by the bytes of the block, for those who pass over it.
    const int64_t bytes = Long();
    if (bytes < 0 || static_cast<uint64_t>(bytes) > left() ||
        count == std::numeric_limits<int64_t>::min()) {
      SetFailure("a block beyond the end of the bytes");
      return 0;
    }
    count = -count;
  }
  if (static_cast<uint64_t>(count) > left()) {
    SetFailure("more elements than bytes are left");
    return 0;
  }
  return count;
}

void AvroDecoder::SkipBlocks(const AvroSchema& schema) {
  while (!failed()) {
    const int64_t count = Long();
    if (count == 0) return;
    if (count < 0) {
      (void)Bytes();
      continue;
    }
    if (schema.kind == AvroKind::kArray && TakesNoBytes(schema.items[0])) continue;
    if (static_cast<uint64_t>(count) > left()) {
      SetFailure("more elements than bytes are left");
      return;
    }
    for (int64_t i = 0; i < count && !failed(); ++i) {
      if (schema.kind == AvroKind::kMap) (void)Bytes();
      Skip(schema.items[0]);
    }
  }
}

void AvroDecoder::Skip(const AvroSchema& schema) {
  switch (schema.kind) {
    case AvroKind::kNull: return;
    case AvroKind::kBoolean: (void)Boolean(); return;
    case AvroKind::kInt:
    case AvroKind::kEnum: (void)Int(); return;
    case AvroKind::kLong: (void)Long(); return;
    case AvroKind::kFloat: (void)Fixed(sizeof(float)); return;
    case AvroKind::kDouble: (void)Fixed(sizeof(double)); return;
    case AvroKind::kBytes:
    case AvroKind::kString: (void)Bytes(); return;
    case AvroKind::kFixed: (void)Fixed(static_cast<std::size_t>(schema.size)); return;
    case AvroKind::kRecord:
      for (const AvroField& field : schema.fields) {
        if (failed()) return;
        Skip(field.type);
      }
      return;
    case AvroKind::kUnion:
      if (const AvroSchema* branch = Branch(schema)) Skip(*branch);
      return;
    case AvroKind::kArray:
    case AvroKind::kMap: SkipBlocks(schema); return;
  }
}

void AvroEncoder::Long(int64_t value) {
  uint64_t rest = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (rest >= 0x80) {
    bytes_ += static_cast<char>(rest | 0x80);
    rest >>= 7;
  }
  bytes_ += static_cast<char>(rest);
}

void AvroEncoder::Float(float value) {
  bytes_ += AsBytes(value);
}

void AvroEncoder::Double(double value) {
  bytes_ += AsBytes(value);
}

void AvroEncoder::Bytes(std::string_view value) {
  Long(static_cast<int64_t>(value.size()));
  bytes_ += value;
}

}  // namespace tickhouse::lake
