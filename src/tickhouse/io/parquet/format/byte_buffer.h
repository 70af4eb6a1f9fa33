// Bytes that grow at the end without being zeroed first: pages are built in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace tickhouse::io {

class ByteBuffer {
 public:
  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void Clear() { size_ = 0; }
  void Reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    const std::size_t doubled = capacity_ * 2;
    const std::size_t wanted = capacity > doubled ? capacity : doubled;
    auto grown = std::make_unique_for_overwrite<uint8_t[]>(wanted);
    if (size_ > 0) std::memcpy(grown.get(), data_.get(), size_);
    data_ = std::move(grown);
    capacity_ = wanted;
  }
  /// The new last `bytes` bytes, not initialised.
  uint8_t* Extend(std::size_t bytes) {
    Reserve(size_ + bytes);
    uint8_t* at = data_.get() + size_;
    size_ += bytes;
    return at;
  }
  /// Keeps the first `bytes` bytes, at most what is there.
  void Shrink(std::size_t bytes) { size_ = bytes < size_ ? bytes : size_; }
  void Append(const void* bytes, std::size_t count) {
    if (count > 0) std::memcpy(Extend(count), bytes, count);
  }
  void PushByte(uint8_t byte) { *Extend(1) = byte; }
  /// Unsigned LEB128.
  void AppendVarint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) PushByte(static_cast<uint8_t>(value | 0x80));
    PushByte(static_cast<uint8_t>(value));
  }
  void AppendZigzag(int64_t value) {
    AppendVarint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  std::span<const uint8_t> bytes() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tickhouse::io
