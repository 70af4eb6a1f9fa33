// Data and dictionary pages (version 1) appended to a column chunk: Thrift header, checksum, body.
#pragma once

#include <cstdint>
#include <span>

#include "tickhouse/io/parquet/format/byte_buffer.h"

namespace tickhouse::io {

/// Numbers of the Parquet format (parquet.thrift).
enum class PageType : int32_t { kData = 0, kIndex = 1, kDictionary = 2, kDataV2 = 3 };
enum class PageEncoding : int32_t {
  kPlain = 0,
  kPlainDictionary = 2,
  kRle = 3,
  kBitPacked = 4,
  kDeltaBinaryPacked = 5,
  kDeltaLengthByteArray = 6,
  kDeltaByteArray = 7,
  kRleDictionary = 8,
  kByteStreamSplit = 9,
};

struct PageToWrite {
  PageType type = PageType::kData;
  PageEncoding encoding = PageEncoding::kPlain;
  int32_t values = 0;  ///< Rows, nulls included.
  std::span<const uint8_t> body;
  bool zstd = false;
};

/// Appends the page; returns what it would take without compression, header included.
int64_t AppendPage(const PageToWrite& page, ByteBuffer* chunk);

/// What the body would take in a page with zstd, header left out.
std::size_t ZstdBytes(std::span<const uint8_t> body);

/// Definition levels of a flat optional column, with the length in front as version 1 pages have
/// it. `present`: one byte a row, 0 for null; empty when no row is null.
void AppendDefinitionLevels(std::size_t rows, std::span<const uint8_t> present, ByteBuffer* body);

}  // namespace tickhouse::io
