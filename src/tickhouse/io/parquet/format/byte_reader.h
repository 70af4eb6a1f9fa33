// A cursor over bytes from outside: every read says whether it was there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tickhouse::io {

class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const uint8_t* at() const { return at_; }

  /// The next `count` bytes, or null when fewer are left.
  const uint8_t* Take(std::size_t count) {
    if (count > left()) return nullptr;
    const uint8_t* taken = at_;
    at_ += count;
    return taken;
  }
  bool ReadBytes(void* out, std::size_t count) {
    const uint8_t* from = Take(count);
    if (from == nullptr) return false;
    if (count > 0) std::memcpy(out, from, count);
    return true;
  }
  template <typename T>
  bool Read(T* value) {
    return ReadBytes(value, sizeof(T));
  }
  /// Unsigned LEB128 of at most 64 bits.
  bool ReadVarint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return false;
      const uint8_t byte = *at_++;
      *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool ReadZigzag(int64_t* value) {
    uint64_t raw = 0;
    if (!ReadVarint(&raw)) return false;
    *value = static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
    return true;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace tickhouse::io
