#include "tickhouse/io/parquet/format/thrift_compact.h"

#include <limits>

#include "tickhouse/core/check.h"

namespace tickhouse::io {

void ThriftWriter::Field(int field, ThriftType type) {
  const int step = field - last_[depth_];
  TICKHOUSE_CHECK(step > 0 && step <= 15, "fields ascend and lie close together");
  out_->PushByte(static_cast<uint8_t>((step << 4) | static_cast<int>(type)));
  last_[depth_] = field;
}

void ThriftWriter::Byte(int field, int8_t value) {
  Field(field, ThriftType::kByte);
  out_->PushByte(static_cast<uint8_t>(value));
}

void ThriftWriter::I16(int field, int16_t value) {
  Field(field, ThriftType::kI16);
  out_->AppendZigzag(value);
}

void ThriftWriter::I32(int field, int32_t value) {
  Field(field, ThriftType::kI32);
  out_->AppendZigzag(value);
}

void ThriftWriter::I64(int field, int64_t value) {
  Field(field, ThriftType::kI64);
  out_->AppendZigzag(value);
}

void ThriftWriter::Bool(int field, bool value) {
  Field(field, value ? ThriftType::kTrue : ThriftType::kFalse);
}

void ThriftWriter::Binary(int field, std::string_view bytes) {
  Field(field, ThriftType::kBinary);
  out_->AppendVarint(bytes.size());
  out_->Append(bytes.data(), bytes.size());
}

void ThriftWriter::BeginStruct(int field) {
  Field(field, ThriftType::kStruct);
  BeginElement();
}

void ThriftWriter::BeginElement() {
  TICKHOUSE_CHECK(depth_ + 1 < kThriftDepth, "structs nest in a bounded way");
  last_[++depth_] = 0;
}

void ThriftWriter::EndStruct() {
  out_->PushByte(0);
  if (depth_ > 0) --depth_;
}

void ThriftWriter::BeginList(int field, ThriftType element, std::size_t size) {
  Field(field, ThriftType::kList);
  const auto type = static_cast<int>(element);
  if (size < 15) {
    out_->PushByte(static_cast<uint8_t>((static_cast<int>(size) << 4) | type));
  } else {
    out_->PushByte(static_cast<uint8_t>(0xF0 | type));
    out_->AppendVarint(size);
  }
}

void ThriftWriter::IntegerElement(int64_t value) {
  out_->AppendZigzag(value);
}

void ThriftWriter::BinaryElement(std::string_view bytes) {
  out_->AppendVarint(bytes.size());
  out_->Append(bytes.data(), bytes.size());
}

void ThriftWriter::BoolElement(bool value) {
  out_->PushByte(value ? 1 : 2);
}

void ThriftReader::BeginStruct() {
  if (depth_ + 1 >= kThriftDepth) return Fail();
  last_[++depth_] = 0;
}

bool ThriftReader::NextField(int* field, ThriftType* type) {
  uint8_t head = 0;
  if (failed_ || !in_.Read(&head)) {
    Fail();
    return false;
  }
  if (head == 0) return false;
  const int step = head >> 4;
  if (step != 0) {
    *field = last_[depth_] + step;
  } else {
    int64_t id = 0;
    if (!in_.ReadZigzag(&id) || id < 0 || id > std::numeric_limits<int16_t>::max()) {
      Fail();
      return false;
    }
    *field = static_cast<int>(id);
  }
  last_[depth_] = *field;
  const int raw = head & 0x0F;
  if (raw == 0 || raw > static_cast<int>(ThriftType::kStruct)) {
    Fail();
    return false;
  }
  *type = static_cast<ThriftType>(raw);
  return true;
}

void ThriftReader::EndStruct() {
  if (depth_ > 0) --depth_;
}

void ThriftReader::Integer(ThriftType type, int64_t* value) {
  if (type == ThriftType::kI16 || type == ThriftType::kI32 || type == ThriftType::kI64) {
    int64_t read = 0;
    if (failed_ || !in_.ReadZigzag(&read)) return Fail();
    *value = read;
  } else {
    Skip(type);
  }
}

void ThriftReader::Integer(ThriftType type, int32_t* value) {
  int64_t wide = *value;
  Integer(type, &wide);
  if (wide < std::numeric_limits<int32_t>::min() || wide > std::numeric_limits<int32_t>::max()) {
    return Fail();
  }
  *value = static_cast<int32_t>(wide);
}

void ThriftReader::Bool(ThriftType type, bool* value) {
  if (failed_) return;
  if (type == ThriftType::kTrue || type == ThriftType::kFalse) {
    *value = type == ThriftType::kTrue;
  } else {
    Skip(type);
  }
}

void ThriftReader::Binary(ThriftType type, std::string_view* value) {
  if (type != ThriftType::kBinary) return Skip(type);
  uint64_t size = 0;
  if (failed_ || !in_.ReadVarint(&size) || size > in_.left()) return Fail();
  const uint8_t* bytes = in_.Take(static_cast<std::size_t>(size));
  *value = {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

uint32_t ThriftReader::ListHeader(ThriftType type, ThriftType* element) {
  if (type != ThriftType::kList && type != ThriftType::kSet) {
    Skip(type);
    return 0;
  }
  uint8_t head = 0;
  if (failed_ || !in_.Read(&head)) {
    Fail();
    return 0;
  }
  uint64_t size = head >> 4;
  if (size == 15 && !in_.ReadVarint(&size)) Fail();
  const int raw = head & 0x0F;
  if (failed_ || size > in_.left() || raw == 0 || raw > static_cast<int>(ThriftType::kStruct)) {
    Fail();
    return 0;
  }
  *element = static_cast<ThriftType>(raw);
  return static_cast<uint32_t>(size);
}

bool ThriftReader::BoolElement() {
  uint8_t byte = 0;
  if (failed_ || !in_.Read(&byte)) Fail();
  return byte == 1;
}

void ThriftReader::Skip(ThriftType type) {
  SkipDepth(type, 0);
}

void ThriftReader::SkipDepth(ThriftType type, int depth) {
  if (failed_) return;
  if (depth > kThriftDepth) return Fail();
  int64_t number = 0;
  switch (type) {
    case ThriftType::kStop: return Fail();
    case ThriftType::kTrue:
    case ThriftType::kFalse: return;
    case ThriftType::kByte:
      if (in_.Take(1) == nullptr) Fail();
      return;
    case ThriftType::kI16:
    case ThriftType::kI32:
    case ThriftType::kI64:
      if (!in_.ReadZigzag(&number)) Fail();
      return;
    case ThriftType::kDouble:
      if (in_.Take(8) == nullptr) Fail();
      return;
    case ThriftType::kBinary: {
      std::string_view ignored;
      Binary(type, &ignored);
      return;
    }
    case ThriftType::kList:
    case ThriftType::kSet: {
      ThriftType element = ThriftType::kStop;
      const uint32_t count = ListHeader(type, &element);
      const bool is_bool = element == ThriftType::kTrue || element == ThriftType::kFalse;
      for (uint32_t i = 0; i < count && !failed_; ++i) {
        if (is_bool) {
          BoolElement();
        } else {
          SkipDepth(element, depth + 1);
        }
      }
      return;
    }
    case ThriftType::kMap: return Fail();  // Parquet has no map.
    case ThriftType::kStruct: {
      int field = 0;
      ThriftType inner = ThriftType::kStop;
      BeginStruct();
      while (NextField(&field, &inner)) SkipDepth(inner, depth + 1);
      EndStruct();
      return;
    }
  }
}

}  // namespace tickhouse::io
