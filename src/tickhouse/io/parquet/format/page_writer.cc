#include "tickhouse/io/parquet/format/page_writer.h"

#include <zstd.h>

#include <memory>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/format/page_checksum.h"
#include "tickhouse/io/parquet/format/thrift_compact.h"

namespace tickhouse::io {

namespace {

constexpr int kZstdLevel = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

// One context a thread: making one costs more than compressing a page.
ZSTD_CCtx* CompressionContext() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  TICKHOUSE_CHECK(context != nullptr, "memory for a zstd context");
  return context.get();
}

std::span<const uint8_t> Compress(std::span<const uint8_t> body) {
  thread_local ByteBuffer compressed;
  const std::size_t bound = ZSTD_compressBound(body.size());
  compressed.Clear();
  uint8_t* out = compressed.Extend(bound);
  const std::size_t size =
      ZSTD_compressCCtx(CompressionContext(), out, bound, body.data(), body.size(), kZstdLevel);
  TICKHOUSE_CHECK(!ZSTD_isError(size), "the bound holds every compressed page");
  return {out, size};
}

}  // namespace

int64_t AppendPage(const PageToWrite& page, ByteBuffer* chunk) {
  const std::span<const uint8_t> stored = page.zstd ? Compress(page.body) : page.body;
  const std::size_t begin = chunk->size();
  ThriftWriter header(chunk);
  header.I32(1, static_cast<int32_t>(page.type));
  header.I32(2, static_cast<int32_t>(page.body.size()));
  header.I32(3, static_cast<int32_t>(stored.size()));
  header.I32(4, static_cast<int32_t>(PageChecksum(stored)));
  if (page.type == PageType::kDictionary) {
    header.BeginStruct(7);
    header.I32(1, page.values);
    header.I32(2, static_cast<int32_t>(page.encoding));
    header.Bool(3, true);
  } else {
    header.BeginStruct(5);
    header.I32(1, page.values);
    header.I32(2, static_cast<int32_t>(page.encoding));
    header.I32(3, static_cast<int32_t>(PageEncoding::kRle));
    header.I32(4, static_cast<int32_t>(PageEncoding::kRle));
  }
  header.EndStruct();
  header.EndStruct();
  const std::size_t header_bytes = chunk->size() - begin;
  chunk->Append(stored.data(), stored.size());
  return static_cast<int64_t>(header_bytes + page.body.size());
}

std::size_t ZstdBytes(std::span<const uint8_t> body) {
  return Compress(body).size();
}

void AppendDefinitionLevels(std::size_t rows, std::span<const uint8_t> present, ByteBuffer* body) {
  const std::size_t begin = body->size();
  body->Extend(4);
  if (present.empty()) {
    body->AppendVarint(rows << 1);
    body->PushByte(1);
  } else {
    const std::size_t groups = (rows + 7) / 8;
    body->AppendVarint((groups << 1) | 1);
    uint8_t* bits = body->Extend(groups);
    std::memset(bits, 0, groups);
    for (std::size_t i = 0; i < rows; ++i) {
      bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | ((present[i] != 0 ? 1 : 0) << (i % 8)));
    }
  }
  const auto length = static_cast<uint32_t>(body->size() - begin - 4);
  std::memcpy(body->data() + begin, &length, 4);
}

}  // namespace tickhouse::io
