#include "tickhouse/io/parquet/encode/chunk_builder.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "tickhouse/io/parquet/format/bit_packing.h"
#include "tickhouse/io/parquet/format/page_writer.h"

namespace tickhouse::io {

ChunkBuilder::ChunkBuilder(std::size_t rows, Form form) : form_(form) {
  column_.rows = static_cast<int64_t>(rows);
  column_.encoding = form.encoding;
  column_.zstd = form.zstd;
  column_.pages.reserve(rows / kPageRows + 1);
}

void ChunkBuilder::Dictionary(std::span<const uint8_t> plain, std::size_t values) {
  column_.uncompressed_bytes += AppendPage({.type = PageType::kDictionary,
                                            .encoding = PageEncoding::kPlain,
                                            .values = static_cast<int32_t>(values),
                                            .body = plain,
                                            .zstd = form_.zstd},
                                           &column_.bytes);
  column_.dictionary_bytes = static_cast<int64_t>(column_.bytes.size());
}

ByteBuffer* ChunkBuilder::StartPage(std::size_t rows, std::span<const uint8_t> present) {
  body_.Clear();
  if (!form_.required) AppendDefinitionLevels(rows, present, &body_);
  return &body_;
}

void ChunkBuilder::FinishPage(std::size_t rows, EncodedStats stats) {
  EncodedPage& page = column_.pages.emplace_back();
  page.offset = static_cast<int64_t>(column_.bytes.size());
  page.first_row = next_row_;
  page.rows = static_cast<int64_t>(rows);
  page.stats = std::move(stats);
  column_.stats.nulls += page.stats.nulls;
  next_row_ += page.rows;
  column_.uncompressed_bytes += AppendPage({.encoding = form_.encoding,
                                            .values = static_cast<int32_t>(rows),
                                            .body = body_.bytes(),
                                            .zstd = form_.zstd},
                                           &column_.bytes);
  page.bytes = static_cast<int32_t>(static_cast<int64_t>(column_.bytes.size()) - page.offset);
}

int WidthInBytes(uint32_t greatest) {
  return greatest < 256 ? 8 : 16;
}

int WidthInBits(uint32_t greatest) {
  return std::max(1, static_cast<int>(std::bit_width(greatest)));
}

void AppendIndices(uint32_t* indices, std::size_t count, int width, ByteBuffer* body) {
  body->PushByte(static_cast<uint8_t>(width));
  if (count == 0) return;
  const std::size_t groups = (count + 7) / 8;
  body->AppendVarint((groups << 1) | 1);
  const std::size_t begin = body->size();
  std::fill(indices + count, indices + (count + 31) / 32 * 32, 0);
  uint8_t* out = body->Extend(PackedBytes((count + 31) / 32 * 32, width));
  for (std::size_t i = 0; i < count; i += 32, out += 4 * width) Pack32(indices + i, width, out);
  body->Shrink(begin + PackedBytes(groups * 8, width));
}

}  // namespace tickhouse::io
