// Unpacks LZMA-alone (.lzma: 13 bytes of header, then one stream) from memory to memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace tickhouse::io {

/// How a stream ended.
enum class LzmaEnd {
  kComplete,    ///< By the stated size or by its marker; bytes behind it are `trailing`.
  kCut,         ///< The input ends before the stream.
  kDamaged,     ///< No stream of this form.
  kTooLarge,    ///< An open size, and more than `max_unpacked` bytes.
  kDictionary,  ///< Asks for a larger dictionary than allowed.
};

/// Written for many small streams that lie in memory: what is unpacked is the dictionary, and no
/// state survives a call but the memory. Judges a stream as liblzma 5.4's lzma_alone_decoder does
/// (a stated size may be followed by an end marker; the last byte of a stream has to be there even
/// where it carries nothing). One thread at a time.
class LzmaDecoder {
 public:
  struct Limits {
    uint64_t max_unpacked = 0;
    uint32_t max_dictionary = 0;
  };
  static constexpr std::size_t kHeaderBytes = 13;
  static constexpr uint64_t kOpenSize = ~uint64_t{0};

  explicit LzmaDecoder(Limits limits);
  ~LzmaDecoder();
  LzmaDecoder(LzmaDecoder&&) noexcept;
  LzmaDecoder& operator=(LzmaDecoder&&) noexcept;

  /// `bytes` holds a whole header (CHECK). Memory grows with what is unpacked, not with what the
  /// header states.
  LzmaEnd Unpack(std::span<const std::byte> bytes);
  /// What the last call unpacked, also where it failed; aligned as operator new aligns. Valid
  /// until the next call.
  std::span<std::byte> unpacked() { return {room_.get(), unpacked_}; }
  /// Bytes behind a stream that is complete.
  std::size_t trailing() const { return trailing_; }

  /// The size a header states, kOpenSize where the stream ends by its marker.
  static uint64_t StatedSize(std::span<const std::byte> header);

 private:
  struct Models;
  struct Stream;
  void MakeRoom(std::size_t bytes);

  Limits limits_;
  std::unique_ptr<Models> models_;
  std::unique_ptr<std::byte[]> room_;
  std::size_t capacity_ = 0;
  std::size_t unpacked_ = 0;
  std::size_t trailing_ = 0;
};

}  // namespace tickhouse::io
