// The Thrift side of a Parquet file that is being written: page indexes and the footer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tickhouse/io/parquet/encode/encoded_column.h"
#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/column_type.h"

namespace tickhouse::io {

/// A column chunk that lies in the file.
struct WrittenChunk {
  int64_t offset = 0;
  int64_t bytes = 0;
  int64_t rows = 0;
  int64_t dictionary_bytes = 0;
  int64_t uncompressed_bytes = 0;
  PageEncoding encoding = PageEncoding::kPlain;
  bool zstd = false;
  EncodedStats stats;
  std::vector<EncodedPage> pages;   ///< Offsets from the start of the chunk.
  int64_t column_index_offset = 0;  ///< 0 bytes: it has none.
  int32_t column_index_bytes = 0;
  int64_t offset_index_offset = 0;
  int32_t offset_index_bytes = 0;
};

struct WrittenRowGroup {
  int64_t rows = 0;
  std::vector<WrittenChunk> chunks;
};

/// False when a page has values but no bounds; such a chunk can have no column index.
bool HasPageBounds(const WrittenChunk& chunk);
void AppendColumnIndex(const WrittenChunk& chunk, const ColumnType& type, ByteBuffer* out);
void AppendOffsetIndex(const WrittenChunk& chunk, ByteBuffer* out);

/// FileMetaData alone, without its length and the magic.
void AppendFooter(const std::vector<ColumnSchema>& columns,
                  const std::vector<WrittenRowGroup>& groups,
                  const std::map<std::string, std::string>& metadata, const std::string& created_by,
                  ByteBuffer* out);

}  // namespace tickhouse::io
