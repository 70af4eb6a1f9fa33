// Values of Avro's binary encoding, read one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/avro/avro_schema.h"

namespace tickhouse::lake {

/// Reads from `bytes`, which must outlive it. The first failure sticks: later reads answer zero,
/// empty views and no elements, so that a caller may look once at the end. Never reads past the
/// end, never takes memory.
class AvroDecoder {
 public:
  explicit AvroDecoder(std::string_view bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  bool failed() const { return failure_ != nullptr; }
  /// What went wrong, as in "a length beyond the end"; "" when nothing did.
  std::string_view failure() const { return failed() ? failure_ : std::string_view(); }
  /// Bytes read so far: of a failure, where it was noticed.
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  /// `reason` must be a literal.
  void SetFailure(const char* reason);

  // Values as encoded; their types are the caller's affair.
  int64_t Long() {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) {  // One byte: most lengths and counts.
      const auto byte = static_cast<uint32_t>(static_cast<unsigned char>(*at_++));
      return static_cast<int64_t>(byte >> 1) ^ -static_cast<int64_t>(byte & 1);
    }
    return LongLoop();
  }
  int32_t Int();
  bool Boolean();
  float Float();
  double Double();
  std::string_view Fixed(std::size_t size);
  /// Of bytes and strings; a view into the bytes given.
  std::string_view Bytes();

  // Values by the type they were written with; a kind that cannot become the answer fails.
  int64_t Integer(const AvroSchema& schema);        ///< int, long
  bool Truth(const AvroSchema& schema);             ///< boolean
  double Real(const AvroSchema& schema);            ///< float, double, int, long
  std::string_view Text(const AvroSchema& schema);  ///< string, bytes, fixed

  /// The branch a union's value has; nullptr after a failure.
  const AvroSchema* Branch(const AvroSchema& schema);

  /// For arrays and maps: the number of elements before the next call, 0 at the end. More elements
  /// than bytes are left fail, so elements of no bytes can be read only where others follow.
  int64_t BlockCount();

  /// Passes over one value.
  void Skip(const AvroSchema& schema);

 private:
  int64_t LongLoop();
  void SkipBlocks(const AvroSchema& schema);

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* failure_ = nullptr;
};

/// The same values, written. Lengths are the caller's: a fixed is `Raw`.
class AvroEncoder {
 public:
  void Long(int64_t value);
  void Int(int32_t value) { Long(value); }
  void Boolean(bool value) { bytes_ += value ? '\1' : '\0'; }
  void Float(float value);
  void Double(double value);
  void Bytes(std::string_view value);
  void Raw(std::string_view value) { bytes_ += value; }

  const std::string& bytes() const { return bytes_; }
  void Clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace tickhouse::lake
