// A column chunk that is ready to be put into a file, and what is known of its pages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/page_writer.h"

namespace tickhouse::io {

/// Rows of a data page at most; columns of fixed width are all cut at the same rows.
inline constexpr std::size_t kPageRows = 8192;

/// Bounds as Parquet stores them (little-endian numbers, bare bytes); none where every value is
/// null or NaN, or where no short one exists.
struct EncodedStats {
  std::optional<std::string> min = {}, max = {};
  int64_t nulls = 0;
  bool exact_min = true, exact_max = true;  ///< False: a cut text that still bounds.
};

struct EncodedPage {
  int64_t offset = 0;  ///< From the start of the chunk.
  int32_t bytes = 0;   ///< Header included.
  int64_t first_row = 0;
  int64_t rows = 0;
  EncodedStats stats;
};

struct EncodedColumn {
  ByteBuffer bytes;  ///< Dictionary page, if any, then the data pages.
  int64_t rows = 0;
  int64_t dictionary_bytes = 0;    ///< Of the dictionary page, header included; 0: none.
  int64_t uncompressed_bytes = 0;  ///< What `bytes` would be without compression.
  PageEncoding encoding = PageEncoding::kPlain;  ///< Of all data pages.
  bool zstd = false;                             ///< All pages are packed, or none.
  EncodedStats stats;
  std::vector<EncodedPage> pages;
};

}  // namespace tickhouse::io
