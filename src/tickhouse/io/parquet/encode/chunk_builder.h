// Appends pages to a column chunk and keeps the books.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "tickhouse/io/parquet/encode/encoded_column.h"
#include "tickhouse/io/parquet/format/byte_buffer.h"

namespace tickhouse::io {

class ChunkBuilder {
 public:
  struct Form {
    PageEncoding encoding = PageEncoding::kPlain;
    bool zstd = false;
    bool required = false;  ///< Pages without levels.
  };
  ChunkBuilder(std::size_t rows, Form form);

  /// Before the first data page: the values, plain.
  void Dictionary(std::span<const uint8_t> plain, std::size_t values);

  /// The body starts with the levels; values are appended by the caller. `present`: one byte a row;
  /// empty when no row is null.
  ByteBuffer* StartPage(std::size_t rows, std::span<const uint8_t> present);
  /// Nulls are added up; the chunk's bounds are the caller's to set.
  void FinishPage(std::size_t rows, EncodedStats stats);

  EncodedColumn* column() { return &column_; }

 private:
  Form form_;
  EncodedColumn column_;
  ByteBuffer body_;
  int64_t next_row_ = 0;
};

/// Bits of an index up to `greatest`. Whole bytes are for zstd: it sees nothing in indices that
/// straddle bytes, and the file shrinks by a tenth to a fifth.
int WidthInBytes(uint32_t greatest);
int WidthInBits(uint32_t greatest);

/// Dictionary indices as one bit-packed run, its width in front. `indices` has room for `count`
/// rounded up to 32, and loses what stands there.
void AppendIndices(uint32_t* indices, std::size_t count, int width, ByteBuffer* body);

/// A number's bytes. The format asks for -0.0 as a minimum and +0.0 as a maximum where a bound is
/// zero.
template <typename T>
std::string EncodedMin(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0) value = T(-0.0);
  }
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}
template <typename T>
std::string EncodedMax(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value == 0) value = T(0.0);
  }
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

}  // namespace tickhouse::io
